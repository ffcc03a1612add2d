"""Convex decomposition of a solid by CoACD (Wei et al. 2022), kept on disk between runs."""

import hashlib
import os
import tempfile
from importlib import metadata
from pathlib import Path

import coacd  # type: ignore[import-untyped]
import numpy as np
import trimesh

from maskdexgrasp_core.objects.shapes import hull
from maskdexgrasp_core.resources import cache_folder
from maskdexgrasp_core.types import Array

_THRESHOLD = 0.06
"""Concavity that a piece may keep, in units of the object's size."""
_MAX_PIECES = 32
_RECIPE = f'coacd-{metadata.version("coacd")}-{_THRESHOLD}-{_MAX_PIECES}-3'
"""Everything besides the mesh that the result depends on; part of the key on disk."""


def coacd_pieces(mesh: trimesh.Trimesh) -> tuple[trimesh.Trimesh, ...]:
    """Return at most 32 convex watertight pieces that cover a watertight mesh [m].

    The result is the same on every call: the search is seeded, and kept on disk by the content
    of the mesh, below `XDG_CACHE_HOME` (`~/.cache` when unset).
    """
    key = hashlib.sha256(_RECIPE.encode())
    key.update(np.ascontiguousarray(mesh.vertices, dtype=np.float64).tobytes())
    key.update(np.ascontiguousarray(mesh.faces, dtype=np.int64).tobytes())
    path = cache_folder('convex') / f'{key.hexdigest()}.npz'
    clouds = _read(path)
    if clouds is None:
        clouds = _decompose(mesh)
        _write(path, clouds)
    return tuple(hull(cloud) for cloud in clouds)


def _decompose(mesh: trimesh.Trimesh) -> list[Array]:
    if mesh.convex_hull.volume < 1.05 * mesh.volume:
        return [np.asarray(mesh.convex_hull.vertices)]
    coacd.set_log_level('error')
    found = coacd.run_coacd(
        coacd.Mesh(np.asarray(mesh.vertices), np.asarray(mesh.faces)),
        threshold=_THRESHOLD,
        max_convex_hull=_MAX_PIECES,
        resolution=500,
        mcts_nodes=10,
        mcts_iterations=20,
        mcts_max_depth=2,
        max_ch_vertex=64,
        seed=0,
    )
    smallest = 1e-6 * mesh.convex_hull.volume
    clouds = [np.asarray(vertices) for vertices, _ in found]
    return [cloud for cloud in clouds if len(cloud) >= 4 and hull(cloud).volume > smallest]


def _read(path: Path) -> list[Array] | None:
    """Return the stored clouds, or None if there is no complete file."""
    try:
        with np.load(path) as stored:
            return [stored[f'arr_{index}'] for index in range(len(stored.files))]
    except (OSError, ValueError, KeyError, EOFError):
        return None


def _write(path: Path, clouds: list[Array]) -> None:
    """Store the clouds whole or not at all; a folder that cannot be written is no error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix='.tmp', delete=False) as file:
            np.savez_compressed(file, *clouds)
        os.replace(file.name, path)
    except OSError:
        return
