"""Faults that the table of the utterances tells: glosses, splits, lengths, frame rates."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd

from signlab.corpora.audit.findings import Finding, some
from signlab.corpora.index import Index
from signlab.corpora.store import Store

DOWNSAMPLINGS = (1, 2, 4, 8)
"""Frames for one timestep in usual models."""


def check_labels(store: Store) -> Iterator[Finding]:
    """Everything that can be known without the landmarks."""
    index = store.index
    ids = np.array(store.ids, dtype=object)
    silent = index.gloss_counts() == 0
    if silent.any():
        yield Finding(
            "glosses",
            "warning",
            f"{silent.sum():,} utterances have no glosses",
            "they serve as pauses in composed sentences; nothing else can be trained on them",
            tuple(ids[silent]),
        )
    yield from _frequencies(index, ids)
    yield from _unseen(index, ids)
    yield from _shared_signers(index, ids)
    yield from _rates(index, ids)
    if not store.waiting:
        yield from _lengths(index, ids)


def gloss_table(index: Index) -> pd.DataFrame:
    """A row a gloss, the most frequent first: how often, by how many signers, in each split."""
    owners = np.repeat(np.arange(len(index)), index.gloss_counts())
    table = pd.DataFrame(
        {
            "gloss": np.array(index.glosses.names, dtype=object)[index.glosses.codes],
            "signer": index.signers.codes[owners],
            "split": np.array(index.splits.names, dtype=object)[index.splits.codes[owners]],
        }
    )
    found = table.groupby("gloss").agg(count=("gloss", "size"), signers=("signer", "nunique"))
    by_split = table.pivot_table(index="gloss", columns="split", aggfunc="size", fill_value=0)
    return found.join(by_split).sort_values("count", ascending=False, kind="stable").reset_index()


def split_table(index: Index) -> pd.DataFrame:
    """A row a split: how much it holds, and how much of it training does not know."""
    owners = np.repeat(np.arange(len(index)), index.gloss_counts())
    trained = index.splits.rows(["train"])
    seen = np.unique(index.glosses.codes[trained[owners]])
    rows = []
    for split in index.splits.names:
        members = index.splits.rows([split])
        glosses = index.glosses.codes[members[owners]]
        new = ~np.isin(glosses, seen)
        rows.append(
            {
                "split": split,
                "utterances": int(members.sum()),
                "frames": int(index.frames[members].sum()),
                "minutes": float((index.frames[members] / index.fps[members]).sum() / 60),
                "signers": len(np.unique(index.signers.codes[members])),
                "glosses": len(np.unique(glosses)),
                "occurrences": len(glosses),
                "unknown": len(np.unique(glosses[new])),
                "unknown_occurrences": int(new.sum()),
            }
        )
    return pd.DataFrame(rows)


def needed_timesteps(index: Index) -> np.ndarray:
    """Timesteps that CTC needs for each utterance: its glosses, and a blank between repeats."""
    codes, starts = index.glosses.codes, index.starts
    if len(codes) == 0:
        return np.zeros(len(index), dtype=np.int64)
    repeats = np.concatenate([[0], np.cumsum(np.diff(codes) == 0)])
    first, last = starts[:-1], np.maximum(starts[1:] - 1, starts[:-1])
    within = repeats[np.minimum(last, len(codes) - 1)] - repeats[np.minimum(first, len(codes) - 1)]
    return index.gloss_counts() + np.where(index.gloss_counts() > 1, within, 0)


def _frequencies(index: Index, ids: np.ndarray) -> Iterator[Finding]:
    table = gloss_table(index)
    single = table[table["count"] == 1]["gloss"].tolist()
    if single:
        names = {name: code for code, name in enumerate(index.glosses.names)}
        rare = np.isin(index.glosses.codes, [names[gloss] for gloss in single])
        owners = np.repeat(np.arange(len(index)), index.gloss_counts())[rare]
        yield Finding(
            "singletons",
            "note",
            f"{len(single):,} of {len(table):,} glosses occur once: {some(single)}",
            "a sign seen once is hardly learnt; merge variants of one sign if they are such",
            tuple(ids[np.unique(owners)]),
        )


def _unseen(index: Index, ids: np.ndarray) -> Iterator[Finding]:
    owners = np.repeat(np.arange(len(index)), index.gloss_counts())
    trained = index.splits.rows(["train"])
    seen = np.zeros(len(index.glosses.names), dtype=bool)
    seen[index.glosses.codes[trained[owners]]] = True
    for split in index.splits.names:
        members = index.splits.rows([split])
        new = members[owners] & ~seen[index.glosses.codes]
        if split == "train" or not trained.any() or not new.any():
            continue
        words = sorted({index.glosses.names[code] for code in index.glosses.codes[new]})
        yield Finding(
            "out-of-vocabulary",
            "warning",
            f"{len(words):,} glosses of {split} never occur in train ({some(words)}), "
            f"{new.sum() / max(members[owners].sum(), 1):.1%} of its glosses",
            "they can only be recognised wrongly: `unseen_glosses: keep` counts them as errors",
            tuple(ids[np.unique(owners[new])]),
        )


def _shared_signers(index: Index, ids: np.ndarray) -> Iterator[Finding]:
    def of(split: str) -> set[str]:
        codes = np.unique(index.signers.codes[index.splits.rows([split])])
        return {index.signers.names[code] for code in codes}

    for split, other in combinations(index.splits.names, 2):
        both = sorted(of(split) & of(other))
        if both:
            concerned = index.signers.rows(both) & index.splits.rows([split, other])
            yield Finding(
                "shared-signers",
                "note",
                f"{len(both)} of the signers are in {split} and in {other}: {some(both)}",
                "results are not about unseen signers; `folds: leave-one-signer-out` are",
                tuple(ids[concerned]),
            )


def _rates(index: Index, ids: np.ndarray) -> Iterator[Finding]:
    odd = (index.fps < 10) | (index.fps > 120)
    if odd.any():
        yield Finding(
            "frame-rate",
            "warning",
            "fewer than 10 or more than 120 frames a second",
            "check the frame rate that was given at the import",
            tuple(ids[odd]),
        )
    rates, counts = np.unique(index.fps, return_counts=True)
    usual = rates[counts.argmax()]
    other = (np.abs(index.fps / usual - 1) > 0.25) & ~odd
    if other.any():
        yield Finding(
            "frame-rate",
            "warning",
            f"frame rates that differ by more than a quarter from the usual {usual:g}",
            "velocities mean another thing there; resample them, or train with `time_warp`",
            tuple(ids[other]),
        )


def _lengths(index: Index, ids: np.ndarray) -> Iterator[Finding]:
    needed = needed_timesteps(index)
    before = np.zeros(len(index), dtype=bool)
    for factor in DOWNSAMPLINGS:
        short = (-(-index.frames // factor) < needed) & ~before
        before |= short
        if not short.any():
            continue
        told = "as they are" if factor == 1 else f"once down-sampled {factor} times"
        yield Finding(
            "too-short",
            "error" if factor == 1 else "warning" if factor <= 4 else "note",
            f"more glosses than timesteps {told}: CTC cannot align them",
            "check the glosses; else leave them out"
            if factor == 1
            else f"train with `downsample` below {factor} in stem and temporal block together",
            tuple(ids[short]),
        )
    per_gloss = index.frames / np.maximum(index.gloss_counts(), 1)
    usual = np.median(per_gloss)
    odd = ((per_gloss > 8 * usual) | (index.frames < 5)) & ~before
    if odd.any():
        yield Finding(
            "length",
            "warning",
            f"fewer than 5 frames, or more than 8 times the usual {usual:.0f} frames a gloss",
            "they may be cut wrongly, or lack glosses",
            tuple(ids[odd]),
        )
