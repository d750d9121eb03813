"""The section of a report that sets projections beside what was measured."""

from signlab.reporting import markdown as md
from signlab.reporting.summary import StudySummary
from signlab.reporting.variants import Measured
from signlab.study.projections import Figure, Projection


def projections_text(summary: StudySummary) -> str:
    """Projected and measured figures in turn; empty where the study names no projections."""
    projections = summary.study.projections
    if projections is None:
        return ""
    columns = ["parameters", "WER %", "training", "frames/s"]
    header = ["variant"]
    for column in columns:
        header += [f"{column}, projected", "measured"]
    rows = [
        _row(variant.name, projections.variants[variant.name], variant.measured)
        for variant in summary.variants
        if variant.name in projections.variants
    ]
    return (
        f"What is *projected* was expected, never measured: {projections.source.strip()} What is "
        "*measured* is of the runs of this study, on its corpus and this machine, and says nothing "
        "of other corpora.\n\n" + md.table(header, rows)
    )


def _row(name: str, projected: Projection, measured: Measured | None) -> list[str]:
    found = [md.MISSING] * 4
    if measured is not None:
        costs = measured.costs
        found = [
            md.large(costs.parameters),
            f"{measured.wer.value:.1f}",
            f"{costs.seconds:,.0f} s",
            md.optional(costs.frames_per_second, 0),
        ]
    expected = [
        projected.parameters,
        projected.wer,
        projected.training,
        projected.frames_per_second,
    ]
    cells = [cell for pair in zip(map(_figure, expected), found, strict=True) for cell in pair]
    return [md.code(name), *cells]


def _figure(value: Figure | None) -> str:
    return md.MISSING if value is None else str(value)
