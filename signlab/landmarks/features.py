"""Landmarks to the features that a recogniser reads, a tensor a part."""

from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from signlab.landmarks import selection as chosen
from signlab.landmarks.geometry import distance, present_median
from signlab.landmarks.layout import Layout
from signlab.landmarks.selection import layout_parts, select
from signlab.landmarks.tensors import Landmarks

PointMask = Bool[Tensor, "batch frames points"]
Points = Float[Tensor, "batch frames points coordinates"]
Planes = Float[Tensor, "batch frames coordinates points"]
Anchor = Float[Tensor, "batch frames coordinates"]
FrameMask = Bool[Tensor, "batch frames"]


class Features(nn.Module):
    """Body-centred position, velocity, acceleration and part-local position of every point.

    All are 0 where they are not known: at an absent point, a velocity where either frame lacks
    the point, an acceleration where one of three does, a local position where the part's anchor
    is absent. Positions are in shoulder widths, velocities in shoulder widths a frame.

    With ``points="all", coordinates=3, derivatives=2, local=True`` a frame of the holistic layout
    has 543 x 12 features, the canonical tensor of the documentation.

    Attributes:
        selection: The points to collate batches with.
        parts: Names of the parts, in the order of the features and of the presence.
        widths: Features of a frame, for each part.

    Args:
        layout: The corpus's points.
        parts: Any of pose, hands (which gives left_hand and right_hand), face, and nose in layouts
            that track single points.
        points: The 99 that carry signs, or all.
        coordinates: 2 leaves out z, which monocular tracking only guesses.
        derivatives: 1 adds velocity, 2 acceleration as well.
        local: Adds positions within the part: a hand from its wrist in palm sizes, the face from
            the nose in distances between the outer eye corners, the pose from the neck (midway
            between shoulders and mouth) in shoulder widths, a hand tracked as a single point
            from the nose and the other hand. Sizes are the utterance's medians: a single frame's
            size shrinks as the part turns away.
        hands: As two parts, or as one that is present where either hand is.

    Raises:
        BadInput: The layout lacks a part or a coordinate.
    """

    def __init__(
        self,
        layout: Layout,
        *,
        parts: tuple[str, ...] = ("pose", "hands", "face"),
        points: Literal["compact", "all"] = "compact",
        coordinates: Literal[2, 3] = 2,
        derivatives: Literal[0, 1, 2] = 1,
        local: bool = True,
        hands: Literal["apart", "together"] = "apart",
    ) -> None:
        super().__init__()
        self.selection = select(layout, parts=parts, points=points, coordinates=coordinates)
        names = layout_parts(layout, parts)
        self._members = (
            {part: (part,) for part in names}
            if hands == "apart"
            else {part: chosen.RECIPE_PARTS[part] for part in parts}
        )
        self.parts = tuple(self._members)
        self._derivatives = derivatives
        tracks = self.selection.tracks
        origins = chosen.TRACK_ORIGINS if tracks else {part: (part,) for part in names}
        self._origins = {part: origins[part] if local else () for part in names}
        slices = self.selection.slices
        widths = {
            part: (1 + derivatives + len(self._origins[part]))
            * coordinates
            * (slices[part].stop - slices[part].start)
            for part in names
        }
        self.widths = {
            part: sum(widths[member] for member in members)
            for part, members in self._members.items()
        }

    def forward(
        self, landmarks: Landmarks
    ) -> tuple[dict[str, Float[Tensor, "batch frames _"]], Bool[Tensor, "batch frames parts"]]:
        """Features of each part and where the part is present.

        A part's features are ordered (quantity, coordinate, point): x of all positions first,
        then their y; then velocities, accelerations, local positions. Of hands together, those of
        the left one come first.
        """
        quantities = [landmarks.planes]
        known = landmarks.present
        for _ in range(self._derivatives):
            rate, known = _difference(quantities[-1], known)
            quantities.append(rate)
        features, presence = {}, []
        for part, members in self._members.items():
            groups, seen = [], []
            for member in members:
                rows = self.selection.slices[member]
                own = [quantity[..., rows] for quantity in quantities]
                own += [
                    self._local_planes(member, each, landmarks) for each in self._origins[member]
                ]
                groups.append(torch.stack(own, dim=2).flatten(2))
                seen.append(landmarks.present[:, :, rows].any(dim=-1))
            features[part] = torch.cat(groups, dim=-1)
            presence.append(torch.stack(seen).any(dim=0))
        return features, torch.stack(presence, dim=-1)

    def _local_planes(self, part: str, origin: str, landmarks: Landmarks) -> Planes:
        """Positions from the origin's anchor in units of its size; 0 where not known."""
        anchor, anchored, size = self._anchor(origin, landmarks)
        rows = self.selection.slices[part]
        known = landmarks.present[:, :, rows] & anchored[:, :, None]
        scale = known / size[:, None, None]
        return (landmarks.planes[..., rows] - anchor[..., None]) * scale[:, :, None]

    def _anchor(
        self, part: str, landmarks: Landmarks
    ) -> tuple[Anchor, FrameMask, Float[Tensor, " batch"]]:
        """The part's origin, the frames where it is known, and the part's size."""
        if self.selection.tracks:
            point, known = self._point(part, 0, landmarks)
            return point, known, torch.ones_like(point[:, 0, 0])
        if part == "pose":
            corners = [self._point(part, number, landmarks) for number in chosen.AROUND_NECK]
            neck = torch.stack([point for point, _ in corners]).mean(dim=0)
            known = torch.stack([seen for _, seen in corners]).all(dim=0)
            return neck, known, torch.ones_like(neck[:, 0, 0])
        origin, *ends = (self._point(part, n, landmarks) for n in chosen.ANCHORS[part])
        size = present_median(
            distance(ends[0][0], ends[1][0]), ends[0][1] & ends[1][1], otherwise=1.0
        )
        return *origin, size

    def _point(self, part: str, number: int, landmarks: Landmarks) -> tuple[Anchor, FrameMask]:
        """One point of a part, by its number, and where it is present."""
        position = self.selection.position(part, number)
        return landmarks.points[:, :, position], landmarks.present[:, :, position]


def _difference(values: Planes, known: PointMask) -> tuple[Planes, PointMask]:
    """Change since the frame before, and where it is known; 0 elsewhere and in the first frame."""
    both = known[:, 1:] & known[:, :-1]
    change = (values[:, 1:] - values[:, :-1]) * both[:, :, None]
    return (
        nn.functional.pad(change, (0, 0, 0, 0, 1, 0)),
        nn.functional.pad(both, (0, 0, 1, 0)),
    )
