import numpy as np
import pytest
import torch

from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.synthesis.contact_forces import ContactCfg, Contacts, ForceSolver
from maskdexgrasp_core.synthesis.squeeze import SqueezeCfg, squeeze_targets

OPPOSED = Contacts(
    points=np.array([[0.02, 0.0, 0.0], [-0.02, 0.0, 0.0]]),
    normals=np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]]),
)


def test_opposed_contacts_grip_with_equal_and_opposite_forces() -> None:
    grip = ForceSolver(OPPOSED, np.zeros(3), ContactCfg()).grip(30.0)
    np.testing.assert_allclose(grip.forces[0], [-15.0, 0.0, 0.0], atol=0.1)
    np.testing.assert_allclose(grip.forces.sum(axis=0), 0.0, atol=0.1)
    assert grip.residual < 0.01


def test_contacts_on_one_side_leave_what_they_cannot_cancel() -> None:
    side = Contacts(OPPOSED.points[[0, 0]], OPPOSED.normals[[0, 0]])
    assert ForceSolver(side, np.zeros(3), ContactCfg()).grip(30.0).residual > 0.5


def test_one_contact_cannot_bear_the_whole_grip() -> None:
    one = Contacts(OPPOSED.points[:1], OPPOSED.normals[:1])
    grip = ForceSolver(one, np.zeros(3), ContactCfg()).grip(30.0)
    assert grip.residual == 1.0
    assert not grip.forces.any()


def hands_with(joints: torch.Tensor) -> HandBatch:
    return HandBatch.at(torch.eye(4, dtype=torch.float64)[None], joints)


@pytest.fixture(scope='module')
def kinematics() -> HandKinematics:
    return HandKinematics(SHADOW, torch.float64)


def test_targets_lie_where_a_servo_gives_the_torque_of_the_force(
    kinematics: HandKinematics,
) -> None:
    """kp * (target - q) equals J^T f, with J by finite differences."""
    joints = torch.as_tensor(SHADOW.open_positions)[None] + 0.2
    hands = hands_with(joints)
    index, force = 5, np.array([0.3, -0.8, 0.5])
    cfg = SqueezeCfg(kp=3.0)
    target = squeeze_targets(kinematics, hands, [np.array([index])], [force[None]], cfg)
    torque = 3.0 * (target - joints)[0].numpy()

    def point(q: torch.Tensor) -> np.ndarray:
        placed = kinematics.forward(*hands_with(q))
        return placed.contact_points[0, index].numpy()

    for joint in range(SHADOW.num_joints):
        ahead, behind = joints.clone(), joints.clone()
        ahead[0, joint] += 1e-5
        behind[0, joint] -= 1e-5
        column = (point(ahead) - point(behind)) / 2e-5
        assert torque[joint] == pytest.approx(column @ force, abs=1e-6)


def test_a_force_too_large_moves_no_target_further_than_the_limit(
    kinematics: HandKinematics,
) -> None:
    joints = torch.as_tensor(SHADOW.open_positions)[None] + 0.2
    force = np.array([[1000.0, 1000.0, 0.0]])
    target = squeeze_targets(
        kinematics, hands_with(joints), [np.array([3])], [force], SqueezeCfg()
    )
    assert float((target - joints).abs().max()) <= 0.5 + 1e-9
