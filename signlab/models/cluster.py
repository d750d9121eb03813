"""A head of two levels: which cluster of glosses, then which gloss of the cluster."""

import math

import torch
from jaxtyping import Bool, Int
from torch import Tensor, nn

from signlab.models.base import HEADS, Activations, Dropout, Head, Logits, Positive
from signlab.models.heads import blank_bias
from signlab.registry import BadSetting


@HEADS.register("cluster")
class Cluster(Head):
    """log p(gloss) = log p(cluster) + log p(gloss | cluster); the blank is a cluster by itself.

    The scores are log-probabilities already and sum to 1. CTC needs all of them at every
    timestep, so nothing is saved: the clusters are a prior that lets rare glosses share.

    Args:
        in_width: Channels in.
        outputs: The glosses and the blank.
        clusters: How many beside the blank's, of equal size, in the order of the vocabulary; the
            square root of the glosses where it is not given.
        hidden: Channels of a layer before the two levels; none where it is not given.
        dropout: On what the two levels read.

    Raises:
        BadSetting: As many clusters as glosses, or more.
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
        hidden: Positive | None = None,
        dropout: Dropout = 0.0,
    ) -> None:
        super().__init__()
        glosses = outputs - 1
        clusters = clusters or max(1, round(math.sqrt(glosses)))
        if clusters >= glosses:
            raise BadSetting(
                "clusters", f"{clusters} clusters of {glosses} glosses leave nothing to tell apart"
            )
        self.out_width = outputs
        layer = [nn.Linear(in_width, hidden), nn.SiLU()] if hidden else []
        self.before = nn.Sequential(*layer, nn.Dropout(dropout))
        self.clusters = nn.Linear(hidden or in_width, clusters + 1)
        self.glosses = nn.Linear(hidden or in_width, glosses)
        # the places of gloss g and of cluster c are g * clusters // glosses = c
        size = -(-glosses // clusters)
        starts = (torch.arange(clusters + 1) * glosses + clusters - 1) // clusters
        members = starts[:-1, None] + torch.arange(size)
        self.register_buffer("cluster_of", torch.arange(glosses) * clusters // glosses)
        self.register_buffer("vacant", members >= starts[1:, None])
        self.register_buffer("members", members.clamp(max=glosses - 1))

    def forward(self, x: Activations) -> Logits:
        x = self.before(x)
        clusters, glosses = self.clusters(x).log_softmax(-1), self.glosses(x)
        grouped = glosses[..., self.members].masked_fill(self.vacant, float("-inf"))
        within = glosses - grouped.logsumexp(-1)[..., self.cluster_of]
        return torch.cat([clusters[..., :1], clusters[..., 1:][..., self.cluster_of] + within], -1)

    def start_blank(self, share: float) -> None:
        with torch.no_grad():
            self.clusters.bias[0] = blank_bias(share, self.clusters.out_features - 1)
