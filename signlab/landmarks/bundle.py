"""Where MediaPipe's model bundle is, and how it gets there."""

import hashlib
import os
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from signlab.errors import BadInput

URL = (
    "https://storage.googleapis.com/mediapipe-models/holistic_landmarker/holistic_landmarker/"
    "float16/latest/holistic_landmarker.task"
)
"""Google's own; the file behind it is renewed now and then."""

VARIABLE = "SIGNLAB_HOLISTIC_MODEL"
_CHUNK = 1 << 20


@contextmanager
def chatter_to(log: IO[bytes]) -> Iterator[None]:
    """Send to ``log`` what MediaPipe writes to standard error, past Python."""
    own = os.dup(2)
    os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(own, 2)
        os.close(own)


def cached_model() -> Path:
    """The place of the bundle in the user's cache, whether it is there or not."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "signlab" / "holistic_landmarker.task"


def find_model(given: Path | None) -> Path:
    """The bundle to use: the one given, that of the environment, or the user's cached one.

    Raises:
        BadInput: It is not there; says how to get it.
    """
    named = given or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    model = named or cached_model()
    if model.is_file():
        return model
    if named is not None:
        source = "--model" if given else VARIABLE
        raise BadInput(f"{source} names {named}, which is not there")
    raise BadInput(
        f"MediaPipe's holistic model is needed and not there yet: run `signlab corpus model`, or "
        f"fetch {URL} by hand and name it with --model or {VARIABLE}"
    )


def download_model(url: str, *, sha256: str | None) -> tuple[Path, str]:
    """Fetch the bundle into the user's cache; it appears whole or not at all.

    The SHA-256 of the first download is kept beside it, and a later download must have the same
    unless another is given: a model that changed would make corpora that cannot be compared.

    Returns:
        The file and its SHA-256.

    Raises:
        BadInput: It cannot be fetched, or it is not the file that is expected.
    """
    target = cached_model()
    recorded = target.with_suffix(".sha256")
    expected = sha256 or (recorded.read_text().strip() if recorded.exists() else None)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".download-") as part:
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                shutil.copyfileobj(answer, part, _CHUNK)
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise BadInput(
                f"cannot fetch {url} ({getattr(error, 'reason', error)}); fetch it on a machine "
                f"with a network, and put it at {target} or name it with --model or {VARIABLE}"
            ) from error
        part.flush()
        found = _sha256(Path(part.name))
        if expected is not None and found != expected.lower():
            raise BadInput(
                f"what {url} gave has the SHA-256 {found}, not {expected}; if the model was "
                f"renewed on purpose, run `signlab corpus model --sha256 {found}`"
            )
        Path(part.name).chmod(0o644)
        os.link(part.name, _cleared(target))
    recorded.write_text(f"{found}\n")
    return target, found


def _cleared(target: Path) -> Path:
    target.unlink(missing_ok=True)
    return target


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
