"""Scores of grasps: which hold, which are possible, and why the others are dropped."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from maskdexgrasp_core.synthesis.contact_forces import ContactCfg, Contacts, ForceSolver
from maskdexgrasp_core.types import Array

GRAVITY = 9.81
"""[m/s^2]."""


@dataclass(frozen=True, kw_only=True)
class RankingCfg:
    """Limits that drop a grasp and weights that order the rest."""

    enabled: bool = True
    """False drops and orders nothing: grasps come as they were made, each with the score 0."""
    mass_kg: float = 0.4
    """Mass that a grasp must be able to carry [kg]."""
    disturbance: float = 0.5
    """Forces to resist along each axis, as a share of the weight."""
    disturbance_torque_nm: float = 0.03
    """Torques to resist about each axis [N m]."""
    max_penetration_m: float = 0.006
    """Deepest that the hand may lie inside the object [m]."""
    max_contact_gap_m: float = 0.006
    """Largest mean distance of planned contacts to the surface [m]."""
    min_table_gap_m: float = 0.001
    """Least free space between hand and table [m]."""
    max_self_penetration_m: float = 0.008
    """Deepest overlap of two links [m]."""
    min_part_share: float = 0.5
    """Least share of the contacts on the asked part."""
    min_force_closure: float = 0.5
    """Least share of the worst load that the contacts cancel."""
    force_closure_weight: float = 1.0
    effort_weight: float = 0.5
    opposition_weight: float = 0.3
    penetration_weight: float = 0.3
    gap_weight: float = 0.2
    part_weight: float = 0.5
    clearance_weight: float = 0.2
    balance_weight: float = 0.0


class CandidateFacts(NamedTuple):
    """What is measured of one candidate before it is judged."""

    contacts: Contacts
    """Where it touches the object, base frame."""
    is_thumb: NDArray[np.bool_]
    """(C,) contacts of the thumb."""
    contact_gap_m: float
    """Mean distance of the planned contacts to the surface [m]."""
    penetration_m: float
    """Deepest that the hand lies inside the object [m]."""
    self_penetration_m: float
    """Deepest overlap of two links [m]."""
    table_gap_m: float
    """Height of the lowest point of the hand above the table [m]."""
    part_share: float
    """Share of the contacts on the asked part; 1 when none is asked."""


class Verdict(NamedTuple):
    """Whether a candidate may be used, and how good it is."""

    dropped: str
    """Why it is dropped, '' when it is kept."""
    score: float
    """Higher is better."""
    scores: dict[str, float]
    """The terms behind `score`."""


def disturbance_loads(cfg: RankingCfg) -> Array:
    """Return forces and torques [N, N m] that act on the object with gravity, shape (13, 6)."""
    weight = cfg.mass_kg * GRAVITY
    signed = np.concatenate([np.eye(6), -np.eye(6)])
    scale = np.array([cfg.disturbance * weight] * 3 + [cfg.disturbance_torque_nm] * 3)
    loads = np.concatenate([np.zeros((1, 6)), signed * scale])
    loads[:, 2] -= weight
    return loads


def resistance(
    contacts: Contacts, center: Array, cfg: RankingCfg, contact_cfg: ContactCfg
) -> tuple[float, float]:
    """Return how well contacts resist every load, and the force that this takes.

    Args:
        contacts: Where the hand touches, base frame.
        center: Centre of mass, shape (3,) [m].
        cfg: Loads.
        contact_cfg: Friction and force limits.

    Returns:
        Share of the worst load that is cancelled (0..1), and the mean over the loads of the sum
        of contact forces, in multiples of the weight. Ends at the first load that drops the
        grasp.
    """
    solver = ForceSolver(contacts, center, contact_cfg)
    length = contact_cfg.torque_length_m
    worst, efforts = 1.0, []
    for load in disturbance_loads(cfg):
        balance = solver.balance(load)
        size = float(np.hypot(np.linalg.norm(load[:3]), np.linalg.norm(load[3:]) / length))
        worst = min(worst, 1.0 - balance.residual / size)
        efforts.append(np.linalg.norm(balance.forces, axis=1).sum())
        if worst < cfg.min_force_closure:  # it will be dropped; the other loads cost time
            break
    return max(worst, 0.0), float(np.mean(efforts)) / (cfg.mass_kg * GRAVITY)


def judge(
    facts: CandidateFacts,
    grip_residual: float,
    center: Array,
    cfg: RankingCfg,
    contact_cfg: ContactCfg,
) -> Verdict:
    """Drop or score one candidate.

    Args:
        facts: What was measured; the candidate passed `geometric_reason`.
        grip_residual: What the forces of its grip leave, as a share of their sum; see `grip.Grip`.
        center: Centre of mass of the object, shape (3,) [m].
        cfg: Limits and weights.
        contact_cfg: Friction and force limits.
    """
    if not cfg.enabled:
        return Verdict('', 0.0, {})
    closure, effort = resistance(facts.contacts, center, cfg, contact_cfg)
    if closure < cfg.min_force_closure:
        return Verdict('no force closure', -np.inf, {'force_closure': closure})
    scores = {
        'force_closure': closure,
        'effort': 1.0 / (1.0 + 0.25 * effort),
        'opposition': opposition(facts),
        'penetration': 1.0 - max(facts.penetration_m, 0.0) / cfg.max_penetration_m,
        'gap': 1.0 - facts.contact_gap_m / cfg.max_contact_gap_m,
        'part': facts.part_share,
        'clearance': float(np.clip(facts.table_gap_m / 0.02, 0.0, 1.0)),
        'balance': grip_balance(grip_residual),
    }
    score = sum(getattr(cfg, f'{name}_weight') * value for name, value in scores.items())
    return Verdict('', float(score), scores)


def opposition(facts: CandidateFacts) -> float:
    """Return how squarely the thumb faces the other contacts: 1 opposed, 0 not at all."""
    thumb = facts.contacts.normals[facts.is_thumb]
    others = facts.contacts.normals[~facts.is_thumb]
    if len(thumb) == 0 or len(others) == 0:
        return 0.0
    return float(np.clip(-(thumb.mean(0) @ others.mean(0)), 0.0, 1.0))


def grip_balance(residual: float) -> float:
    """Return how well the forces of a grip cancel each other: 1 to a ten-thousandth, 0 not at all.

    The chance that an object stays in place while fingers close on it rises with the order of
    magnitude of the residual, not with the residual.
    """
    return float(np.clip(-np.log10(max(residual, 1e-9)) / 4.0, 0.0, 1.0))


def geometric_reason(facts: CandidateFacts, cfg: RankingCfg) -> str:
    """Return why a candidate is dropped before its forces are computed, '' if it is not."""
    if not cfg.enabled:
        return ''
    checks = {
        'touches the table': facts.table_gap_m < cfg.min_table_gap_m,
        'penetrates the object': facts.penetration_m > cfg.max_penetration_m,
        'penetrates itself': facts.self_penetration_m > cfg.max_self_penetration_m,
        'contacts too far': facts.contact_gap_m > cfg.max_contact_gap_m,
        'too few contacts': len(facts.contacts.points) < 2,
        'off the asked part': facts.part_share < cfg.min_part_share,
    }
    return next((reason for reason, failed in checks.items() if failed), '')
