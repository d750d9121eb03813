"""Draw what each augmentation does to a real clip, for docs/features-and-augmentation.md.

    SIGNLAB_SHARED=... python docs/make_images.py

Two strips a picture, before and after, a skeleton every few frames.
"""

import os
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from signlab.corpora.augment.chain import AUGMENTATIONS, Augment
from signlab.corpora.base import Sample
from signlab.corpora.batches import Batch, collate
from signlab.landmarks.layout import HOLISTIC, quantise
from signlab.landmarks.selection import FINGERS, Selection, select

IMAGES = Path(__file__).parent / "images"
SHOWN = 8
BODY = ((15, 13), (13, 11), (11, 12), (12, 14), (14, 16))
COLOURS = {"pose": "#888888", "left_hand": "#d1495b", "right_hand": "#00798c", "face": "#edae49"}
SETTINGS = {
    "time_warp": {"low": 1.5, "high": 1.5},
    "frame_drop": {"share": 0.3},
    "affine": {},
    "noise": {"scale": 0.05},
    "finger_drop": {"fingers": 2},
    "temporal_mask": {"masks": 2, "longest": 0.3},
    "part_drop": {"longest": 1.0},
    "concatenate": {},
    "cutmix": {},
    "mixup": {},
    "mirror": {},
}
"""Stronger than the defaults where these would hardly show."""

SEEDS = {"mixup": 12}
"""A draw that shows: here, both sentences weigh about the same."""


def main() -> None:
    """Write docs/images/augment-<name>.png for every registered augmentation."""
    if set(SETTINGS) != set(AUGMENTATIONS.names()):
        raise SystemExit(f"no picture for {set(AUGMENTATIONS.names()) ^ set(SETTINGS)}")
    selection = select(HOLISTIC)
    IMAGES.mkdir(exist_ok=True)
    for name, settings in SETTINGS.items():
        samples = sentences() if name == "cutmix" else clips()
        batch = collate(samples, ("house",), selection)
        augment = Augment(
            {name: {"rate": 1.0, **settings}},
            selection=selection,
            out_lengths=lambda frames: frames // 4,
        )
        after = augment(batch, torch.Generator().manual_seed(SEEDS.get(name, 3)))
        longest = max(int(shown.landmarks.lengths[0]) for shown in (batch, after))
        figure = Figure(figsize=(SHOWN * 1.2, 2.7), layout="constrained")
        axes = figure.subplots(2, SHOWN, sharex=True, sharey=True)
        for row, (word, shown) in enumerate((("before", batch), ("after", after))):
            for column in range(SHOWN):
                draw(axes[row, column], shown, column * -(-longest // SHOWN), selection)
            frames = int(shown.landmarks.lengths[0])
            axes[row, 0].set_ylabel(f"{word}\n{frames} frames", fontsize=9)
        figure.savefig(IMAGES / f"augment-{name}.png", dpi=80, pil_kwargs={"optimize": True})


def sentences() -> list[Sample]:
    """Two sentences of two signs each, whose frames are known."""
    joined = []
    for first, second in (clips((52, 70)), clips((27, 85))):
        frames = np.concatenate([first.landmarks, second.landmarks])
        spans = ((0, len(first.landmarks)), (len(first.landmarks), len(frames)))
        joined.append(replace(first, landmarks=frames, glosses=("house", "house"), spans=spans))
    return joined


def clips(numbers: tuple[int, ...] = (52, 27)) -> list[Sample]:
    """Real clips of one signer."""
    shared = Path(os.environ.get("SIGNLAB_SHARED", Path(__file__).parents[2] / "shared"))
    pack = np.load(shared / "data" / "signs_face.npz")
    samples = []
    for clip in numbers:
        steps = pack["delta"][:, clip * 30 : clip * 30 + 30].astype(np.int64)
        values = (np.cumsum(steps, axis=1).T / 8192).astype(np.float32)
        pose = values[:, :132].reshape(-1, 33, 4)[..., :3]
        rest = np.split(values[:, 132:].reshape(-1, 510, 3), [468, 489], axis=1)
        parts = [pose, rest[1], rest[2], rest[0]]
        known = [np.where(p.any(axis=(1, 2), keepdims=True), p, np.nan) for p in parts]
        stored = quantise(np.concatenate(known, axis=1).astype(np.float32))
        samples.append(Sample(str(clip), "a", ("house",), stored, aspect=0.75))
    return samples


def draw(axes: Axes, batch: Batch, frame: int, selection: Selection) -> None:
    """One frame of the first utterance; nothing past its end."""
    axes.set(xlim=(-1.5, 1.5), ylim=(1.7, -1.6), aspect="equal", xticks=[], yticks=[])
    landmarks = batch.landmarks
    if frame >= landmarks.lengths[0]:
        for side in axes.spines.values():
            side.set_visible(False)
        return
    axes.set_title(str(frame), fontsize=7, pad=2)
    points = landmarks.points[0, frame].numpy().copy()
    points[~landmarks.present[0, frame].numpy()] = np.nan
    for part, rows in selection.slices.items():
        lines = [(0, *finger) for finger in FINGERS] if "hand" in part else []
        lines = BODY if part == "pose" else lines
        for line in lines:
            path = points[[selection.position(part, number) for number in line]]
            axes.plot(*path.T, color=COLOURS[part], linewidth=1.1)
        if part == "face":
            axes.plot(*points[rows].T, ".", color=COLOURS[part], markersize=1.5)


if __name__ == "__main__":
    mpl.use("agg")
    main()
