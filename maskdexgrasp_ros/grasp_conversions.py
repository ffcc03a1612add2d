"""Observations and grasps to messages and back; all of them in the base frame."""

from collections.abc import Mapping, Sequence

import numpy as np

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.outcome import Stage
from maskdexgrasp_core.perception.sentence import check_seed
from maskdexgrasp_core.types import Array, Grasp, GraspSet, HandGrasp, ObjectObservation
from maskdexgrasp_ros import interfaces
from maskdexgrasp_ros.cloud_conversions import cloud_from_msg, cloud_to_msg, points_to_msg
from maskdexgrasp_ros.conversions import (
    base_header,
    command_from_msg,
    command_to_msg,
    finite_array,
    mesh_from_msg,
    mesh_to_msg,
    point_from_msg,
    point_to_msg,
    points_from_msgs,
    pose_from_msg,
    pose_to_msg,
    require_base_frame,
    vector_to_msg,
)
from maskdexgrasp_ros.interfaces import (
    GraspCandidates,
    GraspCommand,
    HandGrasps,
    SegmentedObject,
    TimeMsg,
)


def observation_to_msg(observation: ObjectObservation, stamp: TimeMsg) -> SegmentedObject:
    """Return the message of an observation; `stamp` is that of the picture."""
    header = base_header(stamp)
    command = observation.command
    return SegmentedObject(
        header=header,
        command=GraspCommand() if command is None else command_to_msg(command, header),
        label=observation.label,
        part=observation.part,
        cloud=cloud_to_msg(observation.cloud, header),
        camera_position=point_to_msg(observation.cloud.camera_position),
        shape=mesh_to_msg(observation.shape),
        part_points=points_to_msg(observation.part_points, header),
        table_height=float(observation.table_height),
        obstacles=[points_to_msg(points, header) for points in observation.obstacles],
    )


def observation_from_msg(
    message: SegmentedObject, stage: Stage = Stage.GENERATE
) -> ObjectObservation:
    """Return the observation of a message.

    Args:
        message: In the base frame.
        stage: That reads it, for the outcome of a failure.

    Raises:
        StageError: `WRONG_FRAME`, `BAD_CLOUD` if a cloud cannot be read, or `INVALID_COMMAND` if
            the seed is negative.
        InvalidInputError: If the mesh is not one or a number is not finite.
    """
    require_base_frame(message.header, stage)
    check_seed(message.command.seed)
    camera_position = point_from_msg(message.camera_position)
    return ObjectObservation(
        cloud=cloud_from_msg(message.cloud, camera_position=camera_position),
        shape=mesh_from_msg(message.shape),
        label=message.label,
        part=message.part,
        part_points=cloud_from_msg(message.part_points).points,
        table_height=float(finite_array('table_height', [message.table_height])[0]),
        obstacles=tuple(cloud_from_msg(cloud).points for cloud in message.obstacles),
        command=command_from_msg(message.command),
    )


def grasp_to_msg(grasp: Grasp, stamp: TimeMsg) -> interfaces.Grasp:
    """Return the message of a Shadow Hand grasp."""
    return interfaces.Grasp(
        header=base_header(stamp),
        wrist=pose_to_msg(grasp.T_base_wrist),
        joint_names=list(grasp.joint_names),
        joint_positions=grasp.joint_positions.tolist(),
        squeeze_positions=_numbers(grasp.squeeze_positions),
        contact_points=[point_to_msg(point) for point in grasp.contact_points],
        contact_forces=[vector_to_msg(force) for force in grasp.contact_forces],
        score=float(grasp.score),
        score_names=list(grasp.scores),
        score_values=[float(value) for value in grasp.scores.values()],
        tokens=list(grasp.tokens),
        generator=grasp.generator,
        seed=grasp.seed,
    )


def _numbers(values: Array | None) -> list[float]:
    return [] if values is None else values.tolist()


def grasp_from_msg(message: interfaces.Grasp) -> Grasp:
    """Return the Shadow Hand grasp of a message.

    Raises:
        InvalidInputError: If a value is not finite or lengths that belong together differ.
    """
    points = points_from_msgs(message.contact_points)
    forces = points_from_msgs(message.contact_forces)
    if len(points) != len(forces):
        raise InvalidInputError(f'{len(points)} contact points but {len(forces)} contact forces')
    count, squeeze = len(message.joint_names), None
    if message.squeeze_positions:
        squeeze = finite_array('squeeze_positions', message.squeeze_positions, count)
    return Grasp(
        T_base_wrist=pose_from_msg(message.wrist),
        joint_names=tuple(message.joint_names),
        joint_positions=finite_array('joint_positions', message.joint_positions, count),
        squeeze_positions=squeeze,
        contact_points=points,
        contact_forces=forces,
        score=float(message.score),
        scores=_paired('score', message.score_names, message.score_values),
        tokens=tuple(message.tokens),
        generator=message.generator,
        seed=message.seed,
    )


