"""Faults of the landmarks."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from signlab.corpora.audit.findings import Finding, Severity, some
from signlab.corpora.store import Store

LONG_SECONDS = 1.0
"""A still or empty stretch from here on is told: nobody is that still, or out of view, signing."""


def check_tracks(store: Store, measures: pd.DataFrame) -> Iterator[Finding]:
    """Presence, still and empty stretches, jumps, coordinates, and parts in the wrong place."""
    index = store.index
    ids = np.array(store.ids, dtype=object)
    frames, long = index.frames, np.maximum(2, LONG_SECONDS * index.fps)

    def found(
        flags: np.ndarray, check: str, severity: Severity, text: str, remedy: str
    ) -> Iterator[Finding]:
        concerned = tuple(ids[flags])
        if concerned:
            yield Finding(check, severity, text, remedy, concerned)

    values = {name: measures[name].to_numpy() for name in measures}
    empty, outside = values["empty"], values["outside"] > 0.1
    yield from found(
        empty == frames,
        "empty",
        "error",
        "nothing was tracked in any frame",
        "extract again with a better view, or leave them out",
    )
    yield from found(
        (empty >= long) & (empty < frames),
        "empty",
        "warning",
        f"no point at all for {LONG_SECONDS:.0f} s or longer",
        "see with `signlab corpus show` whether the signer left the view; cut such stretches off",
    )
    frozen = values["frozen"]
    yield from found(
        frozen >= np.minimum(long, np.maximum(frames - 1, 2)),
        "frozen",
        "warning",
        f"every point stands exactly still for {LONG_SECONDS:.0f} s or longer",
        "a stuck camera or a tracker that repeats its last result; cut such stretches off",
    )
    yield from found(
        values["jumps"] > 0,
        "jumps",
        "warning",
        "a part moves by more than a quarter of the image from one frame to the next",
        "hands may be exchanged or frames lacking; look at them with `signlab corpus show`",
    )
    yield from found(
        values["clipped"] > 0,
        "range",
        "error",
        "coordinates are beyond four image sizes, the most that is stored",
        "divide x by the width and y by the height of the image before importing",
    )
    yield from found(
        outside & (values["clipped"] == 0),
        "range",
        "warning",
        "more than a tenth of the points lie further than one image beside the image",
        "check that x was divided by the width and y by the height of the image",
    )
    for part in store.layout.slices:
        yield from found(
            values["misplaced"] == part,
            "order",
            "error",
            f"what is called {part} is not where it can be",
            "the points are in another order: import again with the order they were written in, "
            "for mp-data as in `--layout face:3,pose:4,left_hand:3,right_hand:3`",
        )
    yield from _presence(store, measures)


def _presence(store: Store, measures: pd.DataFrame) -> Iterator[Finding]:
    """Parts that one signer lacks and others have."""
    shares = presence(store, measures)
    ids, codes = np.array(store.ids, dtype=object), store.index.signers.codes
    for part in shares.columns:
        column = shares[part].to_dict()
        most = max(column.values())
        for signer, share in column.items():
            if share >= 0.05 or most <= 0.5:
                continue
            yield Finding(
                "presence",
                "warning",
                f"signer {signer} has {part} in {share:.0%} of the frames, "
                f"others in up to {most:.0%}",
                "a recogniser cannot learn from this signer what it should read there",
                tuple(ids[codes == store.index.signers.names.index(signer)]),
            )


def presence(store: Store, measures: pd.DataFrame) -> pd.DataFrame:
    """Share of the frames that have each part: a row a signer, a column a part."""
    index = store.index
    found = {}
    for code, signer in enumerate(index.signers.names):
        rows = index.signers.codes == code
        found[signer] = {
            part.name: np.average(measures[f"share_{part.name}"][rows], weights=index.frames[rows])
            for part in store.layout.parts
        }
    return pd.DataFrame.from_dict(found, orient="index")


def handedness(store: Store, measures: pd.DataFrame) -> pd.DataFrame:
    """How often each signer moves the left hand more than the right, by gloss.

    A row a signer and gloss with ``utterances`` and ``left``, the share of them; utterances of
    several glosses stand under the gloss "(sentences)", those without any under "(none)".
    """
    signers = store.index.signers
    table = pd.DataFrame(
        {
            "signer": np.array(signers.names)[signers.codes],
            "gloss": _glosses(store),
            "left": measures["motion_left"] > measures["motion_right"],
        }
    )
    found = table.groupby(["signer", "gloss"])["left"].agg(["size", "mean"]).reset_index()
    return found.rename(columns={"size": "utterances", "mean": "left"})


def _glosses(store: Store) -> np.ndarray:
    """The gloss of each utterance, or the words that stand for none and for several."""
    index = store.index
    names = [
        index.glosses_of(row)[0] if count == 1 else "(sentences)" if count else "(none)"
        for row, count in enumerate(index.gloss_counts())
    ]
    return np.array(names, dtype=object)


def check_handedness(store: Store, measures: pd.DataFrame) -> Iterator[Finding]:
    """Signs that one signer makes with the other hand than all others do."""
    index, ids = store.index, np.array(store.ids, dtype=object)
    glosses = _glosses(store)
    table = handedness(store, measures)
    table = table[(table["utterances"] >= 3) & (table["gloss"] != "(none)")]
    for gloss in dict.fromkeys(table["gloss"]):
        rows = table[table["gloss"] == gloss]
        left = rows["signer"][rows["left"] > 0.7].tolist()
        right = rows["signer"][rows["left"] < 0.3].tolist()
        hand = "left" if len(left) < len(right) else "right"
        fewer, more = sorted((left, right), key=len)
        if fewer and len(fewer) < len(more):
            yield Finding(
                "handedness",
                "note",
                f"{gloss} is signed with the {hand} hand by {some(fewer)}, with the other by "
                f"{some(more)}",
                "mirror in training (`augment: {mirror: {}}`), or expect errors there",
                tuple(ids[index.signers.rows(fewer) & (glosses == gloss)]),
            )
