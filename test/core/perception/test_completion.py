from collections.abc import Callable

import numpy as np
import pytest
import trimesh
from scipy.spatial import cKDTree

from maskdexgrasp_core.errors import UnknownNameError
from maskdexgrasp_core.geometry.point_cloud import deproject
from maskdexgrasp_core.objects import make_object
from maskdexgrasp_core.outcome import Code, StageError
from maskdexgrasp_core.perception.completion import completion_names, load_completion
from maskdexgrasp_core.perception.completion.revolution import fit_axis
from maskdexgrasp_core.protocols import ShapeCompletion
from maskdexgrasp_core.types import ObservedCloud

TABLE = -0.10
PLACE = (0.5, 0.03, 0.8)
Render = Callable[..., tuple]


def view_of(render: Render, category: str) -> tuple[ObservedCloud, trimesh.Trimesh]:
    """Return the visible points and the true mesh of member 0."""
    frame, index = render((category, 0, 'red', *PLACE))
    points = deproject(frame.depth_m, frame.intrinsics, frame.T_base_camera)
    mine = (index.ravel() == 1) & (frame.depth_m.ravel() > 0) & (points[:, 2] > TABLE + 0.004)
    pose = trimesh.transformations.rotation_matrix(PLACE[2], [0, 0, 1])
    pose[:3, 3] = PLACE[0], PLACE[1], TABLE
    solid = trimesh.boolean.union(list(make_object(category, 0).mesh.split()))
    cloud = ObservedCloud(
        points=points[mine], colors=None, camera_position=frame.T_base_camera[:3, 3]
    )
    return cloud, solid.apply_transform(pose)


def far_side_error(truth: trimesh.Trimesh, shape: trimesh.Trimesh, cloud: ObservedCloud) -> float:
    """Return the mean distance of the true hidden surface to the completed one [m]."""
    samples = trimesh.sample.sample_surface(truth, 3000, seed=0)[0]
    hidden = cKDTree(cloud.points).query(samples)[0] > 0.008
    hidden &= samples[:, 2] > TABLE + 0.004
    surface = trimesh.sample.sample_surface(shape, 8000, seed=0)[0]
    return float(cKDTree(surface).query(samples[hidden])[0].mean())


@pytest.mark.parametrize('name', completion_names())
@pytest.mark.parametrize('category', ['mug', 'hammer'])
def test_every_method_closes_the_surface_near_the_points(
    render: Render, name: str, category: str
) -> None:
    cloud, _ = view_of(render, category)
    method = load_completion(name)
    assert isinstance(method, ShapeCompletion)
    shape = method.complete(cloud, TABLE)
    assert shape.is_watertight
    assert shape.volume > 0
    assert shape.bounds[0, 2] > TABLE - 0.006
    if name != 'primitives' or category != 'hammer':
        surface = trimesh.sample.sample_surface(shape, 8000, seed=0)[0]
        assert np.median(cKDTree(surface).query(cloud.points)[0]) < 0.003


@pytest.mark.parametrize(
    ('category', 'limit_m'),
    [('bottle', 0.003), ('can', 0.003), ('ball', 0.0025), ('bowl', 0.0035), ('box', 0.0035),
     ('book', 0.0035), ('cup', 0.0045), ('hammer', 0.006)],
)  # fmt: skip
def test_union_finds_the_far_side(render: Render, category: str, limit_m: float) -> None:
    cloud, truth = view_of(render, category)
    union = far_side_error(truth, load_completion('union').complete(cloud, TABLE), cloud)
    visible = far_side_error(truth, load_completion('visible').complete(cloud, TABLE), cloud)
    assert union < limit_m
    assert union < 0.5 * visible


def test_opening_of_a_bowl_stays_open(render: Render) -> None:
    cloud, truth = view_of(render, 'bowl')
    shape = load_completion('union').complete(cloud, TABLE)
    assert shape.volume < 2.0 * truth.volume
    centre = np.array([[*truth.bounds.mean(axis=0)[:2], TABLE + 0.045]])
    assert not shape.contains(centre)[0]


def test_axis_of_a_cylinder_is_found_from_its_front() -> None:
    rng = np.random.default_rng(0)
    angle = rng.uniform(-1.2, 1.2, 1500)
    points = np.column_stack(
        [0.5 + 0.03 * np.cos(angle), 0.1 + 0.03 * np.sin(angle), rng.uniform(-0.1, 0.0, 1500)]
    )
    cloud = ObservedCloud(
        points=points + rng.normal(0, 0.0007, points.shape),
        colors=None,
        camera_position=np.array([1.2, 0.1, 0.4]),
    )
    axis = fit_axis(cloud, np.array([0.0, 0.0, 1.0]))
    np.testing.assert_allclose(axis.origin[:2], [0.5, 0.1], atol=0.001)
    assert axis.roundness > 0.95


@pytest.mark.parametrize('name', completion_names())
def test_too_few_points_are_refused(name: str) -> None:
    cloud = ObservedCloud(
        points=np.full((3, 3), 0.1), colors=None, camera_position=np.array([1.0, 0, 1])
    )
    with pytest.raises(StageError) as caught:
        load_completion(name).complete(cloud, TABLE)
    assert caught.value.outcome.code is Code.BAD_SHAPE


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match='extrusion'):
        load_completion('magic')
