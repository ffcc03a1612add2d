import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.signed_distance import GridSignedDistance
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.retargeting.human import (
    HumanFitCfg,
    HumanRetargeter,
)
from maskdexgrasp_core.retargeting.human_hand import (
    KEYPOINTS,
    SHADOW_LINKS,
    TIPS,
    align_palms,
    finger_positions,
)

_SCRIPT = Path(__file__).parents[2] / 'data' / 'human_release.py'


@pytest.fixture(scope='module')
def retargeter():
    return HumanRetargeter()


@pytest.fixture(scope='module')
def bottle():
    return trimesh.creation.cylinder(radius=0.032, height=0.16)


@pytest.fixture(scope='module')
def human(bottle):
    """Human hands around the bottle, (4, 21, 3) [m], independent of the Shadow Hand."""
    release = runpy.run_path(str(_SCRIPT), run_name='human_release')
    hands = [release['closed_hand'](bottle, height=0.0, azimuth=a) for a in (0.0, 1.5, 3.0, 4.5)]
    return np.stack([hand.keypoints for hand in hands])


def keypoints_of(retargeter, hands: HandBatch) -> torch.Tensor:
    links = retargeter.kinematics.link_transforms(hands.joint_positions)
    points = torch.stack([links[name][:, :3, 3] for name in SHADOW_LINKS], dim=1)
    return points @ hands.rotation.transpose(1, 2) + hands.translation[:, None]


def shadow_hands(retargeter, seed: int, count: int = 3) -> HandBatch:
    generator = torch.Generator().manual_seed(seed)
    kinematics = retargeter.kinematics
    share = 0.2 + 0.3 * torch.rand(count, SHADOW.num_joints, generator=generator)
    joints = kinematics.lower + share * (kinematics.upper - kinematics.lower)
    turn = torch.linalg.qr(torch.randn(count, 3, 3, generator=generator))[0]
    turn = turn * torch.linalg.det(turn)[:, None, None]
    return HandBatch(torch.randn(count, 3, generator=generator), turn, joints)


def test_every_keypoint_has_a_link_of_the_same_finger():
    assert len(KEYPOINTS) == len(SHADOW_LINKS) == 21
    assert [KEYPOINTS[row].split('_')[0] for row in TIPS] == [
        'thumb', 'index', 'middle', 'ring', 'little'
    ]  # fmt: skip
    for row, finger in zip(TIPS, ('thumb', 'index', 'middle', 'ring', 'little'), strict=True):
        for name, link in zip(KEYPOINTS[row - 3 : row], SHADOW_LINKS[row - 3 : row], strict=True):
            assert name.startswith(finger)
            assert SHADOW.part_of_link(link) == finger
    assert tuple(SHADOW_LINKS[row] for row in TIPS) == SHADOW.fingertip_links


def test_palms_are_aligned_in_closed_form(retargeter):
    hands = shadow_hands(retargeter, 0)
    rotation, translation = align_palms(retargeter.kinematics, keypoints_of(retargeter, hands))
    # The root of the little finger moves with its metacarpal: no more than that is left over.
    assert float((translation - hands.translation).norm(dim=1).max()) < 0.01
    torch.testing.assert_close(
        rotation @ rotation.transpose(1, 2), torch.eye(3).expand(3, 3, 3), atol=1e-5, rtol=0
    )
    assert float((rotation - hands.rotation).abs().max()) < 0.2
    assert torch.linalg.det(rotation).min() > 0.99


def test_fingers_are_read_off_the_bones(retargeter):
    hands = shadow_hands(retargeter, 1)
    in_palm = keypoints_of(
        retargeter,
        hands._replace(translation=torch.zeros(3, 3), rotation=torch.eye(3).expand(3, 3, 3)),
    )
    names = [
        f'rh_{code}J{joint}' for code in ('FF', 'MF', 'RF') for joint in (1, 2, 3, 4)
    ]  # the little finger also turns with its metacarpal
    columns = [SHADOW.joint_names.index(name) for name in names]
    torch.testing.assert_close(
        finger_positions(in_palm)[:, columns], hands.joint_positions[:, columns], atol=1e-4, rtol=0
    )


def test_a_hand_of_the_same_size_is_found_again(retargeter):
    hands = shadow_hands(retargeter, 2, count=8)
    targets = keypoints_of(retargeter, hands).double().numpy()
    found = retargeter.initialise(targets)
    error = (keypoints_of(retargeter, found) - torch.as_tensor(targets)).norm(dim=-1)
    assert float(error.mean()) < 0.002
    assert float(error[:, list(TIPS)].mean()) < 0.002


