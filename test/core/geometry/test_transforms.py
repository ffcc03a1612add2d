"""Rigid transforms and rotation forms: axioms, round trips, gradients."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.rotations import (
    matrix_to_quat_wxyz,
    matrix_to_rot6d,
    quat_wxyz_to_matrix,
    rot6d_to_matrix,
)
from maskdexgrasp_core.geometry.transforms import (
    invert_transform,
    make_transform,
    rotate_vectors,
    transform_points,
)

seeds = st.integers(min_value=0, max_value=2**32 - 1)


def _random_transforms(seed, batch=(2, 3)):
    rng = np.random.default_rng(seed)
    rotation = Rotation.random(int(np.prod(batch)), rng).as_matrix().reshape(*batch, 3, 3)
    return make_transform(rotation, rng.normal(size=(*batch, 3)))


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_transform_times_its_inverse_is_identity(seed):
    T_a_b = _random_transforms(seed)
    identity = np.broadcast_to(np.eye(4), T_a_b.shape)
    np.testing.assert_allclose(T_a_b @ invert_transform(T_a_b), identity, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_points_go_there_and_back(seed):
    T_a_b = _random_transforms(seed)
    points = np.random.default_rng(seed).normal(size=(2, 3, 5, 3))
    back = transform_points(invert_transform(T_a_b), transform_points(T_a_b, points))
    np.testing.assert_allclose(back, points, atol=1e-12)


def test_transform_of_a_known_point():
    quarter_turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    T_a_b = make_transform(quarter_turn, np.array([1.0, 2.0, 3.0]))
    points = np.array([[1.0, 0.0, 0.0]])
    np.testing.assert_allclose(transform_points(T_a_b, points), [[1.0, 3.0, 3.0]])
    np.testing.assert_allclose(rotate_vectors(T_a_b, points), [[0.0, 1.0, 0.0]])


def test_torch_and_numpy_agree():
    T_a_b = _random_transforms(7)
    points = np.random.default_rng(1).normal(size=(2, 3, 4, 3))
    tensor = torch.tensor(T_a_b)
    inverse = invert_transform(tensor)
    assert isinstance(inverse, torch.Tensor)
    np.testing.assert_allclose(inverse.numpy(), invert_transform(T_a_b))
    moved = transform_points(tensor, torch.tensor(points))
    np.testing.assert_allclose(moved.numpy(), transform_points(T_a_b, points))


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(InvalidInputError, match='expected'):
        make_transform(np.eye(3), np.zeros((2, 3)))


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_rot6d_round_trip(seed):
    rotation = torch.tensor(_random_transforms(seed)[..., :3, :3])
    torch.testing.assert_close(rot6d_to_matrix(matrix_to_rot6d(rotation)), rotation)


def test_rot6d_holds_the_first_two_columns():
    rotation = torch.tensor(Rotation.from_euler('xyz', [0.3, -0.2, 1.0]).as_matrix())
    expected = torch.cat([rotation[:, 0], rotation[:, 1]])
    torch.testing.assert_close(matrix_to_rot6d(rotation), expected)


def test_any_six_numbers_give_a_rotation_with_finite_gradient():
    generator = torch.Generator().manual_seed(0)
    rot6d = torch.randn(50, 6, generator=generator, dtype=torch.float64, requires_grad=True)
    rotation = rot6d_to_matrix(rot6d)
    identity = torch.eye(3, dtype=torch.float64).expand(50, 3, 3)
    torch.testing.assert_close(rotation @ rotation.transpose(1, 2), identity)
    torch.testing.assert_close(torch.det(rotation), torch.ones(50, dtype=torch.float64))
    rotation[:, 0].sum().backward()
    assert torch.isfinite(rot6d.grad).all()


@settings(max_examples=30, deadline=None)
@given(seeds)
def test_quaternion_round_trip(seed):
    rotation = _random_transforms(seed)[..., :3, :3]
    quat = matrix_to_quat_wxyz(rotation)
    assert np.all(quat[..., 0] >= 0)
    np.testing.assert_allclose(quat_wxyz_to_matrix(quat), rotation, atol=1e-12)


def test_quaternion_order_is_wxyz():
    half = np.sqrt(0.5)
    quarter_turn_about_x = np.array([half, half, 0.0, 0.0])
    expected = Rotation.from_euler('x', np.pi / 2).as_matrix()
    np.testing.assert_allclose(quat_wxyz_to_matrix(quarter_turn_about_x), expected, atol=1e-12)
