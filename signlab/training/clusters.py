"""Which glosses share a cluster of the two-level head: told by a table, or found by likeness."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from signlab.models.cluster import check_clusters, usual_clusters
from signlab.registry import BadSetting
from signlab.training.checkpoint import TrainedModel, load_model

REACH = 2
"""How far from a gloss its neighbours stand at most, in glosses."""

AXES = 32
"""Into how many numbers the neighbours of a gloss are condensed."""

SHOWN = 3
"""How many glosses an error names."""

Vectors = Float[np.ndarray, "glosses axes"]
Sentences = Sequence[Sequence[str]]


def with_clusters(
    head: Mapping[str, Any], vocabulary: Sequence[str], references: Sentences
) -> Mapping[str, Any]:
    """The ``head:`` of a recipe, every gloss with its cluster where it is a two-level one.

    Args:
        references: Of the training utterances; without any, likeness by neighbours is arbitrary.

    Raises:
        BadSetting: A table misses glosses or cannot be read, or settings contradict each other.
    """
    by = head.get("by", "order") if head["name"] == "cluster" else "order"
    if head["name"] == "cluster":
        _check(by, head)
    if by == "order" or head.get("groups") is not None:
        return head
    groups = _FINDERS[by](head, vocabulary, references)
    return {**head, "groups": groups}


def digest_of_table(head: Mapping[str, Any]) -> str:
    """SHA-256 of what the head's ``path`` holds; empty where it reads nothing."""
    if head["name"] != "cluster" or head["path"] is None:
        return ""
    path = Path(head["path"])
    read = path / "model.pt" if path.is_dir() else path
    return hashlib.sha256(read.read_bytes()).hexdigest()


def _check(by: str, head: Mapping[str, Any]) -> None:
    needs_path = by in ("file", "embeddings")
    if needs_path and head.get("path") is None:
        raise BadSetting("path", f"clusters by {by} need the path of a table")
    if not needs_path and head.get("path") is not None:
        raise BadSetting("path", f"clusters by {by} read no file; write `by: file` or leave it out")
    if by == "file" and head.get("clusters") is not None:
        raise BadSetting("clusters", "the file says how many clusters there are; leave it out")


def _from_file(head: Mapping[str, Any], vocabulary: Sequence[str], _: Sentences) -> list[int]:
    table = _table(Path(head["path"]), vocabulary)
    if list(table.columns) != ["cluster"]:
        raise BadSetting("path", f"{head['path']}: should have the columns gloss and cluster")
    return _numbered(table["cluster"].tolist())


def _from_embeddings(head: Mapping[str, Any], vocabulary: Sequence[str], _: Sentences) -> list[int]:
    path = Path(head["path"])
    if path.is_dir():
        vectors = _rows_of_head(path, vocabulary)
    else:
        try:
            vectors = _table(path, vocabulary).to_numpy(float)
        except ValueError as error:
            raise BadSetting("path", f"{path}: not a number: {error}") from None
    return alike(vectors, _count(head, vocabulary))


def _from_neighbours(
    head: Mapping[str, Any], vocabulary: Sequence[str], references: Sentences
) -> list[int]:
    return alike(neighbours(vocabulary, references), _count(head, vocabulary))


_FINDERS: dict[str, Callable[[Mapping[str, Any], Sequence[str], Sentences], list[int]]] = {
    "file": _from_file,
    "embeddings": _from_embeddings,
    "co-occurrence": _from_neighbours,
}


def _count(head: Mapping[str, Any], vocabulary: Sequence[str]) -> int:
    clusters = head.get("clusters") or usual_clusters(len(vocabulary))
    check_clusters(clusters, len(vocabulary))
    return clusters


def _table(path: Path, vocabulary: Sequence[str]) -> pd.DataFrame:
    """The rows of the vocabulary, in its order, without the column gloss."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, sep=None, engine="python")
    except (OSError, ValueError) as error:
        raise BadSetting("path", f"{path}: cannot be read as a table ({error})") from None
    if "gloss" not in table.columns:
        raise BadSetting("path", f"{path}: has no column gloss, but {', '.join(table.columns)}")
    table = table.drop_duplicates().set_index("gloss")
    missed = [gloss for gloss in vocabulary if gloss not in table.index]
    if missed:
        names = ", ".join(map(repr, missed[:SHOWN])) + ", ..." * (len(missed) > SHOWN)
        raise BadSetting(
            "path", f"{path}: misses {len(missed)} of the {len(vocabulary)} glosses ({names})"
        )
    twice = table.index[table.index.duplicated()].intersection(pd.Index(vocabulary))
    if len(twice):
        raise BadSetting("path", f"{path}: has two different rows for gloss {twice[0]!r}")
    return table.loc[list(vocabulary)]


def _rows_of_head(folder: Path, vocabulary: Sequence[str]) -> Vectors:
    """What the head of a finished run has learnt of each gloss."""
    model = load_model(folder / "model.pt")
    known = {gloss: place for place, gloss in enumerate(model.vocabulary)}
    missed = [gloss for gloss in vocabulary if gloss not in known]
    if missed:
        raise BadSetting("path", f"{folder}: the run knows no gloss {missed[0]!r}")
    rows = _last_rows(model)
    return rows[[known[gloss] for gloss in vocabulary]]


def _last_rows(model: TrainedModel) -> Vectors:
    """The last weights of the head that have a row a gloss, that of the blank left out."""
    glosses = len(model.vocabulary)
    found = [
        tensor[len(tensor) - glosses :]
        for name, tensor in model.weights.items()
        if name.startswith("head.") and tensor.ndim == 2 and len(tensor) in (glosses, glosses + 1)
    ]
    return found[-1].double().numpy()


def neighbours(vocabulary: Sequence[str], references: Sentences) -> Vectors:
    """How much more often than by chance each gloss stands near each other one, condensed.

    Source: Levy and Goldberg 2014, "Neural word embedding as implicit matrix factorization":
        positive pointwise mutual information and its singular value decomposition.
    """
    place = {gloss: number for number, gloss in enumerate(vocabulary)}
    counts = np.zeros((len(vocabulary), len(vocabulary)))
    for sentence in references:
        numbers = [place[gloss] for gloss in sentence]
        for at, number in enumerate(numbers):
            for other in numbers[max(at - REACH, 0) : at] + numbers[at + 1 : at + 1 + REACH]:
                counts[number, other] += 1
    by_chance = counts.sum(1, keepdims=True) * counts.sum(0, keepdims=True) / max(counts.sum(), 1)
    often = np.divide(counts, by_chance, out=np.ones_like(counts), where=by_chance > 0)
    left, strengths, _ = np.linalg.svd(np.log(np.maximum(often, 1)))
    return left[:, :AXES] * np.sqrt(strengths[:AXES])


def alike(vectors: Vectors, clusters: int) -> list[int]:
    """So many clusters of glosses whose vectors point alike (Ward 1963), numbered from 0."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    # slow to import, and of use to one head alone
    from scipy.cluster.hierarchy import cut_tree, linkage
    from scipy.spatial.distance import pdist

    tree = linkage(pdist(directions), "ward")
    return _numbered(cut_tree(tree, n_clusters=clusters)[:, 0].tolist())


def _numbered(names: Sequence[Any]) -> list[int]:
    """A number for each name, in the order in which they appear."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return [numbers[name] for name in names]
