"""Which trial's settings a variant is trained with."""

import math
from collections.abc import Sequence

from signlab.study.trial import Trial


def choose(trials: Sequence[Trial], objectives: Sequence[str]) -> Trial | None:
    """The trial whose settings are kept; None where none is complete.

    With one objective the best; among equals the lower loss on dev decides, then the earlier
    trial, so that the recipe's own settings give way only to better ones. With several, of the
    trials within one standard error of the best dev WER the one that is best in the other
    objectives, in the order in which they are listed (the one-standard-error rule of Breiman et
    al. 1984, "Classification and Regression Trees").
    """
    complete = [trial for trial in trials if trial.state == "complete"]
    if not complete:
        return None
    if len(objectives) == 1:
        return min(complete, key=lambda t: (t.values[objectives[0]], *_tie(t)))
    limit = tolerated(complete)
    near = [trial for trial in complete if trial.values["dev_wer"] <= limit]
    others = [name for name in objectives if name != "dev_wer"]
    return min(
        near,
        key=lambda t: (*(t.values[name] for name in others), t.values["dev_wer"], *_tie(t)),
    )


def tolerated(complete: Sequence[Trial]) -> float:
    """The dev WER up to which a trial can be kept for its other objectives, in percent."""
    best = min(complete, key=lambda t: (t.values["dev_wer"], *_tie(t)))
    return best.values["dev_wer"] + standard_error(best)


def front(trials: Sequence[Trial], objectives: Sequence[str]) -> list[Trial]:
    """The complete trials that no other beats in one objective and matches in the rest."""
    complete = [trial for trial in trials if trial.state == "complete"]

    def beats(a: Trial, b: Trial) -> bool:
        pairs = [(a.values[name], b.values[name]) for name in objectives]
        return all(x <= y for x, y in pairs) and any(x < y for x, y in pairs)

    return sorted(
        (b for b in complete if not any(beats(a, b) for a in complete)),
        key=lambda t: [t.values[name] for name in objectives],
    )


def standard_error(trial: Trial) -> float:
    """Of a trial's dev WER, in points, as if each gloss were right or wrong by itself."""
    share = min(trial.values["dev_wer"] / 100.0, 1.0)
    return 100.0 * math.sqrt(share * (1.0 - share) / trial.glosses)


def _tie(trial: Trial) -> tuple[float, int]:
    return trial.values["dev_loss"], trial.number
