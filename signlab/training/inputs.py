"""What a run reads besides its corpus, so that one is not taken for another that read the like."""

from collections.abc import Mapping
from typing import Any

from signlab.training.clusters import digest_of_table
from signlab.training.schedule import SCHEDULES
from signlab.training.source import Identity
from signlab.training.teacher import KEY


def digests_of_inputs(recipe: Mapping[str, Any], identity: Identity) -> tuple[str, ...]:
    """SHA-256 of the content of each: a table of the head, what it begins with, its teachers.

    Args:
        recipe: Resolved.
        identity: Of the run, which decides what is read where the recipe names several runs.

    Raises:
        BadInput: There is no such thing.
    """
    phases = SCHEDULES.build_choice(recipe["schedule"]).plan
    sources = [("init_from", recipe["init_from"])]
    sources += [
        (KEY, phase.distil.teacher) for phase in phases if phase.distil and phase.distil.of_a_run
    ]
    found = [digest_of_table(recipe["model"]["head"])]
    found += [identity.source(written, key=key).digest for key, written in sources if written]
    return tuple(filter(None, found))
