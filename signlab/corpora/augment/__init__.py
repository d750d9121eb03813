"""Augmentation of batches: ``base``, ``space``, ``time``, ``join``, ``drop``; ``chain`` is all."""
