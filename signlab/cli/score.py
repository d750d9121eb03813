"""``signlab score``: the figures of a file of hypotheses, and where its errors are."""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from signlab.errors import BadInput

if TYPE_CHECKING:
    from signlab.scoring.pairs import Pairs
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

    pairs = read_pairs(reference, hypothesis, column, profile)
    made = signature(aligner=aligner, clean=profile, decode="file")
    alignments = align_pairs(pairs, profile, aligner)
    figures = figures_of(alignments, reference)
    if as_json:
        typer.echo(json.dumps({**figures, "signature": made}))
        return
    rows = [(profile, figures)]
    if profile != "plain":
        rows.insert(0, ("plain", figures_of(align_pairs(pairs, "plain", aligner), reference)))
    typer.echo(f"{'clean-up':14}{'N':>7}{'S':>7}{'D':>7}{'I':>7}{'sentences wrong':>18}{'WER':>10}")
    for name, row in rows:
        counts = "".join(f"{row[key]:>7}" for key in "NSDI")
        sentences = f"{row['sentence_errors']}/{len(pairs.ids)}"
        typer.echo(f"{name:14}{counts}{sentences:>18}{row['wer']:>8.2f} %")
    typer.echo(made)
    _show_errors(pairs.ids, alignments)


def read_pairs(reference: Path, hypothesis: Path, column: str | None, profile: str) -> "Pairs":
    """References and hypotheses of two files, by utterance."""
    from signlab.scoring import files
    from signlab.scoring.cleanup import find_profile
    from signlab.scoring.pairs import fill_absent, pair

    tables = [path.suffix.lower() in files.TABLES for path in (reference, hypothesis)]
    if column is not None and not any(tables):
        raise BadInput(f"--column {column}: neither {reference} nor {hypothesis} has columns")
    references, hypotheses = (
        files.read(path, column=column if table else None)
        for path, table in zip((reference, hypothesis), tables, strict=True)
    )
    if find_profile(profile).fills and hypothesis.suffix.lower() == ".ctm":
        absent = fill_absent(references, hypotheses)
        if absent:
            names = ", ".join(absent[:3]) + (", ..." if len(absent) > 3 else "")
            typer.echo(
                f"{hypothesis}: no gloss for {len(absent)} of {len(references)} utterances "
                f"({names}), which count as empty",
                err=True,
            )
    return pair(references, hypotheses)


def align_pairs(pairs: "Pairs", profile: str, aligner: str) -> list["Alignment"]:
    """Cleaned and aligned; an alternation that cannot be read is blamed on its line."""
    from signlab.scoring import sclite
    from signlab.scoring.cleanup import clean
    from signlab.scoring.wer import align_all

    for place, reference in zip(pairs.places, pairs.references, strict=True):
        if aligner == "sclite":
            try:
                sclite.check(reference)
            except BadInput as error:
                raise BadInput(f"{place}: {error}") from None
        elif "{" in reference:
            raise BadInput(
                f"{place}: the reference holds alternations {{ a / b }}; score with "
                "--aligner sclite"
            )
    return align_all(*clean(profile, pairs.references, pairs.hypotheses), aligner=aligner)


def figures_of(alignments: list["Alignment"], reference: Path) -> dict[str, Any]:
    """What ``--json`` prints but the signature; ``reference`` is the file that errors name."""
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

    width = shutil.get_terminal_size((100, 24)).columns - len("  REF  ")
    for index in worst(alignments, WORST_UTTERANCES):
        typer.echo(f"\n{ids[index]}")
        for reference, hypothesis, marks in side_by_side(alignments[index], width=width):
            typer.echo(f"  REF  {reference}\n  HYP  {hypothesis}\n       {marks}".rstrip())
    table = confusions(alignments).head(TOP_CONFUSIONS)
    if len(table):
        typer.echo("\nconfusions")
    for row in table.to_dict("records"):
        typer.echo(f"{row['count']:>5}  {row['reference']} -> {row['hypothesis']}")
