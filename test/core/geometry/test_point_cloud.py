import numpy as np
import pytest

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.point_cloud import (
    deproject,
    flying_pixels,
    random_subset,
    statistical_inliers,
    voxel_clusters,
)


def test_deproject_puts_a_pixel_on_its_ray() -> None:
    depth = np.zeros((3, 4), dtype=np.float32)
    depth[2, 3] = 2.0
    intrinsics = np.array([[100.0, 0, 1.0], [0, 50.0, 1.0], [0, 0, 1]])
    pose = np.eye(4)
    pose[:3, 3] = 10.0, 20.0, 30.0
    points = deproject(depth, intrinsics, pose)
    np.testing.assert_allclose(points[2 * 4 + 3], [10.04, 20.04, 32.0])


def test_only_the_pixel_between_two_surfaces_flies() -> None:
    depth = np.full((5, 6), 1.0, dtype=np.float32)
    depth[:, :3] = 0.5
    assert not flying_pixels(depth, jump_m=0.01).any()
    depth[2, 3] = 0.75
    expected = np.zeros((5, 6), dtype=bool)
    expected[2, 3] = True
    np.testing.assert_array_equal(flying_pixels(depth, jump_m=0.01), expected)


def test_slanted_plane_has_no_flying_pixels() -> None:
    depth = np.tile(np.linspace(0.5, 0.52, 20, dtype=np.float32), (10, 1))
    assert not flying_pixels(depth, jump_m=0.005).any()


def test_clusters_are_ordered_by_size() -> None:
    small = np.zeros((5, 3))
    large = np.ones((9, 3))
    labels = voxel_clusters(np.vstack([small, large]), distance_m=0.01)
    np.testing.assert_array_equal(labels, [1] * 5 + [0] * 9)


def test_points_closer_than_the_distance_always_share_a_cluster() -> None:
    line = np.column_stack([np.arange(0, 0.1, 0.0099), np.zeros(11), np.zeros(11)])
    assert voxel_clusters(line, distance_m=0.01).max() == 0


def test_huge_box_is_refused_before_memory_is_taken() -> None:
    with pytest.raises(InvalidInputError, match='crop'):
        voxel_clusters(np.array([[0.0, 0, 0], [1e3, 1e3, 1e3]]), distance_m=0.001)


def test_outlier_is_dropped() -> None:
    points = np.random.default_rng(0).uniform(0, 0.05, (300, 3))
    inliers = statistical_inliers(np.vstack([points, [[0.3, 0, 0]]]), num_neighbors=8, sigma=3.0)
    assert not inliers[-1]
    assert inliers[:-1].mean() > 0.95


def test_subset_has_no_repetition() -> None:
    picked = random_subset(100, 30, np.random.default_rng(0))
    assert len(set(picked.tolist())) == 30
    np.testing.assert_array_equal(random_subset(5, 30, np.random.default_rng(0)), np.arange(5))
