"""How the updates of a run are computed."""

from signlab.registry import Settings


class Computation:
    """A recipe's ``train:`` section.

    Args:
        checkpoint_blocks: Compute what lies within a block again instead of keeping it: less
            memory, about a third more time.
    """

    def __init__(self, *, checkpoint_blocks: bool = False) -> None:
        self.checkpoint_blocks = checkpoint_blocks


COMPUTATION = Settings(Computation, "train")
