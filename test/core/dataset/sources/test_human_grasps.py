import dataclasses

import numpy as np
import pytest

from maskdexgrasp_core.dataset.record import ObjectRecord
from maskdexgrasp_core.dataset.sources.human_grasps import (
    ConversionCfg,
    HumanGrasp,
    HumanGraspConverter,
)
from maskdexgrasp_core.evaluation.hold_check import HandGraspPose
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.objects.family import COLORS
from maskdexgrasp_core.objects.model import ObjectModel, Part


@pytest.fixture(scope='module')
def target(release) -> ObjectRecord:
    mesh, _ = release.bottle()
    body, cap = mesh.split()
    model = ObjectModel(
        name='bottle_0',
        category='bottle',
        parts=tuple(
            Part(name=name, pieces=(piece,), color=COLORS['red'])
            for name, piece in (('body', body), ('cap', cap))
        ),
        mass_kg=0.2,
        friction=0.7,
        color_name='red',
    )
    return ObjectRecord.from_model(model, source='oakshape')


@pytest.fixture(scope='module')
def grasp(release) -> HumanGrasp:
    mesh, _ = release.bottle()
    hand = release.closed_hand(mesh, height=0.08, azimuth=0.3)
    return HumanGrasp(grasp_id='g', task='hold', part='body', keypoints=hand.keypoints)


@pytest.fixture(scope='module')
def unchecked(target, grasp):
    return HumanGraspConverter().convert(target, [grasp], seed=0)


def test_unchecked_grasps_say_which_fingers_are_near(unchecked):
    (record,) = unchecked.records
    assert record.checks is None
    assert {'thumb', 'index', 'middle'} <= set(record.fingers)
    assert list(record.fingers) == [part for part in PARTS if part in record.fingers]
    assert record.approach == 'side'
    assert record.squeeze_positions.shape == (22,)
    assert np.abs(record.squeeze_positions - record.joint_positions).max() > 0.05


def test_checked_grasps_carry_what_was_measured(target, grasp, make_check):
    converter = HumanGraspConverter(make_check=make_check)
    (record,) = converter.convert(target, [grasp], seed=0).records
    assert record.checks.held == (True,) * 6
    assert record.checks.part_share > 0.8
    assert 0.0 <= record.checks.penetration_m < 0.006
    assert 0.0 < record.checks.q1 <= 1.0
    assert make_check(target.model).check(_pose(record)).success


def test_hands_that_touch_nothing_or_cannot_be_followed_are_counted(target, grasp, quick):
    away = dataclasses.replace(grasp, keypoints=grasp.keypoints + np.array([0.5, 0.0, 0.0]))
    made = HumanGraspConverter(quick).convert(target, [grasp, away], seed=0)
    assert made.dropped == {'fewer than two pads touch': 1}
    assert len(made.records) == 1
    strict = ConversionCfg(fit=quick.fit, max_fingertip_error_m=1e-6)
    made = HumanGraspConverter(strict).convert(target, [grasp], seed=0)
    assert made.dropped == {'fingertips far from the human ones': 1}
    strict = ConversionCfg(fit=quick.fit, max_penetration_m=-1.0, max_fingertip_error_m=1.0)
    made = HumanGraspConverter(strict).convert(target, [grasp], seed=0)
    assert made.dropped == {'hand inside the object': 1}


def test_sentences_follow_the_seed_and_name_the_part(target, grasp, quick):
    converter = HumanGraspConverter(quick)
    texts = [converter.convert(target, [grasp], seed=seed).records[0].texts for seed in (0, 0, 1)]
    assert texts[0] == texts[1] != texts[2]
    assert all('bottle' in text for text in texts[0])


def test_refinement_is_measured_before_and_after(unchecked):
    assert unchecked.after.penetration_m[0] < unchecked.before.penetration_m[0]
    assert unchecked.after.fingertip_error_m[0] < 0.008


def _pose(record):
    return HandGraspPose(record.T_object_wrist, record.joint_positions, record.squeeze_positions)
