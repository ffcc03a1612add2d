"""Numbers that are no pose of the Shadow Hand are refused, each with its own sentence."""

from dataclasses import replace

import numpy as np
import pytest

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands import FREEDOM, SHADOW
from maskdexgrasp_core.hands.grasp_check import JOINT_TOLERANCE_RAD, check_grasp, pose_problem
from maskdexgrasp_core.hands.spec import PARTS, check_parts
from maskdexgrasp_core.types import Grasp

GRASP = Grasp(
    T_base_wrist=np.eye(4),
    joint_names=SHADOW.joint_names,
    joint_positions=SHADOW.open_positions,
    contact_points=np.zeros((0, 3)),
    contact_forces=np.zeros((0, 3)),
    score=0.0,
)


def test_an_open_hand_and_one_at_its_limits_are_taken():
    check_grasp(GRASP)
    check_grasp(replace(GRASP, joint_positions=SHADOW.upper + 0.9 * JOINT_TOLERANCE_RAD))
    check_grasp(replace(GRASP, joint_positions=SHADOW.lower - 0.9 * JOINT_TOLERANCE_RAD))


@pytest.mark.parametrize(
    ('changes', 'said'),
    [
        ({'joint_names': FREEDOM.joint_names}, 'expected those of shadow'),
        ({'joint_names': SHADOW.joint_names[::-1]}, 'expected those of shadow'),
        ({'joint_positions': np.full(22, np.nan)}, 'not finite'),
        ({'T_base_wrist': np.full((4, 4), np.inf)}, 'not finite'),
        ({'T_base_wrist': np.diag([1.0, 1.0, -1.0, 1.0])}, 'no rotation'),
        ({'T_base_wrist': np.diag([2.0, 2.0, 2.0, 1.0])}, 'no rotation'),
        (
            {'joint_positions': SHADOW.upper + 2.0 * JOINT_TOLERANCE_RAD * np.eye(22)[5]},
            SHADOW.joint_names[5],
        ),
    ],
)
def test_what_no_hand_can_take_is_refused(changes, said):
    with pytest.raises(InvalidInputError, match=said):
        check_grasp(replace(GRASP, **changes))


def test_how_far_a_joint_is_out_makes_no_other_reason():
    reasons = {
        pose_problem('wrist', np.eye(4), SHADOW.upper + excess * np.eye(22)[5], SHADOW)
        for excess in (0.2, 0.3, 90.0)
    }
    assert len(reasons) == 1
    assert SHADOW.joint_names[5] in reasons.pop()


def test_names_of_parts_are_checked():
    check_parts(PARTS)
    for parts in ([], ['thumb', 'tail']):
        with pytest.raises(InvalidInputError, match='known: palm, thumb, index'):
            check_parts(parts)
