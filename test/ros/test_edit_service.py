"""The service `edit_grasp` of a generator process, asked over DDS: networks never trained."""

import copy
import shutil
import threading
import time

import numpy as np
import pytest

pytest.importorskip('maskdexgrasp_ros.interfaces')

import rclpy
from rclpy.executors import SingleThreadedExecutor

from maskdexgrasp_core import frames
from maskdexgrasp_core.hands.freedom import FREEDOM
from maskdexgrasp_core.model.part_points import PART_JOINTS
from maskdexgrasp_core.outcome import Code
from maskdexgrasp_ros import topics
from maskdexgrasp_ros.cloud_conversions import cloud_from_msg
from maskdexgrasp_ros.conversions import time_to_msg
from maskdexgrasp_ros.graph_processes import GraphProcesses, graph_environment
from maskdexgrasp_ros.grasp_conversions import observation_to_msg
from maskdexgrasp_ros.interfaces import (
    ChangeState,
    EditGrasp,
    GenerateGrasps,
    LifecycleTransition,
    SegmentedObject,
)
from maskdexgrasp_ros.warm_up import sample_observation

pytestmark = [pytest.mark.ros, pytest.mark.timeout(300)]
EDITED = list(PART_JOINTS['little'])


class Asker:
    """Calls services of the generator node."""

    def __init__(self, graph, weights):
        self.graph, self.weights = graph, weights
        self._node = rclpy.create_node('asker')
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        self._spinning = threading.Thread(target=self._executor.spin, daemon=True)
        self._spinning.start()

    def close(self):
        self._executor.shutdown(timeout_sec=2.0)
        self._spinning.join(timeout=5.0)
        self._node.destroy_node()

    def call(self, kind, name, request):
        client = self._node.create_client(kind, name)
        deadline = time.monotonic() + 200.0
        while not client.wait_for_service(timeout_sec=0.5):
            self.graph.check()
            assert time.monotonic() < deadline, f'nobody offers {name}'
        future, done = client.call_async(request), threading.Event()
        future.add_done_callback(lambda _: done.set())
        while not done.wait(0.5):
            self.graph.check()
            assert time.monotonic() < deadline, f'{name} does not answer'
        self._node.destroy_client(client)
        return future.result()

    def edit(self, request):
        return self.call(EditGrasp, topics.EDIT_GRASP, request)

    def change(self, *transitions):
        for transition in transitions:
            request = ChangeState.Request(transition=LifecycleTransition(id=transition))
            assert self.call(ChangeState, 'generator/change_state', request).success


