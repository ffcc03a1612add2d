"""The experiment with true shapes: what it gives, and that nothing else listens to the truth."""

import numpy as np
import pytest
import trimesh

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.objects.scenes import load_set
from maskdexgrasp_core.outcome import Code, StageError
from maskdexgrasp_core.types import ObservedCloud
from maskdexgrasp_ros import topics
from maskdexgrasp_ros.interfaces import TimeMsg
from maskdexgrasp_ros.perception_node import PerceptionNode
from maskdexgrasp_ros.true_shape import TrueShape, shapes_from_msg, shapes_to_msg

TRUTH = (topics.OBJECT_SHAPES, topics.OBJECT_POSES)


def moved(x, y):
    return trimesh.transformations.translation_matrix([x, y, -0.1])


def seen_from_above(mesh):
    points, _ = trimesh.sample.sample_surface(mesh, 400, seed=1)
    upper = points[points[:, 2] > mesh.bounds[:, 2].mean()]
    return ObservedCloud(points=upper, colors=None, camera_position=np.array([0.9, 0.0, 0.4]))


def test_meshes_come_through_the_message_closed_and_as_large_as_before():
    models = load_set('table8')
    meshes = shapes_from_msg(shapes_to_msg(models, TimeMsg()))
    assert list(meshes) == [model.name for model in models]
    for model in models:
        assert meshes[model.name].is_watertight, model.name
        assert meshes[model.name].bounds == pytest.approx(model.mesh.bounds, abs=1e-6)


@pytest.mark.parametrize('count', [0, 4])
def test_corners_that_make_no_triangles_are_refused(count):
    message = shapes_to_msg(load_set('table8')[:1], TimeMsg())
    message.markers[0].points = message.markers[0].points[:count]
    with pytest.raises(InvalidInputError, match=f'{count} corners'):
        shapes_from_msg(message)


def test_the_object_that_the_cloud_shows_is_returned_where_it_stands():
    can, box = trimesh.creation.cylinder(0.03, 0.1), trimesh.creation.box([0.05, 0.08, 0.1])
    completion = TrueShape()
    completion.see_meshes({'can': can, 'box': box})
    completion.see_poses({'can': moved(0.5, 0.1), 'box': moved(0.45, -0.1)})
    expected = box.copy().apply_transform(moved(0.45, -0.1))
    found = completion.complete(seen_from_above(expected), -0.1)
    assert found.volume == pytest.approx(box.volume)
    assert found.bounds == pytest.approx(expected.bounds)


def test_a_cloud_far_from_every_object_is_refused():
    can = trimesh.creation.cylinder(0.03, 0.1)
    completion = TrueShape()
    cloud = seen_from_above(can.copy().apply_transform(moved(0.5, 0.1)))
    for poses in ({}, {'can': moved(0.5, -0.1)}):
        completion.see_meshes({'can': can})
        completion.see_poses(poses)
        with pytest.raises(StageError) as caught:
            completion.complete(cloud, -0.1)
        assert caught.value.outcome.code is Code.BAD_SHAPE


def test_perception_as_it_ships_does_not_listen_to_the_truth(ros_context):
    node = PerceptionNode()
    try:
        heard = {
            info for info, _ in node.get_subscriber_names_and_types_by_node('perception', '/')
        }
        assert heard
        assert not heard & {node.resolve_topic_name(name) for name in TRUTH}
    finally:
        node.destroy_node()
