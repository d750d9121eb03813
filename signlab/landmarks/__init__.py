"""Landmarks: what a tracked skeleton is (layout), and how features are derived from it."""
