"""The learned completion: a network's signed distance, held to what the view proves.

Where the network doubts itself, a body that the rules fit may be taken, see `second_opinion`.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import trimesh
from scipy import ndimage

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.checkpoint import (
    CheckpointHeader,
    load_network,
    shipped_weights,
)
from maskdexgrasp_core.model.completion_cfg import KIND, CompletionCfg
from maskdexgrasp_core.model.completion_net import CompletionNet
from maskdexgrasp_core.perception.completion.meshing import bad_shape, mesh_of_samples
from maskdexgrasp_core.perception.completion.second_opinion import (
    NetworkAnswer,
    SecondOpinionCfg,
    preferred_body,
)
from maskdexgrasp_core.perception.completion.thin_walls import ThinWallsCfg, with_thin_walls
from maskdexgrasp_core.perception.completion.view_box import Box, ViewEvidence, look_around
from maskdexgrasp_core.types import Array, ObservedCloud

_RESOLVED_STEPS = 1.2
"""Walls thinner than so many steps would fall between the samples."""


@dataclass(frozen=True, kw_only=True)
class LearnedCfg:
    """What is done with the answer of the network.

    Raises:
        InvalidInputError: If a length is negative or the doubts are not in order.
    """

    free_margin_m: float = 0.003
    """Where the view proves more than this empty, nothing is left standing [m]: it covers the
    noise of the depth and the pixels that are lost at edges."""
    denied_m: float = 0.002
    """A visible point that the network leaves outside by more than this [m] is denied: it gets a
    wall behind it. Where the network is nearer to the points, it alone decides, which keeps the
    noise out."""
    wall_m: float = 0.003
    """Thickness of that wall [m]; thicker where samples are too far apart for it."""
    doubt_from_m: float = 0.006
    """Where the network expects a greater error than this [m], the extruded solid begins to be
    united with its own: too much solid is safer to grasp than too little."""
    doubt_full_m: float = 0.010
    """From this expected error on [m] all of the extruded solid is."""
    thin_walls: ThinWallsCfg = dataclasses.field(default_factory=ThinWallsCfg)
    """What is done for walls that the network leaves in pieces."""
    second_opinion: SecondOpinionCfg = dataclasses.field(default_factory=SecondOpinionCfg)
    """When the body that the rules fit is taken instead."""

    def __post_init__(self) -> None:
        if min(self.free_margin_m, self.denied_m, self.wall_m) < 0.0:
            raise InvalidInputError(f'lengths must be >= 0, got {self}')
        if not 0.0 <= self.doubt_from_m < self.doubt_full_m:
            raise InvalidInputError(f'doubt_from_m must be below doubt_full_m, got {self}')


class LearnedCompletion:
    """Signed distance from a network, with a second opinion."""

    def __init__(
        self, network: CompletionNet | None = None, cfg: LearnedCfg | None = None
    ) -> None:
        """Complete by `network`; None takes the weights that ship.

        Raises:
            MissingWeightsError: If there are none.
            InvalidInputError: If they are damaged, or of another kind or version.
        """
        self.name = 'learned'
        self.cfg = cfg or LearnedCfg()
        self._network = network or load_completion_weights(shipped_weights(KIND))[0]

    def complete(self, cloud: ObservedCloud, table_height: float) -> trimesh.Trimesh:
        """Return the completed solid; see `protocols.ShapeCompletion`."""
        if len(cloud.points) < 8:
            raise bad_shape(f'{len(cloud.points)} points are too few to complete a shape')
        box, evidence = look_around(cloud, table_height, self._network.cfg)
        with torch.inference_mode():
            output = self._network(evidence.network_inputs(box))
        answer = NetworkAnswer(
            box=box,
            distance=output.distance[0].double().numpy(),
            scale=output.scale[0].double().numpy(),
        )
        own = self._own_solid(answer, evidence, table_height)
        body = preferred_body(own, answer, evidence, table_height, self.cfg.second_opinion)
        return own if body is None else body

    def _own_solid(
        self, answer: NetworkAnswer, evidence: ViewEvidence, table_height: float
    ) -> trimesh.Trimesh:
        """Return what the network alone makes of the view."""
        box = answer.box
        field = completed_field(
            with_thin_walls(answer.distance, box.steps, self.cfg.thin_walls),
            answer.scale,
            evidence,
            self.cfg,
        )
        field = walled_field(field, box, evidence, self.cfg)
        field = np.maximum(field, table_height - box.heights)
        mesh = mesh_of_samples(field, origin=np.zeros(3), steps=box.steps)
        return mesh.apply_transform(box.T_base_box)


def completed_field(
    distance: Array, scale: Array, evidence: ViewEvidence, cfg: LearnedCfg
) -> Array:
    """Hold an answer of the network to what the view proves.

    Args:
        distance: Signed distance of every sample, (N, N, N) [m].
        scale: Its expected error, (N, N, N) [m].
        evidence: Of the view.
        cfg: What is trusted how far.

    Returns:
        (N, N, N) [m], negative inside of the completed solid.
    """
    doubt = (scale - cfg.doubt_from_m) / (cfg.doubt_full_m - cfg.doubt_from_m)
    joined = np.minimum(distance, evidence.extruded)
    field = distance + np.clip(doubt, 0.0, 1.0) * (joined - distance)
    return np.asarray(np.maximum(field, evidence.free - cfg.free_margin_m))


def walled_field(field: Array, box: Box, evidence: ViewEvidence, cfg: LearnedCfg) -> Array:
    """Return a field (N, N, N) [m] with a wall behind the visible points that it denies."""
    index = box.index_of(evidence.cloud.points)
    outside = ndimage.map_coordinates(field, index.T, order=1, mode='nearest')
    denied = evidence.cloud.points[outside > cfg.denied_m]
    if len(denied) == 0:
        return field
    thickness = max(cfg.wall_m, _RESOLVED_STEPS * float(box.steps.mean()))
    wall = np.maximum(box.distance_to(denied) - thickness, evidence.free)
    return np.asarray(np.minimum(field, wall))


def load_completion_weights(path: Path) -> tuple[CompletionNet, CheckpointHeader]:
    """Return the network of a file of weights, and what the file says of it.

    Raises:
        MissingWeightsError: If there is no such file.
        InvalidInputError: If it is damaged, or of another kind or version.
    """
    return load_network(path, kind=KIND, cfg_type=CompletionCfg, build=CompletionNet)
