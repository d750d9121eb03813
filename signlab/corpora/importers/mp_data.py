"""The tree of isolated clips that tutorials on MediaPipe write: a vector a frame, a file each."""

from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Annotated

import numpy as np
from jaxtyping import Float32
from pydantic import Field

from signlab.corpora.base import Sample
from signlab.corpora.importers.base import IMPORTERS, REST, Imported, Importer, stored
from signlab.corpora.importers.faults import affected, check_distinct, each
from signlab.corpora.validate import check_id
from signlab.errors import BadCorpus, nearest
from signlab.landmarks.layout import FACE, HOLISTIC, LEFT_HAND, POSE, RIGHT_HAND, Layout, Part
from signlab.landmarks.natural import natural

SPLIT = "clips"
"""The split of isolated clips: they are material for sentences, not utterances to train on."""

_BROKEN = (
    *(OSError, ValueError, EOFError, SyntaxError, TypeError, TokenError),
    *(OverflowError, MemoryError, RecursionError),
)
"""What numpy raises for a damaged file: its header is read as Python."""

_PARTS = {part.name: part for part in HOLISTIC.parts}


@dataclass(frozen=True)
class Vector:
    """How a frame's vector is filled: the parts in order, each with the values of a point."""

    parts: tuple[tuple[Part, int], ...]

    @property
    def length(self) -> int:
        """Values in a vector."""
        return sum(part.points * values for part, values in self.parts)

    @property
    def layout(self) -> Layout:
        """The parts in the order of MediaPipe Holistic, whatever order they arrive in."""
        parts = tuple(part for part in HOLISTIC.parts if part in dict(self.parts))
        coordinates = min(3, *(values for _, values in self.parts))
        short = {4: "holistic", 3: "pose-hands"}
        known = parts == HOLISTIC.parts[: len(parts)] and coordinates == 3
        name = short.get(len(parts)) if known else None
        return Layout(name or "+".join(part.name for part in parts), parts, coordinates)

    def landmarks(
        self, frames: Float32[np.ndarray, "frames values"]
    ) -> Float32[np.ndarray, "frames points coordinates"]:
        """Points of the layout; a fourth value of a point, its visibility, is left out."""
        found, start = {}, 0
        for part, values in self.parts:
            end = start + part.points * values
            found[part.name] = frames[:, start:end].reshape(len(frames), part.points, values)
            start = end
        layout = self.layout
        return np.concatenate(
            [found[part.name][:, :, : layout.coordinates] for part in layout.parts], axis=1
        )


VECTORS = {
    "pose-hands": Vector(((POSE, 4), (LEFT_HAND, 3), (RIGHT_HAND, 3))),
    "holistic": Vector(((POSE, 4), (FACE, 3), (LEFT_HAND, 3), (RIGHT_HAND, 3))),
}
"""The two orders in use; note that the face comes before the hands."""


@dataclass(frozen=True)
class Clip:
    """A folder of frames."""

    signer: str
    gloss: str
    folder: Path

    @property
    def id(self) -> str:
        """Unique in the tree."""
        return f"{self.signer}.{self.gloss}.{self.folder.name}"


@IMPORTERS.register("mp-data")
class MpData(Importer):
    """MP_Data tree: [<signer>/]<gloss>/<sequence>/<frame>.npy, one vector of landmarks a file.

    Args:
        layout: ``pose-hands`` (258 values), ``holistic`` (1662: pose, face, left hand, right hand),
            or the parts in their order with the values of a point, as in
            ``face:3,pose:4,left_hand:3,right_hand:3``; by default what the length tells.
        signer: The signer's name, where the tree has no folders of signers.
        rest: The class of clips without a sign; they get no gloss.
        aspect: Height over width of the images.
        fps: Frames a second of the recordings.
    """

    def __init__(
        self,
        *,
        layout: str | None = None,
        signer: str = "signer",
        rest: str = REST,
        aspect: Annotated[float, Field(gt=0)] = 0.75,
        fps: Annotated[float, Field(gt=0)] = 25.0,
    ) -> None:
        self._vector = None if layout is None else parse_vector(layout)
        self._signer = signer
        self._rest = rest
        self._aspect = aspect
        self._fps = fps

    def read(self, path: Path) -> Imported:
        """Find the clips."""
        clips = find_clips(path, self._signer)
        check_distinct(clips, lambda clip: clip.id, lambda clip: clip.folder)
        vector = self._vector or _vector_of(clips)
        glosses = {clip.gloss for clip in clips} - {self._rest}

        def read(clip: Clip) -> tuple[Sample, str]:
            return self._sample(clip, vector), SPLIT

        samples = each(clips, lambda clip: clip.id, read)
        return Imported(vector.layout, tuple(sorted(glosses)), samples, len(clips))

    def _sample(self, clip: Clip, vector: Vector) -> Sample:
        try:
            check_id(clip.id)
        except BadCorpus as error:
            raise BadCorpus(f"{clip.folder}: {error}") from error
        files = _frames(clip)
        rows = np.stack([_load(file, vector.length) for file in files])
        return Sample(
            id=clip.id,
            signer=clip.signer,
            glosses=() if clip.gloss == self._rest else (clip.gloss,),
            landmarks=stored(vector.landmarks(rows), clip.folder, files=files),
            aspect=self._aspect,
            fps=self._fps,
        )


