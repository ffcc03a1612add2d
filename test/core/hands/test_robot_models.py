"""The URDFs: reference poses, an independent reader, coupling, inertias, regeneration."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pinocchio
import pytest
import torch

from maskdexgrasp_core import frames
from maskdexgrasp_core.geometry.urdf import RobotDescription
from maskdexgrasp_core.hands import FREEDOM, SHADOW, HandKinematics
from maskdexgrasp_core.resources import resource_path

ROBOTS = ('xarm7', 'freedom_hand', 'shadow_hand_right', 'xarm7_freedom')
DATA = Path(__file__).parents[2] / 'data'


def _reference(name):
    return json.loads((DATA / name).read_text())


def _pinocchio_pose(model, data, link):
    placement = data.oMf[model.getFrameId(link)]
    return placement.homogeneous


def _random_joints(description, rng):
    """All moving joints, the coupled ones where their rule puts them."""
    names = description.independent_joints()
    lower, upper = description.limits(names)
    values = dict(zip(names, rng.uniform(lower, upper), strict=True))
    for joint in description.joints.values():
        if joint.mimic is not None:
            rule = joint.mimic
            values[joint.name] = rule.multiplier * values[rule.source] + rule.offset
    return values


def _link_poses(urdf, names, q):
    """Return link -> poses (B, 4, 4) at the positions q (B, J) of the named joints, others 0."""
    chain = RobotDescription(urdf).chain(torch.float64)
    order = chain.get_joint_parameter_names()
    joints = torch.zeros(len(q), len(order), dtype=torch.float64)
    joints[:, [order.index(name) for name in names]] = torch.tensor(q, dtype=torch.float64)
    poses = chain.forward_kinematics(joints)
    return {link: pose.get_matrix().numpy() for link, pose in poses.items()}


@pytest.mark.parametrize('name', ['xarm7', 'xarm7_freedom'])
def test_arm_poses_agree_with_the_reference(name):
    reference = _reference('xarm7_fk.json')
    poses = _link_poses(f'urdf/{name}.urdf', reference['joint_names'], reference['q'])
    for k, link in enumerate(reference['links']):
        expected = np.array([pose[k] for pose in reference['poses']])
        got = np.broadcast_to(poses[link], (len(expected), 4, 4))  # the base is one for all
        np.testing.assert_allclose(got[:, :3], expected, atol=1e-6, rtol=0)


def test_shadow_poses_agree_with_the_reference():
    reference = _reference('shadow_fk.json')
    assert list(SHADOW.joint_names) == reference['joint_names']
    kinematics = HandKinematics(SHADOW, dtype=torch.float64)
    poses = kinematics.link_transforms(torch.tensor(reference['q'], dtype=torch.float64))
    assert set(poses) == set(reference['links'])
    for k, link in enumerate(reference['links']):
        expected = np.array([pose[k] for pose in reference['poses']])
        np.testing.assert_allclose(poses[link][:, :3].numpy(), expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize('name', ROBOTS)
def test_pinocchio_reads_the_same_robot(name):
    description = RobotDescription(f'urdf/{name}.urdf')
    model = pinocchio.buildModelFromUrdf(str(description.path))
    data = model.createData()
    chain = description.chain(torch.float64)
    moving = [j for j in description.joints.values() if j.kind != 'fixed']
    assert sorted(model.names[1:]) == sorted(j.name for j in moving)
    for joint in moving:
        index = model.idx_qs[model.getJointId(joint.name)]
        limits = model.lowerPositionLimit[index], model.upperPositionLimit[index]
        assert limits == pytest.approx((joint.lower, joint.upper), abs=1e-12)
        assert model.velocityLimit[index] == pytest.approx(joint.velocity)
        assert model.effortLimit[index] == pytest.approx(joint.effort)
    rng = np.random.default_rng(3)
    for _ in range(10):
        values = _random_joints(description, rng)
        q = np.array([values[n] for n in model.names[1:]])
        pinocchio.framesForwardKinematics(model, data, q)
        order = chain.get_joint_parameter_names()
        poses = chain.forward_kinematics(torch.tensor([[values[n] for n in order]]).double())
        for link in description.links:
            expected = _pinocchio_pose(model, data, link)
            got = poses[link].get_matrix()[0].numpy()
            np.testing.assert_allclose(got, expected, atol=1e-6, rtol=0, err_msg=link)


@pytest.mark.parametrize('name', ROBOTS)
def test_every_moving_link_has_a_physical_inertia(name):
    model = pinocchio.buildModelFromUrdf(str(resource_path(f'urdf/{name}.urdf')))
    for inertia in list(model.inertias)[1:]:
        assert inertia.mass > 1e-3
        principal = np.linalg.eigvalsh(inertia.inertia)
        assert principal.min() > 0
        assert principal[2] <= principal[0] + principal[1] + 1e-12


def test_arm_with_hand_weighs_what_its_parts_weigh():
    masses = {}
    for name in ROBOTS:
        model = pinocchio.buildModelFromUrdf(
            str(resource_path(f'urdf/{name}.urdf')), pinocchio.JointModelFreeFlyer()
        )
        masses[name] = pinocchio.computeTotalMass(model)
    parts = masses['xarm7'] + masses['freedom_hand']
    assert masses['xarm7_freedom'] == pytest.approx(parts + 0.09, abs=1e-6)


def test_coupled_joints_follow_their_motors():
    kinematics = HandKinematics(FREEDOM, dtype=torch.float64)
    model = pinocchio.buildModelFromUrdf(str(FREEDOM.description.path))
    data = model.createData()
    motors = np.array([0.4, 0.5, 1.2, 0.3, 0.8, 0.1])
    poses = kinematics.link_transforms(torch.tensor(motors)[None])
    values = dict(zip(FREEDOM.joint_names, motors, strict=True))
    values |= {
        'thumb_intermediate_joint': 1.334 * 0.5,
        'thumb_distal_joint': 0.667 * 0.5,
        'index_intermediate_joint': 1.06399 * 1.2 - 0.04545,
        'middle_intermediate_joint': 1.06399 * 0.3 - 0.04545,
        'ring_intermediate_joint': 1.06399 * 0.8 - 0.04545,
        'pinky_intermediate_joint': 1.06399 * 0.1 - 0.04545,
    }
    pinocchio.framesForwardKinematics(model, data, np.array([values[n] for n in model.names[1:]]))
    for link in FREEDOM.fingertip_links:
        expected = _pinocchio_pose(model, data, link)
        np.testing.assert_allclose(poses[link][0].numpy(), expected, atol=1e-6)


def test_coupled_joints_stay_within_their_limits_over_the_motor_range():
    joints = FREEDOM.description.joints
    for name, rule in FREEDOM.mimic.items():
        source = joints[rule.source]
        ends = [rule.multiplier * q + rule.offset for q in (source.lower, source.upper)]
        assert joints[name].lower - 1e-9 <= min(ends)
        assert max(ends) <= joints[name].upper + 1e-9


def test_hand_is_mounted_coaxially_with_the_palm_to_the_flange_x():
    poses = _link_poses('urdf/xarm7_freedom.urdf', ['joint1'], [[0.0]])
    mount = np.linalg.inv(poses[frames.FLANGE][0]) @ poses[frames.FREEDOM_ROOT][0]
    np.testing.assert_allclose(mount[:3, 3], [0, 0, 0.04], atol=1e-9)
    np.testing.assert_allclose(-mount[:3, 1], [0, 0, 1], atol=1e-6)
    np.testing.assert_allclose(-mount[:3, 0], [1, 0, 0], atol=1e-6)


@pytest.mark.parametrize('name', ROBOTS)
def test_committed_files_are_what_the_specifications_make(name):
    path = resource_path('urdf/generate.py')
    module_spec = importlib.util.spec_from_file_location('urdf_generate', path)
    generate = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(generate)
    made = generate.to_urdf(generate.build_model(name))
    assert made == resource_path(f'urdf/{name}.urdf').read_text()
