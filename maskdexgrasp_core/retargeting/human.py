"""From human hands to the Shadow Hand: Eqs. (9) to (14), MaskDexGrasp, batched.

First the Shadow Hand is laid into the human one: palm on palm in closed form, fingers from the
directions of the bones, then descent on the distances of all 21 keypoints, Eq. (9), from a few
positions of the thumb. Then Eq. (10) weighs fingertips, joints, self-penetration and penetration
against each other. Penetration is summed over the spheres that fill the hand, see
`energies.penetration`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from maskdexgrasp_core.energies.keypoints import fingertip_energy, retargeting_energy
from maskdexgrasp_core.energies.penetration import penetration_energy, self_penetration_energy
from maskdexgrasp_core.energies.posture import regularisation_energy
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.rotations import matrix_to_rot6d, rot6d_to_matrix
from maskdexgrasp_core.geometry.signed_distance import GridSignedDistance
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.kinematics import HandKinematics, LinkPoints
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.retargeting.human_hand import (
    SHADOW_LINKS,
    THUMB_STARTS,
    TIPS,
    align_palms,
    check_keypoints,
    finger_positions,
)
from maskdexgrasp_core.types import Array


@dataclass(frozen=True, kw_only=True)
class HumanFitCfg:
    """Weights of Eq. (10), as published, and the steps, which are not."""

    tip_weight: float = 10.0
    """Of Eq. (11) [1/m]."""
    regularisation_weight: float = 0.01
    """Of Eq. (12) [1/rad]."""
    self_penetration_weight: float = 10.0
    """Of Eq. (13) [1/m]."""
    penetration_weight: float = 10.0
    """Of Eq. (14) [1/m]."""
    self_distance_m: float = 0.02
    """tau of Eq. (13) [m]."""
    start_steps: int = 120
    """Descent on Eq. (9) from every start."""
    refine_steps: int = 150
    """Descent on Eq. (10)."""
    translation_rate: float = 0.003
    """[m] a step; falls to a twentieth along a cosine, like the others."""
    rotation_rate: float = 0.02
    """Of the 6D rotation, a step."""
    joint_rate: float = 0.03
    """[rad] a step."""


class FitMeasures(NamedTuple):
    """How well Shadow Hands stand for human hands on an object, one row a grasp."""

    fingertip_error_m: Array
    """Mean distance of the five fingertips, (B,) [m]."""
    keypoint_error_m: Array
    """Mean distance of all 21 keypoints, (B,) [m]."""
    penetration_m: Array
    """Deepest overlap of a sphere inside the hand with the object, (B,) [m], 0 when apart."""


class HumanRetargeter:
    """Maps human hands to Shadow Hands on one object after another."""

    def __init__(self, cfg: HumanFitCfg | None = None) -> None:
        self.cfg = cfg or HumanFitCfg()
        self.kinematics = HandKinematics(SHADOW)
        joints = LinkPoints(SHADOW_LINKS, np.zeros((len(SHADOW_LINKS), 3)))
        spheres = [(sphere.link, sphere.center) for sphere in SHADOW.spheres]
        self._keypoints = self.kinematics.attach(joints)
        self._points = self.kinematics.attach(
            LinkPoints(
                joints.links + tuple(link for link, _ in spheres),
                np.concatenate([joints.local, [center for _, center in spheres]]),
            )
        )
        self._pairs = _finger_pairs()

    def initialise(self, keypoints: Array) -> HandBatch:
        """Return the Shadow Hands nearest to human hands: Eq. (9), in the frame of the keypoints.

        Args:
            keypoints: Named by `human_hand.KEYPOINTS`, (B, 21, 3) [m].

        Raises:
            InvalidInputError: If the shape is wrong, a value is not finite or not in metres.
        """
        targets = torch.as_tensor(check_keypoints(keypoints), dtype=self.kinematics.dtype)
        starts = self._starts(targets)
        repeated = targets.repeat(len(THUMB_STARTS), 1, 1)

        def energy(hands: HandBatch) -> Tensor:
            return retargeting_energy(_placed(self._keypoints, hands), repeated)

        reached = self._descend(starts, energy, self.cfg.start_steps)
        with torch.no_grad():
            best = energy(reached).reshape(len(THUMB_STARTS), -1).argmin(0)
        return reached.select(best * len(targets) + torch.arange(len(targets)))

    def refine(self, hands: HandBatch, keypoints: Array, surface: GridSignedDistance) -> HandBatch:
        """Return hands that lower Eq. (10); joints stay in their limits.

        Args:
            hands: Where to begin, in the object frame; they are not changed.
            keypoints: Human, in the object frame, (B, 21, 3) [m].
            surface: Of the object.

        Raises:
            InvalidInputError: If there are not as many hands as human ones, or as in `initialise`.
        """
        targets = torch.as_tensor(check_keypoints(keypoints), dtype=self.kinematics.dtype)
        if len(targets) != hands.num_hands:
            raise InvalidInputError(
                f'{hands.num_hands} Shadow Hands for {len(targets)} human hands'
            )
        return self._descend(
            hands,
            lambda state: self.energy(state, targets[:, list(TIPS)], surface),
            self.cfg.refine_steps,
        )

    def energy(self, hands: HandBatch, tips: Tensor, surface: GridSignedDistance) -> Tensor:
        """Return Eq. (10) of hands, (B,); differentiable.

        Args:
            hands: In the object frame.
            tips: Human fingertips, (B, 5, 3) [m].
            surface: Of the object.
        """
        cfg, kinematics = self.cfg, self.kinematics
        points = _placed(self._points, hands)
        joints, centers = points[:, : len(SHADOW_LINKS)], points[:, len(SHADOW_LINKS) :]
        distance = surface.distance(centers)
        return (
            cfg.tip_weight * fingertip_energy(joints[:, list(TIPS)], tips)
            + cfg.regularisation_weight
            * regularisation_energy(hands.joint_positions, kinematics.lower, kinematics.upper)
            + cfg.self_penetration_weight
            * self_penetration_energy(joints, self._pairs, cfg.self_distance_m)
            + cfg.penetration_weight * penetration_energy(distance, kinematics.sphere_radii)
        )

    def measure(
        self, hands: HandBatch, keypoints: Array, surface: GridSignedDistance
    ) -> FitMeasures:
        """Return errors against human hands (B, 21, 3) [m] and the depth in the object.

        All are in the object frame.
        """
        targets = torch.as_tensor(check_keypoints(keypoints), dtype=self.kinematics.dtype)
        with torch.no_grad():
            points = _placed(self._points, hands)
            gaps = (points[:, : len(SHADOW_LINKS)] - targets).norm(dim=-1)
            distance = surface.distance(points[:, len(SHADOW_LINKS) :])
            depth = (self.kinematics.sphere_radii - distance).amax(1)
        return FitMeasures(
            fingertip_error_m=gaps[:, list(TIPS)].mean(1).double().numpy(),
            keypoint_error_m=gaps.mean(1).double().numpy(),
            penetration_m=depth.clamp_min(0.0).double().numpy(),
        )

    def _starts(self, targets: Tensor) -> HandBatch:
        """Return one pose for each start of the thumb, start by start."""
        rotation, translation = align_palms(self.kinematics, targets)
        fingers = finger_positions((targets - translation[:, None]) @ rotation)
        columns = [SHADOW.joint_names.index(name) for name in ('rh_THJ5', 'rh_THJ4')]
        starts = []
        for thumb in THUMB_STARTS:
            start = fingers.clone()
            start[:, columns] = start.new_tensor(thumb)
            starts.append(self.kinematics.clamp(start))
        count = len(THUMB_STARTS)
        return HandBatch(
            translation.repeat(count, 1), rotation.repeat(count, 1, 1), torch.cat(starts)
        )

    def _descend(
        self, hands: HandBatch, energy: Callable[[HandBatch], Tensor], num_steps: int
    ) -> HandBatch:
        cfg = self.cfg
        start = hands._replace(rotation=matrix_to_rot6d(hands.rotation))
        variables = [value.detach().clone().requires_grad_() for value in start]
        rates = (cfg.translation_rate, cfg.rotation_rate, cfg.joint_rate)
        groups = [{'params': [v], 'lr': r} for v, r in zip(variables, rates, strict=True)]
        optimizer = torch.optim.Adam(groups, betas=(0.9, 0.98), foreach=False)
        for step in range(num_steps):
            decay = 0.05 + 0.95 * 0.5 * (1.0 + math.cos(math.pi * step / num_steps))
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group['lr'] = rate * decay
            optimizer.zero_grad()
            energy(_hands_of(variables)).sum().backward()
            optimizer.step()
            with torch.no_grad():
                variables[2].copy_(self.kinematics.clamp(variables[2]))
        with torch.no_grad():
            return HandBatch(*(value.detach() for value in _hands_of(variables)))


def _hands_of(variables: list[Tensor]) -> HandBatch:
    return HandBatch(variables[0], rot6d_to_matrix(variables[1]), variables[2])


def _placed(points: Callable[[Tensor], Tensor], hands: HandBatch) -> Tensor:
    in_root = points(hands.joint_positions)
    return in_root @ hands.rotation.transpose(1, 2) + hands.translation[:, None]


def _finger_pairs() -> Tensor:
    """Return the pairs of Eq. (13): keypoints beyond the knuckles of different fingers."""
    rows = [[4 * finger + k for k in (2, 3, 4)] for finger in range(5)]
    pairs = [(a, b) for f in range(5) for g in range(f) for a in rows[f] for b in rows[g]]
    return torch.tensor(pairs)
