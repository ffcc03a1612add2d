"""Names of the graph, written once: nodes, topics, services, actions, and its transport.

Names are relative, so that a namespace moves the whole graph.
"""

NODES: tuple[str, ...] = ('sim', 'perception', 'arm_control', 'generator', 'retargeting')
"""Nodes of the suite in starting order: module `<name>_node`, console script
`maskdexgrasp_<name>`, executable `<name>_node` for `ros2 run`."""

GRASP_COMMAND = 'grasp_command'
SEGMENTED_OBJECT = 'segmented_object'
GRASP_CANDIDATES = 'grasp_candidates'
HAND_GRASPS = 'hand_grasps'
GRASP_STATUS = 'grasp_status'

POINTS = 'camera/points'
DEPTH_IMAGE = 'camera/depth/image_rect_raw'
DEPTH_INFO = 'camera/depth/camera_info'
COLOR_IMAGE = 'camera/color/image_raw'
COLOR_INFO = 'camera/color/camera_info'

JOINT_STATES = 'joint_states'
ROBOT_DESCRIPTION = 'robot_description'
PLANNED_TRAJECTORY = 'planned_trajectory'
MARKERS = 'markers'
STOP = 'stop'
STOPPED = 'stopped'
"""std_msgs/Bool, latched: whether `stop` holds the robot."""

ARM_STATE = 'arm/state'
ARM_MOVE = 'arm/move'
HAND_STATE = 'hand/state'
HAND_MOVE = 'hand/move'
ARM_STOP = 'arm/stop'
ARM_CLEAR_STOP = 'arm/clear_stop'
HAND_STOP = 'hand/stop'
HAND_CLEAR_STOP = 'hand/clear_stop'
"""std_srvs/Trigger of one device; `stop` and `reset` are for the whole robot."""
OBJECT_POSES = 'sim/object_poses'
"""tf2_msgs/TFMessage of the true poses in link_base: for scoring, no other node reads it."""
OBJECT_SHAPES = 'sim/object_shapes'
"""visualization_msgs/MarkerArray, latched: the true meshes in the objects' frames. Only the
experiment `completion: true` of perception reads it."""

TF = '/tf'
TF_STATIC = '/tf_static'
CLOCK = '/clock'
DIAGNOSTICS = '/diagnostics'
"""These four are absolute by convention (REP-105, REP-107)."""

GENERATE_GRASPS = 'generate_grasps'
EDIT_GRASP = 'edit_grasp'
RESET = 'reset'
"""std_srvs/Trigger of arm_control: clears `stop`."""
RESET_WORLD = 'sim/reset'
STEP_WORLD = 'sim/step'
PAUSE_WORLD = 'sim/pause'
"""std_srvs/SetBool: true pauses."""

EXECUTE_GRASP = 'execute_grasp'

LOCAL_TRANSPORT: dict[str, str] = {
    'RMW_IMPLEMENTATION': 'rmw_fastrtps_cpp',
    'FASTDDS_BUILTIN_TRANSPORTS': 'SHM?max_msg_size=6MB&sockets_size=24MB',
    # LOCALHOST would add UDP sockets; over shared memory alone, SUBNET opens none.
    'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET',
}
"""Environment that keeps the graph on this machine: shared memory only, no network port is opened,
and messages of a 640x480 coloured cloud (4.9 MB) pass in 8 ms. Without it other machines may take
part."""