def parse_vector(text: str) -> Vector:
    """The order that a user names.

    Raises:
        BadCorpus: It is neither a known name nor a list of parts.
    """
    if text in VECTORS:
        return VECTORS[text]
    parts = []
    for item in text.split(","):
        name, _, values = item.partition(":")
        if name not in _PARTS or values not in {"", "2", "3", "4"}:
            raise BadCorpus(
                f"layout {text!r}: {item!r} is neither a part nor a part with its values a point "
                f"(pose:4); {nearest(name, [*VECTORS, *_PARTS])}"
            )
        parts.append((_PARTS[name], int(values or (4 if name == "pose" else 3))))
    if len({part for part, _ in parts}) < len(parts):
        raise BadCorpus(f"layout {text!r} names a part twice")
    return Vector(tuple(parts))


def find_clips(path: Path, signer: str) -> list[Clip]:
    """The clips of a tree, sorted by signer, gloss and number.

    Raises:
        BadCorpus: There are none, or files lie where folders should be.
    """
    if not path.is_dir():
        raise BadCorpus(f"{path} is not a folder; give the one that holds the folders of glosses")
    tops = _folders(path)
    sequences = (sequence for top in tops for sequence in _folders(top))
    deep = any(entry.is_dir() for sequence in sequences for entry in sequence.iterdir())
    signers = {top.name: top for top in tops} if deep else {signer: path}
    clips = [
        Clip(name, gloss.name, sequence)
        for name, folder in signers.items()
        for gloss in _folders(folder)
        for sequence in _folders(gloss)
    ]
    if not clips:
        raise BadCorpus(f"{path} has no clips; expected [<signer>/]<gloss>/<sequence>/<frame>.npy")
    return clips


def _vector_of(clips: list[Clip]) -> Vector:
    """The order that the length of the first readable vector tells."""
    errors = []
    for clip in clips:
        try:
            file = _frames(clip)[0]
            values = _load(file, None).size
        except BadCorpus as error:
            errors.append(error)
            continue
        for vector in VECTORS.values():
            if vector.length == values:
                return vector
        raise BadCorpus(
            f"{file} has {values} values, which is neither pose-hands (258) nor holistic (1662); "
            "tell their order with --layout, for example face:3,pose:4,left_hand:3,right_hand:3"
            f"{affected(clip.id for clip in clips)}"
        )
    raise BadCorpus(f"{errors[0]}{affected(clip.id for clip in clips)}")


def _folders(path: Path) -> list[Path]:
    """Visible folders, in natural order.

    Raises:
        BadCorpus: A file lies among them.
    """
    found = []
    for entry in path.iterdir():
        if entry.name.startswith("."):
            continue  # .DS_Store and the like
        if entry.is_dir():
            found.append(entry)
        else:
            raise BadCorpus(f"{entry} lies among folders of clips; move it out of the tree")
    return sorted(found, key=lambda folder: natural(folder.name))


def _frames(clip: Clip) -> list[Path]:
    """The files of a clip in order of time.

    Raises:
        BadCorpus: There are none, one is missing, or a name is no number.
    """
    files = {}
    for file in clip.folder.iterdir():
        if file.name.startswith("."):
            continue
        if file.suffix != ".npy" or not file.stem.isdecimal():
            raise BadCorpus(f"{file} is no frame: expected a number, as in 0.npy")
        other = files.setdefault(int(file.stem), file)
        if other is not file:
            raise BadCorpus(f"{file} and {other.name} are both frame {int(file.stem)}")
    if not files:
        raise BadCorpus(f"{clip.folder} has no frames; remove it or record the clip again")
    first, last = min(files), max(files)
    if first > 1 or last - first + 1 != len(files):
        missing = next(n for n in range(last + 1) if n not in files and n >= min(first, 1))
        raise BadCorpus(f"{clip.folder} lacks frame {missing}.npy; record the clip again")
    return [files[number] for number in sorted(files)]


def _load(file: Path, length: int | None) -> Float32[np.ndarray, " values"]:
    """One frame's vector; pickled objects are never loaded.

    Raises:
        BadCorpus: The file is unreadable or holds something else.
    """
    try:
        with file.open("rb") as stream:
            values = np.lib.format.read_array(stream, allow_pickle=False)
    except _BROKEN as error:
        raise BadCorpus(
            f"{file} cannot be read as a frame: {error}; record the clip again"
        ) from error
    if values.ndim != 1 or values.dtype.kind not in "fiu" or length not in {None, values.size}:
        raise BadCorpus(
            f"{file} holds {values.dtype} of shape {values.shape} instead of {length} numbers; "
            "is --layout right?"
        )
    return values.astype(np.float32)
