"""From a resolved recipe to the objects that a run needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from signlab.corpora.augment.chain import Augment
from signlab.corpora.batches import Batch
from signlab.landmarks.features import Features
from signlab.landmarks.layout import Layout
from signlab.models.recognizer import Output, Recognizer, build_recognizer
from signlab.registry import Settings
from signlab.scoring.decode import DECODERS, Decoder
from signlab.scoring.protocol import SCORING, Scoring
from signlab.training.objective import Objective, build_objective
from signlab.training.schedule import SCHEDULE, Schedule

FEATURES = Settings(Features, "features")


@dataclass(frozen=True)
class Assembly:
    """The parts of one run, built from its recipe."""

    features: Features
    augment: Augment
    recognizer: Recognizer
    objective: Objective
    schedule: Schedule
    decoder: Decoder
    scoring: Scoring
    vocabulary: tuple[str, ...]

    def forward(self, batch: Batch) -> Output:
        """What the recogniser gives for a batch, augmented or not."""
        parts, presence = self.features(batch.landmarks)
        return self.recognizer(parts, presence, batch.landmarks.lengths)


def assemble(recipe: Mapping[str, Any], layout: Layout, vocabulary: tuple[str, ...]) -> Assembly:
    """Build everything but the corpus.

    Under ``torch.device("meta")`` it takes no time and no memory, and still finds what does not
    fit together. Seed the global generator before, to decide the first weights.

    Raises:
        BadSetting: A setting is out of range or does not fit its neighbours.
    """
    features = FEATURES.build(recipe["features"], layout=layout)
    recognizer = build_recognizer(
        recipe["model"], part_widths=features.widths, outputs=len(vocabulary) + 1
    )
    return Assembly(
        features=features,
        augment=Augment(
            recipe["augment"],
            selection=features.selection,
            out_lengths=recognizer.out_lengths,
        ),
        recognizer=recognizer,
        objective=build_objective(recipe),
        schedule=SCHEDULE.build(recipe["schedule"]),
        decoder=DECODERS.build_choice(recipe["decode"]),
        scoring=SCORING.build(recipe["scoring"]),
        vocabulary=vocabulary,
    )


def best_device() -> torch.device:
    """The machine's accelerator where it has one, or the CPU."""
    if torch.accelerator.is_available():
        return torch.accelerator.current_accelerator() or torch.device("cpu")
    return torch.device("cpu")
