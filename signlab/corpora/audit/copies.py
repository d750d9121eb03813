"""Utterances that are there twice: the same frames, or nearly the same."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from signlab.corpora.audit.findings import Finding, Severity
from signlab.corpora.index import Index
from signlab.corpora.store import Store

NEAR = 0.004
"""Largest difference of mean hand places, in image widths, of two recordings of one event.

Different clips of one sign by one signer, sitting still all the same, differed by 0.006 and more
in 900 clips of three signers; sentences by 0.047 and more.
"""


def check_copies(store: Store, measures: pd.DataFrame) -> Iterator[Finding]:
    """Exact copies by their content, near ones by where the hands are over time."""
    groups = defaultdict(list)
    for row, digest in enumerate(measures["digest"]):
        groups[digest].append(row)
    exact = [rows for rows in groups.values() if len(rows) > 1]
    yield from _told(store, exact, "the very same landmarks", "duplicate")
    first = {rows[0]: rows for rows in groups.values()}
    near = _near(np.stack(measures["way"].tolist()), list(first))
    yield from _told(store, near, "nearly the same landmarks", "near-duplicate")


def _near(ways: np.ndarray, rows: list[int]) -> list[list[int]]:
    """Groups of two utterances that are close; those without hands say nothing."""
    ways = np.nan_to_num(ways[rows], nan=-9.0)
    told = np.flatnonzero((ways > -9).any(axis=1))
    rows, ways = [rows[position] for position in told], ways[told]
    if len(rows) < 2:
        return []
    pairs = KDTree(ways).query_pairs(NEAR, p=np.inf)
    return [[rows[a], rows[b]] for a, b in sorted(pairs)]


def _told(store: Store, groups: Iterable[list[int]], what: str, check: str) -> Iterator[Finding]:
    """One finding a kind of harm: another gloss, another split, or neither."""
    index = store.index
    by_harm: dict[tuple[str, Severity, str], list[int]] = defaultdict(list)
    for rows in groups:
        by_harm[_harm(index, rows, check)] += rows
    for (harm, severity, remedy), rows in by_harm.items():
        ids = tuple(index.id(row) for row in dict.fromkeys(rows))
        yield Finding(check, severity, f"{what} {harm}", remedy, ids)


def _harm(index: Index, rows: list[int], check: str) -> tuple[str, Severity, str]:
    exact = check == "duplicate"
    if len({index.glosses_of(row) for row in rows}) > 1:
        return (
            "under different glosses",
            "error" if exact else "warning",
            "one of them is labelled wrongly: keep the right one",
        )
    if len({int(index.splits.codes[row]) for row in rows}) > 1:
        return (
            "in different splits",
            "error" if exact else "warning",
            "results on dev and test would be too good: keep them in one split",
        )
    return "more than once in one split", "warning", "keep one of them"
