"""Answers the questions of a study's design: differences, their intervals and verdicts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from signlab.reporting.contrasts import Contrast, Questions
from signlab.reporting.evidence import Evidence, Grid
from signlab.reporting.variants import DRAWS
from signlab.scoring.significance import (
    MIN_SEEDS,
    PairedDifference,
    Verdict,
    compare_paired,
    holm,
    verdict,
)

_INTERPLAY: dict[Verdict, str] = {
    "helps": "more together",
    "hurts": "less together",
    "no difference shown": "none shown",
}


@dataclass(frozen=True)
class Effect:
    """A contrast that was measured, or not yet.

    Attributes:
        grid: The folds and seeds it rests on; None where the variants share no finished run.
        paired: Points of WER, the contrast's scale applied; None with ``grid``.
        adjusted_p: After Holm's correction over the contrasts asked together.
        verdict: Withheld, for ``reason``, or what may be said.
    """

    contrast: Contrast
    grid: Grid | None
    paired: PairedDifference | None
    adjusted_p: float | None
    verdict: Verdict
    reason: str = ""

    @property
    def name(self) -> str:
        """The component, or the components that interact."""
        return self.contrast.name

    @property
    def reading(self) -> str:
        """The verdict in words that fit the question."""
        if not self.contrast.interplay:
            return self.verdict
        return _INTERPLAY.get(self.verdict, self.verdict)

    @property
    def real(self) -> bool:
        """Whether the difference may be believed."""
        return self.verdict in ("helps", "hurts")


@dataclass(frozen=True)
class Effects:
    """All answers; the fields are those of ``contrasts.Questions``."""

    effects: tuple[Effect, ...]
    to_baseline: tuple[Effect, ...]
    interactions: tuple[Effect, ...]
    shapley: tuple[Effect, ...]
    together: Effect | None

    def with_verdict(self, word: Verdict) -> list[Effect]:
        """The components of which ``word`` may be said."""
        return [effect for effect in self.effects if effect.verdict == word]


def answer_all(questions: Questions, evidence: Evidence, *, smoke: bool) -> Effects:
    """Measure every contrast; each family gets a Holm correction of its own."""
    together = questions.together
    effects = answer_family(questions.effects, evidence, smoke=smoke)
    return Effects(
        effects=effects,
        to_baseline=effects
        if questions.to_baseline == questions.effects
        else answer_family(questions.to_baseline, evidence, smoke=smoke),
        interactions=answer_family(questions.interactions, evidence, smoke=smoke),
        shapley=answer_family(questions.shapley, evidence, smoke=smoke),
        together=answer_family((together,), evidence, smoke=smoke)[0] if together else None,
    )


def answer_family(
    contrasts: Sequence[Contrast], evidence: Evidence, *, smoke: bool
) -> tuple[Effect, ...]:
    """Measure contrasts that are asked together, with one Holm correction."""
    measured = [_measure(contrast, evidence) for contrast in contrasts]
    found = [(effect, effect.paired) for effect in measured if effect.paired is not None]
    adjusted = dict(
        zip(
            (effect.name for effect, _ in found),
            holm([paired.p for _, paired in found]),
            strict=True,
        )
    )
    return tuple(_judge(e, adjusted.get(e.name), evidence, smoke=smoke) for e in measured)


def _measure(contrast: Contrast, evidence: Evidence) -> Effect:
    grid = evidence.grid(contrast.variants)
    if grid is None:
        reason = "no fold and seed is finished for all variants that it needs"
        return Effect(contrast, None, None, None, "withheld", reason)
    paired = compare_paired(
        evidence.table(contrast.minus, grid),
        evidence.table(contrast.plus, grid),
        draws=DRAWS,
        generator=np.random.default_rng(0),
    )
    scaled = replace(
        paired,
        difference=contrast.scale * paired.difference,
        low=contrast.scale * paired.low,
        high=contrast.scale * paired.high,
        smallest_detectable=contrast.scale * paired.smallest_detectable,
    )
    return Effect(contrast, grid, scaled, None, "withheld")


def _judge(effect: Effect, adjusted_p: float | None, evidence: Evidence, *, smoke: bool) -> Effect:
    paired, grid = effect.paired, effect.grid
    if paired is None or grid is None or adjusted_p is None:
        return effect
    effect = replace(effect, adjusted_p=adjusted_p)
    if smoke:
        return replace(effect, reason="a smoke test")
    runs = evidence.runs(effect.contrast.variants, grid)
    collapsed = sum(run.result is not None and run.result.collapsed for run in runs)
    if collapsed:
        reason = f"{collapsed} of the {len(runs)} runs compared collapsed"
        return replace(effect, reason=reason)
    word = verdict(paired.difference, adjusted_p, paired.seeds)
    reason = f"fewer than {MIN_SEEDS} seeds" if word == "withheld" else ""
    return replace(effect, verdict=word, reason=reason)
