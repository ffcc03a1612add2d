"""The launch file, the graph starter and the files they name hold together."""

import ast
import importlib.util
import time
from pathlib import Path

import pytest
import yaml

from maskdexgrasp_core.resources import resource_path
from maskdexgrasp_ros import topics
from maskdexgrasp_ros.graph import DEFAULT_PARAMS_FILE, DEFAULT_RVIZ_FILE, NODES, nodes_for
from maskdexgrasp_ros.graph_processes import (
    GraphError,
    GraphProcesses,
    graph_environment,
    parameter_arguments,
)

LAUNCH_FILE = resource_path('launch/grasp_demo.launch.py')
ARGUMENTS = {
    'use_sim', 'use_rviz', 'rviz_config_file', 'use_sim_time', 'namespace', 'params_file',
    'robot_ip', 'generator', 'weights', 'scene', 'headless', 'log_level', 'seed',
    'spread',
}  # fmt: skip


def declared_arguments():
    calls = [
        node
        for node in ast.walk(ast.parse(LAUNCH_FILE.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, 'id', '') == 'DeclareLaunchArgument'
    ]
    return {call.args[0].value: {k.arg: k.value for k in call.keywords} for call in calls}


def test_every_launch_argument_is_there_and_described():
    declared = declared_arguments()
    assert set(declared) == ARGUMENTS
    for name, keywords in declared.items():
        assert len(keywords['description'].value) > 8, name


def test_the_launch_file_loads_where_launch_is_installed():
    pytest.importorskip('launch_ros')
    from launch.launch_description_sources import get_launch_description_from_python_launch_file

    description = get_launch_description_from_python_launch_file(str(LAUNCH_FILE))
    assert {argument.name for argument in description.get_launch_arguments()} == ARGUMENTS


def test_every_node_of_the_list_has_a_module_and_its_parameters():
    parameters = yaml.safe_load(resource_path(DEFAULT_PARAMS_FILE).read_text())
    for node in NODES:
        assert importlib.util.find_spec(node.module) is not None
        assert f'/**/{node.name}' in parameters
    assert len(parameters) == len(NODES)


def test_without_simulation_only_the_simulator_is_missing():
    names = {node.name for node in nodes_for(use_sim=True)}
    assert names - {node.name for node in nodes_for(use_sim=False)} == {'sim'}
    assert names == set(topics.NODES)


def test_rviz_shows_topics_that_exist():
    config = yaml.safe_load(resource_path(DEFAULT_RVIZ_FILE).read_text())
    manager = config['Visualization Manager']
    assert manager['Global Options']['Fixed Frame'] == 'link_base'
    shown = {d['Topic']['Value'] for d in manager['Displays'] if 'Topic' in d}
    assert shown == {topics.POINTS, topics.COLOR_IMAGE, topics.MARKERS}


def test_the_graph_is_reachable_from_this_machine_only_unless_it_is_spread(monkeypatch):
    for name in ('ROS_DOMAIN_ID', *topics.LOCAL_TRANSPORT):
        monkeypatch.delenv(name, raising=False)
    local, spread = graph_environment(), graph_environment(spread=True)
    assert local['FASTDDS_BUILTIN_TRANSPORTS'].startswith('SHM?')
    assert local['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'SUBNET'
    assert spread == {'ROS_DOMAIN_ID': '0'}
    monkeypatch.setenv('ROS_DOMAIN_ID', '42')
    assert graph_environment()['ROS_DOMAIN_ID'] == '42'


def test_parameters_keep_their_types_on_the_command_line():
    arguments = parameter_arguments({'flag': True, 'rate': 2.5, 'text': "a 'b': c", 'id': '7'})
    values = dict(item.split(':=', 1) for item in arguments[1::2])
    assert {k: yaml.safe_load(v) for k, v in values.items()} == {
        'flag': True, 'rate': 2.5, 'text': "a 'b': c", 'id': '7',
    }  # fmt: skip


def test_a_node_that_ends_is_reported_with_its_last_lines(tmp_path):
    graph = GraphProcesses(tmp_path, params=tmp_path / 'missing.yaml')
    with graph:
        pids = graph.process_ids
        with pytest.raises(GraphError, match=r'missing\.yaml'):
            wait_for_the_end_of_a_node(graph)
    assert all(not Path(f'/proc/{pid}').exists() for pid in pids.values())


def wait_for_the_end_of_a_node(graph):
    for _ in range(600):
        graph.check()
        time.sleep(0.1)
