from dataclasses import replace

import mujoco
import numpy as np
import pytest

from maskdexgrasp_core import frames
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.resources import resource_path
from maskdexgrasp_core.sim.physics import MAX_FRICTION, PhysicsCfg
from maskdexgrasp_core.sim.robot import read_robot_joints
from maskdexgrasp_core.sim.scene import build_scene_spec
from maskdexgrasp_core.sim.world import World


def test_nothing_but_contact_and_friction_can_hold_an_object(can_world):
    model = can_world.model
    assert set(model.eq_type.tolist()) == {mujoco.mjtEq.mjEQ_JOINT}  # mimic joints only
    hand_joints = {model.joint(name).id for name in can_world.joints.names}
    assert set(model.eq_obj1id.tolist()) | set(model.eq_obj2id.tolist()) <= hand_joints
    assert set(model.actuator_trntype.tolist()) == {mujoco.mjtTrn.mjTRN_JOINT}
    assert set(model.actuator_trnid[:, 0].tolist()) <= hand_joints
    assert model.ntendon == 0
    assert model.opt.gravity.tolist() == pytest.approx([0.0, 0.0, -9.81])
    colliding = (model.geom_contype | model.geom_conaffinity) > 0
    assert model.geom_friction[colliding, 0].max() <= MAX_FRICTION


def test_object_keeps_its_weight_and_its_friction_rules(can, can_world):
    model = can_world.model
    body = model.body('can')
    assert body.mass[0] == pytest.approx(0.35)
    assert model.body_gravcomp[body.id] == 0.0
    expected = 0.35 * np.array([(3 * 0.0325**2 + 0.12**2) / 12] * 2 + [0.0325**2 / 2])
    np.testing.assert_allclose(np.sort(body.inertia), np.sort(expected), rtol=0.02)
    geom = model.geom('can_0')
    others = np.delete(np.arange(model.ngeom), geom.id)
    assert geom.priority[0] > model.geom_priority[others].max()
    assert geom.friction[0] == pytest.approx(0.7)
    can_world.run(0.1)
    assert can_world.data.ncon > 0
    assert max(c.friction[0] for c in can_world.data.contact) <= MAX_FRICTION


def test_robot_carries_its_own_weight_and_objects_do_not(can_world):
    model = can_world.model
    for name in (frames.FREEDOM_ROOT, 'link3', 'thumb_distal'):
        assert model.body_gravcomp[model.body(name).id] == 1.0


def test_motors_come_in_the_order_of_the_hand():
    joints = read_robot_joints(resource_path('urdf/xarm7_freedom.urdf'))
    assert joints.arm == tuple(f'joint{i}' for i in range(1, 8))
    assert joints.motors == (
        'thumb_proximal_yaw_joint',
        'thumb_proximal_pitch_joint',
        'index_proximal_joint',
        'middle_proximal_joint',
        'ring_proximal_joint',
        'pinky_proximal_joint',
    )
    assert joints.mimics['index_intermediate_joint'] == ('index_proximal_joint', 1.06399, -0.04545)


def test_following_joints_follow(can_world):
    can_world.move_hand(np.array([0.8, 0.4, 0.2, 0.5, 1.2, 0.1]), np.full(6, 2.0), 0.5)
    can_world.run(1.0)
    names, positions, _ = can_world.joint_state()
    joint = dict(zip(names, positions, strict=True))
    for name, (leader, multiplier, offset) in can_world.joints.mimics.items():
        assert joint[name] == pytest.approx(offset + multiplier * joint[leader], abs=0.01)
    motors = [joint[name] for name in can_world.joints.motors]
    np.testing.assert_allclose(motors, [0.8, 0.4, 0.2, 0.5, 1.2, 0.1], atol=0.01)


def test_solver_settings_reach_the_model():
    spec, _ = build_scene_spec([], physics=PhysicsCfg(impratio=10.0, timestep_s=0.001))
    model = spec.compile()
    assert model.opt.impratio == 10.0
    assert model.opt.timestep == 0.001
    assert model.opt.cone == mujoco.mjtCone.mjCONE_ELLIPTIC
    assert model.opt.integrator == mujoco.mjtIntegrator.mjINT_IMPLICITFAST


@pytest.mark.parametrize(
    ('change', 'text'), [({'friction': 0.9}, 'friction'), ({'mass_kg': 0.0}, 'mass')]
)
def test_impossible_objects_are_refused(can, change, text):
    model, pose = can
    with pytest.raises(InvalidInputError, match=text):
        World([(replace(model, **change), pose)])


def test_two_objects_of_one_name_are_refused(can):
    with pytest.raises(InvalidInputError, match='differ'):
        World([can, can])
