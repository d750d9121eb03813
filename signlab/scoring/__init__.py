"""Scoring: alignments, error rates, significance, error analysis, decoding, speed."""
