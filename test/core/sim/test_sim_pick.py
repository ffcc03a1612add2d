import mujoco
import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from maskdexgrasp_core import frames
from maskdexgrasp_core.sim.drivers import SimArmDriver, SimClock, SimHandDriver

SIDE = np.column_stack([[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
"""Fingers along +x, thumb up, palm to the left."""
OPPOSED = np.array([1.1, 0.0, 0.0, 0.0, 0.0, 0.0])
CLOSED = np.array([1.1, 0.6, 1.4, 1.4, 1.4, 1.4])
FORCES = np.array([6.0, 6.0, 1.0, 1.0, 1.0, 1.0])


def solve_ik(world, T_base_hand, seed):
    data = mujoco.MjData(world.model)
    joints = [world.model.joint(name) for name in world.joints.arm]
    addresses = [int(joint.qposadr[0]) for joint in joints]
    lower, upper = np.array([world.joints.limits[name] for name in world.joints.arm]).T

    def residual(q):
        data.qpos[addresses] = q
        mujoco.mj_kinematics(world.model, data)
        body = data.body(frames.FREEDOM_ROOT)
        turn = Rotation.from_matrix(T_base_hand[:3, :3].T @ body.xmat.reshape(3, 3))
        offset = body.xpos - T_base_hand[:3, 3]
        return np.concatenate([10 * offset, turn.as_rotvec(), 1e-3 * (q - seed)])

    solution = least_squares(residual, np.clip(seed, lower, upper), bounds=(lower, upper))
    assert np.linalg.norm(residual(solution.x)[:6]) < 0.02
    return solution.x


def line_ik(world, start, end, seed):
    path = []
    for share in np.linspace(0.0, 1.0, 6):
        pose = start.copy()
        pose[:3, 3] += share * (end[:3, 3] - start[:3, 3])
        seed = solve_ik(world, pose, seed)
        path.append(seed)
    return np.array(path)


def test_can_is_picked_by_contact_alone(can_world, quintic):
    arm, hand, clock = SimArmDriver(can_world), SimHandDriver(can_world), SimClock(can_world)

    def follow(waypoints, duration_s):
        waypoints = np.vstack([arm.read_state().joint_positions, waypoints])
        arm.start_trajectory(quintic(can_world.joints.arm, waypoints, duration_s))
        clock.sleep(duration_s + 0.1)
        assert not arm.read_state().is_moving

    grasp = np.eye(4)
    grasp[:3, :3] = SIDE
    grasp[:3, 3] = 0.35, -0.05, -0.035
    behind, above = grasp.copy(), grasp.copy()
    behind[0, 3] -= 0.12
    above[2, 3] += 0.13
    home = np.array(can_world.cfg.home)
    approach = line_ik(can_world, behind, grasp, home)
    lift = line_ik(can_world, grasp, above, approach[-1])

    clock.sleep(0.2)
    hand.move(OPPOSED, FORCES, 0.5)
    follow(approach[:1], 2.0)
    follow(approach[1:], 1.0)
    assert can_world.object_poses()['can'][:2, 3] == pytest.approx([0.5, 0.0], abs=0.01)
    hand.move(CLOSED, FORCES, 0.8)
    clock.sleep(1.2)
    assert hand.read_state().stalled[1:].sum() >= 3
    links = {contact.link for contact in can_world.hand_contacts()}
    assert any(link.startswith('thumb') for link in links)
    follow(lift[1:], 1.5)
    lifted = can_world.object_poses()['can']
    assert lifted[2, 3] > -0.1 + 0.10
    clock.sleep(3.0)
    held = can_world.object_poses()['can']
    assert held[2, 3] > -0.1 + 0.10
    assert np.linalg.norm(held[:3, 3] - lifted[:3, 3]) < 0.01  # creep

    hand.move(OPPOSED, FORCES, 0.3)  # nothing else holds it: open, and it falls
    clock.sleep(0.8)
    assert can_world.object_poses()['can'][2, 3] < -0.03
