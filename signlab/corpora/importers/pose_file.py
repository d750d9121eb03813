"""Reading ``.pose`` files, versions 0.1 and 0.2.

Source: github.com/sign-language-processing/pose, docs/specs. All numbers are little-endian.
"""

import math
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from signlab.corpora.importers.faults import affected
from signlab.errors import BadCorpus
from signlab.landmarks.layout import HOLISTIC, POSE_HANDS, UNIT, Layout, Part

_COMPONENTS = {
    "POSE_LANDMARKS": "pose",
    "LEFT_HAND_LANDMARKS": "left_hand",
    "RIGHT_HAND_LANDMARKS": "right_hand",
    "FACE_LANDMARKS": "face",
}
"""MediaPipe's components; its second body, POSE_WORLD_LANDMARKS in metres, is left out."""

_WORLD = "POSE_WORLD_LANDMARKS"

_SIDES = ("LEFT", "RIGHT")
_BODY = (
    "NOSE",
    *(f"{side}_EYE{place}" for side in _SIDES for place in ("_INNER", "", "_OUTER")),
    *(f"{side}_EAR" for side in _SIDES),
    *(f"MOUTH_{side}" for side in _SIDES),
    *(
        f"{side}_{joint}"
        for joint in (
            *("SHOULDER", "ELBOW", "WRIST", "PINKY", "INDEX", "THUMB", "HIP", "KNEE", "ANKLE"),
            *("HEEL", "FOOT_INDEX"),
        )
        for side in _SIDES
    ),
)
_FINGERS = ("INDEX_FINGER", "MIDDLE_FINGER", "RING_FINGER", "PINKY")
_HAND = (
    "WRIST",
    *(f"THUMB_{joint}" for joint in ("CMC", "MCP", "IP", "TIP")),
    *(f"{finger}_{joint}" for finger in _FINGERS for joint in ("MCP", "PIP", "DIP", "TIP")),
)
_POINTS = {
    "pose": {name: number for number, name in enumerate(_BODY)},
    "left_hand": {name: number for number, name in enumerate(_HAND)},
    "right_hand": {name: number for number, name in enumerate(_HAND)},
    "face": {str(number): number for number in range(468)},
}
"""MediaPipe's number of each named point."""

_HEADER = 1 << 18
"""Bytes that hold any file's header."""

_IRISES = {str(number) for number in range(468, 478)}
"""Points of the face that are no part of the layout."""


@dataclass(frozen=True)
class Component:
    """A group of points in a file."""

    name: str
    points: tuple[str, ...]


def component_of(part: Part) -> Component:
    """What ``.pose`` files call a part and its points; MediaPipe's names for MediaPipe's parts."""
    known = _POINTS.get(part.name, {})
    if len(known) != part.points:
        return Component(part.name, tuple(map(str, range(part.points))))
    name = next(name for name, own in _COMPONENTS.items() if own == part.name)
    return Component(name, tuple(known))


@dataclass(frozen=True)
class PoseFile:
    """The content of a file.

    Attributes:
        width: Of the image, in the unit of the coordinates.
        data: Every person's points, the components one after the other.
        confidence: 0 where a point was not tracked.
    """

    path: Path
    width: int
    height: int
    fps: float
    components: tuple[Component, ...]
    data: Float32[np.ndarray, "frames people points dimensions"]
    confidence: Float32[np.ndarray, "frames people points"]

    @property
    def layout(self) -> Layout:
        """MediaPipe's own layout for its components, else the components as they are."""
        return _layout(self.components, self.data.shape[-1])

    def landmarks(
        self, layout: Layout, person: int = 0
    ) -> Float32[np.ndarray, "frames points coordinates"]:
        """One person's points in the order of a layout; NaN where not tracked, or not in the file.

        Coordinates become shares of the image's width (x), height (y). MediaPipe's z is a share of
        the width already; a z that cannot be one is in pixels.

        Raises:
            BadCorpus: The file has points that the layout does not have.
        """
        size = len(self.data), layout.points, layout.coordinates
        found = np.full(size, np.nan, dtype=np.float32)
        start = 0
        for component in self.components:
            here = slice(start, start := start + len(component.points))
            part = _COMPONENTS.get(component.name, component.name)
            if component.name == _WORLD:
                continue
            if part not in layout.slices:
                raise BadCorpus(
                    f"{self.path} has component {component.name!r}, layout {layout.name!r} has none"
                )
            rows, chosen = self._rows(component, part, layout)
            values = self.data[:, person, here, : layout.coordinates].astype(np.float32)
            values[self.confidence[:, person, here] <= 0] = np.nan
            found[:, rows] = self._shares(values)[:, chosen]
        return found

    def _rows(self, component: Component, part: str, layout: Layout) -> tuple[list[int], list[int]]:
        """Rows of the layout, and the component's points that go there."""
        first = layout.slices[part].start
        numbers = _POINTS[part] if component.name in _COMPONENTS else None
        if numbers is None:
            count = len(component.points)
            return list(range(first, first + count)), list(range(count))
        known = [(numbers[p], n) for n, p in enumerate(component.points) if p in numbers]
        unknown = set(component.points) - set(numbers) - _IRISES
        if unknown:
            raise BadCorpus(
                f"{self.path}: component {component.name!r} has point {min(unknown)!r}, which is "
                "none of MediaPipe's"
            )
        return [first + number for number, _ in known], [n for _, n in known]

    def _shares(
        self, values: Float32[np.ndarray, "frames points coordinates"]
    ) -> Float32[np.ndarray, "frames points coordinates"]:
        """Pixels to shares of the image."""
        size = np.ones(values.shape[-1], dtype=np.float32)
        size[:2] = self.width, self.height
        depths = np.abs(values[..., 2:])
        tracked = depths[np.isfinite(depths)]
        if tracked.size and np.median(tracked) > 32767 / UNIT:
            size[2] = self.width
        return values / size


