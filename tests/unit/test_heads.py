"""Heads: blank start, probabilities that sum to one, clusters."""

import pytest
import torch

import signlab.models.blocks  # noqa: F401  (registers)
from signlab.models.base import HEADS
from signlab.models.cluster import Cluster
from signlab.registry import BadSetting


@pytest.mark.parametrize("name", HEADS.names())
def test_every_head_starts_at_the_blank_share(name):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        head = HEADS.build(name, {"dropout": 0.0}, in_width=64, outputs=401)
    head.start_blank(0.75)
    # other scores are about equal where the activations are zero
    blank = head(torch.zeros(1, 1, 64)).softmax(-1)[0, 0, 0].item()
    assert blank == pytest.approx(0.75, abs=0.02)


def test_cosine_scores_are_angles_alone():
    head = HEADS.build("cosine", {"scale": 5.0}, in_width=8, outputs=40).eval()
    x = torch.randn(3, 4, 8, generator=torch.Generator().manual_seed(2))
    scores = head(x)
    assert scores.abs().max() <= 5.0
    for longer in (3 * x, 0.01 * x):
        torch.testing.assert_close(head(longer), scores)
    with torch.no_grad():
        head.directions *= 7
    torch.testing.assert_close(head(x), scores)
    torch.testing.assert_close(head(head.directions[None])[0, 3, 3], torch.tensor(5.0))


@pytest.mark.parametrize(("glosses", "clusters"), [(10, 3), (7, 6), (50, None), (12, 4)])
def test_cluster_probabilities_sum_to_one_and_factor(glosses, clusters):
    head = Cluster(in_width=5, outputs=glosses + 1, clusters=clusters).double()
    x = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    log_probs = head(x)
    torch.testing.assert_close(log_probs.exp().sum(-1), torch.ones(3, 4, dtype=torch.float64))
    of_clusters = head.clusters(x).softmax(-1)
    for cluster in range(head.clusters.out_features - 1):
        mine = log_probs[..., 1:][..., head.cluster_of == cluster].exp().sum(-1)
        torch.testing.assert_close(mine, of_clusters[..., cluster + 1])
    sizes = head.cluster_of.bincount()
    assert sizes.max() - sizes.min() <= 1


def test_clusters_must_be_fewer_than_glosses():
    with pytest.raises(BadSetting, match="9 clusters of 9 glosses"):
        Cluster(in_width=5, outputs=10, clusters=9)
