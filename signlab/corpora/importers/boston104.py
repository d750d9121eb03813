"""RWTH-BOSTON-104: continuous signing as the tracks of two hands and the nose.

The files are those of github.com/udacity/AIND-Recognizer: positions in pixels a frame, and the
words of each sentence with their frames.
"""

from collections import defaultdict
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from signlab.corpora.base import Sample
from signlab.corpora.importers.base import IMPORTERS, Imported, Importer, stored
from signlab.corpora.importers.faults import affected, check_distinct, each
from signlab.corpora.importers.tables import Row, each_row, read_table
from signlab.landmarks.layout import Layout, Part

BOSTON104 = Layout(
    "boston104", (Part("left_hand", 1), Part("right_hand", 1), Part("nose", 1)), coordinates=2
)

WIDTH, HEIGHT = 312, 242
"""Of the images in pixels, at 30 frames a second (Dreuw et al. 2007, Interspeech)."""

_FPS = 30.0
_TRACKS = ("left-x", "left-y", "right-x", "right-y", "nose-x", "nose-y")
_WORDS = ("video", "speaker", "word", "startframe", "endframe")
_SPLITS = {"train": "train_words.csv", "test": "test_words.csv"}


@IMPORTERS.register("boston104")
class Boston104(Importer):
    """RWTH-BOSTON-104: hands_condensed.csv, speaker.csv, train_words.csv and test_words.csv.

    Without ``test_words.csv``, the official test split, all sentences are for training, and
    studies make folds of them.
    """

    def read(self, path: Path) -> Imported:
        """Find the sentences and their tracks."""
        tracks = _tracks(path / "hands_condensed.csv")
        rows = read_table(path / "speaker.csv", ("video", "speaker"))
        check_distinct(rows, lambda row: row["video"], lambda row: row.where)
        speakers = dict(each_row(rows, lambda row: (row.number("video"), row["speaker"])))
        sentences = _sentences(path)
        _check_complete(path, tracks, sentences)

        def read(video: int) -> tuple[Sample, str]:
            split, words = sentences[video]
            return _sample(video, words, speakers, tracks[video]), split

        glosses = {row["word"] for _, words in sentences.values() for row in words}
        samples = each(sorted(sentences), str, read)
        return Imported(BOSTON104, tuple(sorted(glosses)), samples, len(sentences))


def _sentences(path: Path) -> dict[int, tuple[str, list[Row]]]:
    """The split and the words of each video."""
    found = [
        (split, video, words)
        for split, name in _SPLITS.items()
        if split == "train" or (path / name).exists()
        for video, words in _by_video(read_table(path / name, _WORDS)).items()
    ]
    check_distinct(found, lambda one: str(one[1]), lambda one: one[2][0].where)
    return {video: (split, words) for split, video, words in found}


def _sample(video: int, words: list[Row], speakers: dict[int, str], rows: list[Row]) -> Sample:
    """One sentence."""
    numbers = [row.number("frame") for row in rows]
    if numbers != list(range(len(rows))):
        lacking = next(n for n in range(len(rows) + 1) if n not in numbers)
        rows[0].fail(f"video {video} lacks frame {lacking}, or has frames twice or out of order")
    for row in words:
        speaker = speakers.get(video)
        if row["speaker"] != speaker:
            row.fail(f"video {video} is signed by {row['speaker']!r}, speaker.csv says {speaker!r}")
        if not 0 <= row.number("startframe") <= row.number("endframe") < len(rows):
            row.fail(
                f"frames {row['startframe']} to {row['endframe']} of video {video} are not within "
                f"its {len(rows)} frames"
            )
    words = sorted(words, key=lambda row: row.number("startframe"))
    return Sample(
        id=f"{video:03d}",
        signer=words[0]["speaker"],
        glosses=tuple(row["word"] for row in words),
        spans=tuple((row.number("startframe"), row.number("endframe") + 1) for row in words),
        landmarks=stored(_points(rows), f"{rows[0].where}: video {video}"),
        aspect=HEIGHT / WIDTH,
        fps=_FPS,
    )


def _points(rows: list[Row]) -> Float32[np.ndarray, "frames points coordinates"]:
    """Pixels as shares of the image."""
    values = np.array([[row.real(track) for track in _TRACKS] for row in rows], dtype=np.float32)
    return values.reshape(len(rows), -1, 2) / np.array([WIDTH, HEIGHT], dtype=np.float32)


def _tracks(file: Path) -> dict[int, list[Row]]:
    return _by_video(read_table(file, ("video", "frame", *_TRACKS)))


def _by_video(rows: list[Row]) -> dict[int, list[Row]]:
    """Rows of each video."""
    found = defaultdict(list)
    for video, row in zip(each_row(rows, lambda row: row.number("video")), rows, strict=True):
        found[video].append(row)
    return dict(found)


def _check_complete(
    path: Path, tracks: dict[int, list[Row]], sentences: dict[int, tuple[str, list[Row]]]
) -> None:
    """Words without tracks and tracks without words are both told, never dropped."""
    lost = [video for video in sentences if video not in tracks]
    if lost:
        sentences[lost[0]][1][0].fail(
            f"video {lost[0]} has no frames in hands_condensed.csv{affected(map(str, lost))}"
        )
    silent = sorted(set(tracks) - set(sentences))
    if silent:
        tracks[silent[0]][0].fail(
            f"video {silent[0]} has no words; put test_words.csv into {path}, or take its lines "
            f"out{affected(map(str, silent))}"
        )
