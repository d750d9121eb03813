"""Recognisers: blocks that fill slots, and their assembly."""
