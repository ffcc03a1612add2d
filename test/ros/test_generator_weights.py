"""The generator node with weights of one's own."""

import pytest

pytest.importorskip('maskdexgrasp_ros.interfaces')

import rclpy

from maskdexgrasp_ros.generator_node import GeneratorNode

pytestmark = pytest.mark.ros


@pytest.fixture
def started():
    """Return what starts the node with parameters."""
    nodes = []

    def start(**parameters):
        arguments = [f'{name}:={value}' for name, value in parameters.items()]
        rclpy.init(args=['--ros-args', *(word for one in arguments for word in ('-p', one))])
        nodes.append(GeneratorNode())
        return nodes[-1]

    yield start
    for node in nodes:
        node.destroy_node()
    rclpy.try_shutdown()


def test_the_node_uses_the_weights_that_it_is_given(started, tiny_weights):
    node = started(generator='model', weights=tiny_weights)
    assert node._is_active
    assert node._generator.name == 'model'


def test_the_node_hands_its_settings_on(started, tiny_weights):
    node = started(generator='model', weights=tiny_weights, fill_up_after=5, last_resort_batches=7)
    assert node._generator.cfg.fill_up_after == 5
    assert node._generator.cfg.last_resort_batches == 7


def test_without_its_weights_the_node_does_not_become_active(started, tmp_path):
    node = started(generator='model', weights=tmp_path / 'none')
    assert not node._is_active
    assert node._generator is None
