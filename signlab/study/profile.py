"""What a recipe costs before anyone trains it: the content of ``profile.json``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from signlab.study.folder import Speed

Format = Literal["onnx", "pt2"]
"""Of a model's file: ONNX, or a program of torch.export."""


@dataclass(frozen=True)
class Timings:
    """What was measured of a recipe, in a process of its own.

    Attributes:
        threads: That torch used.
        step_ms: Median time of an update of the weights, on a batch of invented utterances.
        step_utterances: Of that batch.
        step_frames: Of all its utterances together.
        inference: Landmarks to log-probabilities at batch 1, a clip length after the other.
        inference_memory_mib: Resident set of the process at its largest, before any training.
        training_memory_mib: The same after the updates.
        environment: Versions, machine and git revision.
    """

    threads: int
    step_ms: float
    step_utterances: int
    step_frames: int
    inference: tuple[Speed, ...]
    inference_memory_mib: float
    training_memory_mib: float
    environment: Mapping[str, str]

    @property
    def training_frames_per_second(self) -> float:
        """Frames of training utterances that updates take in."""
        return 1000.0 * self.step_frames / self.step_ms


@dataclass(frozen=True)
class AsFile:
    """A recipe's recogniser as the file that ``signlab export`` makes of a run.

    Attributes:
        speed: Landmarks to log-probabilities of one utterance, in the runtime of the format.
    """

    file_format: Format
    size_mib: float
    speed: Speed


@dataclass(frozen=True)
class Profile:
    """The size of a recipe's recogniser and, where it was measured, its speed.

    Attributes:
        recipe: Its file, as it was given.
        glosses: The vocabulary that it was built for.
        parameters: By slot.
        multiply_adds: By slot, for one second of landmarks at 25 frames/s; None where they were
            not counted.
    """

    recipe: str
    glosses: int
    parameters: Mapping[str, int]
    multiply_adds: Mapping[str, int] | None = None
    timings: Timings | None = None
    exported: AsFile | None = None

    def as_json(self) -> dict[str, Any]:
        """As one object of plain values."""
        found: dict[str, Any] = {
            "recipe": self.recipe,
            "glosses": self.glosses,
            "parameters": sum(self.parameters.values()),
            "parameters_by_slot": dict(self.parameters),
        }
        if self.multiply_adds is not None:
            found["multiply_adds"] = sum(self.multiply_adds.values())
            found["multiply_adds_by_slot"] = dict(self.multiply_adds)
        if self.timings is not None:
            timings = self.timings
            found |= {
                "threads": timings.threads,
                "step_ms": timings.step_ms,
                "step_utterances": timings.step_utterances,
                "step_frames": timings.step_frames,
                "training_frames_per_second": timings.training_frames_per_second,
                "inference": [_clip(speed) for speed in timings.inference],
                "inference_memory_mib": timings.inference_memory_mib,
                "training_memory_mib": timings.training_memory_mib,
                "environment": dict(timings.environment),
            }
        if self.exported is not None:
            found["export"] = {
                "format": self.exported.file_format,
                "size_mib": self.exported.size_mib,
                "threads": self.exported.speed.threads,
                **_clip(self.exported.speed),
            }
        return found


FPS = 25
"""Frames of a second of landmarks."""


def real_time_factor(speed: Speed) -> float:
    """Time that recognising takes over the time that signing took."""
    return FPS / speed.frames_per_second


def _clip(speed: Speed) -> dict[str, float]:
    return {
        "seconds": speed.frames / FPS,
        "frames": speed.frames,
        "p50_ms": speed.latency_p50_ms,
        "p95_ms": speed.latency_p95_ms,
        "p99_ms": speed.latency_p99_ms,
        "real_time_factor": real_time_factor(speed),
    }
