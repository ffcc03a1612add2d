"""The only place that imports generated messages: ours and the standard ones in use.

Everything else says `from maskdexgrasp_ros.interfaces import GraspCommand`, so that a change of
an interface package is one edit.
"""

from action_msgs.msg import GoalStatus
from builtin_interfaces.msg import Duration as DurationMsg
from builtin_interfaces.msg import Time as TimeMsg
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import (
    Point,
    Pose,
    Quaternion,
    Transform,
    TransformStamped,
    Vector3,
)
from lifecycle_msgs.msg import State as LifecycleState
from lifecycle_msgs.msg import Transition as LifecycleTransition
from lifecycle_msgs.srv import ChangeState, GetState
from maskdexgrasp.action import ExecuteGrasp
from maskdexgrasp.msg import (
    ArmState,
    Grasp,
    GraspCandidates,
    GraspCommand,
    GraspStatus,
    HandGrasp,
    HandGrasps,
    HandState,
    SegmentedObject,
)
from maskdexgrasp.srv import (
    EditGrasp,
    GenerateGrasps,
    MoveArm,
    MoveHand,
    ResetWorld,
    StepWorld,
)
from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rosgraph_msgs.msg import Clock as ClockMsg
from sensor_msgs.msg import CameraInfo, Image, JointState, PointCloud2, PointField
from shape_msgs.msg import Mesh, MeshTriangle
from std_msgs.msg import Bool, ColorRGBA, Empty, Header, String
from std_srvs.srv import SetBool, Trigger
from tf2_msgs.msg import TFMessage
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint
from visualization_msgs.msg import Marker, MarkerArray

__all__ = [
    'ArmState',
    'Bool',
    'CameraInfo',
    'ChangeState',
    'ClockMsg',
    'ColorRGBA',
    'DiagnosticArray',
    'DiagnosticStatus',
    'DurationMsg',
    'EditGrasp',
    'Empty',
    'ExecuteGrasp',
    'FloatingPointRange',
    'GenerateGrasps',
    'GetState',
    'GoalStatus',
    'Grasp',
    'GraspCandidates',
    'GraspCommand',
    'GraspStatus',
    'HandGrasp',
    'HandGrasps',
    'HandState',
    'Header',
    'Image',
    'IntegerRange',
    'JointState',
    'JointTrajectory',
    'JointTrajectoryPoint',
    'KeyValue',
    'LifecycleState',
    'LifecycleTransition',
    'Marker',
    'MarkerArray',
    'Mesh',
    'MeshTriangle',
    'MoveArm',
    'MoveHand',
    'ParameterDescriptor',
    'Point',
    'PointCloud2',
    'PointField',
    'Pose',
    'Quaternion',
    'ResetWorld',
    'SegmentedObject',
    'SetBool',
    'SetParametersResult',
    'StepWorld',
    'String',
    'TFMessage',
    'TimeMsg',
    'Transform',
    'TransformStamped',
    'Trigger',
    'Vector3',
]
