"""Publishes the robot description and, from joint states, the transform of every link.

What robot_state_publisher does on a full ROS 2 installation; the wheels do not have it.
"""

import numpy as np
import torch
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from scipy.spatial.transform import Rotation

from maskdexgrasp_core import frames
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.urdf import Joint, RobotDescription
from maskdexgrasp_core.types import Array
from maskdexgrasp_ros import qos, topics
from maskdexgrasp_ros.conversions import transform_to_msg
from maskdexgrasp_ros.interfaces import (
    JointState,
    String,
    TFMessage,
    TimeMsg,
    TransformStamped,
)

_WARN_S = 10.0
"""Time between two warnings about a foreign sender [s]."""


class LinkTransforms:
    """Poses of the links of a robot in their parents, from joint positions."""

    def __init__(self, robot: RobotDescription) -> None:
        chain = robot.chain(torch.float64)
        zero = torch.zeros(len(chain.get_joint_parameter_names()), dtype=torch.float64)
        poses = {
            name: transform.get_matrix()[0].numpy()
            for name, transform in chain.forward_kinematics(zero).items()
        }
        self._origins = {
            joint.name: np.linalg.inv(poses[joint.parent]) @ poses[joint.child]
            for joint in robot.joints.values()
        }
        joints = robot.joints.values()
        self.moving: tuple[Joint, ...] = tuple(j for j in joints if j.kind != 'fixed')
        self.fixed: tuple[Joint, ...] = tuple(j for j in joints if j.kind == 'fixed')

    def pose(self, joint: Joint, position: float = 0.0) -> Array:
        """Return `T_parent_child` (4, 4) of `joint` at `position` [rad]."""
        T_parent_child = self._origins[joint.name].copy()
        if joint.kind != 'fixed':
            turn = Rotation.from_rotvec(position * joint.axis).as_matrix()
            T_parent_child[:3, :3] = T_parent_child[:3, :3] @ turn
        return T_parent_child

    def positions(self, names: list[str], values: list[float]) -> dict[str, float]:
        """Return joint -> position [rad] of the moving joints; coupled ones follow theirs.

        Raises:
            InvalidInputError: If there is not one finite position per name.
        """
        if len(names) != len(values) or not np.isfinite(values).all():
            raise InvalidInputError(
                f'need one finite position per joint, got {len(values)} for {len(names)} names'
            )
        given = dict(zip(names, values, strict=True))
        found: dict[str, float] = {}
        for joint in self.moving:
            if joint.name in given:
                found[joint.name] = given[joint.name]
            elif joint.mimic is not None and joint.mimic.source in given:
                rule = joint.mimic
                found[joint.name] = rule.multiplier * given[rule.source] + rule.offset
        return found


class RobotStatePublisher:
    """Publishes `robot_description`, /tf_static and, for every joint state, /tf.

    Args:
        node: Creates the endpoints.
        robot: The mounted robot.
    """

    def __init__(self, node: Node, robot: RobotDescription) -> None:
        self._log = node.get_logger()
        self._links = LinkTransforms(robot)
        self._moving = node.create_publisher(TFMessage, topics.TF, qos.RELIABLE)
        self._static = node.create_publisher(TFMessage, topics.TF_STATIC, qos.LATCHED)
        self._description = node.create_publisher(String, topics.ROBOT_DESCRIPTION, qos.LATCHED)
        self._description.publish(String(data=robot.path.read_text()))
        self._static.publish(self._static_transforms(robot))
        node.create_subscription(
            JointState,
            topics.JOINT_STATES,
            self._on_joints,
            qos.SENSOR_DATA,
            callback_group=MutuallyExclusiveCallbackGroup(),
        )

    def _static_transforms(self, robot: RobotDescription) -> TFMessage:
        transforms = [self._transform(joint, 0.0, TimeMsg()) for joint in self._links.fixed]
        if robot.root_link == frames.BASE:
            transforms.append(transform_to_msg(np.eye(4), frames.WORLD, frames.BASE, TimeMsg()))
        return TFMessage(transforms=transforms)

    def _on_joints(self, message: JointState) -> None:
        stamp = message.header.stamp
        try:
            positions = self._links.positions(list(message.name), list(message.position))
        except InvalidInputError as error:  # of a foreign sender
            self._log.warning(f'joint states were ignored: {error}', throttle_duration_sec=_WARN_S)
            return
        transforms = [
            self._transform(joint, positions[joint.name], stamp)
            for joint in self._links.moving
            if joint.name in positions
        ]
        self._moving.publish(TFMessage(transforms=transforms))

    def _transform(self, joint: Joint, position: float, stamp: TimeMsg) -> TransformStamped:
        pose = self._links.pose(joint, position)
        return transform_to_msg(pose, joint.parent, joint.child, stamp)
