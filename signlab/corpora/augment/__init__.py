"""Augmentation of batches: ``space``, ``time``, ``join``, ``drop``, ``blend``; ``chain`` is all."""
