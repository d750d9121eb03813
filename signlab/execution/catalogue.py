"""Everything that a recipe may name, gathered from the rooms; plug-ins add to it."""

import signlab.corpora.composed
import signlab.corpora.folder
import signlab.corpora.synthetic.corpus
import signlab.models.blocks  # noqa: F401  # registers
from signlab.corpora.augment.base import AUGMENTATIONS
from signlab.corpora.base import CORPORA
from signlab.models.recognizer import OPTIONAL, SLOTS
from signlab.scoring.decode import DECODERS
from signlab.scoring.protocol import SCORING
from signlab.study.recipe import Catalogue
from signlab.training.assembly import FEATURES
from signlab.training.computation import COMPUTATION
from signlab.training.losses import LOSSES
from signlab.training.regularisers import REGULARISERS
from signlab.training.schedule import SCHEDULES

CATALOGUE = Catalogue(
    choices={
        "corpus": CORPORA,
        **{f"model.{slot}": registry for slot, registry in SLOTS.items()},
        "loss": LOSSES,
        "schedule": SCHEDULES,
        "decode": DECODERS,
    },
    settings={"features": FEATURES, "train": COMPUTATION, "scoring": SCORING},
    collections={"augment": AUGMENTATIONS, "regularise": REGULARISERS},
    paths=("init_from",),
    optional={
        **{f"model.{slot}": choice for slot, choice in OPTIONAL.items()},
        "loss": {"name": "ctc"},
        "schedule": {"name": "cosine"},
        "decode": {"name": "greedy"},
    },
)
