"""Pictures of the embedded corpus for its documentation.

python -m signlab.corpora.synthetic.drawing docs/images
"""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from signlab.corpora.base import Sample
from signlab.corpora.synthetic.corpus import Synthetic, make_landmarks
from signlab.corpora.synthetic.face import BROW, EYE, LOWER_LIP, OVAL, UPPER_LIP
from signlab.corpora.synthetic.handshapes import HANDSHAPES, hand_points
from signlab.corpora.synthetic.lexicon import Pair, make_lexicon, minimal_pairs
from signlab.corpora.synthetic.phonetics import make_phonetics
from signlab.corpora.synthetic.signer import Signer
from signlab.corpora.synthetic.stream import Stream
from signlab.landmarks.layout import HOLISTIC, dequantise
from signlab.landmarks.selection import MIRROR

IMAGES = Path(__file__).parent / "images"
_GLOSSES = 40
_BODY = ((11, 12), (11, 13), (13, 15), (12, 14), (14, 16), (11, 23), (12, 24), (23, 24))
_HAND = tuple(
    pair
    for first in (1, 5, 9, 13, 17)
    for pair in ((0, first), (first, first + 1), (first + 1, first + 2), (first + 2, first + 3))
)
_LINES = (OVAL, (*EYE, EYE[0]), *BROW, UPPER_LIP[0], LOWER_LIP[0], UPPER_LIP[3], LOWER_LIP[3])
_LEFT, _RIGHT, _INK, _SKIN = "#c4622d", "#2d6fc4", "#222222", "#999999"


def draw_frame(axes: Axes, frame: np.ndarray, aspect: float) -> None:
    """One frame of the 543 points as a figure of lines; lost parts are left out."""
    slices = HOLISTIC.slices
    for part, bones, colour in (
        ("pose", _BODY, _INK),
        ("left_hand", _HAND, _LEFT),
        ("right_hand", _HAND, _RIGHT),
    ):
        points = frame[slices[part]]
        for start, end in bones:
            axes.plot(points[[start, end], 0], points[[start, end], 1], color=colour, linewidth=1)
    face = frame[slices["face"]]
    for line in _LINES:
        for row in (list(line), [MIRROR["face"][1][point] for point in line]):
            axes.plot(face[row, 0], face[row, 1], color=_SKIN, linewidth=0.7)
    axes.set(xlim=(0, 1), ylim=(1, 0), aspect=aspect, xticks=[], yticks=[])


def signed(glosses: list[str], signer: Signer, *, errors: float, number: int = 0) -> Sample:
    """A sentence made up for a picture."""
    signs = make_lexicon(_GLOSSES)
    said = np.array([[sign.gloss for sign in signs].index(gloss) for gloss in glosses])
    stream = Stream(number)
    landmarks, _ = make_landmarks(said, make_phonetics(signs), signer, stream, errors=errors)
    return Sample("", signer.name, tuple(glosses), landmarks, signer.camera.aspect)


def strip(sample: Sample, columns: int = 10) -> Figure:
    """Frames of an utterance, and below them how the hands move."""
    landmarks = dequantise(sample.landmarks)
    figure = Figure(figsize=(14, 4.2), layout="constrained")
    grid = figure.add_gridspec(2, columns, height_ratios=[1.3, 1])
    shown = np.linspace(3, len(landmarks) - 4, columns).astype(int)
    for column, number in enumerate(shown):
        axes = figure.add_subplot(grid[0, column])
        draw_frame(axes, landmarks[number], sample.aspect)
        axes.set_title(f"frame {number}", fontsize=8)
    axes = figure.add_subplot(grid[1, :])
    for name, part, colour in (("left", "left_hand", _LEFT), ("right", "right_hand", _RIGHT)):
        knuckle = landmarks[:, HOLISTIC.slices[part].start + 9]
        axes.plot(knuckle[:, 1], color=colour, label=f"{name} hand, height")
        axes.plot(knuckle[:, 0], color=colour, linestyle=":", label=f"{name} hand, sideways")
    axes.set(xlabel="frame", ylabel="image", ylim=(1, 0), xlim=(0, len(landmarks) - 1))
    axes.legend(fontsize=8, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False)
    figure.suptitle(f"{sample.signer}: {' '.join(sample.glosses)}", fontsize=10)
    return figure


def pairs(signer: Signer) -> Figure:
    """A minimal pair of each kind, each in the middle of its sign."""
    chosen: dict[str, Pair] = {}
    for pair in minimal_pairs(make_lexicon(_GLOSSES)):
        chosen.setdefault(pair.aspect, pair)
    figure = Figure(figsize=(16, 4.6), layout="constrained")
    for column, (aspect, pair) in enumerate(chosen.items()):
        for row, sign in enumerate((pair.first, pair.second)):
            sample = signed([sign.gloss], signer, errors=0.0)
            axes = figure.add_subplot(2, len(chosen), row * len(chosen) + column + 1)
            draw_frame(axes, dequantise(sample.landmarks)[_middle(sample)], sample.aspect)
            value = getattr(sign, aspect)
            label = value if isinstance(value, str) else " to ".join(dict.fromkeys(value))
            axes.set_title(f"{sign.gloss}\n{aspect.replace('_', ' ')}: {label}", fontsize=8)
    return figure


def _middle(sample: Sample) -> int:
    return len(sample.landmarks) // 2


def signers(people: list[Signer]) -> Figure:
    """The same sign by all signers, as their cameras see them."""
    figure = Figure(figsize=(14, 4.6), layout="constrained")
    for number, signer in enumerate(people):
        sample = signed(["BIGU"], signer, errors=0.0)
        axes = figure.add_subplot(2, len(people) // 2, number + 1)
        draw_frame(axes, dequantise(sample.landmarks)[_middle(sample)], sample.aspect)
        hand = "left-handed" if signer.left_handed else "right-handed"
        axes.set_title(f"{signer.name}, {hand}", fontsize=8)
    return figure


def handshapes() -> Figure:
    """All handshapes, from the palm's side."""
    figure = Figure(figsize=(14, 3.4), layout="constrained")
    for number, (name, angles) in enumerate(HANDSHAPES.items()):
        axes = figure.add_subplot(2, (len(HANDSHAPES) + 1) // 2, number + 1)
        x, y, z = hand_points(np.array(angles))
        across = x + 0.45 * z  # a little from the side, so that bent fingers show
        for start, end in _HAND:
            axes.plot(across[[start, end]], y[[start, end]], color=_RIGHT, marker=".", markersize=3)
        axes.set(xlim=(-0.8, 1.6), ylim=(-0.1, 2.3), aspect=1, xticks=[], yticks=[], title=name)
        axes.title.set_fontsize(8)
    return figure


def main() -> None:
    """Write all pictures."""
    people = Synthetic().people
    sentence = signed(["KOZO-HANDS", "MEKA", "DEZA", "LIPU-PALM"], people[4], errors=1.0)
    for name, figure in (
        ("sentence", strip(sentence)),
        ("pairs", pairs(people[2])),
        ("signers", signers(people)),
        ("handshapes", handshapes()),
    ):
        figure.savefig(IMAGES / f"synthetic-{name}.png", dpi=90)


if __name__ == "__main__":
    main()
