"""All importers, and the one call that uses them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import signlab.corpora.importers.boston104
import signlab.corpora.importers.mp_data
import signlab.corpora.importers.pose  # noqa: F401  # registers
from signlab.corpora.importers.base import IMPORTERS
from signlab.corpora.store import Store, write_corpus

__all__ = ["IMPORTERS", "import_corpus"]


def import_corpus(
    kind: str, path: Path, out: Path, *, name: str, licence: str, settings: Mapping[str, Any]
) -> Store:
    """Import the files at ``path`` into the corpus folder ``out``.

    Args:
        kind: A registered kind of data.
        path: What to import.
        out: The folder to make.
        name: What reports call the corpus.
        licence: Of the data.
        settings: Those of the kind.

    Raises:
        BadInput: The kind, a setting or a file cannot be used.
    """
    imported = IMPORTERS.build(kind, settings).read(path)
    write_corpus(
        out,
        name=name,
        layout=imported.layout,
        licence=licence,
        vocabulary=imported.vocabulary,
        samples=imported.samples,
    )
    return Store.open(out)
