"""Whether the numbers of a grasp are a pose of a hand."""

import numpy as np

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.hands.spec import HandSpec
from maskdexgrasp_core.types import Array, Grasp

JOINT_TOLERANCE_RAD = 0.1
"""Joints further out of their limits are taken for a wrong unit or order, not for a grasp."""
ROTATION_TOLERANCE = 1e-3
"""Largest entry of R R^T - 1 of a rotation."""


def check_grasp(grasp: Grasp) -> None:
    """Refuse a grasp that no Shadow Hand can take.

    Raises:
        InvalidInputError: If its joints are others or far outside their limits, its wrist has no
            rotation, or a number is not finite.
    """
    if tuple(grasp.joint_names) != SHADOW.joint_names:
        raise InvalidInputError(
            f'the grasp names the joints {", ".join(grasp.joint_names)[:200]}; '
            f'expected those of {SHADOW.name}: {", ".join(SHADOW.joint_names)}'
        )
    problem = pose_problem('T_base_wrist', grasp.T_base_wrist, grasp.joint_positions, SHADOW)
    if problem:
        raise InvalidInputError(problem)


def pose_problem(name: str, T_wrist: Array, joint_positions: Array, spec: HandSpec) -> str:
    """Return why numbers are no pose of a hand, '' if they are one.

    Few different reasons are given, so that they can be counted.

    Args:
        name: What the caller calls the pose of the wrist.
        T_wrist: Expected to be a rigid transform, (4, 4).
        joint_positions: Expected to be (J,) [rad], near the limits at most.
        spec: Of the hand.
    """
    for what, value, shape in (
        (name, T_wrist, (4, 4)),
        ('joint_positions', joint_positions, (spec.num_joints,)),
    ):
        if problem := array_problem(what, value, shape):
            return problem
    turn = T_wrist[:3, :3]
    if np.abs(turn @ turn.T - np.eye(3)).max() > ROTATION_TOLERANCE or np.linalg.det(turn) < 0:
        return f'{name} holds no rotation'
    if not np.array_equal(T_wrist[3], [0.0, 0.0, 0.0, 1.0]):
        return f'the last row of {name} is not 0, 0, 0, 1 (transposed?)'
    excess = np.maximum(spec.lower - joint_positions, joint_positions - spec.upper)
    worst = int(excess.argmax())
    if excess[worst] > JOINT_TOLERANCE_RAD:
        return (
            f'joint {spec.joint_names[worst]} is more than {JOINT_TOLERANCE_RAD} rad outside its '
            f'limits of {spec.lower[worst]:.2f} to {spec.upper[worst]:.2f} rad'
        )
    return ''


def array_problem(name: str, value: Array, shape: tuple[int, ...]) -> str:
    """Return why a value is no finite array of a shape, '' if it is one."""
    numbers = np.asarray(value, dtype=float)
    if numbers.shape != shape:
        return f'{name} has not the shape {shape}'
    return '' if np.isfinite(numbers).all() else f'{name} is not finite'
