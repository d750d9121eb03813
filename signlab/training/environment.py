"""What a result was made with, so that a reader can make it again."""

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import torch
from torch import distributed

import signlab

PACKAGES = ("torch", "numpy", "pandas", "pyarrow", "jiwer", "rapidfuzz")


def describe_environment() -> dict[str, str]:
    """Versions, machine and revision, as text."""
    return {
        "signlab": signlab.__version__,
        "revision": _revision(),
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "threads": str(torch.get_num_threads()),
        "processes": str(distributed.get_world_size() if distributed.is_initialized() else 1),
        "device": str(torch.accelerator.current_accelerator() or "cpu"),
    }


def _revision() -> str:
    """The commit that signlab runs from, with a mark for changes beside it."""
    where = Path(signlab.__file__).parent
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=where,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "installed, not a checkout"
    return described.stdout.strip()


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
