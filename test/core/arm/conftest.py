from collections.abc import Callable

import numpy as np
import pytest
import trimesh

from maskdexgrasp_core.types import Array, ObjectObservation, ObservedCloud

TABLE = -0.1


@pytest.fixture
def observe_box() -> Callable[..., ObjectObservation]:
    """Makes an observation of a 5 x 5 x 12 cm box at (0.5, 0) on the table."""

    def make(obstacles: tuple[Array, ...] = ()) -> ObjectObservation:
        mesh = trimesh.creation.box([0.05, 0.05, 0.12])
        mesh.apply_translation([0.5, 0.0, TABLE + 0.06])
        cloud = ObservedCloud(
            points=np.asarray(mesh.vertices),
            colors=None,
            camera_position=np.array([1.0, -0.3, 0.5]),
        )
        return ObjectObservation(
            cloud=cloud,
            shape=mesh,
            label='box',
            part='',
            part_points=np.zeros((0, 3)),
            table_height=TABLE,
            obstacles=obstacles,
        )

    return make


@pytest.fixture
def reach_into_box() -> Array:
    """Position of the hand root at which the straight fingers end in the box's upper part."""
    return np.array([0.38, 0.0, 0.16])
