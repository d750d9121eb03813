"""RWTH-BOSTON-104: continuous signing as the tracks of two hands and the nose.

The files are those of github.com/udacity/AIND-Recognizer: positions in pixels a frame, and the
words of each sentence with their frames.
"""

from collections import defaultdict
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from signlab.corpora.base import Sample
from signlab.corpora.importers.base import IMPORTERS, Imported, Importer, each, stored
from signlab.corpora.importers.tables import Row, affected, each_row, read_table
from signlab.errors import BadCorpus
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
        speakers = dict(
            each_row(
                read_table(path / "speaker.csv", ("video", "speaker")),
                lambda row: (row.number("video"), row["speaker"]),
            )
        )
        sentences: dict[int, tuple[str, list[Row]]] = {}
        for split, name in _SPLITS.items():
            if split == "train" or (path / name).exists():
                for video, words in _by_video(read_table(path / name, _WORDS)).items():
                    if video in sentences:
                        words[0].fail(f"video {video} is in {sentences[video][0]} as well")
                    sentences[video] = split, words
        _check_complete(path, tracks, sentences)

        def read(video: int) -> tuple[Sample, str]:
            split, words = sentences[video]
            return _sample(video, words, speakers, tracks[video]), split

        glosses = {row["word"] for _, words in sentences.values() for row in words}
        samples = each(sorted(sentences), lambda video: f"video {video}", read)
        return Imported(BOSTON104, tuple(sorted(glosses)), samples)


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
        landmarks=stored(_points(rows), f"video {video}"),
        aspect=HEIGHT / WIDTH,
        fps=_FPS,
    )


def _points(rows: list[Row]) -> Float32[np.ndarray, "frames points coordinates"]:
    """Pixels as shares of the image."""
    try:
        values = np.array([[row[track] for track in _TRACKS] for row in rows], dtype=np.float32)
    except ValueError as error:
        raise BadCorpus(f"{rows[0].file}:{rows[0].line}: {error} in the lines from here") from error
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
        row = sentences[lost[0]][1][0]
        row.fail(
            f"video {lost[0]} has no frames in hands_condensed.csv"
            + affected(len(lost), "utterances")
        )
    silent = sorted(set(tracks) - set(sentences))
    if silent:
        tracks[silent[0]][0].fail(
            f"video {silent[0]} has no words; put test_words.csv into {path}, or take its lines "
            "out" + affected(len(silent), "utterances")
        )
