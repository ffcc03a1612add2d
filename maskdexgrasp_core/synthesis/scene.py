"""Turns an observed object into what energies measure grasps against."""

import numpy as np
import torch

from maskdexgrasp_core.energies.total import GraspScene
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.mass_distribution import presumed_center_of_mass
from maskdexgrasp_core.geometry.signed_distance import (
    GridCfg,
    GridSignedDistance,
    cloud_distance_field,
)
from maskdexgrasp_core.outcome import Code, Stage, StageError
from maskdexgrasp_core.types import ObjectObservation

_MIN_VOLUME_M3 = 1e-7


def make_scene(observation: ObjectObservation, grid: GridCfg | None = None) -> GraspScene:
    """Sample the distance to the object and to its asked part; base frame, float32.

    Raises:
        StageError: With `Code.BAD_SHAPE` if the shape is empty, open, flat or not finite.
    """
    try:
        surface = GridSignedDistance.from_mesh(observation.shape, grid)
    except InvalidInputError as error:
        raise StageError(Stage.GENERATE, Code.BAD_SHAPE, str(error)) from error
    volume = float(observation.shape.volume)
    center = presumed_center_of_mass(observation.shape, observation.label)
    no_inside = len(surface.interior_points()) == 0
    if no_inside or volume < _MIN_VOLUME_M3 or not np.isfinite(center).all():
        reason = f'the shape encloses {volume * 1e6:.2f} cm^3, too little to grasp'
        raise StageError(Stage.GENERATE, Code.BAD_SHAPE, reason)
    part = None
    if len(observation.part_points):
        part = cloud_distance_field(observation.part_points, surface.lower, surface.upper)
    return GraspScene(
        surface=surface,
        center=torch.as_tensor(center, dtype=torch.float32),
        table_height=observation.table_height,
        part=part,
    )
