"""``signlab compare``: whether two files of hypotheses differ beyond chance."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from signlab.cli.score import (
    Aligner,
    Column,
    Json,
    Profile,
    Reference,
    align_pairs,
    figures_of,
    read_pairs,
)

if TYPE_CHECKING:
    from signlab.scoring.mapsswe import MatchedPairs
    from signlab.scoring.significance import PairedDifference
    from signlab.scoring.wer import Alignment


def compare(
    reference: Reference,
    hypothesis_a: Annotated[Path, typer.Argument(help="System A.", metavar="HYP_A")],
    hypothesis_b: Annotated[Path, typer.Argument(help="System B.", metavar="HYP_B")],
    *,
    profile: Profile = "plain",
    aligner: Aligner = "sclite",
    column: Column = None,
    as_json: Json = False,
) -> None:
    """Test whether two systems differ on the same utterances; above zero, A makes more errors.

    MAPSSWE as NIST's sc_stats computes it (errors a segment), the same with whole utterances for
    segments, and a bootstrap over utterances, in blocks by signer where REF names the signers
    (points of WER). One output a system says nothing about other seeds; a study does.

    Example:

        signlab compare ref.trn old.trn new.trn
    """
    from signlab.scoring import mapsswe
    from signlab.scoring.wer import signature

    paths = {"A": hypothesis_a, "B": hypothesis_b}
    pairs = {name: read_pairs(reference, path, column, profile) for name, path in paths.items()}
    aligned = {name: align_pairs(each, profile, aligner) for name, each in pairs.items()}
    first, second = aligned["A"], aligned["B"]
    wers = {name: figures_of(one, reference)["wer"] for name, one in aligned.items()}
    made = signature(aligner=aligner, clean=profile, decode="file")
    tests = {
        "mapsswe": mapsswe.mapsswe(first, second),
        "mapsswe_by_utterance": mapsswe.by_utterance(first, second),
    }
    difference = _bootstrap(first, second, pairs["A"].signers)
    if as_json:
        results: dict[str, Any] = {name: asdict(test) for name, test in tests.items()}
        results["bootstrap"] = {
            **{key: getattr(difference, key) for key in ("difference", "low", "high", "p")},
            "probability_b_better": 1.0 - difference.probability_of_improvement,
            "smallest_detectable": difference.smallest_detectable,
            "signers": difference.signers,
        }
        wer = {"wer_a": wers["A"], "wer_b": wers["B"], "signature": made}
        typer.echo(json.dumps({**results, **wer}))
        return
    for name, path in paths.items():
        typer.echo(f"{name}  WER {wers[name]:6.2f} %  {path}")
    typer.echo(made)
    typer.echo(_sentence("MAPSSWE", tests["mapsswe"]))
    typer.echo(_sentence("by utterance", tests["mapsswe_by_utterance"]))
    who = f"{difference.signers} signers" if difference.signers > 1 else "these signers alone"
    typer.echo(
        f"{'bootstrap':13} A - B {difference.difference:+.2f} points, 95 % interval "
        f"{difference.low:+.2f} to {difference.high:+.2f} ({who}), p {_p(difference.p)}; the "
        f"smallest difference that such data show is {difference.smallest_detectable:.2f}"
    )
    typer.echo(_reading(tests["mapsswe"]))


def _bootstrap(
    first: list["Alignment"], second: list["Alignment"], signers: tuple[str, ...]
) -> "PairedDifference":
    """A against B, each as one run; utterances without a signer count as one signer's."""
    import numpy as np

    from signlab.scoring.significance import ErrorTable, compare_paired

    glosses = np.array([len(alignment.reference) for alignment in first])
    tables = [
        ErrorTable(
            np.array([[len(one.edits) - one.edits.count("C") for one in alignments]]),
            glosses,
            signers,
        )
        for alignments in (second, first)
    ]
    return compare_paired(*tables, generator=np.random.default_rng(0))


def _sentence(name: str, test: "MatchedPairs") -> str:
    return (
        f"{name:13} {test.segments} segments, mean A - B {test.mean:+.3f}, std {test.std:.3f}, "
        f"z {test.z:+.3f}, p {_p(test.p)}"
    )


def _reading(test: "MatchedPairs") -> str:
    """What MAPSSWE says, for someone who does not read its figures."""
    if test.p >= 0.05:
        return "No difference is shown by MAPSSWE."
    return f"{'B' if test.mean > 0 else 'A'} makes fewer errors, by MAPSSWE beyond chance."


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"
