"""From a resolved recipe to the objects that a run needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from signlab.corpora.augment.chain import Augment
from signlab.corpora.batches import Batch
from signlab.landmarks.features import Features
from signlab.landmarks.layout import Layout
from signlab.landmarks.tensors import sent
from signlab.models.recognizer import Output, Recognizer, build_recognizer
from signlab.registry import Settings, below
from signlab.scoring.decode import DECODERS, Decoder
from signlab.scoring.protocol import SCORING, Scoring
from signlab.training.checkpoint import TrainedModel
from signlab.training.clusters import with_clusters
from signlab.training.computation import COMPUTATION, Computation
from signlab.training.objective import Objective, build_objective
from signlab.training.phases import Phase
from signlab.training.schedule import SCHEDULES, Schedule

FEATURES = Settings(Features, "features")


@dataclass(frozen=True)
class Stage:
    """What a phase of the training changes: how utterances are bent, what is minimised."""

    phase: Phase
    augment: Augment
    objective: Objective


@dataclass(frozen=True)
class Assembly:
    """The parts of one run, built from its recipe.

    Attributes:
        recipe: With the clusters that were found for its head, and what was tuned of its decoder.
        stages: One a phase of the schedule.
    """

    recipe: Mapping[str, Any]
    features: Features
    recognizer: Recognizer
    schedule: Schedule
    stages: tuple[Stage, ...]
    computation: Computation
    decoder: Decoder
    scoring: Scoring
    vocabulary: tuple[str, ...]

    def forward(self, batch: Batch, model: nn.Module | None = None) -> Output:
        """What the recogniser gives for a batch, augmented or not; lengths are on the CPU.

        Args:
            model: Calls the recogniser in its own way (``Updates.model``).
        """
        parts, presence = self.features(batch.landmarks)
        lengths = batch.landmarks.lengths
        output = (model or self.recognizer)(parts, presence, sent(lengths, presence.device))
        return replace(output, lengths=self.recognizer.out_lengths(lengths))


def assemble(
    recipe: Mapping[str, Any],
    layout: Layout,
    vocabulary: tuple[str, ...],
    references: Sequence[Sequence[str]] = (),
) -> Assembly:
    """Build everything but the corpus.

    Under ``torch.device("meta")`` it takes no time and no memory, and still finds what does not
    fit together. Seed the global generator before, to decide the first weights.

    Args:
        references: Of the training utterances, for clusters of glosses that follow from them.

    Raises:
        BadSetting: A setting is out of range or does not fit its neighbours.
    """
    with below("features"):
        features = FEATURES.build(recipe["features"], layout=layout)
    with below("model.head"):
        head = with_clusters(recipe["model"]["head"], vocabulary, references)
    recipe = {**recipe, "model": {**recipe["model"], "head": head}}
    recognizer = build_recognizer(
        recipe["model"], part_widths=features.widths, outputs=len(vocabulary) + 1
    )
    with below("train"):
        computation = COMPUTATION.build(recipe["train"])
    recognizer.checkpoint_blocks = computation.checkpoint_blocks
    with below("schedule"):
        schedule = SCHEDULES.build_choice(recipe["schedule"])

    def stage(phase: Phase) -> Stage:
        own = {**recipe, **phase.sections}
        objective = build_objective(own)
        own_augment = "augment" in phase.sections
        with below(f"schedule.phases.{phase.name}.augment" if own_augment else "augment"):
            augment = Augment(
                own["augment"],
                selection=features.selection,
                out_lengths=recognizer.out_lengths,
                views=objective.views,
            )
        return Stage(phase, augment, objective)

    with below("decode"):
        decoder = DECODERS.build_choice(recipe["decode"])
    return Assembly(
        recipe=recipe,
        features=features,
        recognizer=recognizer,
        schedule=schedule,
        stages=tuple(map(stage, schedule.plan)),
        computation=computation,
        decoder=decoder,
        scoring=SCORING.build(recipe["scoring"]),
        vocabulary=vocabulary,
    )


def restore(model: TrainedModel, layout: Layout) -> Assembly:
    """What a finished run recognises with, on the CPU and in evaluation mode.

    Args:
        layout: Of the landmarks; has the points that the run was trained on.
    """
    assembly = assemble(model.recipe, layout, tuple(model.vocabulary))
    assembly.recognizer.load_state_dict(model.weights)
    assembly.recognizer.eval()
    assembly.decoder.fit(model.references)
    return assembly


def best_device() -> torch.device:
    """The machine's accelerator where it has one, or the CPU."""
    if torch.accelerator.is_available():
        return torch.accelerator.current_accelerator() or torch.device("cpu")
    return torch.device("cpu")
