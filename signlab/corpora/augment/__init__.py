"""Augmentation of batches: ``Augment`` applies what a recipe names out of ``AUGMENTATIONS``."""

from signlab.corpora.augment.base import AUGMENTATIONS, Augmentation
from signlab.corpora.augment.chain import Augment

__all__ = ["AUGMENTATIONS", "Augment", "Augmentation"]
