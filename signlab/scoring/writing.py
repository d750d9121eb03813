"""Transcripts written to disk: trn, stm, ctm and tables, as ``scoring.files`` reads them."""

import csv
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from signlab.errors import BadInput, nearest
from signlab.scoring.files import TABLES, TimedGloss

STM_BEGIN, STM_END = "0.0", "1.79769e+308"
"""Written where no times are known: the whole recording, as in RWTH-PHOENIX's own files."""

NO_SIGNERS: Mapping[str, str] = {}


def write(
    path: Path,
    transcripts: Mapping[str, tuple[str, ...]],
    *,
    signers: Mapping[str, str] = NO_SIGNERS,
) -> None:
    """Write by the name's ending: .trn, .stm, .csv or .tsv (with the header ``id,glosses``).

    Args:
        signers: For .stm, of each utterance; "unknown" otherwise.

    Raises:
        BadInput: No such format, or (stm) an id with a blank in it.
    """
    ending = path.suffix.lower()
    if ending in TABLES:
        with path.open("w", encoding="utf-8", newline="") as stream:
            table = csv.writer(stream, delimiter=TABLES[ending], lineterminator="\n")
            table.writerow(["id", "glosses"])
            table.writerows([name, " ".join(glosses)] for name, glosses in transcripts.items())
        return
    if ending not in {".trn", ".stm"}:
        known = [".trn", ".stm", *TABLES]
        raise BadInput(f"{path}: cannot write {ending!r}; {nearest(ending, known)}")
    lines = []
    for name, glosses in transcripts.items():
        if ending == ".trn":
            lines.append(" ".join([*glosses, f"({name})"]))
        else:
            signer = signers.get(name) or "unknown"
            fields = [_field(path, name), "1", _field(path, signer), STM_BEGIN, STM_END]
            lines.append(" ".join([*fields, *glosses]))
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def write_ctm(path: Path, recordings: Mapping[str, list[TimedGloss]]) -> None:
    """Write timed glosses, times to the millisecond; an utterance without any leaves no line.

    Raises:
        BadInput: An id with a blank in it.
    """
    lines = []
    for name, glosses in recordings.items():
        for one in glosses:
            times = f"{one.start:.3f} {one.duration:.3f}"
            confidence = "" if one.confidence is None else f" {one.confidence:.4f}"
            lines.append(f"{_field(path, name)} 1 {times} {one.gloss}{confidence}\n")
    path.write_text("".join(lines), encoding="utf-8")


def write_run(hypotheses: pd.DataFrame, folder: Path) -> list[Path]:
    """Write what a run recognised: references (.trn, .stm), hypotheses (.trn, .ctm), by split.

    Args:
        hypotheses: As ``RunFolder.hypotheses`` has them.
        folder: Made if absent.

    Returns:
        The files, as ``<split>.<ref or hyp>.<format>``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for split, rows in hypotheses.groupby("split", sort=False):
        names = rows["id"].tolist()
        sides = {"ref": rows["reference"], "hyp": rows["hypothesis"]}
        glosses = {
            side: dict(zip(names, (tuple(text.split()) for text in texts), strict=True))
            for side, texts in sides.items()
        }
        paths = [
            folder / f"{split}.{kind}" for kind in ("ref.trn", "ref.stm", "hyp.trn", "hyp.ctm")
        ]
        write(paths[0], glosses["ref"])
        write(paths[1], glosses["ref"], signers=dict(zip(names, rows["signer"], strict=True)))
        write(paths[2], glosses["hyp"])
        columns = ["begin_ms", "end_ms", "confidences"]
        times = zip(*(rows[column] for column in columns), strict=True)
        write_ctm(
            paths[3],
            {
                name: [
                    TimedGloss(gloss, begin / 1000.0, (end - begin) / 1000.0, confidence)
                    for gloss, begin, end, confidence in zip(spoken, *each, strict=True)
                ]
                for (name, spoken), each in zip(glosses["hyp"].items(), times, strict=True)
            },
        )
        written += paths
    return written


def _field(path: Path, text: str) -> str:
    if len(text.split()) != 1:
        raise BadInput(f"{path}: {text!r} holds a blank; {path.suffix} cannot write that")
    return text
