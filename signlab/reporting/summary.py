"""All figures of a study, computed once: what the report prints and ``--json`` gives."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signlab.reporting.contrasts import questions
from signlab.reporting.effects import Effect, Effects, answer_all
from signlab.reporting.errors import ErrorAnalysis, analyse_errors
from signlab.reporting.evidence import Evidence
from signlab.reporting.reading import Run, StudyRuns, read_study
from signlab.reporting.signs import SignAnalysis, analyse_signs
from signlab.reporting.variants import Measured, VariantSummary, summarise_variant

ROOM = 12
"""Variants that a figure with a panel, a column or a label for each can show."""


@dataclass(frozen=True, eq=False)
class StudySummary:
    """A study, measured.

    Attributes:
        variants: In the study's order; the baseline comes first.
        signs: None while no run is finished.
        errors: Likewise.
    """

    study: StudyRuns
    variants: tuple[VariantSummary, ...]
    answers: Effects
    signs: SignAnalysis | None
    errors: ErrorAnalysis | None

    @property
    def baseline(self) -> VariantSummary:
        """The variant without components."""
        return self.variants[0]

    @property
    def measured(self) -> list[tuple[VariantSummary, Measured]]:
        """The variants that have finished runs."""
        return [(v, v.measured) for v in self.variants if v.measured is not None]

    @property
    def best(self) -> tuple[VariantSummary, Measured] | None:
        """The variant of the lowest WER on dev: the test split selects nothing.

        While runs are missing, only the variants with the most finished runs are looked at.
        """
        most = max((len(variant.runs) for variant, _ in self.measured), default=0)
        complete = [pair for pair in self.measured if len(pair[0].runs) == most]
        return min(complete, key=lambda pair: pair[1].dev.wer, default=None)

    @property
    def principal(self) -> list[tuple[VariantSummary, Measured]]:
        """The measured variants that figures have room for.

        With many, those nearest to the baseline or to all components come first, and among equals
        those whose test WER is furthest from the baseline's.
        """
        full = max(len(variant.plan.components) for variant in self.variants)
        reference = self.baseline.measured

        def rank(pair: tuple[VariantSummary, Measured]) -> tuple[int, int, float]:
            components = len(pair[0].plan.components)
            change = abs(pair[1].wer.value - reference.wer.value) if reference else 0.0
            return min(components, full - components), components, -change

        shown = {variant.name for variant, _ in sorted(self.measured, key=rank)[:ROOM]}
        return [pair for pair in self.measured if pair[0].name in shown]


def summarise(study_folder: Path) -> StudySummary:
    """Read a study's runs and compute every figure of its report.

    Args:
        study_folder: ``runs/<study>``, with ``study.json``.

    Raises:
        BadStudy: There is no plan, or runs that do not belong together.
    """
    study = read_study(study_folder)
    evidence = Evidence(study)
    variants = tuple(summarise_variant(study, plan, evidence) for plan in study.variants)
    return StudySummary(
        study=study,
        variants=variants,
        answers=answer_all(questions(study), evidence, smoke=study.smoke),
        signs=analyse_signs(variants),
        errors=analyse_errors(variants),
    )


def as_json(summary: StudySummary, report: Path) -> dict[str, Any]:
    """The object that ``--json`` prints; WER and differences in percent, None where unmeasured."""
    return {
        "study": summary.study.name,
        "report": str(report),
        "runs": [_run_json(run) for run in summary.study.runs],
        "verdicts": [_verdict_json(effect) for effect in summary.answers.effects],
    }


def _run_json(run: Run) -> dict[str, Any]:
    result, speed = run.result, run.speed
    return {
        "variant": run.variant,
        "fold": run.fold,
        "seed": run.seed,
        "status": run.status,
        "collapsed": result.collapsed if result else None,
        "dev_wer": result.dev.wer if result else None,
        "test_wer": result.test.wer if result else None,
        "parameters": result.parameters if result else None,
        "latency_p50_ms": speed.latency_p50_ms if speed else None,
        "frames_per_second": speed.frames_per_second if speed else None,
        "peak_memory_mib": result.peak_memory_mib if result else None,
        "seconds": result.seconds if result else None,
    }


def _verdict_json(effect: Effect) -> dict[str, Any]:
    paired = effect.paired
    return {
        "component": effect.name,
        "difference": paired.difference if paired else None,
        "interval": [paired.low, paired.high] if paired else [None, None],
        "p": effect.adjusted_p,
        "verdict": effect.verdict,
    }
