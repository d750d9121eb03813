"""The page of a corpus audit: what is wrong, tables, figures, and clips to look at."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from signlab.corpora.audit.findings import Finding, some
from signlab.corpora.audit.labels import gloss_table, split_table
from signlab.corpora.audit.run import ORDER, Audit
from signlab.corpora.audit.tracks import handedness, presence
from signlab.corpora.store import Store
from signlab.reporting import audit_figures as figures
from signlab.reporting.clip import write_clip
from signlab.reporting.markdown import code, count, table
from signlab.reporting.skeleton import Drawing
from signlab.reporting.style import write_if_new

SHOWN = 4
"""Utterances drawn on the page: the first of findings that a look can settle."""

_LOOK = ("order", "jumps", "frozen", "empty", "near-duplicate", "presence")


def write_audit(store: Store, found: Audit, out: Path) -> Path:
    """Write ``audit.md``, ``findings.csv`` (a row a finding and utterance) and the figures.

    Returns:
        The page.
    """
    out.mkdir(parents=True, exist_ok=True)
    _findings_table(found.findings).to_csv(out / "findings.csv", index=False)
    sections = [_head(store, found), _splits(store), _glosses(store, out)]
    if found.measures is not None:
        sections += [_lengths(store, out), _presence(store, found.measures, out)]
        sections += [_hands(store, found.measures, out), _clips(store, found.findings, out)]
    page = out / "audit.md"
    text = "\n\n".join(section for section in sections if section) + "\n"
    write_if_new(page, text.encode())
    return page


def summary(findings: Sequence[Finding]) -> str:
    """How many findings there are of each severity."""
    counts = [sum(finding.severity == severity for finding in findings) for severity in ORDER]
    return ", ".join(count(number, word) for number, word in zip(counts, ORDER, strict=True))


def _head(store: Store, found: Audit) -> str:
    lines = [
        f"# Audit of `{store.name}`",
        "",
        f"{store.utterances:,} utterances, {store.frames:,} frames, "
        f"{count(len(store.signers), 'signer')}, {len(store.vocabulary):,} glosses, layout "
        f"`{store.layout.name}`, digest `{store.digest[:12]}`. {summary(found.findings)}.",
        "",
    ]
    if found.measures is None:
        lines += ["Its landmarks are still to be extracted: only its table was checked.", ""]
    rows = [
        (
            f"**{finding.severity}**" if finding.severity == "error" else finding.severity,
            finding.check,
            finding.text,
            f"{len(finding.utterances):,}: {some(finding.utterances)}" * bool(finding.utterances),
            finding.remedy,
        )
        for finding in found.findings
    ]
    header = ("", "check", "what", "utterances", "what to do")
    lines += [table(header, rows, text=header[1:])] if rows else ["Nothing was found."]
    return "\n".join([*lines, "", "All utterances of each finding stand in `findings.csv`."])


def _findings_table(findings: Sequence[Finding]) -> pd.DataFrame:
    rows = [
        (finding.severity, finding.check, finding.text, utterance)
        for finding in findings
        for utterance in finding.utterances or ("",)
    ]
    return pd.DataFrame(rows, columns=["severity", "check", "text", "utterance"])


def _splits(store: Store) -> str:
    known = "train" in store.splits and len(store.splits) > 1
    header = ["split", "utterances", "frames", "minutes", "signers", "glosses", "occurrences"]
    rows = []
    for row in split_table(store.index).to_dict("records"):
        cells = [code(row["split"]), f"{row['utterances']:,}", f"{row['frames']:,}"]
        cells += [f"{row['minutes']:,.1f}", f"{row['signers']:,}", f"{row['glosses']:,}"]
        cells += [f"{row['occurrences']:,}"]
        if known:
            share = row["unknown_occurrences"] / max(row["occurrences"], 1)
            told = f"{row['unknown']:,} ({share:.1%} of the occurrences)"
            cells.append("–" if row["split"] == "train" else told)
        rows.append(cells)
    return "\n\n".join(["## Splits", table([*header, *["not in train"] * known], rows)])


def _glosses(store: Store, out: Path) -> str:
    glosses = gloss_table(store.index)
    if glosses.empty:
        return ""
    splits = [name for name in glosses if name not in ("gloss", "count", "signers")]
    header = ("gloss", "signers", "in all", *splits)
    columns = ("gloss", "signers", "count", *splits)
    shown = glosses.head(20)
    rows = [[code(row[0]), *(f"{value:,}" for value in row[1:])] for row in _rows(shown, columns)]
    counts = glosses["count"].to_numpy()
    figures.frequencies(counts, out / "glosses.png")
    return "\n\n".join(
        [
            "## Glosses",
            f"{len(counts):,} glosses occur {counts.sum():,} times; half of the occurrences are of "
            f"{int(np.searchsorted(np.cumsum(counts), counts.sum() / 2)) + 1} glosses, "
            f"{int((counts == 1).sum()):,} occur once. The most frequent:",
            table(header, rows),
            "![How often each gloss occurs](glosses.png)",
        ]
    )


def _lengths(store: Store, out: Path) -> str:
    index = store.index
    figures.lengths(index.frames / index.fps, out / "lengths.png")
    rates, counts = np.unique(index.fps, return_counts=True)
    told = ", ".join(f"{rate:g} ({number:,})" for rate, number in zip(rates, counts, strict=True))
    low, middle, high = np.percentile(index.frames, [0, 50, 100])
    return "\n\n".join(
        [
            "## Lengths",
            f"From {low:,.0f} to {high:,.0f} frames, half of them up to {middle:,.0f}. Frames a "
            f"second (utterances): {told if len(rates) <= 8 else f'{len(rates)} different rates'}.",
            "![Lengths of the utterances](lengths.png)",
        ]
    )


def _presence(store: Store, measures: pd.DataFrame, out: Path) -> str:
    shares = presence(store, measures)
    figures.presence(shares, out / "presence.png")
    rows = [
        [code(signer), *(f"{share:.0%}" for share in values)]
        for signer, *values in _rows(shares.reset_index(), None)
    ]
    return "\n\n".join(
        [
            "## Presence of each part",
            "Share of each signer's frames in which the part was tracked.",
            table(("signer", *map(str, shares.columns)), rows),
            "![Presence of each part by signer](presence.png)",
        ]
    )


def _hands(store: Store, measures: pd.DataFrame, out: Path) -> str:
    hands = handedness(store, measures)
    figures.hands(hands, out / "hands.png")
    return "\n\n".join(
        [
            "## Handedness",
            "Share of the utterances in which the left hand moves more than the right.",
            "![Handedness by signer and gloss](hands.png)",
        ]
    )


def _clips(store: Store, findings: Sequence[Finding], out: Path) -> str:
    """Utterances that somebody should look at; without any, the first one."""
    chosen = {
        finding.utterances[0]: finding.check
        for finding in findings
        if finding.check in _LOOK and finding.utterances
    }
    chosen = dict(list(chosen.items())[:SHOWN]) or {store.ids[0]: "the first utterance"}
    parts = ["## What the recogniser sees"]
    rows = store.index.rows_of(list(chosen))
    for (utterance, check), row in zip(chosen.items(), rows.tolist(), strict=True):
        sample = store.sample(row)
        name = f"clip-{len(parts)}.png"
        write_clip(Drawing(sample, store.layout, height=240), out / name, fps=sample.fps)
        parts.append(f"`{utterance}` ({check}):\n\n![{utterance}]({name})")
    return "\n\n".join(parts)


def _rows(frame: pd.DataFrame, columns: Sequence[str] | None) -> list[list]:
    chosen = frame if columns is None else frame[list(columns)]
    return [list(row) for row in chosen.itertuples(index=False)]
