"""All importers, and the one call that uses them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import signlab.corpora.importers.asl_parquet
import signlab.corpora.importers.boston104
import signlab.corpora.importers.csl_daily
import signlab.corpora.importers.mp_data
import signlab.corpora.importers.phoenix
import signlab.corpora.importers.pose
import signlab.corpora.importers.stm  # noqa: F401  # registers
from signlab.corpora.importers.base import IMPORTERS, Recorded
from signlab.corpora.recordings import write_recordings
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
    found = IMPORTERS.build(kind, settings).read(path)
    if isinstance(found, Recorded):
        write_recordings(
            out,
            name=name,
            licence=licence,
            vocabulary=found.vocabulary,
            recordings=found.recordings,
        )
    else:
        write_corpus(
            out,
            name=name,
            layout=found.layout,
            licence=licence,
            vocabulary=found.vocabulary,
            samples=found.samples,
        )
    return Store.open(out)
