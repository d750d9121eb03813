"""Several blocks of a slot one after another."""

from typing import Annotated, Any

from pydantic import Field

from signlab.models.base import ENCODERS, TEMPORALS, Sequential, Stack
from signlab.registry import BadSetting, Registry

Choices = Annotated[tuple[dict[str, Any], ...], Field(min_length=1)]


@TEMPORALS.register("chain")
class TemporalChain(Stack):
    """Temporal blocks one after another.

    Args:
        in_width: Channels in.
        blocks: Each as a recipe writes it: ``{name: ..., **settings}``.
    """

    def __init__(self, *, in_width: int, blocks: Choices) -> None:
        super().__init__(_built(TEMPORALS, in_width, blocks))


@ENCODERS.register("chain")
class EncoderChain(Stack):
    """Encoders one after another.

    Args:
        in_width: Channels in.
        blocks: Each as a recipe writes it: ``{name: ..., **settings}``.
    """

    def __init__(self, *, in_width: int, blocks: Choices) -> None:
        super().__init__(_built(ENCODERS, in_width, blocks))


def _built(
    registry: Registry[Sequential], in_width: int, choices: tuple[dict[str, Any], ...]
) -> list[Sequential]:
    layers: list[Sequential] = []
    for number, choice in enumerate(choices):
        if not isinstance(choice.get("name"), str):
            raise BadSetting(f"blocks.{number}", f"a {registry.kind} needs a `name:`")
        try:
            block = registry.build_choice(choice, in_width=in_width)
        except BadSetting as error:
            error.key = f"blocks.{number}.{error.key}"
            raise
        layers += block.each if isinstance(block, Stack) else [block]
        in_width = block.out_width
    return layers
