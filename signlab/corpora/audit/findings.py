"""What an audit says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """One thing that is, or may be, wrong.

    Attributes:
        check: Which check found it; the same word for the same kind of fault.
        severity: An error must be mended before training; a warning should be looked at.
        text: What is wrong, in one sentence.
        remedy: What to do.
        utterances: The ids of all utterances concerned; none where it concerns the whole.
    """

    check: str
    severity: Severity
    text: str
    remedy: str
    utterances: tuple[str, ...] = ()


def some(words: Sequence[str], most: int = 5) -> str:
    """The first few, and how many more."""
    listed = ", ".join(f"`{word}`" for word in words[:most])
    return listed + (f" and {len(words) - most:,} more" if len(words) > most else "")