def test_human_hands_are_followed_to_a_few_millimetres(retargeter, human, bottle):
    surface = GridSignedDistance.from_mesh(bottle)
    start = retargeter.initialise(human)
    before = retargeter.measure(start, human, surface)
    after = retargeter.measure(retargeter.refine(start, human, surface), human, surface)
    assert before.fingertip_error_m.mean() < 0.008
    assert before.keypoint_error_m.mean() < 0.012
    assert after.fingertip_error_m.mean() < 0.008
    assert after.penetration_m.mean() < 0.6 * before.penetration_m.mean()
    assert after.penetration_m.max() < 0.004


def test_refinement_keeps_the_joints_in_their_limits(retargeter, human, bottle):
    surface = GridSignedDistance.from_mesh(bottle)
    joints = retargeter.refine(retargeter.initialise(human), human, surface).joint_positions
    assert (joints >= retargeter.kinematics.lower - 1e-6).all()
    assert (joints <= retargeter.kinematics.upper + 1e-6).all()


def test_the_energy_is_that_of_the_paper(retargeter, bottle):
    surface = GridSignedDistance.from_mesh(bottle)
    hands = shadow_hands(retargeter, 3, count=1)._replace(translation=torch.full((1, 3), 2.0))
    points = keypoints_of(retargeter, hands)
    tips = points[:, list(TIPS)] + torch.tensor([0.01, 0.0, 0.0])
    # Far from the object: 1 cm at every fingertip, the norm of the joints, fingers too close.
    tip_term = 10 * 0.01 * (30 + 10 + 1.2 + 1.0 + 0.2) / 5
    posture_term = 0.01 * float(hands.joint_positions.norm())
    beyond = [4 * finger + k for finger in range(5) for k in (2, 3, 4)]
    close = sum(
        max(0.0, 0.02 - float((points[0, a] - points[0, b]).norm()))
        for a in beyond
        for b in beyond
        if a < b and (a - 1) // 4 != (b - 1) // 4
    )
    energy = float(retargeter.energy(hands, tips, surface))
    assert energy == pytest.approx(tip_term + posture_term + 10 * close, rel=1e-4)


def test_penetration_is_weighed_by_ten_for_every_sphere(retargeter):
    whole = GridSignedDistance.from_mesh(trimesh.creation.box((1.0, 1.0, 1.0)))
    hands = shadow_hands(retargeter, 4, count=1)._replace(translation=torch.zeros(1, 3))
    away = hands._replace(translation=torch.full((1, 3), 5.0))
    tips = keypoints_of(retargeter, hands)[:, list(TIPS)]
    centers = retargeter.kinematics.forward(*hands).sphere_centers
    depth = retargeter.kinematics.sphere_radii - whole.distance(centers)
    inside = float(retargeter.energy(hands, tips, whole))
    outside = float(retargeter.energy(away, tips + 5.0, whole))
    assert inside - outside == pytest.approx(10 * float(depth.sum()), rel=1e-3)


def test_a_batch_gives_what_its_members_give(human, bottle):
    surface = GridSignedDistance.from_mesh(bottle)
    quick = HumanRetargeter(HumanFitCfg(start_steps=20, refine_steps=20))
    together = quick.refine(quick.initialise(human), human, surface)
    for row in range(len(human)):
        one = human[row : row + 1]
        alone = quick.refine(quick.initialise(one), one, surface)
        torch.testing.assert_close(
            alone.translation[0], together.translation[row], atol=1e-3, rtol=0
        )


def test_keypoints_in_millimetres_or_of_another_order_are_refused(retargeter, human):
    with pytest.raises(InvalidInputError, match='are they in metres'):
        retargeter.initialise(1000.0 * human)
    with pytest.raises(InvalidInputError, match=r'need \(B, 21, 3\)'):
        retargeter.initialise(human[:, :16])
    with pytest.raises(InvalidInputError, match='finite'):
        retargeter.initialise(np.full_like(human, np.nan))


def test_shadow_hands_and_human_ones_must_be_as_many(retargeter, human, bottle):
    surface = GridSignedDistance.from_mesh(bottle)
    with pytest.raises(InvalidInputError, match='4 Shadow Hands for 2 human hands'):
        retargeter.refine(retargeter.initialise(human), human[:2], surface)
