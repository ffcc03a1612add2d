import numpy as np
import pytest
import torch
import trimesh

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.signed_distance import (
    GridCfg,
    GridSignedDistance,
    cloud_distance_field,
)


@pytest.fixture(scope='module')
def sphere() -> GridSignedDistance:
    mesh = trimesh.creation.icosphere(subdivisions=4, radius=0.04)
    return GridSignedDistance.from_mesh(mesh)


def test_sphere_distances_and_normals_match_the_closed_form(sphere):
    points = torch.as_tensor(np.random.default_rng(0).uniform(-0.065, 0.065, (500, 3))).float()
    points = points[points.norm(dim=1) > 0.02]
    distance, normal = sphere.query(points)
    torch.testing.assert_close(distance, points.norm(dim=1) - 0.04, atol=1e-3, rtol=0)
    radial = points / points.norm(dim=1, keepdim=True)
    assert ((normal * radial).sum(-1) > 0.98).all()


def test_box_signs_are_right_at_every_sample():
    box = GridSignedDistance.from_mesh(trimesh.creation.box((0.04, 0.06, 0.1)))
    half = torch.tensor([0.02, 0.03, 0.05])
    axes = [
        torch.linspace(float(a), float(b), 40) for a, b in zip(box.lower, box.upper, strict=True)
    ]
    points = torch.stack(torch.meshgrid(*axes, indexing='ij'), -1)
    outside = (points.abs() - half).amax(-1)
    clear = outside.abs() > 0.004
    assert ((box.distance(points) > 0) == (outside > 0))[clear].all()


def test_overlapping_pieces_count_as_one_solid():
    first = trimesh.creation.box((0.06, 0.02, 0.02))
    second = trimesh.creation.box((0.02, 0.06, 0.02))
    surface = GridSignedDistance.from_mesh(trimesh.util.concatenate([first, second]))
    centre = surface.distance(torch.zeros(1, 3))
    assert float(centre) == pytest.approx(-0.01, abs=1.5e-3)


@pytest.mark.filterwarnings('error')
def test_flat_pieces_of_a_mesh_change_nothing():
    boxes = [trimesh.creation.box(extents) for extents in ((0.06, 0.02, 0.02), (0.02, 0.06, 0.02))]
    sheet = trimesh.Trimesh(
        [[0.0, 0.0, 0.05], [0.01, 0.0, 0.05], [0.0, 0.01, 0.05]],
        [[0, 1, 2], [0, 2, 1]],
        process=False,
    )
    surface = GridSignedDistance.from_mesh(trimesh.util.concatenate([*boxes, sheet]))
    points = torch.tensor([[0.0, 0.0, 0.0], [0.003, 0.003, 0.05]])
    expected = torch.tensor([-0.01, 0.04])
    torch.testing.assert_close(surface.distance(points), expected, atol=1.5e-3, rtol=0)


def test_beyond_the_grid_the_distance_keeps_growing(sphere):
    far = torch.tensor([[0.3, 0.0, 0.0], [0.0, -0.5, 0.0]])
    expected = torch.tensor([0.26, 0.46])
    torch.testing.assert_close(sphere.distance(far), expected, atol=2e-3, rtol=0)


def test_distance_gradient_agrees_with_finite_differences():
    mesh = trimesh.creation.cylinder(radius=0.03, height=0.1)
    surface = GridSignedDistance.from_mesh(mesh, dtype=torch.float64)
    rng = np.random.default_rng(3)
    points = torch.as_tensor(rng.uniform(-0.1, 0.1, (40, 3)), dtype=torch.float64)
    assert torch.autograd.gradcheck(surface.distance, points.requires_grad_(), eps=1e-8, atol=1e-5)


def test_interior_points_lie_inside(sphere):
    points = sphere.interior_points()
    assert len(points) > 1000
    assert (points.norm(dim=1) < 0.0401).all()


def test_cloud_distance_is_zero_at_its_points_and_grows():
    lower, upper = torch.full((3,), -0.1), torch.full((3,), 0.1)
    field = cloud_distance_field(np.zeros((1, 3)), lower, upper)
    values = field(torch.tensor([[0.05, 0.0, 0.0], [0.0, 0.0, -0.09]]))
    torch.testing.assert_close(values, torch.tensor([0.05, 0.09]), atol=2e-3, rtol=0)


def test_meshes_without_an_inside_are_refused():
    box = trimesh.creation.box((0.1, 0.1, 0.1))
    opened = trimesh.Trimesh(box.vertices, box.faces[:-2], process=False)
    broken = trimesh.Trimesh(box.vertices * np.nan, box.faces, process=False)
    for mesh in (opened, broken, trimesh.Trimesh()):
        with pytest.raises(InvalidInputError):
            GridSignedDistance.from_mesh(mesh)
    with pytest.raises(InvalidInputError):
        GridCfg(resolution=1)
    with pytest.raises(InvalidInputError):
        cloud_distance_field(np.zeros((0, 3)), torch.zeros(3), torch.ones(3))
