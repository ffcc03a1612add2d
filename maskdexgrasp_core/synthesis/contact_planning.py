"""Which contacts a given hand means to use: its pads nearest to the object."""

from dataclasses import dataclass

import torch
from torch import Tensor

from maskdexgrasp_core.energies.total import ContactPlan, GraspScene, HandSurface
from maskdexgrasp_core.hands.spec import HandSpec


@dataclass(frozen=True, kw_only=True)
class PlanningCfg:
    """When a pad counts as meant to touch."""

    reach_m: float = 0.015
    """Pads this near to the surface are to touch it [m]."""
    turned_away_m: float = 0.02
    """A pad that faces away from the surface counts as so much further, by its angle [m]."""
    min_fingers: int = 4
    """The thumb and so many others are to touch, however far they are."""


def plan_nearest(
    hand: HandSurface, scene: GraspScene, spec: HandSpec, cfg: PlanningCfg
) -> ContactPlan:
    """Plan one pad on the last link and one further in for each part of the hand, if near.

    Args:
        hand: Points of B posed hands, base frame.
        scene: The object.
        spec: Of the hand.
        cfg: When a pad is near.

    Returns:
        A plan of as many contacts as the hand has such groups of pads.
    """
    with torch.no_grad():
        distance, normals = scene.surface.query(hand.contact_points)
        facing = (hand.contact_normals * normals).sum(-1)  # -1: squarely towards the surface
        cost = distance.abs() + 0.5 * cfg.turned_away_m * (1.0 + facing)
        groups = _groups(spec)
        candidates, costs = zip(*(_nearest(cost, group) for _, group in groups), strict=True)
        chosen = torch.stack(costs, dim=1)
        near = chosen < cfg.reach_m
        is_thumb = torch.tensor([part == 'thumb' for part, _ in groups])
        near |= _first(chosen, is_thumb, 1) | _first(chosen, ~is_thumb, cfg.min_fingers)
    return ContactPlan(torch.stack(candidates, dim=1), near.to(cost.dtype))


def _groups(spec: HandSpec) -> list[tuple[str, Tensor]]:
    """Return part and indices of the candidates on its last link, and on those before it."""
    found: dict[tuple[str, bool], list[int]] = {}
    for index, candidate in enumerate(spec.contact_candidates):
        is_last = candidate.link == spec.parts[candidate.part][-1]
        found.setdefault((candidate.part, is_last), []).append(index)
    return [(part, torch.tensor(indices)) for (part, _), indices in found.items()]


def _nearest(cost: Tensor, group: Tensor) -> tuple[Tensor, Tensor]:
    """Return the cheapest candidate of a group for each hand, (B,), and its cost (B,)."""
    lowest, place = cost[:, group].min(dim=1)
    return group[place], lowest


def _first(cost: Tensor, allowed: Tensor, num: int) -> Tensor:
    """Return (B, G) bool: the `num` cheapest groups among those allowed (G,)."""
    rank = cost.masked_fill(~allowed, torch.inf).argsort(dim=1).argsort(dim=1)
    return (rank < num) & allowed
