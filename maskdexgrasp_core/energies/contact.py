"""Energies of the contacts that a grasp is meant to have."""

from torch import Tensor


def contact_distance_energy(signed_distance: Tensor, weights: Tensor) -> Tensor:
    """Sum how far the chosen contact points are from the surface.

    Args:
        signed_distance: At the contact points, shape (B, K) [m], positive outside.
        weights: Of each contact, shape (B, K); 0 where a contact is not used.

    Returns:
        Energy, shape (B,) [m].
    """
    return (signed_distance.abs() * weights).sum(-1)


def normal_alignment_energy(
    hand_normals: Tensor, object_normals: Tensor, weights: Tensor
) -> Tensor:
    """Average how badly pads face the surface: 0 when opposed, 2 when they point alike.

    Args:
        hand_normals: Outward unit normals of the pads, shape (B, K, 3).
        object_normals: Outward unit normals of the object there, shape (B, K, 3).
        weights: Of each contact, shape (B, K), not all zero.

    Returns:
        Energy, shape (B,), in 0..2.
    """
    misalignment = 1.0 + (hand_normals * object_normals).sum(-1)
    return (misalignment * weights).sum(-1) / weights.sum(-1)


def region_energy(part_distance: Tensor, weights: Tensor, *, tolerance_m: float = 0.0) -> Tensor:
    """Sum how far the contact points are from the part that the sentence names.

    Args:
        part_distance: Distance to the part at the contact points, shape (B, K) [m], >= 0.
        weights: Of each contact, shape (B, K).
        tolerance_m: Distances below this are free [m], >= 0.

    Returns:
        Energy, shape (B,) [m].
    """
    return ((part_distance - tolerance_m).clamp_min(0.0) * weights).sum(-1)
