import numpy as np
import pytest
import torch
import trimesh

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.signed_distance import GridSignedDistance
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.synthesis.contact_forces import Contacts
from maskdexgrasp_core.synthesis.grip import (
    GripCfg,
    GripTarget,
    NearPads,
    closing_squeeze,
    closing_steps,
    near_pads,
)
from maskdexgrasp_core.synthesis.squeeze import SqueezeCfg


@pytest.fixture(scope='module')
def kinematics():
    return HandKinematics(SHADOW)


@pytest.fixture(scope='module')
def hands(kinematics) -> HandBatch:
    """One hand, half closed around the y axis of its palm's front."""
    joints = torch.as_tensor(SHADOW.open_positions, dtype=torch.float32)[None].clone()
    for name in ('FFJ3', 'MFJ3', 'RFJ3', 'FFJ2', 'MFJ2', 'RFJ2'):
        joints[0, SHADOW.joint_names.index(f'rh_{name}')] = 0.7
    return HandBatch(torch.zeros(1, 3), torch.eye(3)[None], kinematics.clamp(joints))


@pytest.fixture(scope='module')
def surface():
    bar = trimesh.creation.cylinder(radius=0.022, height=0.2)
    bar.apply_transform(trimesh.transformations.rotation_matrix(np.pi / 2, (0, 1, 0)))
    bar.apply_translation([0.0, -0.045, 0.095])
    return GridSignedDistance.from_mesh(bar)


def test_near_pads_are_near_face_the_object_and_few(kinematics, hands, surface):
    cfg = GripCfg(touch_gap_m=0.02)
    (pads,) = near_pads(kinematics, hands, surface, cfg)
    assert len(pads.candidates) >= 3
    assert all(pads.parts.count(part) <= cfg.pads_per_part for part in PARTS)
    hand = kinematics.forward(*hands)
    distance, normals = surface.query(hand.contact_points[0, pads.candidates])
    assert float(distance.abs().max()) < cfg.touch_gap_m
    assert float((hand.contact_normals[0, pads.candidates] * normals).sum(-1).max()) < 0.0
    assert tuple(kinematics.contact_parts[index] for index in pads.candidates) == pads.parts


def test_closing_brings_the_nearest_pads_to_the_surface(kinematics, hands, surface):
    pads = near_pads(kinematics, hands, surface, GripCfg(touch_gap_m=0.02))
    steps = closing_steps(kinematics, hands, pads, surface)
    closed = hands._replace(joint_positions=hands.joint_positions + steps)
    before, after = (
        surface.distance(kinematics.forward(*state).contact_points)[0] for state in (hands, closed)
    )
    parts = np.array(pads[0].parts)
    gapped = 0
    for part in PARTS[1:]:
        if part not in pads[0].parts:
            continue
        nearest = int(pads[0].candidates[parts == part][0])
        if float(before[nearest]) > 0.003:
            gapped += 1
            assert abs(float(after[nearest])) < 0.5 * float(before[nearest])
    assert gapped >= 1


def test_forces_of_opposite_pads_cancel_and_those_of_one_side_do_not(kinematics, hands, surface):
    (pads,) = near_pads(kinematics, hands, surface, GripCfg(touch_gap_m=0.02))
    center = np.array([0.0, -0.045, 0.095])
    target = GripTarget(surface, center)
    residuals = []
    for normals in ([[0, 0, 1.0], [0, 0, -1.0]], [[0, 0, 1.0], [0, 0, 1.0]]):
        contacts = Contacts(center + 0.022 * np.array(normals), np.array(normals))
        two = NearPads(pads.candidates[:2], contacts, pads.parts[:2])
        grip = closing_squeeze(kinematics, hands, [two], target, GripCfg())
        residuals.append(float(grip.residuals[0]))
    assert residuals[0] < 1e-3
    assert residuals[1] > 0.5
    one = NearPads(pads.candidates[:1], Contacts(*(v[:1] for v in contacts)), pads.parts[:1])
    assert closing_squeeze(kinematics, hands, [one], target, GripCfg()).residuals[0] == 1.0


@pytest.mark.parametrize('wrong', [{'pads_per_part': 0}, {'touch_gap_m': -0.1}])
def test_grips_that_make_no_sense_are_refused(wrong):
    with pytest.raises(InvalidInputError, match='got'):
        GripCfg(**wrong)
    with pytest.raises(InvalidInputError, match='positive'):
        SqueezeCfg(kp=0.0)


def test_fingers_without_a_near_pad_stay(kinematics, hands, surface):
    away = hands._replace(translation=torch.tensor([[0.0, 0.5, 0.0]]))
    pads = near_pads(kinematics, away, surface, GripCfg())
    assert len(pads[0].candidates) == 0
    target = GripTarget(surface, np.array([0.0, -0.045, 0.095]))
    grip = closing_squeeze(kinematics, away, pads, target, GripCfg())
    np.testing.assert_allclose(grip.targets, away.joint_positions.numpy(), atol=1e-6)


def test_the_squeeze_presses_pads_into_the_object(kinematics, hands, surface):
    cfg = GripCfg(touch_gap_m=0.02)
    pads = near_pads(kinematics, hands, surface, cfg)
    target = GripTarget(surface, np.array([0.0, -0.045, 0.095]))
    squeeze = torch.as_tensor(
        closing_squeeze(kinematics, hands, pads, target, cfg).targets
    ).float()
    state = hands._replace(joint_positions=squeeze)
    pressed = surface.distance(kinematics.forward(*state).contact_points)[0, pads[0].candidates]
    assert float(pressed.min()) < -0.002
