"""Energies that keep the hand out of the object, of itself and of the table."""

from torch import Tensor


def penetration_energy(signed_distance: Tensor, radii: Tensor, *, margin_m: float = 0.0) -> Tensor:
    """Sum how deep the hand lies inside the object.

    Eq. (14), MaskDexGrasp, sums over the vertices of the hand. We sum over spheres that fill its
    links, because vertices straddle walls thinner than a finger without noticing them.

    Args:
        signed_distance: Of the object at the sphere centres, shape (B, S) [m], positive outside.
        radii: Of the spheres, shape (S,) [m].
        margin_m: Spheres may come this close to the surface [m]; negative allows some depth.

    Returns:
        Energy, shape (B,) [m]; zero when every sphere clears the margin.
    """
    return (radii + margin_m - signed_distance).clamp_min(0.0).sum(-1)


def self_penetration_energy(
    centers: Tensor, pairs: Tensor, threshold_m: float | Tensor = 0.02
) -> Tensor:
    """Sum how much closer than a threshold points of the hand come to each other, Eq. (13).

    Args:
        centers: Points on the hand, shape (B, S, 3) [m].
        pairs: Indices of the points to compare, shape (P, 2).
        threshold_m: tau of Eq. (13), 0.02 m there; or one value a pair, shape (P,) [m].

    Returns:
        Energy, shape (B,) [m].
    """
    offset = centers[:, pairs[:, 0]] - centers[:, pairs[:, 1]]
    distance = offset.square().sum(-1).clamp_min(1e-10).sqrt()
    return (threshold_m - distance).clamp_min(0.0).sum(-1)


def table_clearance_energy(
    centers: Tensor, radii: Tensor, table_height: float, *, clearance_m: float = 0.003
) -> Tensor:
    """Sum how far the hand reaches below a clearance above the table.

    Args:
        centers: Sphere centres in a frame with z up, shape (B, S, 3) [m].
        radii: Of the spheres, shape (S,) [m].
        table_height: z of the table [m].
        clearance_m: Free space to keep above the table [m].

    Returns:
        Energy, shape (B,) [m].
    """
    lowest = centers[..., 2] - radii
    return (table_height + clearance_m - lowest).clamp_min(0.0).sum(-1)
