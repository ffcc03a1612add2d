"""A can on the simulated table, a side grasp of it, and an executor bound to the world."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.arm.config import GraspPlannerCfg
from maskdexgrasp_core.arm.grasp_planner import GraspPlanner
from maskdexgrasp_core.arm.xarm7 import XARM7
from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.execution.config import ExecutionCfg
from maskdexgrasp_core.execution.executor import ExecutionRequest, GraspExecutor
from maskdexgrasp_core.objects.model import ObjectModel, Part
from maskdexgrasp_core.sim.drivers import SimArmDriver, SimClock, SimHandDriver
from maskdexgrasp_core.sim.world import World, WorldCfg
from maskdexgrasp_core.types import Array, HandGrasp, ObjectObservation, ObservedCloud

CAN_RADIUS, CAN_HEIGHT = 0.0325, 0.12


def can_mesh(x: float, y: float) -> trimesh.Trimesh:
    mesh = trimesh.creation.cylinder(CAN_RADIUS, CAN_HEIGHT, sections=32)
    mesh.apply_translation([x, y, CELL.table_height + CAN_HEIGHT / 2])
    return mesh


def observe(
    x: float = 0.5, y: float = 0.0, obstacles: tuple[Array, ...] = ()
) -> ObjectObservation:
    mesh = can_mesh(x, y)
    cloud = ObservedCloud(
        points=np.asarray(mesh.vertices), colors=None, camera_position=np.array([1.0, -0.3, 0.45])
    )
    return ObjectObservation(
        cloud=cloud,
        shape=mesh,
        label='can',
        part='',
        part_points=np.zeros((0, 3)),
        table_height=CELL.table_height,
        obstacles=obstacles,
    )


def side_grasp(x: float = 0.5, y: float = 0.0, height: float = 0.065) -> HandGrasp:
    """Fingers along +x and a little left, thumb up; the can's axis lies before the palm."""
    turn = Rotation.from_euler('z', 0.4).as_matrix()
    # The palm side is -x of the hand, the fingers are -y, the index side is -z.
    R_base_hand = turn @ np.array([[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
    can_in_hand = np.array([-0.062, -0.155, -0.015])
    T = np.eye(4)
    T[:3, :3] = R_base_hand
    T[:3, 3] = np.array([x, y, CELL.table_height + height]) - R_base_hand @ can_in_hand
    approach = T.copy()
    approach[:3, 3] += 0.1 * T[:3, 1] + [0.0, 0.0, 0.04]
    return HandGrasp(
        T_base_approach=approach,
        T_base_pregrasp=T,
        T_base_grasp=T,
        motor_names=(
            'thumb_proximal_yaw_joint', 'thumb_proximal_pitch_joint', 'index_proximal_joint',
            'middle_proximal_joint', 'ring_proximal_joint', 'pinky_proximal_joint',
        ),
        pregrasp_positions=np.array([1.1, 0.0, 0.0, 0.0, 0.0, 0.0]),
        grasp_positions=np.array([1.1, 0.25, 0.7, 0.7, 0.7, 0.7]),
        squeeze_positions=np.array([1.1, 0.55, 1.1, 1.1, 1.1, 1.1]),
        force_limits=np.array([6.0, 6.0, 1.0, 1.0, 1.0, 1.0]),
        residual_m=0.0,
        score=1.0,
    )  # fmt: skip


@dataclass
class Cell:
    """Everything that one execution needs."""

    world: World
    arm: SimArmDriver
    hand: SimHandDriver
    clock: SimClock
    planner: GraspPlanner

    def executor(self, **settings: float) -> GraspExecutor:
        cfg = ExecutionCfg(**{'hold_s': 0.4, **settings})
        return GraspExecutor(self.arm, self.hand, self.clock, self.planner, cfg)

    def object_height(self) -> float:
        return float(self.world.object_poses()['can'][2, 3]) - CELL.table_height


@pytest.fixture(scope='session')
def planner() -> GraspPlanner:
    return GraspPlanner(GraspPlannerCfg(transit_speed_scale=1.0, contact_speed_scale=0.5))


@pytest.fixture
def make_cell(planner: GraspPlanner) -> Callable[..., Cell]:
    def make(x: float = 0.5, y: float = 0.0) -> Cell:
        mesh = can_mesh(0.0, 0.0)
        mesh.apply_translation([0.0, 0.0, -CELL.table_height])
        part = Part(name='body', pieces=(mesh,), color=(0.8, 0.2, 0.2))
        model = ObjectModel(name='can', category='can', parts=(part,), mass_kg=0.35, friction=0.7)
        pose = np.eye(4)
        pose[:3, 3] = x, y, CELL.table_height
        world = World([(model, pose)], WorldCfg(home=XARM7.home))
        return Cell(world, SimArmDriver(world), SimHandDriver(world), SimClock(world), planner)

    return make


@pytest.fixture
def cell(make_cell: Callable[..., Cell]) -> Cell:
    return make_cell()


@pytest.fixture
def request_can() -> ExecutionRequest:
    return ExecutionRequest(observation=observe(), hand_grasps=[side_grasp()])
