"""Extraction against a bare MediaPipe loop, and two workers against one.

    python benchmarks/extraction.py MODEL VIDEO... [--rounds 5] [--frames 30]

Cuts VIDEO... into clips of --frames frames. Each round takes the arms one after the other (the bare
loop and extraction clip by clip), and a ratio is always taken within a round, so that what else the
machine does meets all of them alike.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import av
from mediapipe import Image, ImageFormat
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import RunningMode
from mediapipe.tasks.python.vision.holistic_landmarker import (
    HolisticLandmarker,
    HolisticLandmarkerOptions,
)

from signlab.corpora.extract.workers import Task, Told, track
from signlab.landmarks.bundle import chatter_to
from signlab.landmarks.extraction import extract
from signlab.landmarks.video import Frame, read_frames

Clip = list[Frame]

WORKERS = {"1 worker": (1, 2), "1 worker on one core": (1, 1), "2 workers": (2, 2)}
"""Of each arm: worker processes, and the cores for all of them."""

PAIRS = [("extract", "bare"), ("2 workers", "1 worker"), ("2 workers", "1 worker on one core")]
"""Arms that are compared within each round."""


def cut(videos: Sequence[Path], frames: int) -> list[Clip]:
    """Decoded clips of ``frames`` frames, as many as there are whole ones."""
    clips = []
    for video in videos:
        film = list(read_frames(video, fps=25.0))
        clips += [film[at : at + frames] for at in range(0, len(film) - frames + 1, frames)]
    return clips


def encode(path: Path, clip: Clip) -> None:
    """Write a clip as H.264."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width = clip[0].pixels.shape[:2]
        stream.pix_fmt = "yuv420p"
        for frame in clip:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame.pixels, format="rgb24")))
        container.mux(stream.encode(None))


def bare(model: Path, clip: Clip) -> None:
    """MediaPipe alone: the result of each frame is thrown away."""
    options = HolisticLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model)), running_mode=RunningMode.VIDEO
    )
    with HolisticLandmarker.create_from_options(options) as tracker:
        for number, frame in enumerate(clip):
            image = Image(image_format=ImageFormat.SRGB, data=frame.pixels)
            tracker.detect_for_video(image, 40 * number)


def ours(model: Path, clip: Clip) -> None:
    """What signlab does with the same decoded frames."""
    extract(clip, model, fps=25.0)


def by_turns(model: Path, clips: Sequence[Clip]) -> tuple[float, float]:
    """Frames a second of the two above, clip by clip, now one and now the other first."""
    seconds = {bare: 0.0, ours: 0.0}
    for number, clip in enumerate(clips):
        for arm in ((bare, ours), (ours, bare))[number % 2]:
            start = time.perf_counter()
            arm(model, clip)
            seconds[arm] += time.perf_counter() - start
    frames = sum(map(len, clips))
    return frames / seconds[bare], frames / seconds[ours]


@contextmanager
def confined(cores: int) -> Iterator[None]:
    """Leave so many cores to this process and those that it starts."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:cores])
    yield
    os.sched_setaffinity(0, before)


def pool(model: Path, files: Sequence[Path], workers: int) -> float:
    """Frames a second of worker processes, decoding and writing included.

    Time runs while all of them are at work: from when each has loaded its libraries and done a
    clip, until the first has nothing left to do.
    """
    todo = [*[files[0]] * workers, *files]
    frames = ended = 0
    marks: list[tuple[float, int]] = []

    def hear(told: Told) -> None:
        nonlocal frames, ended
        frames += told.frames
        ended += told.ended
        if told.ended and ended in {workers, len(todo) - workers + 1}:
            marks.append((time.perf_counter(), frames))

    with tempfile.TemporaryDirectory() as folder:
        tasks = [Task(f, 25.0, Path(folder) / f"{n}.npz") for n, f in enumerate(todo)]
        track(tasks, model, workers=workers, log=Path(folder) / "log", tell=hear)
    (started, before), (stopped, after) = marks
    return (after - before) / (stopped - started)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Extraction against bare loops.")
    parser.add_argument("model", type=Path)
    parser.add_argument("videos", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=30)
    arguments = parser.parse_args()
    clips = cut(arguments.videos, arguments.frames)
    few = clips[:4]
    rates: dict[str, list[float]] = {name: [] for name in ("bare", "extract", *WORKERS)}
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("wb") as log:
        files = [Path(folder) / f"{number:02d}.mp4" for number in range(len(clips))]
        for file, clip in zip(files, clips, strict=True):
            encode(file, clip)
        with chatter_to(log):
            ours(arguments.model, few[0])
            for _ in range(arguments.rounds):
                for name, rate in zip(
                    ("bare", "extract"), by_turns(arguments.model, few), strict=True
                ):
                    rates[name].append(rate)
                for name, (workers, cores) in WORKERS.items():
                    with confined(cores):
                        rates[name].append(pool(arguments.model, files, workers))
    print(f"{len(clips)} clips of {arguments.frames} frames; load {os.getloadavg()[0]:.1f}")
    for name, values in rates.items():
        print(f"{name:21} {statistics.median(values):6.1f} frames/s (median)")
    for upper, lower in PAIRS:
        ratios = [a / b for a, b in zip(rates[upper], rates[lower], strict=True)]
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(f"{upper} / {lower}: {statistics.median(ratios):.2f} (median; {spread})")


if __name__ == "__main__":
    main()
