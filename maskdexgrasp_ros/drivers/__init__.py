"""Drivers and clocks that satisfy the protocols of the core over ROS topics and services."""

from maskdexgrasp_ros.drivers.arm import RosArmDriver
from maskdexgrasp_ros.drivers.clock import RosClock
from maskdexgrasp_ros.drivers.hand import RosHandDriver

__all__ = ['RosArmDriver', 'RosClock', 'RosHandDriver']
