"""Contact forces inside friction cones that balance given loads, by quadratic programs."""

from dataclasses import dataclass
from typing import NamedTuple

import daqp
import numpy as np

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.types import Array

_NUM_SIDES = 6


@dataclass(frozen=True, kw_only=True)
class ContactCfg:
    """What fingers can do at a contact."""

    friction: float = 0.6
    """Sliding friction coefficient, > 0."""
    torsion_m: float = 0.004
    """Torque about the normal that a newton of normal force can hold [m]; soft pads hold some."""
    max_force_n: float = 8.0
    """Largest normal force of a contact [N]."""
    torque_length_m: float = 0.05
    """Weighs torques against forces [m]."""


class Contacts(NamedTuple):
    """Where a hand touches an object."""

    points: Array
    """(C, 3) [m]."""
    normals: Array
    """(C, 3) outward unit normals of the object."""


class ForceBalance(NamedTuple):
    """Forces that come closest to cancelling a load."""

    forces: Array
    """(C, 3) on the object [N]."""
    residual: float
    """Norm of the load that stays [N]; torques count by `torque_length_m`."""


class ForceSolver:
    """Finds forces of one set of contacts for any number of loads."""

    def __init__(self, contacts: Contacts, center: Array, cfg: ContactCfg) -> None:
        """Prepare the friction cones, torques about `center` (3,) [m].

        Raises:
            InvalidInputError: If there is no contact or a value is not finite.
        """
        values = np.concatenate([contacts.points.ravel(), contacts.normals.ravel(), center])
        if len(contacts.points) == 0 or not np.isfinite(values).all():
            raise InvalidInputError('contact forces need at least one finite contact')
        self._cfg = cfg
        self._edges = _cone_edges(contacts.normals, cfg)
        self._wrenches = _edge_wrenches(contacts, self._edges, center, cfg)
        count = len(contacts.points)
        self._sides = self._edges.shape[1]
        self._sum_rows: Array = np.kron(np.eye(count), np.ones(self._sides)).astype(float)

    def balance(self, load: Array, *, preload_n: float = 0.0) -> ForceBalance:
        """Return forces that cancel `load` as well as the cones and limits allow.

        Args:
            load: Force and torque on the object, shape (6,) [N, N m], about the centre.
            preload_n: Normal force that every contact should bear where balance permits [N].
        """
        cfg = self._cfg
        scaled = load * np.array([1.0] * 3 + [1.0 / cfg.torque_length_m] * 3)
        size = self._wrenches.shape[1]
        stiffness = 1e-3
        wanted = np.full(size, preload_n / self._sides)
        hessian = self._wrenches.T @ self._wrenches + stiffness * np.eye(size)
        linear = self._wrenches.T @ scaled - stiffness * wanted
        weights = self._solve(hessian, linear)
        residual = float(np.linalg.norm(self._wrenches @ weights + scaled))
        return ForceBalance(self._forces(weights), residual)

    def grip(self, total_n: float, *, max_share: float = 0.5) -> ForceBalance:
        """Return forces that cancel each other as well as they can while the hand grips.

        Args:
            total_n: Sum of the normal forces of all contacts [N].
            max_share: Largest share of it that one contact may bear, in (0, 1].

        Returns:
            The forces, and the norm of what they leave, as a share of `total_n`; 1 and no
            forces when there are too few contacts to share the total.
        """
        size = self._wrenches.shape[1]
        hessian = self._wrenches.T @ self._wrenches + 1e-3 * np.eye(size)
        rows: Array = np.vstack([self._sum_rows, np.ones(size)])
        upper = np.concatenate([np.ones(size), np.full(len(self._sum_rows), max_share), [1.0]])
        lower = np.concatenate([np.zeros(size + len(self._sum_rows)), [1.0]])
        weights = _solve_qp(hessian, np.zeros(size), rows, lower, upper)
        if weights is None:
            return ForceBalance(np.zeros((len(self._sum_rows), 3)), 1.0)
        residual = float(np.linalg.norm(self._wrenches @ weights))
        return ForceBalance(total_n * self._forces(weights), residual)

    def _forces(self, weights: Array) -> Array:
        """Return the force of each contact (C, 3) from the weights of the cone edges."""
        return np.einsum('ce,cek->ck', weights.reshape(-1, self._sides), self._edges[..., :3])

    def _solve(self, hessian: Array, linear: Array) -> Array:
        count, size = self._sum_rows.shape
        upper = np.full(size + count, self._cfg.max_force_n)
        weights = _solve_qp(hessian, linear, self._sum_rows, np.zeros(size + count), upper)
        # Not solved in time: no force is the answer that is surely feasible.
        return np.zeros(size) if weights is None else weights


def _solve_qp(
    hessian: Array, linear: Array, rows: Array, lower: Array, upper: Array
) -> Array | None:
    """Return weights >= 0 that minimise the quadratic form, or None if none was found.

    The first bounds are those of the weights themselves, the rest those of `rows`.
    """
    sense = np.zeros(len(upper), dtype=np.int32)
    solution, _, status, _ = daqp.solve(
        np.ascontiguousarray(hessian), linear, np.ascontiguousarray(rows), upper, lower, sense
    )
    return np.maximum(solution, 0.0) if status >= 1 else None


def _cone_edges(normals: Array, cfg: ContactCfg) -> Array:
    """Return the edges of each cone, (C, E, 4): force with unit normal part, torsion."""
    helper = np.eye(3)[np.abs(normals).argmin(axis=1)]
    first = np.cross(normals, helper)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(normals, first)
    angles = np.arange(_NUM_SIDES) * 2.0 * np.pi / _NUM_SIDES
    around = np.cos(angles)[:, None] * first[:, None] + np.sin(angles)[:, None] * second[:, None]
    sliding = cfg.friction * around - normals[:, None]
    turning = np.repeat(-normals[:, None], 2, axis=1)
    forces = np.concatenate([sliding, turning], axis=1)
    torsion = np.zeros((len(normals), _NUM_SIDES + 2, 1))
    torsion[:, -2:, 0] = cfg.torsion_m, -cfg.torsion_m
    return np.concatenate([forces, torsion], axis=2)


def _edge_wrenches(contacts: Contacts, edges: Array, center: Array, cfg: ContactCfg) -> Array:
    forces = edges[..., :3]
    torques = np.cross((contacts.points - center)[:, None], forces)
    torques = torques + edges[..., 3:] * contacts.normals[:, None]
    wrenches = np.concatenate([forces, torques / cfg.torque_length_m], axis=2)
    return np.ascontiguousarray(wrenches.reshape(-1, 6).T)
