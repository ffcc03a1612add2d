"""Heights of hands whose lowest point is known."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.evaluation.table_gap import table_gaps_m
from maskdexgrasp_core.geometry.transforms import make_transform, transform_points

FINGERTIP_RADIUS = 0.00705


def test_fingers_that_point_down_end_at_the_lowest_fingertip(solid, open_hand, pad_of):
    down = Rotation.from_euler('x', 180, degrees=True)
    pose = make_transform(down.as_matrix(), np.array([0.0, 0.0, 0.3]))
    pad, _ = pad_of('rh_mfdistal')
    gap = table_gaps_m(solid, pose[None], open_hand[1])[0]
    pad_height = transform_points(pose, pad[None])[0, 2]
    assert pad_height - 3 * FINGERTIP_RADIUS < gap < pad_height


def test_it_is_the_lowest_vertex_of_the_shapes_in_any_pose(solid):
    rng = np.random.default_rng(5)
    turns = Rotation.random(12, rng=rng).as_matrix()
    poses = make_transform(turns, rng.uniform(-0.2, 0.3, (12, 3)))
    joints = rng.uniform(solid.spec.lower, solid.spec.upper, (12, solid.spec.num_joints))
    placed = solid.place(poses, joints).Ts_object_shape
    lowest = [
        min(
            transform_points(T @ np.linalg.inv(shape.T_link_shape), shape.mesh().vertices)[
                :, 2
            ].min()
            for T, shape in zip(of_hand, solid.shapes, strict=True)
        )
        for of_hand in placed
    ]
    gaps = table_gaps_m(solid, poses, joints)
    assert np.all(gaps <= np.array(lowest) + 1e-9), 'meshes lie inside what they approximate'
    np.testing.assert_allclose(gaps, lowest, atol=5e-4)


@pytest.mark.parametrize('shift_m', [-0.25, 0.1])
def test_it_moves_with_the_hand_and_has_a_sign(solid, open_hand, shift_m):
    pose, joints = open_hand
    moved = pose.copy()
    moved[0, 2, 3] += shift_m
    before, after = table_gaps_m(solid, np.concatenate([pose, moved]), np.repeat(joints, 2, 0))
    assert after - before == pytest.approx(shift_m, abs=1e-12)
    assert np.sign(after) == np.sign(shift_m)
