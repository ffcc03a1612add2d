"""Depths of bodies whose overlap is known."""

import numpy as np
import pytest
import trimesh

from maskdexgrasp_core.evaluation.hand_solid import HandSolid
from maskdexgrasp_core.evaluation.link_contacts import skin_distances
from maskdexgrasp_core.evaluation.object_surface import ObjectSurface
from maskdexgrasp_core.evaluation.penetration import hand_depth, object_depth, self_depth

FINGER_RADIUS = 0.00705  # of the last link, in the URDF


@pytest.fixture(scope='module')
def fine_solid(solid):
    return HandSolid(solid.spec, num_samples=16000)


@pytest.mark.parametrize('overlap', [0.001, 0.004])
def test_ball_and_finger_lie_as_deep_in_each_other(fine_solid, open_hand, pad_of, ball, overlap):
    pad, outward = pad_of('rh_ffdistal')
    surface = ObjectSurface(ball(pad + (0.008 - overlap) * outward))
    hands = fine_solid.place(*open_hand)
    inside_hand = object_depth(fine_solid, hands, surface)
    inside_ball = hand_depth(skin_distances(hands, surface))
    assert inside_hand == pytest.approx([overlap], abs=2e-4)
    assert inside_ball == pytest.approx([overlap], abs=3e-4)


def test_a_thin_plate_through_a_finger_is_as_deep_as_the_finger_is_thick(solid, open_hand, pad_of):
    pad, outward = pad_of('rh_ffdistal')
    plate = trimesh.creation.box((0.06, 0.001, 0.06))
    plate.apply_translation(pad - FINGER_RADIUS * outward)
    surface = ObjectSurface(plate)
    hands = solid.place(*open_hand)
    depth = object_depth(solid, hands, surface)[0]
    assert depth == pytest.approx(FINGER_RADIUS, abs=4e-4)
    shallow = hand_depth(skin_distances(hands, surface))[0]
    assert shallow < 0.0006  # the skin can be no deeper than half the plate


def test_what_does_not_overlap_has_no_depth(solid, open_hand, pad_of, ball):
    pad, outward = pad_of('rh_ffdistal')
    hands = solid.place(*open_hand)
    for distance in (0.0085, 0.5):
        surface = ObjectSurface(ball(pad + distance * outward))
        assert object_depth(solid, hands, surface).tolist() == [0.0]
        assert hand_depth(skin_distances(hands, surface)).tolist() == [0.0]


def test_inner_joints_of_the_hand_do_not_count(solid, open_hand, ball):
    hands = solid.place(*open_hand)
    base = [shape.link for shape in solid.shapes].index('rh_thbase')
    center = hands.Ts_object_shape[0, base, :3, 3] - [0.0, 0.0, 0.004]
    surface = ObjectSurface(ball(center, radius=0.003))
    depth = object_depth(solid, hands, surface)[0]
    assert depth < 0.013 - 0.003 - 0.001  # it lies that deep in the base of the thumb at least


def test_an_open_hand_is_clear_of_itself_and_crossed_fingers_are_not(fine_solid, open_hand):
    pose, joints = open_hand
    names = fine_solid.spec.joint_names
    crossed = joints.copy()
    crossed[0, names.index('rh_FFJ4')], crossed[0, names.index('rh_MFJ4')] = 0.06, -0.06
    hands = fine_solid.place(np.repeat(pose, 2, axis=0), np.concatenate([joints, crossed]))
    depths = self_depth(fine_solid, hands)
    assert depths[0] == 0.0
    assert depths[1] == pytest.approx(_deepest_crossing(fine_solid, hands, 1), abs=3e-4)
    assert depths[1] > 0.002


def _deepest_crossing(solid, hands, row):
    """Return the overlap of index and middle finger, from the distances of capsule axes."""
    axes = {}
    for index, shape in enumerate(solid.shapes):
        if shape.kind == 'capsule':
            pose = hands.Ts_object_shape[row, index]
            along = np.linspace(-0.5, 0.5, 400)[:, None] * shape.size[1] * pose[:3, 2]
            axes[shape.link] = pose[:3, 3] + along, shape.size[0]
    first = [axes[f'rh_ff{name}'] for name in ('proximal', 'middle', 'distal')]
    second = [axes[f'rh_mf{name}'] for name in ('proximal', 'middle', 'distal')]
    return max(
        radius + other_radius - np.linalg.norm(line[:, None] - other, axis=-1).min()
        for line, radius in first
        for other, other_radius in second
    )
