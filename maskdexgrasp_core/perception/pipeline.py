"""Perception as one call: picture or cloud and a command in, one completed object out."""

from dataclasses import replace

import numpy as np

from maskdexgrasp_core.geometry.point_cloud import random_subset, statistical_inliers
from maskdexgrasp_core.outcome import Code
from maskdexgrasp_core.perception.cfg import PerceptionCfg
from maskdexgrasp_core.perception.clusters import (
    Cluster,
    cropped_cloud,
    find_clusters,
    refuse,
)
from maskdexgrasp_core.perception.completion import load_completion
from maskdexgrasp_core.perception.parts import find_part
from maskdexgrasp_core.perception.selection import ClusterSelector
from maskdexgrasp_core.perception.selectors import load_selector
from maskdexgrasp_core.perception.sentence import check_command, parse_sentence
from maskdexgrasp_core.perception.table import fit_table
from maskdexgrasp_core.protocols import ShapeCompletion
from maskdexgrasp_core.tasks import TASK_PARTS
from maskdexgrasp_core.types import (
    Array,
    CameraFrame,
    Command,
    ObjectObservation,
    ObservedCloud,
)


class Perceiver:
    """Finds the object that a command means and completes its shape."""

    def __init__(
        self,
        cfg: PerceptionCfg | None = None,
        completion: ShapeCompletion | None = None,
        selector: ClusterSelector | None = None,
    ) -> None:
        """Build from settings, completion and choice of the object; None takes the defaults."""
        self.cfg = cfg or PerceptionCfg()
        self.completion = completion or load_completion()
        self.selector = selector or load_selector()

    def perceive(self, source: CameraFrame | ObservedCloud, command: Command) -> ObjectObservation:
        """Return the object that `command.text` means.

        The same source, command and seed give the same observation.

        A task stands for a part where the sentence names none (`tasks.TASK_PARTS`).

        Args:
            source: A depth picture, or points in the base frame.
            command: Text, task and seed.

        Raises:
            StageError: With a code of the ranges 1-99 (text, task), 100-199 (cloud, object) or
                `BAD_SHAPE`; the reason holds the numbers that decided.
        """
        check_command(command)
        query = parse_sentence(command.text)
        part = query.part or TASK_PARTS.get(command.task, '')
        rng = np.random.default_rng(command.seed)
        cloud = cropped_cloud(source, self.cfg)
        table = fit_table(cloud.points, self.cfg, seed=command.seed)
        clusters = find_clusters(cloud, table, self.cfg)
        heights = [float(table.height_at(c.centre[None, :2])[0]) for c in clusters]
        chosen = self.selector.select(clusters, heights, command.text, cloud.camera_position)
        height = heights[chosen]
        target = self._cleaned(clusters[chosen], cloud.camera_position)
        dense = _subset(target, self.cfg.completion_points, rng)
        shape = self.completion.complete(dense, height)
        return ObjectObservation(
            cloud=_subset(target, self.cfg.num_points, rng),
            shape=shape,
            label=query.label,
            part=part,
            part_points=find_part(shape, part, height, category=query.category, seed=command.seed),
            table_height=height,
            obstacles=self._obstacles(clusters, chosen, rng),
            command=command,
        )

    def _cleaned(self, cluster: Cluster, camera_position: Array) -> ObservedCloud:
        """Drop outliers and refuse what is too small or too large to grasp."""
        inliers = statistical_inliers(
            cluster.points, num_neighbors=self.cfg.outlier_neighbors, sigma=self.cfg.outlier_sigma
        )
        count = int(inliers.sum())
        if count < self.cfg.min_points:
            reason = f'the object shows {count} clean points, needs {self.cfg.min_points}'
            raise refuse(Code.OBJECT_TOO_SMALL, reason)
        longest = float(cluster.extent.max())
        if longest > self.cfg.max_extent_m:
            reason = f'the object is {longest:.2f} m long, at most {self.cfg.max_extent_m} m'
            raise refuse(Code.OBJECT_TOO_LARGE, reason)
        return ObservedCloud(
            points=cluster.points[inliers],
            colors=None if cluster.colors is None else cluster.colors[inliers],
            camera_position=camera_position,
        )

    def _obstacles(
        self, clusters: tuple[Cluster, ...], chosen: int, rng: np.random.Generator
    ) -> tuple[Array, ...]:
        """Return the points of the other clusters, thinned."""
        others = [c.points for i, c in enumerate(clusters) if i != chosen]
        return tuple(p[random_subset(len(p), self.cfg.num_points, rng)] for p in others)


def _subset(cloud: ObservedCloud, size: int, rng: np.random.Generator) -> ObservedCloud:
    """Return at most `size` points of the cloud, drawn without repetition."""
    picked = random_subset(len(cloud.points), size, rng)
    colors = None if cloud.colors is None else cloud.colors[picked]
    return replace(cloud, points=cloud.points[picked], colors=colors)
