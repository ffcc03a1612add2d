from collections.abc import Callable

import numpy as np
import pytest
import trimesh

from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.objects.model import ObjectModel, Part
from maskdexgrasp_core.sim.scene import Placement
from maskdexgrasp_core.sim.world import World
from maskdexgrasp_core.types import Array, JointTrajectory


def upright(x: float, y: float) -> Array:
    pose = np.eye(4)
    pose[:3, 3] = x, y, CELL.table_height
    return pose


@pytest.fixture
def can() -> Placement:
    """A full drinks can, 65 x 120 mm, 0.35 kg, in the middle of the table."""
    mesh = trimesh.creation.cylinder(0.0325, 0.12, sections=32)
    mesh.apply_translation([0.0, 0.0, 0.06])
    part = Part(name='body', pieces=(mesh,), color=(0.8, 0.15, 0.15))
    model = ObjectModel(name='can', category='can', parts=(part,), mass_kg=0.35, friction=0.7)
    return model, upright(0.5, 0.0)


@pytest.fixture
def can_world(can: Placement) -> World:
    return World([can])


@pytest.fixture
def quintic() -> Callable[..., JointTrajectory]:
    """Makes a rest-to-rest trajectory through equally spaced waypoints (K, J)."""

    def make(names: tuple[str, ...], waypoints: Array, duration_s: float) -> JointTrajectory:
        times = np.linspace(0.0, duration_s, 101)
        share = times / duration_s
        progress = 10 * share**3 - 15 * share**4 + 6 * share**5
        knots = np.linspace(0.0, 1.0, len(waypoints))
        positions = np.column_stack([np.interp(progress, knots, q) for q in waypoints.T])
        velocities = np.gradient(positions, times, axis=0)
        return JointTrajectory(
            joint_names=names, times_s=times, positions=positions, velocities=velocities
        )

    return make
