"""What may be wrong with a corpus, found before anything is trained on it."""
