"""Finding what another run has learnt, for one that begins with it or learns from it."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from signlab.errors import BadInput
from signlab.study.fold import Fold
from signlab.study.folder import RunFolder
from signlab.study.plan import sha256
from signlab.training.averaging import Kept, mean_weights
from signlab.training.checkpoint import State, checkpoint_of, model_of, read_file


@dataclass(frozen=True)
class Learnt:
    """What a run has learnt.

    Attributes:
        path: Of its file.
        weights: Those that it ended with; of a checkpoint, those it would have ended with there.
        vocabulary: The glosses of its outputs, after the blank.
        data: Digest of the corpus and fold that it has learnt from; None of a model whose run does
            not lie beside it.
    """

    path: Path
    recipe: State
    weights: State
    vocabulary: tuple[str, ...]
    data: tuple[str, Fold] | None

    @property
    def digest(self) -> str:
        """SHA-256 of what another run can take of it, wherever it lies."""
        recogniser = {section: self.recipe[section] for section in ("features", "model")}
        found = hashlib.sha256(sha256([recogniser, self.vocabulary]).encode())
        for name, tensor in self.weights.items():
            found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
            found.update(tensor.reshape(-1).contiguous().view(torch.uint8).numpy().tobytes())
        return found.hexdigest()


@dataclass(frozen=True)
class Identity:
    """What tells the runs of a variant apart, and which data they are tested on."""

    seed: int
    fold: Fold
    corpus_digest: str

    def record(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    def source(self, written: str, *, key: str) -> Learnt:
        """What a recipe names for a run like this one to begin with or to learn from.

        Args:
            written: A model or a checkpoint, or the folder of a finished run, or that of a
                variant's runs: of these the one with the same seed is taken, among several the one
                of the same fold.
            key: Where the recipe names it; for the error.

        Raises:
            BadInput: There is no such thing, several fit, or it has learnt from what this run is
                tested on.
        """
        path = Path(written)
        file = path if path.is_file() else path / "model.pt"
        if not file.is_file():
            file = self._among(path, key)
        try:
            found = _learnt(file)
        except (BadInput, OSError) as error:
            raise BadInput(f"{key}: {error}") from None
        self._refuse_test_data(found, key)
        return found

    def _among(self, path: Path, key: str) -> Path:
        runs = [RunFolder(file.parent) for file in sorted(path.glob("*/model.pt"))]
        same = [run for run in runs if run.recipe()["seed"] == self.seed]
        if len(same) > 1:
            same = [run for run in same if run.fold() == self.fold]
        if len(same) == 1:
            return same[0].model_path
        found = f"{len(same)} finished runs with seed {self.seed}" if runs else "no finished run"
        own = ", or `ema` or `previous`" if key.endswith("teacher") else ""
        raise BadInput(
            f"{key}: {path} has {found}; give one run's folder, its model.pt, a checkpoint.pt, or "
            f"the folder of a variant with one run a seed{own}"
        )

    def _refuse_test_data(self, found: Learnt, key: str) -> None:
        if found.data is None:
            return
        corpus, fold = found.data
        if corpus == self.corpus_digest and fold != self.fold:
            raise BadInput(
                f"{key}: {found.path} has learnt from fold {fold.name!r} of the same corpus, and "
                f"so from what fold {self.fold.name!r} tests; give a run of the same fold"
            )


def _learnt(path: Path) -> Learnt:
    """What a file of either kind tells.

    Raises:
        BadInput: It is damaged or of neither kind, or no epoch was done yet.
    """
    content = read_file(path)
    if "origin" in content:
        state, origin = checkpoint_of(content, path)
        if not state.kept:
            raise BadInput(f"{path} is from before the end of the first epoch")
        fold = origin["fold"]
        return Learnt(
            path=path,
            recipe=origin["recipe"],
            weights=mean_weights([Kept(**one) for one in state.kept]),
            vocabulary=tuple(origin["vocabulary"]),
            data=(origin["corpus_digest"], Fold(fold["name"], fold["by"], tuple(fold["test"]))),
        )
    model, run = model_of(content, path), RunFolder(path.parent)
    known = run.recipe_path.exists()
    return Learnt(
        path=path,
        recipe=model.recipe,
        weights=model.weights,
        vocabulary=tuple(model.vocabulary),
        data=(run.recipe()["corpus_digest"], run.fold()) if known else None,
    )
