"""A corpus as ``.pose`` files, version 0.2, with a table of its glosses.

Source: github.com/sign-language-processing/pose, docs/specs. All numbers are little-endian.
"""

import json
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from signlab.corpora.atomic import explained
from signlab.corpora.base import Sample
from signlab.corpora.importers.pose_file import component_of
from signlab.corpora.store import Store
from signlab.errors import BadInput
from signlab.landmarks.layout import Layout, dequantise
from signlab.landmarks.skeleton import LINES

WIDTH = 1280
"""Of the image that the coordinates are written for, in pixels; its height follows the aspect."""

_COLOUR = (60, 90, 160)


def export_pose(store: Store, out: Path) -> int:
    """Write every utterance as ``<id>.pose``, and ``glosses.json`` beside them.

    The kind ``pose`` imports them again. The pose's visibility becomes its confidence; an absent
    point has confidence 0.

    Returns:
        How many files were written.

    Raises:
        BadInput: The folder has something in it.
        BadCorpus: The file system refuses.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInput(f"{out} is there already; choose an empty folder")
    index = store.index
    rows = []
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
        for row in range(len(index)):
            sample = store.sample(row)
            (out / f"{sample.id}.pose").write_bytes(pose_bytes(sample, store.layout))
            rows.append(_entry(sample, index.splits.names[index.splits.codes[row]]))
        (out / "glosses.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")
    return len(rows)


def pose_bytes(sample: Sample, layout: Layout) -> bytes:
    """The content of a ``.pose`` file."""
    height = max(1, round(WIDTH * sample.aspect))
    form = "XYZC" if layout.coordinates == 3 else "XYC"
    header = struct.pack("<f4H", 0.2, WIDTH, height, WIDTH, len(layout.parts))
    for part in layout.parts:
        component = component_of(part)
        names = component.points
        lines = LINES.get((part.name, part.points), ())
        limbs = [pair for line in lines for pair in pairwise(line)]
        header += _text(component.name) + _text(form)
        header += struct.pack("<3H", len(names), len(limbs), 1) + b"".join(map(_text, names))
        header += struct.pack(f"<{2 * len(limbs)}H", *(end for pair in limbs for end in pair))
        header += struct.pack("<3H", *_COLOUR)
    header += struct.pack("<fIH", sample.fps, len(sample.landmarks), 1)
    values = dequantise(sample.landmarks)
    confidence = (~np.isnan(values[:, :, 0])).astype("<f4")
    if sample.visibility is not None and "pose" in layout.slices:
        rows = layout.slices["pose"]
        # a tracked point that nobody sees stays a tracked point
        seen = np.maximum(sample.visibility, 1) / np.float32(255)
        confidence[:, rows] *= seen
    pixels = np.nan_to_num(values)
    pixels[:, :, 0] *= WIDTH
    pixels[:, :, 1] *= height
    return header + pixels.astype("<f4").tobytes() + confidence.astype("<f4").tobytes()


def _entry(sample: Sample, split: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": sample.id,
        "glosses": sample.glosses,
        "signer": sample.signer,
        "split": split,
    }
    if sample.spans is not None:
        entry["times"] = [[start / sample.fps, end / sample.fps] for start, end in sample.spans]
    return entry


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<H", len(raw)) + raw
