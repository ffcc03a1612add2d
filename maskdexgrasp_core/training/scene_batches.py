"""Batches of scenes: an object as it may be seen, and some of its grasps, turned at random.

Grasps of one object share the points that the network sees, so an object encoder runs once for
all of them. Points and hands are given in the model frame (`model.frame`) of those points.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands.hand_batch import HandBatch, transform_hands
from maskdexgrasp_core.model.frame import model_frame, yaw_transforms
from maskdexgrasp_core.training.grasp_data import GraspData
from maskdexgrasp_core.training.object_views import ObjectViews
from maskdexgrasp_core.training.recipe import Share

Rows = NDArray[np.int64]


class SceneBatch(NamedTuple):
    """G scenes with M grasps each; grasp i is of scene i // M."""

    points: Tensor
    """(G, N, 3) that the network sees of each object, model frame [m]."""
    hands: HandBatch
    """Of G * M, in the model frame of their scene."""
    tasks: Tensor
    """(G * M,) int64 indices in `tasks.TASKS`."""
    sentences: Tensor
    """(G * M,) int64 indices in `GraspData.sentences`: one of the four of each grasp."""


@dataclass(frozen=True, kw_only=True)
class SceneCfg:
    """How batches are put together.

    Raises:
        InvalidInputError: If a number is out of its range.
    """

    num_scenes: int = 16
    """Scenes in a batch G."""
    grasps_per_scene: int = 16
    """M."""
    num_points: int = 2000
    """Points of an object N."""
    whole_share: float = 0.3
    """Of the scenes that show the whole surface; the others show one view."""
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.num_scenes, self.grasps_per_scene, self.num_points) < 1:
            raise InvalidInputError(f'scenes, grasps and points must be >= 1, got {self}')
        if not 0.0 <= self.whole_share <= 1.0:
            raise InvalidInputError(f'whole_share must be in 0..1, got {self.whole_share}')


class SceneSampler:
    """Puts batches together: an epoch sees every grasp about once.

    Args:
        grasps: What is sampled.
        views: Of the same objects in the same order.
        cfg: How.

    Raises:
        InvalidInputError: If there are no grasps, or the objects differ.
    """

    def __init__(self, grasps: GraspData, views: ObjectViews, cfg: SceneCfg) -> None:
        if grasps.object_ids != views.object_ids:
            raise InvalidInputError('grasps and views are not of the same objects')
        self._grasps, self._views, self.cfg = grasps, views, cfg
        objects = grasps.objects.numpy()
        self._rows = [np.flatnonzero(objects == index) for index in np.unique(objects)]
        if not self._rows:
            raise InvalidInputError('there are no grasps to sample')
        num_groups = sum(-(-len(rows) // cfg.grasps_per_scene) for rows in self._rows)
        self.num_scenes = min(cfg.num_scenes, num_groups)
        """Scenes in a batch; fewer than asked where there are fewer in all."""
        self.num_batches = num_groups // self.num_scenes
        """In an epoch."""

    def epoch(self, number: int, share: Share) -> Iterator[SceneBatch]:
        """Yield the batches of an epoch: the same for the same number and share.

        Args:
            number: Of the epoch, from 0.
            share: Scenes of a batch are dealt out to the ranks.

        Raises:
            InvalidInputError: If the scenes of a batch cannot be dealt out evenly.
        """
        if self.num_scenes % share.world_size:
            raise InvalidInputError(
                f'{self.num_scenes} scenes a batch cannot be dealt out to {share.world_size} '
                'processes evenly; take another --batch-size'
            )
        groups = self._groups(np.random.default_rng([self.cfg.seed, number]))
        for index in range(self.num_batches):
            batch = groups[index * self.num_scenes : (index + 1) * self.num_scenes]
            rng = np.random.default_rng([self.cfg.seed, number, index, share.rank])
            yield self._batch(batch[share.rank :: share.world_size], rng)

    def _groups(self, rng: np.random.Generator) -> Rows:
        """Deal the grasps of each object into groups, (K, M) rows in random order.

        The last group of an object is filled up with others of its grasps.
        """
        size = self.cfg.grasps_per_scene
        groups = []
        for rows in self._rows:
            order = rng.permutation(rows)
            filling = rng.choice(rows, -len(rows) % size)
            groups.append(np.concatenate([order, filling]).reshape(-1, size))
        return rng.permutation(np.concatenate(groups))

    def _batch(self, groups: Rows, rng: np.random.Generator) -> SceneBatch:
        """Show the object of each group (G, M) once, with its grasps."""
        rows = torch.from_numpy(groups.ravel())
        turns = yaw_transforms(torch.tensor(rng.uniform(0.0, 2.0 * np.pi, len(groups))).float())
        points, Ts_model_object = [], []
        for group, turn in zip(groups, turns, strict=True):
            seen = self._points(int(self._grasps.objects[group[0]]), rng) @ turn[:3, :3].T
            origin = torch.tensor(model_frame(seen.numpy(), 0.0)[:3, 3], dtype=torch.float32)
            T_model_object = turn.clone()
            T_model_object[:3, 3] -= origin
            points.append(seen - origin)
            Ts_model_object.append(T_model_object)
        of_grasp = torch.stack(Ts_model_object).repeat_interleave(groups.shape[1], dim=0)
        forms = rng.integers(self._grasps.texts.shape[1], size=len(rows))
        return SceneBatch(
            points=torch.stack(points),
            hands=transform_hands(of_grasp, self._grasps.hands.select(rows)),
            tasks=self._grasps.tasks[rows],
            sentences=self._grasps.texts[rows, torch.from_numpy(forms)],
        )

    def _points(self, row: int, rng: np.random.Generator) -> Tensor:
        """Return what is seen of an object, (N, 3) in the object frame [m]."""
        view = int(rng.integers(self._views.counts.shape[1]))
        count = int(self._views.counts[row, view])
        if rng.uniform() < self.cfg.whole_share or count == 0:
            cloud = self._views.surface[row]
        else:
            cloud = self._views.views[row, view, :count]
        order = torch.from_numpy(rng.permutation(len(cloud))[: self.cfg.num_points])
        if len(order) < self.cfg.num_points:
            more = rng.choice(len(cloud), self.cfg.num_points - len(order))
            order = torch.cat([order, torch.from_numpy(more)])
        return cloud[order].float()
