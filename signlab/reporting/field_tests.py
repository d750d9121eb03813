"""The field's own tests, beside the verdicts: MAPSSWE for each seed, a sign-flip over signers."""

from dataclasses import dataclass

from signlab.reporting import markdown as md
from signlab.reporting.errors import aligned
from signlab.reporting.summary import StudySummary
from signlab.reporting.variants import VariantSummary
from signlab.scoring.mapsswe import MatchedPairs, mapsswe
from signlab.scoring.significance import SignFlip, sign_flip

MOST_SIGNERS = 20
"""Above that an exact test has too many outcomes."""


@dataclass(frozen=True)
class FieldTests:
    """A variant against the baseline.

    Attributes:
        by_seed: MAPSSWE on the folds that both have, a seed; its mean is the variant's errors
            less the baseline's.
        signers: On the differences of WER by signer; None for one signer, or for too many.
        number: Of signers.
    """

    by_seed: dict[int, MatchedPairs]
    signers: SignFlip | None
    number: int


def field_tests(summary: StudySummary, variant: VariantSummary) -> FieldTests:
    """Both tests of one measured variant."""
    baseline = summary.baseline
    before = {run.cell: run for run in baseline.runs}
    by_seed: dict[int, MatchedPairs] = {}
    for seed in sorted({run.seed for run in variant.runs}):
        cells = [run for run in variant.runs if run.seed == seed and run.cell in before]
        old = [one for run in cells for one in aligned(before[run.cell])]
        new = [one for run in cells for one in aligned(run)]
        if new:
            by_seed[seed] = mapsswe(new, old)
    assert summary.signs is not None
    wer = summary.signs.signers[[baseline.name, variant.name]].dropna()
    differences = (wer[variant.name] - wer[baseline.name]).tolist()
    few = 1 < len(differences) <= MOST_SIGNERS
    return FieldTests(by_seed, sign_flip(differences) if few else None, len(differences))


def field_tests_text(summary: StudySummary) -> str:
    """The table, and what it does not say."""
    if summary.baseline.measured is None or len(summary.measured) < 2:
        return ""
    rows = []
    for variant, _ in summary.measured:
        if variant is summary.baseline:
            continue
        found = field_tests(summary, variant)
        zs = [md.signed(test.z) for test in found.by_seed.values()]
        ps = [md.probability(test.p) for test in found.by_seed.values()]
        rows.append([md.code(variant.name), ", ".join(zs), ", ".join(ps), _flip(found)])
    return (
        "**The field's tests.** MAPSSWE compares two outputs: it knows nothing of other seeds and "
        "signers, and one of its p-values below 0.05 is no verdict. Below zero is better. The "
        "sign-flip test of the signers' differences is exact.\n\n"
        + md.table(["variant", "MAPSSWE z, by seed", "p, by seed", "sign-flip over signers"], rows)
    )


def _flip(found: FieldTests) -> str:
    if found.signers is None:
        return md.MISSING
    p = f"p {md.probability(found.signers.p)}"
    if found.signers.reachable:
        return p
    return f"{p}; out of reach: {found.number} signers give {found.signers.smallest_p:.3g} at least"
