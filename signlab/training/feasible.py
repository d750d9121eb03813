"""Whether CTC can align every utterance with its glosses."""

from collections.abc import Sequence

import torch

from signlab.corpora.augment.base import OutLengths
from signlab.corpora.base import Sample
from signlab.errors import BadCorpus
from signlab.training.losses import needed_timesteps

SHOWN = 3
"""How many utterances an error names before it counts the rest."""


def check_lengths(samples: Sequence[Sample], out_lengths: OutLengths) -> None:
    """See that every utterance keeps the timesteps which CTC needs for its glosses.

    Its loss would be infinite otherwise, and to take such a loss for 0 would hide the utterance.

    Args:
        out_lengths: Frames of utterances to timesteps of the model.

    Raises:
        BadCorpus: Counts the utterances that are too short, and names the first ones.
    """
    timesteps = out_lengths(torch.tensor([len(sample.landmarks) for sample in samples])).tolist()
    short = [
        (sample, left, needed)
        for sample, left in zip(samples, timesteps, strict=True)
        if left < (needed := needed_timesteps(sample.glosses))
    ]
    if short:
        sample, left, needed = short[0]
        ids = ", ".join(repr(s.id) for s, _, _ in short[:SHOWN]) + ", ..." * (len(short) > SHOWN)
        raise BadCorpus(
            f"{len(short)} of {len(samples)} utterances are too short "
            f"for their glosses after down-sampling ({ids}): "
            f"{sample.id!r} has {len(sample.landmarks)} frames, which leaves {left} timesteps, and "
            f"{len(sample.glosses)} glosses, which need {needed}; lower model.temporal.downsample"
        )