@pytest.fixture(scope='module')
def asker(tiny_weights, tmp_path_factory):
    weights = tmp_path_factory.mktemp('own') / 'weights'
    shutil.copytree(tiny_weights, weights)
    overrides = {
        'generator': {
            'generator': 'synthesis',
            'weights': str(weights),
            'num_grasps': 3,
            'time_budget_s': 60.0,
        }
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv('ROS_DOMAIN_ID', raising=False)
        for name, value in graph_environment().items():
            patch.setenv(name, value)
        folder = tmp_path_factory.mktemp('graph')
        rclpy.init(args=[])
        with GraphProcesses(folder, overrides=overrides, only=('generator',)) as graph:
            asker = Asker(graph, weights)
            yield asker
            graph.check()  # whatever the tests sent: the node lives on
            asker.close()
        rclpy.try_shutdown()


@pytest.fixture(scope='module')
def candidates(asker):
    found = observation_to_msg(sample_observation(), time_to_msg(3.0))
    found.command.text = 'hold the can'
    request = GenerateGrasps.Request(object=found, num_grasps=3, seed=4)
    response = asker.call(GenerateGrasps, topics.GENERATE_GRASPS, request)
    assert response.code == Code.OK, response.reason
    return response.candidates


@pytest.fixture
def request_of(candidates):
    """Return what makes a request for the first grasp that a test may spoil."""

    def make(index=0, **fields):
        known = {'parts': ['little'], 'seed': 5}
        return EditGrasp.Request(
            object=copy.deepcopy(candidates.object),
            grasp=copy.deepcopy(candidates.grasps[index]),
            **(known | fields),
        )

    return make


def first_edited(asker, candidates, request_of, **fields):
    """Return a request and its response for the best grasp of which an edit passes."""
    for index in range(len(candidates.grasps)):
        request = request_of(index, **fields)
        response = asker.edit(request)
        if response.code == Code.OK:
            return request, response
        assert response.code == Code.NO_GRASP_FOUND, response.reason
        assert 'dropped: ' in response.reason
    pytest.fail(f'no grasp of {len(candidates.grasps)} can be edited: {response.reason}')


def test_an_edit_keeps_the_other_parts_and_takes_the_new_words(asker, candidates, request_of):
    text = 'lift the can'
    request, response = first_edited(
        asker, candidates, request_of, text=text, task='lift', num_grasps=2
    )
    found = response.candidates
    assert 1 <= len(found.grasps) <= 2
    assert found.header.frame_id == frames.BASE
    assert (found.object.command.text, found.object.command.task) == (text, 'lift')
    assert found.object.shape == request.object.shape
    before = request.grasp
    for grasp in found.grasps:
        assert grasp.joint_names == before.joint_names
        assert (grasp.generator, grasp.seed) == ('model', 5)
        position, place = grasp.wrist.position, before.wrist.position
        assert abs(position.x - place.x) + abs(position.z - place.z) < 1e-4
        change = np.abs(np.subtract(grasp.joint_positions, before.joint_positions))
        assert np.delete(change, EDITED).max() < 1e-4
        assert change[EDITED].max() > 0.02
        terms = dict(zip(grasp.score_names, grasp.score_values, strict=True))
        assert terms['kept_parts_moved_m'] < 0.005
        assert terms['edited_parts_moved_m'] > 0.001
    again = asker.edit(request)
    assert again.candidates.grasps == found.grasps


def test_a_new_sentence_moves_the_points_of_the_asked_part(asker, candidates, request_of):
    request, response = first_edited(asker, candidates, request_of, text='hold it by the body')
    assert len(cloud_from_msg(request.object.part_points).points) == 0
    asked = response.candidates.object
    assert (asked.label, asked.part) == (request.object.label, 'body')
    assert len(cloud_from_msg(asked.part_points).points) > 10


def with_joints(request, **joints):
    for name, value in joints.items():
        request.grasp.joint_positions[list(request.grasp.joint_names).index(name)] = value


def other_hand(request):
    request.grasp.joint_names = list(FREEDOM.joint_names)
    request.grasp.joint_positions = [0.0] * FREEDOM.num_joints
    request.grasp.squeeze_positions = [0.0] * FREEDOM.num_joints


def swapped_joints(request):
    names = list(request.grasp.joint_names)
    request.grasp.joint_names = [names[1], names[0], *names[2:]]


def set_on(path, value):
    """Return what sets a nested field of a request."""

    def spoil(request):
        *outer, last = path.split('.')
        for name in outer:
            request = getattr(request, name)
        setattr(request, last, value)

    return spoil


BAD = {
    'unknown part': (set_on('parts', ['tail']), Code.INVALID_COMMAND, 'known: palm, thumb'),
    'no part': (set_on('parts', []), Code.INVALID_COMMAND, 'got none'),
    'joints of another hand': (other_hand, Code.INVALID_COMMAND, 'expected those of shadow'),
    'joints in another order': (swapped_joints, Code.INVALID_COMMAND, 'expected those of shadow'),
    'too few joints': (
        set_on('grasp.joint_positions', [0.0]), Code.INVALID_COMMAND, 'joint_positions',
    ),
    'joint is NaN': (
        lambda request: with_joints(request, rh_FFJ3=float('nan')),
        Code.INVALID_COMMAND, 'not finite',
    ),
    'joint beyond its limits': (
        lambda request: with_joints(request, rh_FFJ3=9.0), Code.INVALID_COMMAND, 'rh_FFJ3',
    ),
    'wrist is NaN': (
        set_on('grasp.wrist.position.x', float('nan')), Code.INVALID_COMMAND, 'not finite',
    ),
    'no orientation': (set_on('grasp.wrist.orientation.w', 9.0), Code.INVALID_COMMAND, 'length'),
    'grasp in no frame': (set_on('grasp.header.frame_id', ''), Code.WRONG_FRAME, frames.BASE),
    'object elsewhere': (set_on('object.header.frame_id', 'map'), Code.WRONG_FRAME, "'map'"),
    'no object': (set_on('object', SegmentedObject()), Code.WRONG_FRAME, frames.BASE),
    'shape without triangles': (
        set_on('object.shape.triangles', []), Code.INVALID_COMMAND, 'triangle',
    ),
    'negative seed': (set_on('seed', -1), Code.INVALID_COMMAND, 'seed'),
    'time is NaN': (set_on('time_budget', float('nan')), Code.INVALID_COMMAND, 'time_budget'),
    'negative time': (set_on('time_budget', -1.0), Code.INVALID_COMMAND, 'time_budget'),
    'new unknown task': (set_on('task', 'juggle'), Code.UNKNOWN_TASK, 'juggle'),
    'old unknown task': (
        set_on('object.command.task', 'juggle'), Code.INVALID_COMMAND, 'juggle',
    ),
    'long sentence': (set_on('text', 'can ' * 300), Code.TEXT_TOO_LONG, '1200'),
}  # fmt: skip


@pytest.mark.parametrize('name', BAD)
def test_a_request_that_cannot_be_met_is_answered_with_code_and_reason(asker, request_of, name):
    spoil, code, said = BAD[name]
    request = request_of()
    spoil(request)
    response = asker.edit(request)
    assert response.code == code, response.reason
    assert said in response.reason
    assert len(response.reason) < 1000
    assert not response.candidates.grasps


def test_a_grasp_far_from_the_object_leaves_nothing_and_says_why(asker, request_of):
    request = request_of()
    request.grasp.wrist.position.z += 0.5
    response = asker.edit(request)
    assert response.code == Code.NO_GRASP_FOUND
    assert 'dropped: 32 ' in response.reason


def test_an_inactive_node_and_one_without_weights_say_so(asker, candidates, request_of):
    steps = LifecycleTransition
    asker.change(steps.TRANSITION_DEACTIVATE)
    response = asker.edit(request_of())
    assert response.code == Code.NOT_ACTIVE
    assert response.reason
    away = asker.weights.rename(asker.weights.with_name('away'))
    asker.change(
        steps.TRANSITION_CLEANUP, steps.TRANSITION_CONFIGURE, steps.TRANSITION_ACTIVATE
    )  # the networks that were loaded are gone
    response = asker.edit(request_of())
    assert response.code == Code.NO_WEIGHTS
    assert 'maskdexgrasp train tokenizer' in response.reason
    away.rename(asker.weights)
    first_edited(asker, candidates, request_of)
