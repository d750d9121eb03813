"""A head of two levels: which cluster of glosses, then which gloss of the cluster."""

import math
from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Bool, Int
from torch import Tensor, nn

from signlab.models.base import HEADS, Activations, Dropout, Head, Logits, Positive
from signlab.models.heads import blank_bias
from signlab.registry import BadSetting

By = Literal["order", "file", "embeddings", "co-occurrence"]


@HEADS.register("cluster")
class Cluster(Head):
    """log p(gloss) = log p(cluster) + log p(gloss | cluster); the blank is a cluster by itself.

    The scores are log-probabilities already and sum to 1. CTC needs all of them at every
    timestep, so nothing is saved: the clusters are a prior that lets rare glosses share.

    Args:
        in_width: Channels in.
        outputs: The glosses and the blank.
        clusters: How many beside the blank's; the square root of the glosses where it is not
            given, and as many as the file has.
        by: What puts glosses together: their order in the vocabulary (clusters of equal size), a
            table of clusters, the likeness of their embeddings, or their neighbours in the
            training sentences.
        path: For a file, a table with the columns gloss and cluster. For embeddings, a table with
            the column gloss and columns of numbers, or the folder of a finished run, whose head
            has a vector a gloss.
        groups: The cluster of each gloss, from 0. Found by ``training.clusters`` before the head
            is built, unless ``by`` is the order.
        hidden: Channels of a layer before the two levels; none where it is not given.
        dropout: On what the two levels read.

    Raises:
        BadSetting: As many clusters as glosses, or more; groups that are not those of all glosses.
    """

    cluster_of: Int[Tensor, " glosses"]
    members: Int[Tensor, "clusters most"]
    vacant: Bool[Tensor, "clusters most"]

    def __init__(
        self,
        *,
        in_width: int,
        outputs: int,
        clusters: Positive | None = None,
        by: By = "order",
        path: str | None = None,
        groups: tuple[int, ...] | None = None,
        hidden: Positive | None = None,
        dropout: Dropout = 0.0,
    ) -> None:
        super().__init__()
        del by, path
        glosses = outputs - 1
        groups = groups or in_order(glosses, clusters or usual_clusters(glosses))
        members = _members(groups, glosses)
        self.out_width = outputs
        layer = [nn.Linear(in_width, hidden), nn.SiLU()] if hidden else []
        self.before = nn.Sequential(*layer, nn.Dropout(dropout))
        self.clusters = nn.Linear(hidden or in_width, len(members) + 1)
        self.glosses = nn.Linear(hidden or in_width, glosses)
        most = max(map(len, members))
        filled = [row + row[:1] * (most - len(row)) for row in members]
        vacant = [[place >= len(row) for place in range(most)] for row in members]
        # the recipe tells them, so weights need not
        self.register_buffer("cluster_of", torch.tensor(groups), persistent=False)
        self.register_buffer("members", torch.tensor(filled), persistent=False)
        self.register_buffer("vacant", torch.tensor(vacant), persistent=False)

    def forward(self, x: Activations) -> Logits:
        x = self.before(x)
        clusters, glosses = self.clusters(x).log_softmax(-1), self.glosses(x)
        grouped = glosses[..., self.members].masked_fill(self.vacant, float("-inf"))
        within = glosses - grouped.logsumexp(-1)[..., self.cluster_of]
        return torch.cat([clusters[..., :1], clusters[..., 1:][..., self.cluster_of] + within], -1)

    def start_blank(self, share: float) -> None:
        with torch.no_grad():
            self.clusters.bias[0] = blank_bias(share, self.clusters.out_features - 1)


def usual_clusters(glosses: int) -> int:
    """How many clusters there are where nobody says."""
    return max(1, round(math.sqrt(glosses)))


def in_order(glosses: int, clusters: int) -> tuple[int, ...]:
    """Clusters of neighbours in the vocabulary, equal in size.

    >>> in_order(7, 3)
    (0, 0, 0, 1, 1, 2, 2)
    """
    check_clusters(clusters, glosses)
    return tuple(gloss * clusters // glosses for gloss in range(glosses))


def check_clusters(clusters: int, glosses: int) -> None:
    """Refuse clusters that leave nothing to tell apart within them."""
    if clusters >= glosses:
        raise BadSetting(
            "clusters", f"{clusters} clusters of {glosses} glosses leave nothing to tell apart"
        )


def _members(groups: Sequence[int], glosses: int) -> list[list[int]]:
    """The glosses of each cluster."""
    if len(groups) != glosses:
        raise BadSetting(
            "groups", f"{len(groups)} glosses have a cluster, and the vocabulary has {glosses}"
        )
    clusters = max(groups) + 1
    check_clusters(clusters, glosses)
    members: list[list[int]] = [[] for _ in range(clusters)]
    for gloss, cluster in enumerate(groups):
        members[cluster].append(gloss)
    if not all(members):
        raise BadSetting("groups", f"none of the clusters 0 to {clusters - 1} should be empty")
    return members
