"""What a robot may see of each object of a dataset: its whole surface, and single noisy views.

A view is one picture of a D435 about where that of the cell stands, of the object alone,
anywhere in the region for objects and turned at random. Rendering takes minutes for hundreds of
objects, so all of it is kept in one file, found again by the content of the meshes and the
settings; objects that are done survive a kill.
"""

import hashlib
import json
import shutil
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import trimesh
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from maskdexgrasp_core.atomic_files import write_atomically
from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.dataset.object_files import read_object
from maskdexgrasp_core.dataset.reader import Dataset
from maskdexgrasp_core.geometry.transforms import invert_transform
from maskdexgrasp_core.objects.placement import table_pose
from maskdexgrasp_core.resources import cache_folder
from maskdexgrasp_core.sim.camera_model import CameraCfg
from maskdexgrasp_core.training.completion_views import observed
from maskdexgrasp_core.types import Array
from maskdexgrasp_core.work_pool import run_units

_VERSION = 1
"""Counts changes of what is rendered: older files are then not found any more."""
_TRIES = 3
"""Places that are tried until the camera sees enough of an object."""
_MIN_POINTS = 50
"""That perception takes for an object."""
_TENSORS = ('surface', 'views', 'counts', 'cameras')


@dataclass(frozen=True, kw_only=True)
class ViewsCfg:
    """How objects are looked at."""

    num_views: int = 16
    """Single views of each object."""
    num_points: int = 2000
    """Of a view at most."""
    num_surface_points: int = 4096
    """Of the whole surface."""
    camera_shift_m: float = 0.03
    """Standard deviation of the camera's place along each axis [m]."""
    seed: int = 0


@dataclass(frozen=True, eq=False)
class ObjectViews:
    """Points of O objects in their object frames (z up, table at z = 0) [m], as float16."""

    object_ids: tuple[str, ...]
    surface: Tensor
    """(O, S, 3) spread evenly over the whole surface."""
    views: Tensor
    """(O, V, P, 3) seen by the camera in random order; rows from `counts` on are zero."""
    counts: Tensor
    """(O, V) int64; 0 where the camera saw too little of the object."""
    cameras: Tensor
    """(O, V, 3) float32 positions of the camera, object frame [m]."""

    def row(self, object_id: str) -> int:
        """Return the index of an object."""
        return self.object_ids.index(object_id)


class _Item(NamedTuple):
    """An object to look at."""

    object_id: str
    mesh: Path
    cfg: ViewsCfg


class _Looked(NamedTuple):
    """What was seen of an object: `ObjectViews` without the first axis."""

    object_id: str
    tensors: dict[str, Tensor]


ProgressCallback = Callable[[int, int], None]
"""Called with the number of objects that are done, and of all."""


def object_views(
    data: Dataset,
    cfg: ViewsCfg,
    *,
    workers: int = 1,
    cache: Path | None = None,
    on_progress: ProgressCallback = lambda done, of: None,
) -> ObjectViews:
    """Look at every object of a dataset, or take what was seen before.

    Args:
        data: Whose objects.
        cfg: How.
        workers: Processes of one thread each; they change no value.
        cache: Folder for what is seen; None takes the usual one.
        on_progress: Called at the start and after every object.

    Raises:
        InvalidInputError: If a mesh is missing or damaged.
        WorkerLostError: If a worker was killed; objects that are done are kept.
    """
    items = [
        _Item(name, data.folder / row['mesh'], cfg) for name, row in data.objects.rows.items()
    ]
    root = (cache or cache_folder('views')) / _key(data, cfg)
    whole = _read(root.with_suffix('.safetensors'))
    if whole is None:
        parts = _look(items, root, workers, on_progress)
        whole = {name: torch.stack([part[name] for part in parts]) for name in _TENSORS}
        write_atomically(root.with_suffix('.safetensors'), save(whole))
        shutil.rmtree(root)
    return ObjectViews(object_ids=tuple(item.object_id for item in items), **whole)


def _key(data: Dataset, cfg: ViewsCfg) -> str:
    meshes = {
        name: data.manifest.files[row['mesh']].sha256 for name, row in data.objects.rows.items()
    }
    content = json.dumps([_VERSION, asdict(cfg), list(meshes.items())])
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _look(
    items: Sequence[_Item], folder: Path, workers: int, on_progress: ProgressCallback
) -> list[dict[str, Tensor]]:
    """Look at every object that `folder` does not have yet, and return them all in order."""
    folder.mkdir(parents=True, exist_ok=True)
    done = {item.object_id: _read(folder / f'{item.object_id}.safetensors') for item in items}
    seen = {name: tensors for name, tensors in done.items() if tensors is not None}
    on_progress(len(seen), len(items))
    waiting = [item for item in items if item.object_id not in seen]
    for looked in run_units(_look_at, waiting, workers=min(workers, len(waiting) or 1)):
        write_atomically(folder / f'{looked.object_id}.safetensors', save(looked.tensors))
        seen[looked.object_id] = looked.tensors
        on_progress(len(seen), len(items))
    return [seen[item.object_id] for item in items]


def _read(path: Path) -> dict[str, Tensor] | None:
    try:
        return load_file(path)
    except (OSError, SafetensorError):  # never written, or by another program: made anew
        return None


def _look_at(item: _Item) -> _Looked:
    cfg = item.cfg
    solid = read_object(item.mesh).solid
    rng = np.random.default_rng([cfg.seed, zlib.crc32(item.object_id.encode())])
    surface, _ = trimesh.sample.sample_surface(solid, cfg.num_surface_points, seed=rng)
    views = np.zeros((cfg.num_views, cfg.num_points, 3))
    counts = np.zeros(cfg.num_views, dtype=np.int64)
    cameras = np.zeros((cfg.num_views, 3))
    for view in range(cfg.num_views):
        points, cameras[view] = _one_view(solid, cfg, rng)
        counts[view] = min(len(points), cfg.num_points)
        views[view, : counts[view]] = points[: cfg.num_points]
    tensors = {
        'surface': torch.tensor(np.asarray(surface), dtype=torch.float16),
        'views': torch.tensor(views, dtype=torch.float16),
        'counts': torch.tensor(counts),
        'cameras': torch.tensor(cameras, dtype=torch.float32),
    }
    return _Looked(item.object_id, tensors)


def _one_view(
    solid: trimesh.Trimesh, cfg: ViewsCfg, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return visible points (N, 3) and the camera's position (3,) in the object frame [m]."""
    for _ in range(_TRIES):
        x, y = rng.uniform(*CELL.placement_x), rng.uniform(*CELL.placement_y)
        T_base_object = table_pose(float(x), float(y), float(rng.uniform(0.0, 2.0 * np.pi)))
        T_object_base = invert_transform(T_base_object)
        position = np.array(CameraCfg().position) + rng.normal(0.0, cfg.camera_shift_m, 3)
        cloud = observed(solid.copy().apply_transform(T_base_object), position, rng)
        if len(cloud.points) >= _MIN_POINTS:
            turn, shift = T_object_base[:3, :3], T_object_base[:3, 3]
            return cloud.points @ turn.T + shift, turn @ position + shift
    return np.zeros((0, 3)), np.zeros(3)
