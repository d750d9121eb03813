"""Finding the finished run that another begins with or learns from."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from signlab.errors import BadInput
from signlab.study.fold import Fold
from signlab.study.folder import RunFolder


@dataclass(frozen=True)
class Identity:
    """What tells the runs of a variant apart, and which data they are tested on."""

    seed: int
    fold: Fold
    corpus_digest: str

    def record(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    def source(self, written: str, *, key: str) -> Path:
        """The ``model.pt`` that a recipe names for a run like this one.

        Args:
            written: Its path, that of its run's folder, or that of a variant's folder of runs: of
                these the one with the same seed is taken, among several the one of the same fold.
            key: Where the recipe names it; for the error.

        Raises:
            BadInput: There is no such model, several fit, or it has learnt from what this run is
                tested on.
        """
        path = Path(written)
        model = path if path.is_file() else path / "model.pt"
        if not model.is_file():
            model = self._among(path, key)
        self._refuse_test_data(model, key)
        return model

    def _among(self, path: Path, key: str) -> Path:
        runs = [RunFolder(file.parent) for file in sorted(path.glob("*/model.pt"))]
        same = [run for run in runs if run.recipe()["seed"] == self.seed]
        if len(same) > 1:
            same = [run for run in same if run.fold() == self.fold]
        if len(same) == 1:
            return same[0].model_path
        found = f"{len(same)} finished runs with seed {self.seed}" if runs else "no finished run"
        raise BadInput(
            f"{key}: {path} has {found}; give one run's folder, its model.pt, or the folder of a "
            "variant with one run a seed"
        )

    def _refuse_test_data(self, model: Path, key: str) -> None:
        """A model whose run does not lie beside it cannot be known, and passes."""
        run = RunFolder(model.parent)
        if not run.recipe_path.exists():
            return
        if run.recipe()["corpus_digest"] == self.corpus_digest and run.fold() != self.fold:
            raise BadInput(
                f"{key}: {model} has learnt from fold {run.fold().name!r} of the same corpus, and "
                f"so from what fold {self.fold.name!r} tests; give a run of the same fold"
            )
