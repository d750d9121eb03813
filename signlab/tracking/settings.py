"""How mlflow behaves inside signlab; to be applied before mlflow is imported."""

import os

_DEFAULTS = {
    # a server that does not answer is given up after half a minute, not after many
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
    # standard output belongs to signlab
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    # training data and machines are nobody else's business unless the user says so
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


def apply_settings() -> None:
    """Set what the user's environment leaves open."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
