"""Retargeting from the Shadow Hand: pose the hand, stage the grasp, drop what it cannot do."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from maskdexgrasp_core.energies.total import GraspEnergy, GraspScene
from maskdexgrasp_core.errors import UnknownNameError
from maskdexgrasp_core.hands.freedom import FREEDOM
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.hands.spec import HandSpec
from maskdexgrasp_core.retargeting.fitting import Fit, FittingCfg, fit_hand
from maskdexgrasp_core.retargeting.staging import StagePlanner, Stages, StagingCfg
from maskdexgrasp_core.synthesis.hand_prior import posture_prior
from maskdexgrasp_core.synthesis.scene import make_scene
from maskdexgrasp_core.types import Array, GraspSet, HandGrasp, ObjectObservation


@dataclass(frozen=True, kw_only=True)
class HandRetargeterCfg:
    """Settings of the fit and of the stages, and what is dropped."""

    max_penetration_m: float = 0.006
    """Deepest overlap of hand and object [m]."""
    min_clearance_m: float = -0.006
    """Least free space of the opened hand beyond its margin [m]."""
    fitting: FittingCfg = field(default_factory=FittingCfg)
    staging: StagingCfg = field(default_factory=StagingCfg)


class HandRetargeter:
    """Maps Shadow grasps to a real hand, by the paper's rule or by a fit that starts from it."""

    def __init__(
        self,
        name: str = 'fitted',
        cfg: HandRetargeterCfg | None = None,
        *,
        source: HandSpec = SHADOW,
        target: HandSpec = FREEDOM,
    ) -> None:
        self.name = name
        self.cfg = cfg or HandRetargeterCfg()
        self._source = HandKinematics(source)
        self._target = HandKinematics(target)
        self._prior = posture_prior(target, torch.float32)

    def retarget(
        self, grasps: GraspSet, observation: ObjectObservation
    ) -> tuple[tuple[HandGrasp, ...], dict[str, int]]:
        """Return grasps of the real hand, best fit first, and reason -> count of those dropped.

        Raises:
            StageError: With `Code.BAD_SHAPE` if the shape has no inside.
        """
        if not grasps.grasps:
            return (), {}
        scene = make_scene(observation)
        energy = GraspEnergy(scene, self._prior, self.cfg.fitting.energy)
        fit = fit_hand(self._source, self._target, grasps.grasps, energy, self.cfg.fitting)
        planner = StagePlanner(
            self._target, scene.surface, observation.table_height, self.cfg.staging
        )
        stages = planner.plan(fit.hands)
        reasons = self._reasons(fit, stages, scene)
        made = [
            self._hand_grasp(i, fit, stages, grasps.grasps[i].score)
            for i, reason in enumerate(reasons)
            if not reason
        ]
        made.sort(key=lambda grasp: -grasp.score)
        return tuple(made), dict(Counter(reason for reason in reasons if reason))

    def _reasons(self, fit: Fit, stages: Stages, scene: GraspScene) -> list[str]:
        """Return why each fit is dropped, '' where it is kept."""
        with torch.no_grad():
            points = self._target.forward(*fit.hands)
            radii = self._target.sphere_radii
            depth = (radii - scene.surface.distance(points.sphere_centers)).amax(1)
            lowest = (points.sphere_centers[..., 2] - radii).amin(1) - scene.table_height
        reasons = []
        for i in range(len(depth)):
            if not np.isfinite(float(fit.energies.total[i])):
                reasons.append('fit diverged')
            elif float(depth[i]) > self.cfg.max_penetration_m:
                reasons.append('penetrates the object')
            elif float(lowest[i]) < 0.0:
                reasons.append('touches the table')
            elif float(stages.clearance[i]) < self.cfg.min_clearance_m:
                reasons.append('no room for the opened hand')
            else:
                reasons.append('')
        return reasons

    def _hand_grasp(self, i: int, fit: Fit, stages: Stages, source_score: float) -> HandGrasp:
        T_base_grasp = stages.poses[i].double().numpy()
        T_base_approach = T_base_grasp.copy()
        T_base_approach[:3, 3] += stages.approach_offset[i].double().numpy()
        terms = {name: float(term[i]) for name, term in fit.energies.terms.items()}
        total = float(fit.energies.total[i])
        return HandGrasp(
            T_base_approach=T_base_approach,
            T_base_pregrasp=T_base_grasp,
            T_base_grasp=T_base_grasp,
            motor_names=self._target.spec.joint_names,
            pregrasp_positions=_row(stages.pregrasp_positions, i),
            grasp_positions=_row(fit.hands.joint_positions, i),
            squeeze_positions=_row(stages.squeeze_positions, i),
            force_limits=stages.force_limits,
            residual_m=float(fit.residual_m[i]),
            score=source_score - 0.1 * total,
            scores={'energy': total, 'source': source_score, **terms},
            source_index=i,
        )


def load_retargeter(name: str) -> HandRetargeter:
    """Return the retargeter called `name`.

    'fitted' follows fingertips, palm and contacts; 'root_joint' is the rule of MaskDexGrasp,
    Sec. E: each motor copies the joint at the root of the same finger.

    Raises:
        UnknownNameError: If there is no such retargeter.
    """
    steps = {'fitted': FittingCfg().num_steps, 'root_joint': 0}
    if name not in steps:
        raise UnknownNameError('retargeter', name, list(steps))
    return HandRetargeter(name, HandRetargeterCfg(fitting=FittingCfg(num_steps=steps[name])))


def _row(values: Tensor, i: int) -> Array:
    return np.asarray(values[i].double().numpy())
