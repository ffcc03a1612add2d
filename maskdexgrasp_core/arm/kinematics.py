"""Forward and inverse kinematics of the arm, batched over poses and seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from torch import Tensor

from maskdexgrasp_core.arm.xarm7 import XARM7
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.frames import FREEDOM_ROOT
from maskdexgrasp_core.geometry.urdf import RobotDescription

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class IkCfg:
    """Settings of the damped least squares solver."""

    max_iterations: int = 60
    position_tolerance_m: float = 1e-4
    rotation_tolerance_rad: float = 1e-3
    max_step_rad: float = 0.6
    """Largest change of a joint per iteration."""
    damping: float = 1e-3
    """Damping close to the target; it grows with the error."""
    distinct_rad: float = 0.1
    """Solutions closer than this in every joint count as one."""


class ArmKinematics:
    """Kinematics of the joints between the base and a chosen link.

    Args:
        urdf: Path below the share folder.
        tip: Link whose pose is asked, e.g. `frames.FREEDOM_ROOT` or `frames.FLANGE`.
        ik: Settings of the solver.

    Raises:
        InvalidInputError: If the robot has no link `tip`.
    """

    def __init__(
        self, urdf: str = XARM7.urdf, tip: str = FREEDOM_ROOT, ik: IkCfg | None = None
    ) -> None:
        self.description = RobotDescription(urdf)
        if tip not in self.description.links:
            known = ', '.join(self.description.links)
            raise InvalidInputError(f'{urdf} has no link {tip!r}; known: {known}')
        self.tip = tip
        self.ik = ik or IkCfg()
        self._chain = self.description.serial_chain(tip, torch.float64)
        self.joint_names: tuple[str, ...] = tuple(self._chain.get_joint_parameter_names())
        self.lower, self.upper = self.description.limits(self.joint_names)
        joints = [self.description.joints[name] for name in self.joint_names]
        self.velocity_limits: Array = np.array([joint.velocity for joint in joints])
        """(7,) [rad/s]"""

    def forward(self, joint_positions: Tensor) -> dict[str, Tensor]:
        """Return the pose (B, 4, 4) of every link from the base to the tip in the base frame.

        Args:
            joint_positions: (B, 7) float64 [rad].
        """
        poses = self._chain.forward_kinematics(joint_positions, end_only=False)
        return {name: pose.get_matrix() for name, pose in poses.items()}

    def tip_pose(self, joint_positions: Array) -> Array:
        """Return `T_base_tip` (4, 4) at joint positions (7,) [rad]."""
        pose: Array = self.tip_poses(np.asarray(joint_positions, dtype=float)[None])[0]
        return pose

    def tip_poses(self, joint_positions: Array) -> Array:
        """Return `T_base_tip` (B, 4, 4) at joint positions (B, 7) [rad]."""
        poses = self._chain.forward_kinematics(torch.as_tensor(joint_positions)).get_matrix()
        return np.asarray(poses.numpy())

    def solve_ik(
        self,
        T_base_tip: Array,
        *,
        reference: Array | None = None,
        seeds: Array | None = None,
        num_seeds: int = 8,
        seed: int = 0,
    ) -> list[Array]:
        """Find joint positions that put the tip at each pose.

        The arm is redundant: a pose has a family of solutions, of which every seed finds one.

        Args:
            T_base_tip: Wanted poses, (P, 4, 4).
            reference: (7,) [rad] that solutions should be close to; None: home. Also a seed.
            seeds: (S, 7) [rad] further starts, used for every pose.
            num_seeds: Starts per pose, counting reference and `seeds`; the rest are random.
            seed: Of the random starts.

        Returns:
            For each pose (K, 7) [rad] with K >= 0, within limits, closest to `reference` first.

        Raises:
            InvalidInputError: If `T_base_tip` has the wrong shape or is not finite.
        """
        targets = np.asarray(T_base_tip, dtype=float)
        if targets.ndim != 3 or targets.shape[1:] != (4, 4) or not np.isfinite(targets).all():
            raise InvalidInputError(f'T_base_tip: got {targets.shape}, need finite (P, 4, 4)')
        near = np.array(XARM7.home) if reference is None else np.asarray(reference, dtype=float)
        starts = self._starts(near, seeds, num_seeds, seed)
        found, converged = self._descend(
            np.tile(starts, (len(targets), 1)), np.repeat(targets, len(starts), axis=0)
        )
        found = self._unwind(found, near).reshape(len(targets), len(starts), -1)
        converged = converged.reshape(len(targets), len(starts))
        return [self._distinct(q[ok], near) for q, ok in zip(found, converged, strict=True)]

    def _starts(self, reference: Array, seeds: Array | None, num_seeds: int, seed: int) -> Array:
        given: Sequence[Array] = [reference] if seeds is None else [reference, *seeds]
        rng = np.random.default_rng(seed)
        count = max(num_seeds - len(given), 0)
        # Half a turn either way reaches every pose of a joint that turns further.
        lower, upper = np.maximum(self.lower, -np.pi), np.minimum(self.upper, np.pi)
        drawn = rng.uniform(lower, upper, size=(count, len(lower)))
        return np.clip(np.concatenate([np.stack(given), drawn]), self.lower, self.upper)

    def _descend(self, joints: Array, targets: Array) -> tuple[Array, NDArray[np.bool_]]:
        """Run damped least squares from (N, 7) towards (N, 4, 4); say which arrived."""
        converged = np.zeros(len(joints), dtype=bool)
        active = np.arange(len(joints))
        for _ in range(self.ik.max_iterations):
            jacobian, error = self._linearise(joints[active], targets[active])
            # Ten times closer than asked costs one more step and leaves room for rounding.
            done = np.linalg.norm(error[:, :3], axis=1) < 0.1 * self.ik.position_tolerance_m
            done &= np.linalg.norm(error[:, 3:], axis=1) < 0.1 * self.ik.rotation_tolerance_rad
            converged[active[done]] = True
            active, jacobian, error = active[~done], jacobian[~done], error[~done]
            if not len(active):
                break
            step = self._step(joints[active], jacobian, error)
            joints[active] = np.clip(joints[active] + step, self.lower, self.upper)
        return joints, converged

    def _linearise(self, joints: Array, targets: Array) -> tuple[Array, Array]:
        """Return Jacobians (N, 6, 7) and pose errors (N, 6) [m, rad] in the base frame."""
        jacobian, pose = self._chain.jacobian(torch.as_tensor(joints), ret_eef_pose=True)
        current = pose.numpy()
        turn = targets[:, :3, :3] @ current[:, :3, :3].transpose(0, 2, 1)
        rotation = Rotation.from_matrix(turn).as_rotvec()
        return jacobian.numpy(), np.hstack([targets[:, :3, 3] - current[:, :3, 3], rotation])

    def _step(self, joints: Array, jacobian: Array, error: Array) -> Array:
        """Return the step (N, 7) [rad]; joints at a limit that it would break stay out of it."""
        push = np.einsum('nij,ni->nj', jacobian, error)
        blocked = (joints <= self.lower) & (push < 0) | (joints >= self.upper) & (push > 0)
        free = np.where(blocked[:, None], 0.0, jacobian)
        length = np.linalg.norm(error, axis=1)
        damping = self.ik.damping**2 + 0.01 * np.minimum(length, 1.0) ** 2
        normal = free @ free.transpose(0, 2, 1) + damping[:, None, None] * np.eye(6)
        wanted = error * np.minimum(1.0, 0.5 / np.maximum(length, 1e-9))[:, None]
        step = np.einsum('nij,ni->nj', free, np.linalg.solve(normal, wanted[..., None])[..., 0])
        largest = np.abs(step).max(axis=1, keepdims=True)
        return step * np.minimum(1.0, self.ik.max_step_rad / np.maximum(largest, 1e-9))

    def _unwind(self, joints: Array, reference: Array) -> Array:
        """Turn joints (N, 7) by whole turns to be as near to the reference as limits allow."""
        turns = 2 * np.pi * np.arange(-2, 3)
        options = joints[..., None] + turns  # (N, 7, 5)
        inside = (options >= self.lower[:, None]) & (options <= self.upper[:, None])
        distance = np.where(inside, np.abs(options - reference[:, None]), np.inf)
        best = distance.argmin(axis=-1)[..., None]
        return np.take_along_axis(options, best, axis=-1)[..., 0]

    def _distinct(self, joints: Array, reference: Array) -> Array:
        """Sort (N, 7) by distance to the reference and drop repetitions."""
        kept: list[Array] = []
        for q in joints[np.argsort(np.linalg.norm(joints - reference, axis=1), kind='stable')]:
            if all(np.abs(q - other).max() > self.ik.distinct_rad for other in kept):
                kept.append(q)
        return np.array(kept).reshape(-1, len(self.lower))