def read_pose(path: Path) -> PoseFile:
    """Read a file.

    Raises:
        BadCorpus: It is unreadable, cut off, of another version, or no ``.pose`` file.
    """
    with _told(path):
        return _Reader(path.read_bytes()).read(path)


def common_layout(paths: Sequence[Path]) -> Layout:
    """The layout of files that go together: with the face if any has it, else the first's.

    Raises:
        BadCorpus: No file can be read; tells why of the first.
    """
    found: list[Layout] = []
    errors: list[BadCorpus] = []
    for path in paths:
        try:
            with _told(path), path.open("rb") as stream:
                found.append(_Reader(stream.read(_HEADER)).layout())
        except BadCorpus as error:
            errors.append(error)
    if not found:
        raise BadCorpus(f"{errors[0]}{affected(path.stem for path in paths)}") from errors[0]
    return HOLISTIC if HOLISTIC in found else found[0]


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Errors of reading as one sentence."""
    try:
        yield
    except OSError as error:
        raise BadCorpus(f"{path} cannot be read: {error.strerror}") from error
    except (struct.error, ValueError, OverflowError, MemoryError) as error:
        raise BadCorpus(f"{path} is cut off, or no .pose file: {error}") from error


def _layout(components: Sequence[Component], dimensions: int) -> Layout:
    names = {component.name for component in components}
    if names & set(_COMPONENTS):
        return HOLISTIC if "FACE_LANDMARKS" in names else POSE_HANDS
    parts = tuple(Part(component.name, len(component.points)) for component in components)
    return Layout("+".join(part.name for part in parts), parts, min(3, dimensions))


class _Reader:
    """Takes one value after the other from the bytes of a file."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 0

    def layout(self) -> Layout:
        *_, components, dimensions = self._header()
        return _layout(components, dimensions)

    def read(self, path: Path) -> PoseFile:
        version, width, height, components, dimensions = self._header()
        points = sum(len(component.points) for component in components)
        if version == 0.1:  # frames may overflow there: the size tells them
            fps, _, people = self._take("3H")
            left = len(self._content) - self._place
            frames = left // (people * points * (dimensions + 1) * 4)
        else:
            fps, frames, people = self._take("fIH")
        data = self._floats(frames, people, points, dimensions)
        confidence = self._floats(frames, people, points)
        if self._place != len(self._content):
            raise ValueError(f"{len(self._content) - self._place} bytes are left over")
        if fps <= 0 or people < 1:
            raise ValueError(f"{fps} frames a second, {people} people")
        return PoseFile(path, width, height, float(fps), components, data, confidence)

    def _header(self) -> tuple[float, int, int, tuple[Component, ...], int]:
        """Version, width, height, components, and coordinates of a point."""
        version = round(self._take("f")[0], 3)
        width, height, _depth, count = self._take("4H")
        if version not in {0.1, 0.2} or not (width and height and count):
            raise ValueError(f"version {version}, {width} x {height}, {count} components")
        kinds = [self._component() for _ in range(count)]
        dimensions = max(values for _, values in kinds) - 1
        return version, width, height, tuple(component for component, _ in kinds), dimensions

    def _component(self) -> tuple[Component, int]:
        """A component, and how many values each of its points has (the last is confidence)."""
        name, form = self._text(), self._text()
        points, limbs, colours = self._take("3H")
        names = tuple(self._text() for _ in range(points))
        self._take(f"{2 * limbs + 3 * colours}H")
        return Component(name, names), len(form)

    def _take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{form}", self._content, self._place)
        self._place += struct.calcsize(f"<{form}")
        return values

    def _text(self) -> str:
        (length,) = self._take("H")
        return self._take(f"{length}s")[0].decode("utf-8")

    def _floats(self, *shape: int) -> np.ndarray:
        count = math.prod(shape)
        values = np.frombuffer(self._content, "<f4", count, self._place)
        self._place += values.nbytes
        return values.reshape(shape)
