"""Importing this registers every block that comes with signlab."""

from signlab.models import (
    auxiliary,
    chain,
    cluster,
    conformer,
    dilated,
    fusions,
    heads,
    inverted,
    pca,
    recurrent_encoders,
    squeezeformer,
    stems,
    temporals,
    transformer,
)

__all__ = [
    "auxiliary",
    "chain",
    "cluster",
    "conformer",
    "dilated",
    "fusions",
    "heads",
    "inverted",
    "pca",
    "recurrent_encoders",
    "squeezeformer",
    "stems",
    "temporals",
    "transformer",
]
