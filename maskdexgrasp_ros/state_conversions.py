"""States and motions of arm and hand, to messages and back."""

from collections.abc import Sequence

import numpy as np

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.types import ArmState, Array, HandState, JointTrajectory
from maskdexgrasp_ros.conversions import finite_array, time_from_msg, time_to_msg
from maskdexgrasp_ros.interfaces import ArmState as ArmStateMsg
from maskdexgrasp_ros.interfaces import DurationMsg, Header, JointTrajectoryPoint
from maskdexgrasp_ros.interfaces import HandState as HandStateMsg
from maskdexgrasp_ros.interfaces import JointTrajectory as JointTrajectoryMsg


def arm_state_to_msg(
    state: ArmState, joint_names: Sequence[str], *, motion: int, fault: str = ''
) -> ArmStateMsg:
    """Return the message of `state`; `motion` counts the motions that were accepted."""
    message = ArmStateMsg(
        joint_names=list(joint_names),
        positions=_floats(state.joint_positions),
        velocities=_floats(state.joint_velocities),
        is_moving=bool(state.is_moving),
        is_stopped=bool(state.is_stopped),
        motion=motion,
        fault=fault,
    )
    message.header.stamp = time_to_msg(state.stamp_s)
    return message


def arm_state_from_msg(message: ArmStateMsg) -> ArmState:
    """Return the state of the arm, joints in the order of the message."""
    return ArmState(
        joint_positions=np.array(message.positions),
        joint_velocities=np.array(message.velocities),
        is_moving=message.is_moving,
        is_stopped=message.is_stopped,
        stamp_s=time_from_msg(message.header.stamp),
    )


def hand_state_to_msg(
    state: HandState, motor_names: Sequence[str], *, motion: int, fault: str = ''
) -> HandStateMsg:
    """Return the message of `state`; `motion` counts the motions that were accepted."""
    message = HandStateMsg(
        motor_names=list(motor_names),
        positions=_floats(state.motor_positions),
        efforts=_floats(state.motor_efforts),
        stalled=[bool(value) for value in state.stalled],
        is_moving=bool(state.is_moving),
        is_stopped=bool(state.is_stopped),
        motion=motion,
        fault=fault,
    )
    message.header.stamp = time_to_msg(state.stamp_s)
    return message


def hand_state_from_msg(message: HandStateMsg, motor_names: Sequence[str]) -> HandState:
    """Return the state of the hand, motors in the order of `motor_names`.

    Raises:
        InvalidInputError: If the message lacks a motor.
    """
    order = index_by_name(message.motor_names, motor_names)
    return HandState(
        motor_positions=np.array(message.positions)[order],
        motor_efforts=np.array(message.efforts)[order],
        is_moving=message.is_moving,
        stalled=np.array(message.stalled, dtype=bool)[order],
        is_stopped=message.is_stopped,
        stamp_s=time_from_msg(message.header.stamp),
    )


def trajectory_to_msg(trajectory: JointTrajectory, header: Header) -> JointTrajectoryMsg:
    """Return the message of `trajectory`."""
    message = JointTrajectoryMsg(header=header, joint_names=list(trajectory.joint_names))
    for time_s, positions, velocities in zip(
        trajectory.times_s, trajectory.positions, trajectory.velocities, strict=True
    ):
        stamp = time_to_msg(float(time_s))
        point = JointTrajectoryPoint(positions=_floats(positions), velocities=_floats(velocities))
        point.time_from_start = DurationMsg(sec=stamp.sec, nanosec=stamp.nanosec)
        message.points.append(point)
    return message


def trajectory_from_msg(message: JointTrajectoryMsg) -> JointTrajectory:
    """Return the trajectory of a message, joints in its order.

    Raises:
        InvalidInputError: If it has no point, a point lacks positions or velocities, a value is
            not finite, or the times do not increase.
    """
    if not message.points:
        raise InvalidInputError('the trajectory has no point')
    count = len(message.joint_names)
    starts = [point.time_from_start for point in message.points]
    times = np.array([start.sec + start.nanosec * 1e-9 for start in starts])
    if np.any(np.diff(times) <= 0.0):
        raise InvalidInputError('the times of a trajectory must increase')
    rows = [
        (
            finite_array('positions', point.positions, count),
            finite_array('velocities', point.velocities, count),
        )
        for point in message.points
    ]
    return JointTrajectory(
        joint_names=tuple(message.joint_names),
        times_s=times,
        positions=np.stack([row[0] for row in rows]),
        velocities=np.stack([row[1] for row in rows]),
    )


def index_by_name(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Return where each of `wanted` stands in `names`.

    Raises:
        InvalidInputError: If one is missing; the text lists the names that are there.
    """
    index = {name: number for number, name in enumerate(names)}
    missing = [name for name in wanted if name not in index]
    if missing:
        raise InvalidInputError(f'no joint {", ".join(missing)} among {", ".join(names)}')
    return [index[name] for name in wanted]


def _floats(values: Array) -> list[float]:
    return [float(value) for value in values]
