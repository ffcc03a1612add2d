"""Scenes of several objects as perception sees them, for learning and testing which one is meant.

A scene is rendered with the camera of the cell and its noise, and cut into clusters by
`perception.clusters`: what hides, touches or breaks apart does so here as in use.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save
from scipy.spatial import cKDTree

from maskdexgrasp_core.atomic_files import write_atomically
from maskdexgrasp_core.cell import CellCfg
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.point_cloud import deproject
from maskdexgrasp_core.objects import ObjectModel, make_object
from maskdexgrasp_core.objects.placement import random_placement
from maskdexgrasp_core.outcome import StageError
from maskdexgrasp_core.perception.cfg import PerceptionCfg
from maskdexgrasp_core.perception.clusters import Cluster, cropped_cloud, find_clusters
from maskdexgrasp_core.perception.learned_selection import view_points
from maskdexgrasp_core.perception.raycast_view import look_at_pose, render_view
from maskdexgrasp_core.perception.table import fit_table
from maskdexgrasp_core.sim.camera_model import CameraCfg
from maskdexgrasp_core.training.selection_sentences import Look, look_of
from maskdexgrasp_core.types import Array, CameraFrame
from maskdexgrasp_core.work_pool import run_units

Member = tuple[str, int]
"""Category and seed of an object."""
_REGION = CellCfg(placement_x=(0.36, 0.70), placement_y=(-0.25, 0.25))
"""Larger than that of trials, so that six objects find room."""
_TABLE_COLOR = (150, 150, 150)
_LEAST_PURITY = 0.9
"""Share of a cluster's points that must belong to one object for it to count."""
_LARGEST_SHIFT_M = 0.02
"""Of the camera, along each axis: it never stands quite where it should."""
_POINTS_ASKED = 200
"""Of a cluster, to find out whose it is."""
_SCENES_PER_FILE = 25
_FORMAT = 1
"""Changes with what is stored for the same orders."""


@dataclass(frozen=True, eq=False)
class SeenObject:
    """An object of a scene and what is seen of it."""

    look: Look
    color_name: str
    cluster: Cluster
    table_height: float
    """z of the table under it [m]."""


@dataclass(frozen=True, eq=False)
class SeenScene:
    """Everything that was told apart in one picture."""

    objects: tuple[SeenObject, ...]
    camera_position: Array
    """(3,) [m]."""


@dataclass(frozen=True)
class SceneOrder:
    """What shall be rendered."""

    members: tuple[Member, ...]
    seed: int
    """Of places and noise."""


def random_orders(
    categories: Sequence[str],
    seeds: Sequence[int],
    *,
    count: int,
    seed: int,
    twin_share: float = 0.0,
) -> list[SceneOrder]:
    """Return orders of scenes with 3 to 6 objects, in which categories come equally often.

    Args:
        categories: Of the objects.
        seeds: Of the members of each.
        count: Scenes.
        seed: Decides all of it.
        twin_share: Scenes in which two objects are of one category.
    """
    rng = np.random.default_rng(seed)
    deck: list[str] = []
    orders = []
    for _ in range(count):
        size = int(rng.integers(3, 7))
        while len(deck) < size:
            deck += [str(name) for name in rng.permutation(np.array(categories))]
        names = [deck.pop(0) for _ in range(size)]
        if rng.random() < twin_share:
            names[1] = names[0]
        members = tuple((name, int(rng.choice(seeds))) for name in names)
        orders.append(SceneOrder(members, int(rng.integers(2**31))))
    return orders


def see_scene(order: SceneOrder) -> SeenScene:
    """Render a scene and return the objects that perception found in it.

    Objects for which there is no room are left out; so are clusters that mix objects, and
    objects that are hidden or broken into pieces.
    """
    rng = np.random.default_rng(order.seed)
    models = [make_object(category, seed) for category, seed in order.members]
    models, poses = _placed(models, rng)
    camera = CameraCfg()
    position = np.array(camera.position) + rng.uniform(-1, 1, 3) * _LARGEST_SHIFT_M
    meshes, owners = [(_table(), _TABLE_COLOR)], [-1]
    for index, (model, pose) in enumerate(zip(models, poses, strict=True)):
        for part in model.parts:
            red, green, blue = (int(255 * value) for value in part.color)
            surface = trimesh.util.concatenate(part.pieces).apply_transform(pose)
            meshes.append((surface, (red, green, blue)))
            owners.append(index)
    frame, seen = render_view(meshes, look_at_pose(position, np.array(camera.target)), rng=rng)
    found = _clusters(frame, np.array([*owners, -1])[seen], seed=order.seed)
    objects = tuple(
        SeenObject(look_of(models[owner]), models[owner].color_name, cluster, height)
        for owner, cluster, height in found
    )
    return SeenScene(objects=objects, camera_position=position)


def _placed(
    models: list[ObjectModel], rng: np.random.Generator
) -> tuple[list[ObjectModel], list[Array]]:
    """Place as many of the models as there is room for, the first ones before the last."""
    while True:
        try:
            return models, random_placement(models, rng, cell=_REGION)
        except InvalidInputError:
            if len(models) == 1:
                raise
            models = models[:-1]


