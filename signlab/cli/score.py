"""``signlab score`` and ``signlab compare``: figures for files of references and hypotheses."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from signlab.errors import BadInput

if TYPE_CHECKING:
    from signlab.scoring.mapsswe import MatchedPairs
    from signlab.scoring.pairs import Pairs
    from signlab.scoring.significance import PairedDifference
    from signlab.scoring.wer import Alignment

Reference = Annotated[
    Path, typer.Argument(help="References: .trn, .stm, .ctm, .csv or .tsv.", metavar="REF")
]
Profile = Annotated[
    str, typer.Option(help="Clean-up before scoring: plain, phoenix2014 or phoenix2014t.")
]
Aligner = Annotated[
    str, typer.Option(help="levenshtein (fewest edits) or sclite (as NIST's tool aligns).")
]
Column = Annotated[
    str | None, typer.Option(help="Column of the glosses in csv and tsv files with a header.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]

WORST_UTTERANCES, TOP_CONFUSIONS = 5, 10


def score(
    reference: Reference,
    hypothesis: Annotated[Path, typer.Argument(help="Hypotheses, alike.", metavar="HYP")],
    *,
    profile: Profile = "plain",
    aligner: Aligner = "levenshtein",
    column: Column = None,
    as_json: Json = False,
) -> None:
    """Print the word error rate of a file of hypotheses, and where the errors are.

    Corpus-level: (S + D + I) / N over all utterances, which are matched by their ids.

    Examples:

        signlab score dev.stm dev.ctm --profile phoenix2014

        signlab score ref.trn hyp.trn --aligner sclite --json
    """
    from signlab.scoring.wer import signature

    pairs = _read(reference, hypothesis, column)
    made = signature(aligner=aligner, clean=profile, decode="file")
    alignments = _align(pairs, profile, aligner)
    figures = _figures(alignments, reference)
    if as_json:
        typer.echo(json.dumps({**figures, "signature": made}))
        return
    rows = [(profile, figures)]
    if profile != "plain":
        rows.insert(0, ("plain", _figures(_align(pairs, "plain", aligner), reference)))
    typer.echo(f"{'clean-up':14}{'N':>7}{'S':>7}{'D':>7}{'I':>7}{'sentences wrong':>18}{'WER':>10}")
    for name, row in rows:
        counts = "".join(f"{row[key]:>7}" for key in "NSDI")
        sentences = f"{row['sentence_errors']}/{len(pairs.ids)}"
        typer.echo(f"{name:14}{counts}{sentences:>18}{row['wer']:>8.2f} %")
    typer.echo(made)
    _show_errors(pairs.ids, alignments)


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
    """Test whether two systems differ on the same utterances.

    MAPSSWE as NIST's sc_stats computes it (mean: A's errors less B's, a segment), the same with
    whole utterances for segments, and a bootstrap over utterances (B's WER less A's, in points).
    One output a system says nothing about other seeds; a study does.

    Example:

        signlab compare ref.trn old.trn new.trn
    """
    from signlab.scoring import mapsswe

    paths = {"A": hypothesis_a, "B": hypothesis_b}
    aligned = {
        name: _align(_read(reference, path, column), profile, aligner)
        for name, path in paths.items()
    }
    first, second = aligned["A"], aligned["B"]
    wers = {name: _figures(one, reference)["wer"] for name, one in aligned.items()}
    tests = {
        "mapsswe": mapsswe.mapsswe(first, second),
        "mapsswe_by_utterance": mapsswe.by_utterance(first, second),
    }
    difference = _bootstrap(first, second)
    if as_json:
        results: dict[str, Any] = {name: asdict(test) for name, test in tests.items()}
        results["bootstrap"] = {
            key: getattr(difference, key)
            for key in ("difference", "low", "high", "p", "probability_of_improvement")
        }
        typer.echo(json.dumps({**results, "wer_a": wers["A"], "wer_b": wers["B"]}))
        return
    for name, path in paths.items():
        typer.echo(f"{name}  WER {wers[name]:6.2f} %  {path}")
    typer.echo(_sentence("MAPSSWE", tests["mapsswe"]))
    typer.echo(_sentence("by utterance", tests["mapsswe_by_utterance"]))
    typer.echo(
        f"{'bootstrap':13} B - A = {difference.difference:+.2f} points, 95 % interval "
        f"{difference.low:+.2f} to {difference.high:+.2f}, p = {difference.p:.3g}; the smallest "
        f"difference that such data show is {difference.smallest_detectable:.2f}"
    )


def _read(reference: Path, hypothesis: Path, column: str | None) -> "Pairs":
    from signlab.scoring import files
    from signlab.scoring.pairs import pair

    transcripts = []
    for path in (reference, hypothesis):
        table = path.suffix.lower() in files.TABLES
        transcripts.append(files.read(path, column=column if table else None))
    return pair(*transcripts, name=str(hypothesis))


def _align(pairs: "Pairs", profile: str, aligner: str) -> list["Alignment"]:
    from signlab.scoring.cleanup import clean
    from signlab.scoring.wer import align_all

    if aligner == "levenshtein" and any("{" in one for one in pairs.references):
        raise BadInput("the references hold alternations { a / b }; score with --aligner sclite")
    cleaned = clean(profile, pairs.references, pairs.hypotheses)
    return align_all(*cleaned, aligner=aligner)


def _figures(alignments: list["Alignment"], reference: Path) -> dict[str, Any]:
    from signlab.scoring.wer import total

    errors = total(alignment.errors for alignment in alignments)
    if not errors.glosses:
        raise BadInput(f"{reference}: no reference has a gloss, so there is no error rate")
    return {
        "N": errors.glosses,
        "S": errors.substitutions,
        "D": errors.deletions,
        "I": errors.insertions,
        "sentence_errors": sum(not alignment.correct for alignment in alignments),
        "wer": errors.wer,
    }


def _show_errors(ids: tuple[str, ...], alignments: list["Alignment"]) -> None:
    from signlab.scoring.pairs import side_by_side, worst
    from signlab.scoring.signs import confusions

    for index in worst(alignments, WORST_UTTERANCES):
        top, bottom = side_by_side(alignments[index])
        typer.echo(f"\n{ids[index]}  {alignments[index].edits}\n  REF  {top}\n  HYP  {bottom}")
    table = confusions(alignments).head(TOP_CONFUSIONS)
    if len(table):
        typer.echo("\nconfusions")
    for row in table.to_dict("records"):
        typer.echo(f"{row['count']:>5}  {row['reference']} -> {row['hypothesis']}")


def _bootstrap(first: list["Alignment"], second: list["Alignment"]) -> "PairedDifference":
    """Each system as one run of an unnamed signer, since files of glosses name no signers."""
    import numpy as np

    from signlab.scoring.significance import ErrorTable, compare_paired

    glosses = np.array([len(alignment.reference) for alignment in first])
    tables = [
        ErrorTable(
            np.array([[len(one.edits) - one.edits.count("C") for one in alignments]]),
            glosses,
            ("",) * len(glosses),
        )
        for alignments in (first, second)
    ]
    return compare_paired(*tables, generator=np.random.default_rng(0))


def _sentence(name: str, test: "MatchedPairs") -> str:
    return (
        f"{name:13} {test.segments} segments, mean A - B {test.mean:+.3f}, std {test.std:.3f}, "
        f"z {test.z:+.3f}, p = {test.p:.3g}"
    )
