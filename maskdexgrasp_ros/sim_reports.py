"""What the simulated cell publishes: time, states of arm and hand, joints, true objects."""

from collections.abc import Mapping

from rclpy.node import Node

from maskdexgrasp_core import frames
from maskdexgrasp_ros import qos, topics
from maskdexgrasp_ros.conversions import time_to_msg, transform_to_msg
from maskdexgrasp_ros.interfaces import (
    ArmState,
    ClockMsg,
    HandState,
    JointState,
    MarkerArray,
    TFMessage,
)
from maskdexgrasp_ros.sim_camera import camera_transforms
from maskdexgrasp_ros.state_conversions import arm_state_to_msg, hand_state_to_msg
from maskdexgrasp_ros.true_shape import shapes_to_msg
from maskdexgrasp_ros.world_loop import ObjectSample, WorldLoop

_JOINT_STATES_S = 0.04
"""Shortest simulated time between two joint states [s]."""


class SimReports:
    """Publishes the state of a running world.

    Args:
        node: Creates the publishers.
        loop: The running world.
        motions: Device -> number of its accepted motions; changed under the world's lock.
    """

    def __init__(self, node: Node, loop: WorldLoop, motions: Mapping[str, int]) -> None:
        self._loop, self._world, self._motions = loop, loop.world, motions
        self._joint_states_due_s = 0.0
        advertise = node.create_publisher
        self._clock = advertise(ClockMsg, topics.CLOCK, qos.CLOCK)
        self._arm_states = advertise(ArmState, topics.ARM_STATE, qos.SENSOR_DATA)
        self._hand_states = advertise(HandState, topics.HAND_STATE, qos.SENSOR_DATA)
        self._joint_states = advertise(JointState, topics.JOINT_STATES, qos.SENSOR_DATA)
        self._object_poses = advertise(TFMessage, topics.OBJECT_POSES, qos.RELIABLE)
        self._object_shapes = advertise(MarkerArray, topics.OBJECT_SHAPES, qos.LATCHED)
        self._static = advertise(TFMessage, topics.TF_STATIC, qos.LATCHED)
        transforms = camera_transforms(self._world.cfg.camera.T_base_camera)
        self._static.publish(TFMessage(transforms=transforms))
        self.publish_shapes()

    def publish(self, samples: list[ObjectSample]) -> None:
        """Publish the present state, and where the objects were since the last call."""
        with self._world.lock:
            now_s = self._loop.now_s
            arm, hand = self._world.arm_state(), self._world.hand_state()
            motions = dict(self._motions)
            joints = self._world.joint_state()
        stamp, names = time_to_msg(now_s), self._world.joints
        self._clock.publish(ClockMsg(clock=stamp))
        arm_message = arm_state_to_msg(arm, names.arm, motion=motions['arm'])
        hand_message = hand_state_to_msg(hand, names.motors, motion=motions['hand'])
        arm_message.header.stamp = hand_message.header.stamp = stamp
        self._arm_states.publish(arm_message)
        self._hand_states.publish(hand_message)
        self._publish_objects(samples)
        if now_s >= self._joint_states_due_s:
            self._joint_states_due_s = now_s + _JOINT_STATES_S
            joint_names, positions, velocities = joints
            message = JointState(name=list(joint_names), position=positions, velocity=velocities)
            message.header.stamp = stamp
            self._joint_states.publish(message)

    def publish_shapes(self) -> None:
        """Publish the meshes of the objects; those that come later get them too."""
        models = [model for model, _ in self._world.placements]
        self._object_shapes.publish(shapes_to_msg(models, time_to_msg(self._loop.now_s)))

    def _publish_objects(self, samples: list[ObjectSample]) -> None:
        transforms = [
            transform_to_msg(pose, frames.BASE, name, time_to_msg(time_s))
            for time_s, poses in samples
            for name, pose in poses.items()
        ]
        self._object_poses.publish(TFMessage(transforms=transforms))
