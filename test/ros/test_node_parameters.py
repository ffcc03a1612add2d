"""The parameters of the five nodes: what the file says is what the code does without it."""

import pytest
import yaml

pytest.importorskip('maskdexgrasp_ros.interfaces')

from rclpy.node import Node

from maskdexgrasp_core.perception.cfg import PerceptionCfg
from maskdexgrasp_core.resources import resource_path
from maskdexgrasp_ros import topics
from maskdexgrasp_ros.arm_control_node import ArmControlNodeCfg
from maskdexgrasp_ros.generator_node import GeneratorNodeCfg
from maskdexgrasp_ros.graph import DEFAULT_PARAMS_FILE
from maskdexgrasp_ros.parameters import CfgParameters
from maskdexgrasp_ros.perception_node import PerceptionNodeCfg
from maskdexgrasp_ros.retargeting_node import RetargetingNodeCfg
from maskdexgrasp_ros.sim_node import SimNodeCfg

pytestmark = pytest.mark.ros
CFGS = {
    'sim': (SimNodeCfg(),),
    'perception': (PerceptionNodeCfg(), PerceptionCfg()),
    'generator': (GeneratorNodeCfg(),),
    'retargeting': (RetargetingNodeCfg(),),
    'arm_control': (ArmControlNodeCfg(),),
}
READ_ONCE = {
    'sim': {'scene', 'seed', 'object_files', 'real_time_factor', 'depth_encoding', 'headless'},
    'perception': {'input', 'completion', 'selector', 'command_timeout_s', 'end_wait_s'},
    'generator': {
        'generator',
        'weights',
        'fill_up_after',
        'last_resort_batches',
        'num_threads',
        'autostart',
    },
    'retargeting': {'retargeter', 'rehearse', 'num_wanted', 'stop_when_sure', 'time_budget_s'},
    'arm_control': {'driver_timeout_s', 'planner'},
}
"""Parameters, or groups of them, that a node reads at its start only."""


@pytest.fixture
def declared(ros_context):
    """Node name -> parameter name -> (descriptor, default)."""
    found = {}
    for name, cfgs in CFGS.items():
        node = Node(f'{name}_parameters', start_parameter_services=False)
        own = set(node._parameters)
        for cfg in cfgs:
            CfgParameters(node, cfg)
        found[name] = {
            key: (node.describe_parameter(key), node.get_parameter(key).value)
            for key in set(node._parameters) - own
        }
        node.destroy_node()
    return found


def test_the_parameter_file_states_the_defaults(declared):
    content = yaml.safe_load(resource_path(DEFAULT_PARAMS_FILE).read_text())
    assert set(CFGS) == set(topics.NODES)
    for name, parameters in declared.items():
        for key, value in content[f'/**/{name}']['ros__parameters'].items():
            assert parameters[key][1] == value, f'{name}: {key}'


def test_what_is_read_once_is_fixed_at_start(declared):
    for name, parameters in declared.items():
        fixed = {key for key, (descriptor, _) in parameters.items() if descriptor.read_only}
        assert fixed == {key for key in parameters if key.partition('.')[0] in READ_ONCE[name]}


def test_every_parameter_is_described(declared):
    for name, parameters in declared.items():
        for key, (descriptor, _) in parameters.items():
            assert len(descriptor.description) > 10, f'{name}: {key}'
