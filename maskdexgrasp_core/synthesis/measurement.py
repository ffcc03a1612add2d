"""Measures optimised grasps in the numbers that ranking judges."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from maskdexgrasp_core.energies.total import ContactPlan, GraspScene
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.synthesis.contact_forces import Contacts
from maskdexgrasp_core.synthesis.ranking import CandidateFacts
from maskdexgrasp_core.synthesis.refinement import hand_surface
from maskdexgrasp_core.types import Array

_PLANNED_GAP_M = 0.008
_TOUCH_GAP_M = 0.004
_MAX_FACING = -0.2
_MAX_CONTACTS = 8
_ON_PART_M = 0.01


class Measured(NamedTuple):
    """Facts of a batch."""

    facts: tuple[CandidateFacts, ...]
    contact_index: tuple[NDArray[np.int64], ...]
    """Which contact candidates touch, (C,) for each grasp."""


def measure(
    kinematics: HandKinematics,
    hands: HandBatch,
    plan: ContactPlan,
    scene: GraspScene,
    part_points: Array,
) -> Measured:
    """Measure a batch of grasps.

    Args:
        kinematics: Of the hand.
        hands: B of them, in the frame of the scene.
        plan: Contacts that they meant to use.
        scene: Object and table.
        part_points: Points of the asked part, (M, 3) [m]; empty when none is asked.
    """
    with torch.no_grad():
        hand = hand_surface(kinematics, hands)
        distance, normals = scene.surface.query(hand.contact_points)
        on_surface = hand.contact_points - distance[..., None] * normals
        facing = (hand.contact_normals * normals).sum(-1)
        radii = hand.sphere_radii
        depth = (radii - scene.surface.distance(hand.sphere_centers)).amax(1)
        first, second = hand.self_pairs.unbind(1)
        apart = (hand.sphere_centers[:, first] - hand.sphere_centers[:, second]).norm(dim=-1)
        overlap = (radii[first] + radii[second] - apart).amax(1)
        table_gap = (hand.sphere_centers[..., 2] - radii).amin(1) - scene.table_height
        planned = torch.zeros_like(distance).scatter_add_(1, plan.candidates, plan.weights) > 0
        gap = (distance.abs() * planned).sum(1) / planned.sum(1)
    tree = cKDTree(part_points) if len(part_points) else None
    parts = np.array(kinematics.contact_parts)
    facts, chosen = [], []
    for row in range(len(distance)):
        index = _touching(distance[row].numpy(), facing[row].numpy(), planned[row].numpy())
        contacts = Contacts(_array(on_surface[row])[index], _unit(_array(normals[row])[index]))
        facts.append(
            CandidateFacts(
                contacts=contacts,
                is_thumb=parts[index] == 'thumb',
                contact_gap_m=float(gap[row]),
                penetration_m=float(depth[row]),
                self_penetration_m=float(overlap[row]),
                table_gap_m=float(table_gap[row]),
                part_share=_share_on_part(contacts.points, tree),
            )
        )
        chosen.append(index)
    return Measured(tuple(facts), tuple(chosen))


def _touching(distance: Array, facing: Array, planned: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the candidates that touch with their pads, the nearest few."""
    limit = np.where(planned, _PLANNED_GAP_M, _TOUCH_GAP_M)
    index = np.nonzero((np.abs(distance) < limit) & (facing < _MAX_FACING))[0]
    order = np.argsort(np.abs(distance[index]) - 1.0 * planned[index], kind='stable')
    return np.sort(index[order[:_MAX_CONTACTS]])


def _share_on_part(points: Array, tree: cKDTree | None) -> float:
    if tree is None:
        return 1.0
    if len(points) == 0:
        return 0.0
    return float((tree.query(points)[0] < _ON_PART_M).mean())


def _array(values: torch.Tensor) -> Array:
    return values.numpy().astype(np.float64)


def _unit(vectors: Array) -> Array:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
