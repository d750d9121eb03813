"""Runs a study: every run in a process of its own, killed or finished, never lost."""