def grasp_set_to_msg(
    grasps: GraspSet, observed: SegmentedObject, stamp: TimeMsg
) -> GraspCandidates:
    """Return the message of grasps for `observed`, best first."""
    return GraspCandidates(
        header=base_header(stamp),
        object=observed,
        grasps=[grasp_to_msg(grasp, stamp) for grasp in grasps.grasps],
        dropped_reasons=list(grasps.dropped),
        dropped_counts=list(grasps.dropped.values()),
    )


def grasp_set_from_msg(message: GraspCandidates) -> GraspSet:
    """Return the grasps of a message, best first.

    Raises:
        StageError: With `WRONG_FRAME` if a header is not in the base frame.
        InvalidInputError: As `grasp_from_msg`.
    """
    for header in (message.header, *(grasp.header for grasp in message.grasps)):
        require_base_frame(header, Stage.RETARGET)
    dropped = _paired('dropped', message.dropped_reasons, message.dropped_counts)
    return GraspSet(
        grasps=tuple(grasp_from_msg(grasp) for grasp in message.grasps),
        dropped={reason: int(count) for reason, count in dropped.items()},
    )


def hand_grasp_to_msg(grasp: HandGrasp, stamp: TimeMsg) -> interfaces.HandGrasp:
    """Return the message of a grasp of the real hand."""
    return interfaces.HandGrasp(
        header=base_header(stamp),
        approach=pose_to_msg(grasp.T_base_approach),
        pregrasp=pose_to_msg(grasp.T_base_pregrasp),
        grasp=pose_to_msg(grasp.T_base_grasp),
        motor_names=list(grasp.motor_names),
        pregrasp_positions=grasp.pregrasp_positions.tolist(),
        grasp_positions=grasp.grasp_positions.tolist(),
        squeeze_positions=grasp.squeeze_positions.tolist(),
        force_limits=grasp.force_limits.tolist(),
        residual=float(grasp.residual_m),
        score=float(grasp.score),
        score_names=list(grasp.scores),
        score_values=[float(value) for value in grasp.scores.values()],
        source_index=grasp.source_index,
    )


def hand_grasp_from_msg(message: interfaces.HandGrasp) -> HandGrasp:
    """Return the grasp of the real hand of a message.

    Raises:
        StageError: With `WRONG_FRAME` if it is not in the base frame.
        InvalidInputError: If a value is not finite, lengths that belong together differ, or a
            force limit is negative.
    """
    require_base_frame(message.header, Stage.PLAN)
    count = len(message.motor_names)
    force_limits = finite_array('force_limits', message.force_limits, count)
    if (force_limits < 0.0).any():
        raise InvalidInputError(f'a force limit is negative: {np.round(force_limits, 3).tolist()}')
    return HandGrasp(
        T_base_approach=pose_from_msg(message.approach),
        T_base_pregrasp=pose_from_msg(message.pregrasp),
        T_base_grasp=pose_from_msg(message.grasp),
        motor_names=tuple(message.motor_names),
        pregrasp_positions=finite_array('pregrasp_positions', message.pregrasp_positions, count),
        grasp_positions=finite_array('grasp_positions', message.grasp_positions, count),
        squeeze_positions=finite_array('squeeze_positions', message.squeeze_positions, count),
        force_limits=force_limits,
        residual_m=float(message.residual),
        score=float(message.score),
        scores=_paired('score', message.score_names, message.score_values),
        source_index=message.source_index,
    )


def hand_grasps_to_msg(
    grasps: Sequence[HandGrasp],
    dropped: Mapping[str, int],
    observed: SegmentedObject,
    stamp: TimeMsg,
) -> HandGrasps:
    """Return the message of real-hand grasps for `observed`, best first."""
    return HandGrasps(
        header=base_header(stamp),
        object=observed,
        grasps=[hand_grasp_to_msg(grasp, stamp) for grasp in grasps],
        dropped_reasons=list(dropped),
        dropped_counts=list(dropped.values()),
    )


def hand_grasps_from_msg(message: HandGrasps) -> tuple[tuple[HandGrasp, ...], dict[str, int]]:
    """Return the real-hand grasps of a message, best first, and reason -> count dropped.

    Raises:
        StageError: As `hand_grasp_from_msg`.
        InvalidInputError: As `hand_grasp_from_msg`.
    """
    require_base_frame(message.header, Stage.PLAN)
    dropped = _paired('dropped', message.dropped_reasons, message.dropped_counts)
    grasps = tuple(hand_grasp_from_msg(grasp) for grasp in message.grasps)
    return grasps, {reason: int(count) for reason, count in dropped.items()}


def _paired(name: str, keys: Sequence[str], values: Sequence[float]) -> dict[str, float]:
    if len(keys) != len(values):
        raise InvalidInputError(f'{len(keys)} {name} names but {len(values)} values')
    return {key: float(value) for key, value in zip(keys, values, strict=True)}
