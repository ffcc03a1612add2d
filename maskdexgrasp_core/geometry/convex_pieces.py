"""Splits a closed surface into convex pieces, fast enough for a shape that was just seen.

Approximate convex decomposition (CoACD, used for meshes that the user brings) needs seconds on
a hollow vessel. A shape completed from one view is known to a few millimetres only, so here
the surface is cut into compact patches whose hulls are accurate to about a millimetre.
"""

import numpy as np
import trimesh
from scipy.cluster.vq import kmeans2
from scipy.spatial import QhullError

from maskdexgrasp_core.types import Array

CONVEX_SHARE = 0.94
"""A surface that fills this share of its hull's volume is taken as convex."""
SAMPLES_PER_PIECE = 200
MIN_PATCH_SIZE = 8
MIN_VOLUME_M3 = 1e-9


def convex_pieces(
    mesh: trimesh.Trimesh, *, max_pieces: int = 24, volume_tolerance: float = 0.1, seed: int = 0
) -> list[trimesh.Trimesh]:
    """Cover a closed surface with convex pieces.

    Doubles the number of patches until the hulls together hold at most
    `1 + volume_tolerance` of the mesh's volume, or `max_pieces` is reached.

    Args:
        mesh: Watertight surface, any frame [m].
        max_pieces: Upper bound on the number of pieces.
        volume_tolerance: Accepted excess volume of the hulls, as a share.
        seed: Of the surface samples and the clustering.

    Returns:
        Convex, watertight meshes in the frame of `mesh` [m], at least one.
    """
    hull = mesh.convex_hull
    if mesh.volume >= CONVEX_SHARE * hull.volume or max_pieces < 2:
        return [hull]
    pieces = [hull]
    count = max(2, max_pieces // 4)
    while count <= max_pieces:
        pieces = _patch_hulls(mesh, count, seed)
        if sum(p.volume for p in pieces) <= (1.0 + volume_tolerance) * mesh.volume:
            break
        count *= 2
    return pieces


def _patch_hulls(mesh: trimesh.Trimesh, count: int, seed: int) -> list[trimesh.Trimesh]:
    samples, _ = trimesh.sample.sample_surface(mesh, SAMPLES_PER_PIECE * count, seed=seed)
    points: Array = np.vstack([samples, mesh.vertices])
    _, labels = kmeans2(points, count, iter=8, minit='++', seed=np.random.default_rng(seed))
    hulls = []
    for label in range(count):
        patch = points[labels == label]
        if len(patch) < MIN_PATCH_SIZE:
            continue
        try:
            hull = trimesh.convex.convex_hull(patch)
        except QhullError:  # a patch of a flat face holds no volume; its neighbours cover it
            continue
        if hull.volume > MIN_VOLUME_M3:
            hulls.append(hull)
    return hulls or [mesh.convex_hull]
