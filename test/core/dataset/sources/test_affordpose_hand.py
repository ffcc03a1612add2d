import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.dataset.sources import affordpose_hand
from maskdexgrasp_core.dataset.sources.affordpose_hand import LIMITS_DEG, check_dofs, keypoints
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.retargeting.human_hand import KEYPOINTS

WRIST, INDEX_MCP, INDEX_PIP, INDEX_DIP, INDEX_TIP = 0, 5, 6, 7, 8


def posed(**angles_deg: float) -> np.ndarray:
    dofs = np.zeros((1, 16))
    for name, angle in angles_deg.items():
        dofs[0, int(name[1:])] = np.radians(angle)
    return keypoints(dofs)[0] * 1000.0


def test_roots_of_the_fingers_stand_where_published():
    points = posed()
    np.testing.assert_allclose(points[WRIST], [95.670, 6.383, 6.186], atol=1e-3)
    np.testing.assert_allclose(points[INDEX_MCP], [7.573, 1.183, 26.872], atol=1e-3)
    np.testing.assert_allclose(points[1], [71.580, -9.139, 31.999], atol=1e-3)
    assert len(points) == len(KEYPOINTS)


def test_the_index_finger_at_rest_agrees_with_a_calculation_by_hand():
    # The two turns of 90 degrees about x cancel, so the first bone lies at -6.15184 degrees in
    # the palm's plane: 32.6218 along -x, shifted by d = -4.9716 along z.
    slope = np.radians(-6.15184417882)
    bone = -32.6218355376 * np.array([np.cos(slope), np.sin(slope), 0.0])
    expected = np.array([7.57268, 1.18307, 26.87229 - 4.97161]) + bone
    np.testing.assert_allclose(posed()[INDEX_PIP], expected, atol=1e-3)


def test_a_right_angle_at_the_knuckle_points_the_finger_out_of_the_palm():
    points = posed(d1=90.0 + 6.15184417882)
    np.testing.assert_allclose(
        points[INDEX_PIP] - points[INDEX_MCP], [0.0, -32.6218, -4.97161], atol=1e-3
    )


def test_abduction_swings_the_finger_about_an_axis_across_the_palm():
    spread = posed(d0=20.0)
    turn = Rotation.from_euler('y', 20.0, degrees=True).as_matrix()
    straight = posed()
    arm = straight[INDEX_PIP] - straight[INDEX_MCP]
    np.testing.assert_allclose(spread[INDEX_PIP] - spread[INDEX_MCP], turn @ arm, atol=1e-6)


def test_the_last_joint_of_a_finger_follows_at_six_tenths():
    # Bending the middle joint by 50 turns the last bone by 50 + 30 degrees about the same axis.
    rest, bent = posed(), posed(d2=50.0)
    before, after = (points[INDEX_TIP] - points[INDEX_DIP] for points in (rest, bent))
    turn = Rotation.from_euler('z', 80.0, degrees=True).as_matrix()
    np.testing.assert_allclose(after, turn @ before, atol=1e-9)


def test_bones_keep_their_lengths_in_every_pose():
    rng = np.random.default_rng(0)
    lower, upper = np.radians(np.asarray(LIMITS_DEG, dtype=float)).T
    points = keypoints(rng.uniform(lower, upper, size=(50, 16)))
    previous = [0 if k % 4 == 1 else k - 1 for k in range(1, 21)]
    lengths = np.linalg.norm(points[:, 1:] - points[:, previous], axis=-1)
    # The published rotation of the thumb has four digits, so bones keep their length to 0.01 mm.
    np.testing.assert_allclose(lengths, np.broadcast_to(lengths[:1], lengths.shape), atol=1e-5)
    assert 0.02 < lengths[:, 5].mean() < 0.05


def test_the_base_of_the_thumb_is_turned_and_not_mirrored():
    rows = np.asarray(affordpose_hand.FINGERS[0].base_rows)
    np.testing.assert_allclose(rows @ rows.T, np.eye(3), atol=3e-4)
    assert np.linalg.det(rows) == pytest.approx(1.0, abs=3e-4)


def test_the_pose_of_the_palm_is_in_millimetres_and_wxyz():
    half = np.sqrt(0.5)
    pose = affordpose_hand.palm_pose(np.array([10.0, 0, 0]), np.array([half, 0, 0, half]))
    np.testing.assert_allclose(pose @ [0.001, 0, 0, 1], [0.010, 0.001, 0, 1], atol=1e-12)


def test_angles_at_the_limits_are_taken_and_degrees_are_not():
    lower, upper = np.radians(np.asarray(LIMITS_DEG, dtype=float)).T
    check_dofs(lower)
    check_dofs(upper)
    degrees = np.zeros(16)
    degrees[4] = 45.0
    with pytest.raises(InvalidInputError, match=r'angle 4 is 45 rad.*\(-10, 90\) degrees'):
        check_dofs(degrees)
    with pytest.raises(InvalidInputError, match='16 finite angles'):
        check_dofs(np.full(16, np.nan))
