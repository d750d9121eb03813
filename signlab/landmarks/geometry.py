"""The geometry that every feature rests on: medians over present frames, the body's frame."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

USUAL_SHOULDER_WIDTH = 0.25
"""In image widths; stands in where the shoulders were never tracked."""


def present_median(
    values: Float[Tensor, "batch frames"],
    present: Bool[Tensor, "batch frames"],
    *,
    otherwise: float,
) -> Float[Tensor, " batch"]:
    """The (lower) median over the present frames of each utterance.

    Args:
        values: Anything where absent.
        otherwise: The result where no frame is present, or where the median is not positive.
    """
    median = _median(values, present)
    return torch.where(median.isfinite() & (median > 1e-6), median, otherwise)


def _median(
    values: Float[Tensor, "batch frames"], present: Bool[Tensor, "batch frames"]
) -> Float[Tensor, " batch"]:
    """The (lower) median over the present frames; infinite where none is.

    Sorting, since ``torch.median`` is not deterministic on CUDA.
    """
    ordered = values.masked_fill(~present, torch.inf).sort(dim=1).values
    middle = (present.sum(dim=1, keepdim=True) - 1).clamp(min=0) // 2
    return ordered.gather(1, middle).squeeze(1)


def distance(
    first: Float[Tensor, "batch frames coordinates"],
    second: Float[Tensor, "batch frames coordinates"],
) -> Float[Tensor, "batch frames"]:
    """Distance in the image plane; MediaPipe's z is too rough to measure with."""
    return torch.linalg.vector_norm((first - second)[..., :2], dim=-1)


def body_centred(
    points: Float[Tensor, "batch frames points coordinates"],
    present: Bool[Tensor, "batch frames points"],
    shoulders: tuple[int, int],
) -> Float[Tensor, "batch frames points coordinates"]:
    """Points seen from the body: origin the shoulders' midpoint, unit their median distance.

    The origin is each frame's own; in frames without shoulders it is that of the last frame with
    them, and before any, of the first. An utterance that never shows its shoulders is centred on
    the mean of its present points, with a quarter of the image's width as the unit. Absent points
    become 0.

    MediaPipe counts z from the hips for the pose, from the wrist for a hand: it is shifted like
    x and y, by the shoulders' z, and keeps these constant differences between parts.

    Args:
        points: Image coordinates, in image widths; anything where absent.
        shoulders: Positions of the left and the right shoulder.
    """
    left, right = (points[:, :, shoulder] for shoulder in shoulders)
    seen = present[:, :, shoulders[0]] & present[:, :, shoulders[1]]
    unit = present_median(distance(left, right), seen, otherwise=USUAL_SHOULDER_WIDTH)
    middle = (left + right) / 2

    nearby = middle.gather(1, _last_seen(seen)[..., None].expand_as(middle))
    ever = seen.any(dim=1)[:, None, None]
    origin = torch.where(ever, nearby, _centroid(points, present)[:, None])

    scale = present / unit[:, None, None]
    return (points - origin[:, :, None]) * scale[..., None]


def nose_centred(
    points: Float[Tensor, "batch frames points coordinates"],
    present: Bool[Tensor, "batch frames points"],
    nose: int,
) -> Float[Tensor, "batch frames points coordinates"]:
    """Points seen from where the head usually is: origin the nose's median, the same all along.

    Without shoulders to hold on to, a moving origin would hide how the head moves. The unit is the
    usual shoulder width: single tracked points do not tell a person's size. An utterance that
    never shows its nose is centred on the mean of its present points. Absent points become 0.

    Args:
        points: Image coordinates, in image widths; anything where absent.
        nose: Position of the nose.
    """
    seen = present[:, :, nose]
    track = points[:, :, nose]
    medians = [_median(values, seen) for values in track.unbind(-1)]
    origin = torch.where(
        seen.any(dim=1)[:, None], torch.stack(medians, dim=-1), _centroid(points, present)
    )
    return (points - origin[:, None, None]) * (present / USUAL_SHOULDER_WIDTH)[..., None]


def _last_seen(seen: Bool[Tensor, "batch frames"]) -> Int[Tensor, "batch frames"]:
    """For each frame the last seen one up to it; before the first seen one, that; any if none is.

    Sorting, since no exporter knows ``torch.cummax``.
    """
    frames = seen.shape[1]
    places = torch.arange(frames, device=seen.device)
    in_order = torch.where(seen, places, frames - 1).sort(dim=1).values
    return in_order.gather(1, (seen.cumsum(dim=1) - 1).clamp(min=0))


def _centroid(
    points: Float[Tensor, "batch frames points coordinates"],
    present: Bool[Tensor, "batch frames points"],
) -> Float[Tensor, "batch coordinates"]:
    """Mean of the present points of an utterance; 0 without any."""
    weights = present.flatten(1).float()
    total = torch.bmm(weights[:, None], points.flatten(1, 2)).squeeze(1)
    return total / weights.sum(1, keepdim=True).clamp(min=1)
