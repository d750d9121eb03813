"""Importers: other people's files to a corpus folder; one module a kind, one registry."""
