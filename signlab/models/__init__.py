"""Recognisers: blocks that fill slots, and their assembly.

base: the slots, their contracts and registries. recognizer: ``build_recognizer``, ``Recognizer``,
``Output``. blocks: importing it registers every block. operations: ``multiply_adds``. The rest
are the blocks, a module a family.
"""
