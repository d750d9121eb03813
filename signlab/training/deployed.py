"""The module that a run is exported as: a tracker's landmarks in, log-probabilities out."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

import signlab
from signlab.landmarks.features import Features
from signlab.landmarks.layout import Layout
from signlab.landmarks.tensors import Landmarks
from signlab.models.recognizer import Recognizer

INPUTS = ("landmarks", "present", "lengths", "aspects")
OUTPUTS = ("log_probs", "timesteps")
DIMENSIONS = (2, 2, 1, 1)
"""How many axes of each input may have any size: the batch, and the frames."""

Inputs = tuple[
    Float[Tensor, "batch frames points coordinates"],
    Bool[Tensor, "batch frames points"],
    Int[Tensor, " batch"],
    Float[Tensor, " batch"],
]


class Deployed(nn.Module):
    """All that lies between a tracker and a decoder.

    Args:
        features: Of the run's recipe.
        recognizer: With its weights; is put into evaluation mode.
    """

    rows: Int[Tensor, " selected"]

    def __init__(self, features: Features, recognizer: Recognizer) -> None:
        super().__init__()
        self.features, self.recognizer = features, recognizer.eval()
        self.register_buffer("rows", torch.from_numpy(features.selection.rows))

    def forward(
        self,
        landmarks: Float[Tensor, "batch frames points coordinates"],
        present: Bool[Tensor, "batch frames points"],
        lengths: Int[Tensor, " batch"],
        aspects: Float[Tensor, " batch"],
    ) -> tuple[Float[Tensor, "batch timesteps outputs"], Int[Tensor, " batch"]]:
        """What the run's recogniser gives.

        Args:
            landmarks: All points of the layout in image widths (x, z) and heights (y), as
                MediaPipe gives them; anything where absent, NaN too.
            present: Where a point was tracked.
            lengths: Frames of each utterance; what lies past them does not matter.
            aspects: Height over width of each image.
        """
        selection = self.features.selection
        valid = torch.arange(landmarks.shape[1], device=lengths.device) < lengths[:, None]
        present = present.index_select(2, self.rows) & valid[:, :, None]
        points = landmarks.index_select(2, self.rows)[..., : selection.coordinates]
        planes = torch.where(present[..., None], points, 0.0).transpose(2, 3)
        centred = Landmarks.from_image(
            planes, present, lengths=lengths, aspects=aspects, selection=selection
        )
        output = self.recognizer(*self.features(centred), lengths)
        return output.log_probs, output.lengths


@dataclass(frozen=True)
class Description:
    """What a model's file tells of itself beside its graph, in ONNX as metadata.

    Attributes:
        vocabulary: Output 0 is the blank, output i the gloss before the i-th.
        parts: The points of each part of the layout, in the order of the input.
        recipe_digest: Of the run, as its ``recipe.json`` has it.
    """

    vocabulary: tuple[str, ...]
    layout: str
    parts: Mapping[str, int]
    recipe_digest: str

    def as_text(self) -> dict[str, str]:
        """Each as text; what is no text, as JSON."""
        told = {"signlab": signlab.__version__, **asdict(self)}
        return {
            key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for key, value in told.items()
        }


def invented(layout: Layout, lengths: tuple[int, ...], seed: int = 0) -> Inputs:
    """Invented utterances of so many frames, a tenth of their points absent."""
    generator = torch.Generator().manual_seed(seed)
    size = len(lengths), max(lengths), layout.points
    return (
        torch.rand(*size, layout.coordinates, generator=generator),
        torch.rand(*size, generator=generator) < 0.9,
        torch.tensor(lengths),
        torch.full((len(lengths),), 0.75),
    )
