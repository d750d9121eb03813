"""Augmentation of batches: ``base`` (the interface), ``space``, ``time``, ``drop``, ``chain``."""
