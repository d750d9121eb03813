"""Clusters of glosses from each of their sources, and a head whose clusters differ in size."""

import json

import numpy as np
import pytest
import torch

from signlab.models.cluster import Cluster
from signlab.models.heads import Linear
from signlab.registry import BadSetting
from signlab.training.checkpoint import TrainedModel, save_model
from signlab.training.clusters import with_clusters

VOCABULARY = ("RAIN", "RED", "SNOW", "BLUE", "HAIL", "GREEN")
WEATHER_AND_COLOURS = [0, 1, 0, 1, 0, 1]


def found(references=(), **settings):
    return with_clusters({"name": "cluster", **settings}, VOCABULARY, references).get("groups")


def write(path, header, rows):
    path.write_text("\n".join([header, *rows]))
    return str(path)


@pytest.mark.parametrize("comma", [",", "\t"])
def test_a_file_tells_the_cluster_of_each_gloss(tmp_path, comma):
    rows = [f"{gloss}{comma}{kind}" for gloss, kind in zip(VOCABULARY, "wcwcwc", strict=True)]
    rows.insert(2, f"UNKNOWN{comma}other")  # of no interest to this corpus
    path = write(tmp_path / "clusters.csv", f"gloss{comma}cluster", rows)
    assert found(by="file", path=path) == WEATHER_AND_COLOURS


@pytest.mark.parametrize(
    ("header", "rows", "settings", "says"),
    [
        ("gloss,cluster", ["RAIN,a", "RED,b"], {}, r"misses 4 of the 6 glosses \('SNOW', 'BLUE'"),
        ("gloss,cluster", [*(f"{g},a" for g in VOCABULARY), "RED,b"], {}, "two different rows .* 'RED'"),
        ("word,cluster", ["RAIN,a"], {}, "has no column gloss, but word, cluster"),
        ("gloss,x,y", [f"{g},1,2" for g in VOCABULARY], {}, "columns gloss and cluster"),
        ("gloss,cluster", [f"{g},a" for g in VOCABULARY], {"clusters": 2}, "the file says how many"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_a_sentence(tmp_path, header, rows, settings, says):
    path = write(tmp_path / "clusters.csv", header, rows)
    with pytest.raises(BadSetting, match=says):
        found(by="file", path=path, **settings)


def test_embeddings_that_point_alike_are_a_cluster(tmp_path):
    rng = np.random.default_rng(0)
    axes = {0: np.array([3.0, 0.0, 0.0]), 1: np.array([0.0, 1.0, 0.0])}
    vectors = [
        axes[kind] * rng.uniform(1, 9) + rng.normal(0, 0.1, 3) for kind in WEATHER_AND_COLOURS
    ]
    rows = [",".join([g, *map(str, v)]) for g, v in zip(VOCABULARY, vectors, strict=True)]
    path = write(tmp_path / "vectors.csv", "gloss,x,y,z", rows)
    assert found(by="embeddings", path=path, clusters=2) == WEATHER_AND_COLOURS


def test_what_a_finished_run_has_learnt_of_glosses_is_an_embedding(tmp_path):
    names = (*reversed(VOCABULARY), "OTHER")
    head = Linear(in_width=4, outputs=len(names) + 1)
    with torch.no_grad():
        for row, name in enumerate(names, start=1):
            kind = VOCABULARY.index(name) % 2 if name in VOCABULARY else 0
            head.scores.weight[row] = torch.eye(4)[kind] + 0.1 * torch.eye(4)[2 + row % 2]
    weights = {f"head.{name}": tensor for name, tensor in head.state_dict().items()}
    model = TrainedModel(weights, {}, list(names), "holistic", [])
    save_model(tmp_path / "model.pt", model)
    settings = {"by": "embeddings", "path": str(tmp_path), "clusters": 2}
    with torch.device("meta"):  # as when a study is checked
        assert found(**settings) == WEATHER_AND_COLOURS


def test_glosses_with_the_same_neighbours_are_a_cluster():
    """Weather is said of days, colours of things; no two glosses of a kind stand together."""
    vocabulary = (*VOCABULARY, "MONDAY", "FRIDAY", "CAR", "HOUSE")
    rng = np.random.default_rng(1)
    sentences = []
    for _ in range(300):
        kind = int(rng.integers(2))
        word = VOCABULARY[2 * rng.integers(3) + kind]
        sentences.append([vocabulary[6 + 2 * kind + rng.integers(2)], word])
    head = {"name": "cluster", "by": "co-occurrence", "clusters": 4}
    groups = with_clusters(head, vocabulary, sentences)["groups"]
    kinds = [groups[:6:2], groups[1:6:2], groups[6:8], groups[8:]]
    assert all(len(set(kind)) == 1 for kind in kinds)
    assert len(set(groups)) == 4
    assert with_clusters(head, vocabulary, sentences)["groups"] == groups


def test_without_sentences_there_are_as_many_clusters_all_the_same():
    assert sorted(set(found(by="co-occurrence", clusters=3))) == [0, 1, 2]


def test_clusters_once_found_are_kept_though_the_file_is_gone(tmp_path):
    path = tmp_path / "clusters.csv"
    write(path, "gloss,cluster", [f"{g},{i % 2}" for i, g in enumerate(VOCABULARY)])
    head = with_clusters({"name": "cluster", "by": "file", "path": str(path)}, VOCABULARY, [])
    path.unlink()
    assert with_clusters(json.loads(json.dumps(head)), VOCABULARY, []) == head


def test_other_heads_are_left_alone():
    head = {"name": "linear"}
    assert with_clusters(head, VOCABULARY, []) is head
    assert found() is None  # in the order of the vocabulary
    with pytest.raises(BadSetting, match="read no file"):
        found(path="clusters.csv")


def test_clusters_of_any_size_sum_to_one_and_match_the_sum_over_each():
    groups = (2, 0, 0, 1, 0, 2, 0)
    head = Cluster(in_width=5, outputs=8, groups=groups).double()
    x = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    log_probs = head(x)
    torch.testing.assert_close(log_probs.exp().sum(-1), torch.ones(3, 4, dtype=torch.float64))
    clusters, glosses = head.clusters(x).softmax(-1), head.glosses(x).exp()
    torch.testing.assert_close(log_probs[..., 0].exp(), clusters[..., 0])
    for gloss, group in enumerate(groups):
        mates = [other for other, its in enumerate(groups) if its == group]
        expected = clusters[..., group + 1] * glosses[..., gloss] / glosses[..., mates].sum(-1)
        torch.testing.assert_close(log_probs[..., gloss + 1].exp(), expected)
