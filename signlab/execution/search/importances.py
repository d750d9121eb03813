"""How much each searched key matters, by fANOVA and PED-ANOVA."""

import warnings
from collections.abc import Sequence

import optuna
from optuna.importance import (
    BaseImportanceEvaluator,
    FanovaImportanceEvaluator,
    PedAnovaImportanceEvaluator,
)
from optuna.trial import FrozenTrial, TrialState

MIN_TRIALS = 6
"""Complete trials below which importances are noise."""


def importances(study: optuna.Study, objectives: Sequence[str]) -> dict[str, dict[str, float]]:
    """Shares that add up to 1, by the evaluator's name; none with too few trials to tell.

    With several objectives they are about dev WER. fANOVA tells of keys that every trial has;
    PED-ANOVA, which asks what the best tenth of the trials have in common, of conditional ones too.
    """
    at = objectives.index("dev_wer") if len(objectives) > 1 else 0
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    values = {trial.values[at] for trial in complete}
    if len(complete) < MIN_TRIALS or len(values) < 2:
        return {}
    evaluators: dict[str, BaseImportanceEvaluator] = {
        "fanova": FanovaImportanceEvaluator(seed=0),
        "ped_anova": PedAnovaImportanceEvaluator(),
    }
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of few trials, which the report says as well

        def target(trial: FrozenTrial) -> float:
            return trial.values[at]

        for name, evaluator in evaluators.items():
            shares = optuna.importance.get_param_importances(
                study, evaluator=evaluator, target=target
            )
            found[name] = {key: float(share) for key, share in shares.items()}
    return found
