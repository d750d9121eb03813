"""What all tests share: the reference data, found through SIGNLAB_SHARED."""

import os
from pathlib import Path

import pytest


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