def _table() -> trimesh.Trimesh:
    length, width, thickness = _REGION.table_size
    table = trimesh.creation.box(extents=(length, width, thickness))
    return table.apply_translation((*_REGION.table_center, _REGION.table_height - thickness / 2))


def _clusters(
    frame: CameraFrame, owner_of_pixel: NDArray[np.int64], seed: int
) -> list[tuple[int, Cluster, float]]:
    """Return owner, cluster and height of the table of every object that is one clean cluster."""
    cfg = PerceptionCfg()
    try:
        cloud = cropped_cloud(frame, cfg)
        table = fit_table(cloud.points, cfg, seed=seed)
        clusters = find_clusters(cloud, table, cfg)
    except StageError:
        return []
    points = deproject(frame.depth_m, frame.intrinsics, frame.T_base_camera)
    on_object = (owner_of_pixel.ravel() >= 0) & (frame.depth_m.ravel() > 0)
    tree, owners = cKDTree(points[on_object]), owner_of_pixel.ravel()[on_object]
    found: dict[int, list[Cluster]] = defaultdict(list)
    for cluster in clusters:
        step = max(1, len(cluster.points) // _POINTS_ASKED)
        mine = owners[tree.query(cluster.points[::step])[1]]
        owner = int(np.bincount(mine).argmax())
        clean = bool((mine == owner).mean() >= _LEAST_PURITY)
        found[owner if clean else -1].append(cluster)
    return [
        (owner, pieces[0], float(table.height_at(pieces[0].centre[None, :2])[0]))
        for owner, pieces in found.items()
        if owner >= 0 and len(pieces) == 1
    ]


@dataclass(frozen=True, eq=False)
class Views:
    """What the network sees of the objects of many scenes."""

    points: NDArray[np.float32]
    """(V, N, 3) [m], each view in its model frame."""
    look_of_view: NDArray[np.int64]
    """(V,) index into `looks`."""
    scene_of_view: NDArray[np.int64]
    """(V,) rising."""
    looks: tuple[Look, ...]


def load_views(
    orders: Sequence[SceneOrder],
    num_points: int,
    folder: Path,
    *,
    workers: int = 1,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Views:
    """Return the views of scenes; what the folder holds from before is not made again.

    Args:
        orders: What to render.
        num_points: N points kept of each view.
        folder: Where views are kept, some scenes in each file; it may be deleted at any time.
        workers: Processes.
        on_progress: Called with the numbers of files done and wanted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    starts = range(0, len(orders), _SCENES_PER_FILE)
    parts = [_Part(tuple(orders[i : i + _SCENES_PER_FILE]), num_points) for i in starts]
    missing = [part for part in parts if not part.path(folder).exists()]
    done = len(parts) - len(missing)
    for _ in run_units(partial(_write_part, folder=folder), missing, workers=workers):
        done += 1
        on_progress(done, len(parts))
    return _joined([_read_part(part.path(folder)) for part in parts])


@dataclass(frozen=True)
class _Part:
    """The scenes of one file."""

    orders: tuple[SceneOrder, ...]
    num_points: int

    def path(self, folder: Path) -> Path:
        asked = [_FORMAT, self.num_points, [asdict(order) for order in self.orders]]
        digest = hashlib.sha256(json.dumps(asked).encode()).hexdigest()
        return folder / f'views-{digest[:16]}.safetensors'


def _write_part(part: _Part, folder: Path) -> None:
    looks, scenes, points = [], [], []
    for index, order in enumerate(part.orders):
        rng = np.random.default_rng(order.seed)
        for seen in see_scene(order).objects:
            view = view_points(seen.cluster.points, seen.table_height, part.num_points, rng)
            looks.append([seen.look.category, *sorted(seen.look.parts)])
            scenes.append(index)
            points.append(view)
    tensors: dict[str, NDArray[Any]] = {
        'points': np.array(points, dtype=np.float16).reshape(-1, part.num_points, 3),
        'scene_of_view': np.array(scenes, dtype=np.int64),
    }
    write_atomically(part.path(folder), save(tensors, metadata={'looks': json.dumps(looks)}))


def _read_part(path: Path) -> tuple[dict[str, NDArray[Any]], list[Look]]:
    with safe_open(path, framework='numpy') as file:
        tensors = {name: file.get_tensor(name) for name in ('points', 'scene_of_view')}
        names = json.loads((file.metadata() or {})['looks'])
    return tensors, [Look(category, frozenset(parts)) for category, *parts in names]


def _joined(parts: Sequence[tuple[dict[str, NDArray[Any]], list[Look]]]) -> Views:
    look_of_view = [look for _, looks in parts for look in looks]
    kinds = sorted(set(look_of_view), key=lambda k: (k.category, sorted(k.parts)))
    number = {look: index for index, look in enumerate(kinds)}
    scenes = [t['scene_of_view'] + i * _SCENES_PER_FILE for i, (t, _) in enumerate(parts)]
    return Views(
        points=np.concatenate([t['points'] for t, _ in parts]).astype(np.float32),
        look_of_view=np.array([number[look] for look in look_of_view], dtype=np.int64),
        scene_of_view=np.concatenate(scenes),
        looks=tuple(kinds),
    )
