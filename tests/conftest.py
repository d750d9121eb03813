"""What all tests share: the reference data, found through SIGNLAB_SHARED, and a core each."""

import os
from pathlib import Path

import pytest
from hypothesis import settings
from jaxtyping import config

settings.register_profile("signlab", deadline=None)  # how fast something is, benchmarks tell
settings.load_profile("signlab")


def pytest_configure() -> None:
    """Where tests run side by side, let each process and all that it starts have one core."""
    process = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    if process and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(process) % len(cores)]})


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data; absent, the test is skipped and says so."""
    root = Path(__file__).parents[1]
    path = Path(os.environ.get("SIGNLAB_SHARED", root / ".." / "shared")).resolve()
    if (path / "data").is_dir():
        return path
    reason = f"reference data not found at {path}; set SIGNLAB_SHARED to its folder"
    if os.environ.get("SIGNLAB_REQUIRE_SHARED") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def sizes_may_be_symbols():
    """A traced size is no ``int``, which the checks of the signatures would refuse."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)
