"""Corpora: utterances with their landmarks, glosses, signers and splits."""
