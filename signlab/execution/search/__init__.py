"""Searches settings with Optuna; the only importer of optuna."""
