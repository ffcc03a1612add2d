"""Gaps between points of a hand and a surface that is only known by points."""

import pytest
import torch
from torch.nn import functional

from maskdexgrasp_core.model.surface_field import (
    NUM_GAP_FEATURES,
    Gaps,
    gap_features,
    looked_up,
    measure_gaps,
    nearest_points,
    surface_field,
)

RADIUS = 0.04


def sphere(count=4000, seed=0, center=(0.0, 0.0, 0.0)):
    directions = torch.randn(count, 3, generator=torch.Generator().manual_seed(seed))
    return RADIUS * functional.normalize(directions, dim=1) + torch.tensor(center)


def two_spheres():
    return torch.stack([sphere(), sphere(seed=1, center=(0.1, 0.0, 0.05))])


def features_of(field, points, normals):
    """Features (B, Q * NUM_GAP_FEATURES) of points (B, Q, 3) of the first object."""
    rows = torch.zeros(len(points), dtype=torch.int64)
    first = (values.movedim(-1, 0).contiguous() for values in (points, normals))
    return gap_features(measure_gaps(field, rows, *first))


def test_the_point_of_a_cell_is_nearly_the_nearest():
    clouds = two_spheres()
    field = surface_field(clouds, 20)
    asked = torch.randn(2, 300, 3, generator=torch.Generator().manual_seed(2)) / 40
    asked[1] += torch.tensor([0.1, 0.0, 0.05])
    found = nearest_points(field, torch.tensor([0, 1]), asked.movedim(-1, 0)).movedim(0, -1)
    truth = torch.cdist(asked, clouds).amin(dim=2)
    distance = (found - asked).norm(dim=-1)
    assert (distance >= truth - 1e-6).all()
    assert (distance - truth).quantile(0.95) < 0.003


def test_points_outside_of_the_grid_take_the_cell_next_to_them():
    field = surface_field(sphere()[None], 16)
    far = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 0.0, -2.0]]])
    found = nearest_points(field, torch.tensor([0]), far.movedim(-1, 0))[:, 0]
    assert found[0, 0] > 0.035
    assert found[2, 1] < -0.035


def bumps_of_gap(gap, *, facing):
    """Features of a point at `gap` outside of the sphere whose normal faces it, or not."""
    field = surface_field(sphere(20000)[None], 40)
    point = torch.tensor([[[RADIUS + gap, 0.0, 0.0]]])
    normal = torch.tensor([[[-1.0 if facing else 1.0, 0.0, 0.0]]])
    return features_of(field, point, normal)[0]


def test_a_skin_that_touches_differs_from_one_that_is_away_or_inside():
    touching = bumps_of_gap(0.0005, facing=True)
    away = bumps_of_gap(0.010, facing=True)
    inside = bumps_of_gap(0.005, facing=False)  # the surface lies behind the skin: in the finger
    assert touching.shape == (NUM_GAP_FEATURES,)
    assert touching[:-1].argmax() in (2, 3)  # cells are a few millimetres wide
    assert away[:-1].argmax() == 4
    assert inside[:-1].argmax() == 1
    assert away[-1] > 0.5
    assert inside[-1] < -0.5


def test_no_bump_is_a_subnormal_number_however_far_the_surface_is():
    away = RADIUS + torch.linspace(0.0, 0.1, 200)
    points = torch.stack([away, torch.zeros(200), torch.zeros(200)], dim=-1)[None]
    field = surface_field(sphere()[None], 16)
    features = features_of(field, points, -functional.normalize(points))
    bumps = features.reshape(200, NUM_GAP_FEATURES)[:, :-1]
    assert bumps.min() >= torch.finfo(torch.float32).tiny
    assert bumps[-1].max() < 1e-6


def test_what_moves_with_the_object_looks_the_same():
    points = sphere()
    shift = torch.tensor([0.013, -0.2, 0.07])
    asked = sphere(50, seed=5)[None] * 1.2
    normals = -functional.normalize(asked, dim=-1)
    first = features_of(surface_field(points[None], 20), asked, normals)
    moved = surface_field(points[None] + shift, 20)
    second = features_of(moved, asked + shift, normals)
    assert (first - second).abs().mean() < 0.01  # rounding moves a few points to another cell


def test_a_table_gives_what_a_layer_makes_of_the_features():
    generator = torch.Generator().manual_seed(4)
    gap = torch.rand(5, 7, 6, generator=generator) * 0.3 - 0.1  # beyond the table, too
    gaps = Gaps(gap, torch.rand(5, 7, 6, generator=generator) - 0.5)
    layer = torch.nn.Linear(6 * NUM_GAP_FEATURES, 8)
    with torch.no_grad():
        exact = layer(gap_features(gaps))
        found = looked_up(gaps, layer.weight, layer.bias)
    assert found.shape == exact.shape == (5, 7, 8)
    assert (found - exact).abs().max() < 0.01
    assert exact.std() > 0.1


def test_the_order_of_points_does_not_matter():
    points = sphere()[None]
    shuffled = points[
        :, torch.randperm(points.shape[1], generator=torch.Generator().manual_seed(1))
    ]
    assert torch.equal(surface_field(points, 12).nearest, surface_field(shuffled, 12).nearest)


def test_objects_that_are_left_out_are_not_seen():
    field = surface_field(two_spheres(), 8)
    both = field.followed_by(field.hidden(torch.tensor([True, False])))
    assert both.is_seen.tolist() == [True, True, False, True]
    assert both.nearest.shape == (4, 8, 8, 8, 3)


@pytest.mark.parametrize('resolution', [4, 20])
def test_each_cell_holds_a_seen_point(resolution):
    clouds = two_spheres()
    field = surface_field(clouds, resolution)
    exact = 'donot_use_mm_for_euclid_dist'
    gaps = torch.cdist(field.nearest.reshape(2, -1, 3), clouds, compute_mode=exact)
    assert gaps.amin(dim=2).max() == 0.0
