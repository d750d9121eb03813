"""What other packages and files add: blocks, losses, components, corpora."""

import importlib
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path

from signlab.errors import BadInput, BadStudy


def load_plugins(modules: Sequence[str] = ()) -> None:
    """Import what other packages add (entry-point group ``signlab.plugins``) and ``modules``.

    Raises:
        BadStudy: A module that a study names cannot be imported, or cannot register what it adds.
    """
    for point in entry_points(group="signlab.plugins"):
        point.load()
    if modules and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # a plug-in may be a file beside the user's studies
    for module in modules:
        try:
            importlib.import_module(module)
        except (ImportError, BadInput) as error:
            raise BadStudy(f"plugins: {module!r} cannot be imported: {error}") from None
