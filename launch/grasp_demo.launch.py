"""Starts the nodes of `maskdexgrasp_ros.graph.NODES`, and RViz if wanted."""

from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    LogInfo,
    OpaqueFunction,
    SetEnvironmentVariable,
)
from launch.conditions import IfCondition, UnlessCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node, PushRosNamespace, SetParameter
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from maskdexgrasp_core.synthesis.registry import DEFAULT_GENERATOR
from maskdexgrasp_ros import topics
from maskdexgrasp_ros.graph import DEFAULT_PARAMS_FILE, DEFAULT_RVIZ_FILE, NODES

PACKAGE = 'maskdexgrasp'
WITHOUT_SIM = (
    'use_sim:=false starts no simulator. This version has no drivers of its own for the xArm7 '
    'and the hand: nodes that offer arm/move, hand/move (see docs/ros.md) and camera/... must be '
    'started beside it. robot_ip is not used yet.'
)


def share(relative: str) -> PathJoinSubstitution:
    """Return the path of a file that ships with the package."""
    return PathJoinSubstitution([FindPackageShare(PACKAGE), *relative.split('/')])


def arguments() -> list[DeclareLaunchArgument]:
    """Return the arguments; `ros2 launch maskdexgrasp grasp_demo.launch.py --show-args`."""
    flags = ['true', 'false']
    return [
        DeclareLaunchArgument(
            'use_sim', default_value='true', choices=flags,
            description='Simulate arm, hand, camera and table in MuJoCo; false: bring drivers.',
        ),
        DeclareLaunchArgument(
            'use_rviz', default_value='false', choices=flags, description='Start RViz.'
        ),
        DeclareLaunchArgument(
            'rviz_config_file', default_value=share(DEFAULT_RVIZ_FILE),
            description='What RViz shows.',
        ),
        DeclareLaunchArgument(
            'use_sim_time', default_value=LaunchConfiguration('use_sim'), choices=flags,
            description='Take the time from /clock; as use_sim unless a bag is played.',
        ),
        DeclareLaunchArgument(
            'namespace', default_value='', description='Put before every name of the graph.'
        ),
        DeclareLaunchArgument(
            'params_file', default_value=share(DEFAULT_PARAMS_FILE),
            description='Parameters of the nodes, keyed by node name.',
        ),
        DeclareLaunchArgument(
            'robot_ip', default_value='',
            description='Address of the xArm7 controller; not used yet, see use_sim.',
        ),
        DeclareLaunchArgument(
            'generator', default_value=DEFAULT_GENERATOR,
            description='Which generator proposes grasps: synthesis or model.',
        ),
        DeclareLaunchArgument(
            'weights', default_value='',
            description='Folder of tokenizer.safetensors and transformer.safetensors for '
            'generator:=model; empty: what params_file names, or else those that ship.',
        ),
        DeclareLaunchArgument(
            'scene', default_value='mug',
            description='What stands on the simulated table: a scene of config/scenes.yaml.',
        ),
        DeclareLaunchArgument(
            'seed', default_value='0', description='Of the simulated scene and camera noise.'
        ),
        DeclareLaunchArgument(
            'headless', default_value='true', choices=flags,
            description='Open no window of the simulator.',
        ),
        DeclareLaunchArgument(
            'spread', default_value='true', choices=flags,
            description='Leave the transport as your shell has it, so that other machines and '
            'terminals take part; false: shared memory only, no port (docs/ros.md).',
        ),
        DeclareLaunchArgument(
            'log_level', default_value='info', choices=['debug', 'info', 'warn', 'error'],
            description='Of every node.',
        ),
    ]  # fmt: skip


def start_nodes(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Return the nodes for these arguments."""
    use_sim = LaunchConfiguration('use_sim').perform(context) == 'true'
    weights = LaunchConfiguration('weights').perform(context)
    named_weights = {'weights': ParameterValue(weights, value_type=str)} if weights else {}
    own_parameters = {
        'sim': {
            'scene': LaunchConfiguration('scene'),
            'seed': LaunchConfiguration('seed'),
            'headless': LaunchConfiguration('headless'),
        },
        'generator': {'generator': LaunchConfiguration('generator'), **named_weights},
    }
    return [
        Node(
            package=PACKAGE,
            executable=node.executable,
            name=node.name,
            parameters=[LaunchConfiguration('params_file'), own_parameters.get(node.name, {})],
            arguments=['--ros-args', '--log-level', LaunchConfiguration('log_level')],
            output='screen',
        )
        for node in NODES
        if use_sim or not node.only_in_sim
    ]


def generate_launch_description() -> LaunchDescription:
    """Return the whole graph."""
    rviz = Node(
        package='rviz2',
        executable='rviz2',
        arguments=['-d', LaunchConfiguration('rviz_config_file')],
        condition=IfCondition(LaunchConfiguration('use_rviz')),
    )
    local = [
        SetEnvironmentVariable(
            name, value, condition=UnlessCondition(LaunchConfiguration('spread'))
        )
        for name, value in topics.LOCAL_TRANSPORT.items()
    ]
    graph = GroupAction(
        [
            *local,
            PushRosNamespace(LaunchConfiguration('namespace')),
            SetParameter('use_sim_time', LaunchConfiguration('use_sim_time')),
            OpaqueFunction(function=start_nodes),
            rviz,
        ]
    )
    note = LogInfo(msg=WITHOUT_SIM, condition=UnlessCondition(LaunchConfiguration('use_sim')))
    return LaunchDescription([*arguments(), note, graph])
