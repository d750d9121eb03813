"""Figures that someone expected of a study's variants, which the report sets beside its own."""

from pydantic import BaseModel, ConfigDict

Figure = int | float | str
"""Printed as it is written: ``40``, ``< 20``, ``30 M``."""


class Projection(BaseModel):
    """What was expected of one variant; nothing where nobody said it.

    Attributes:
        parameters: Numbers that training changes.
        wer: Test word error rate in percent.
        training: Wall clock of one training.
        frames_per_second: Of inference at batch 1.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    parameters: Figure | None = None
    wer: Figure | None = None
    training: Figure | None = None
    frames_per_second: Figure | None = None


class Projections(BaseModel):
    """The projections of some of a study's variants.

    Attributes:
        source: Who projected what: models, corpora, and where it is written.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    source: str
    variants: dict[str, Projection]
