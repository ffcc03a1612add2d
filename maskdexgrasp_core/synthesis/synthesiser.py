"""Makes grasps on a known shape: many starts, a quick screening, then optimisation."""

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from maskdexgrasp_core.energies.total import ContactPlan, EnergyCfg, GraspEnergy, GraspScene
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.synthesis.hand_prior import hand_frame, posture_prior
from maskdexgrasp_core.synthesis.refinement import (
    GraspState,
    Refined,
    RefinementCfg,
    Refiner,
)
from maskdexgrasp_core.synthesis.starts import APPROACHES, Approach, StartingHand, sample_starts
from maskdexgrasp_core.synthesis.templates import TEMPLATES, Template, plan_contacts


@dataclass(frozen=True, kw_only=True)
class SynthesisCfg:
    """How grasps are made."""

    num_steps: int = 50
    """Steps of the optimisation, >= 1."""
    screening_factor: int = 2
    """Starts for every grasp that is optimised, >= 1."""
    screening_steps: int = 8
    """Quick steps before the best starts are chosen, >= 0."""
    energy: EnergyCfg = field(default_factory=EnergyCfg)
    refinement: RefinementCfg = field(default_factory=RefinementCfg)


class Synthesised(NamedTuple):
    """Optimised grasps, not yet judged."""

    refined: Refined
    plan: ContactPlan
    template: Tensor
    """Index into the synthesiser's `templates`, shape (B,)."""


class Synthesiser:
    """Makes grasps of one hand; works with every `HandSpec`."""

    def __init__(
        self,
        kinematics: HandKinematics,
        cfg: SynthesisCfg | None = None,
        *,
        templates: tuple[Template, ...] = TEMPLATES,
        approaches: tuple[Approach, ...] = APPROACHES,
    ) -> None:
        """Prepare for one hand; templates and approaches say which grasps are looked for."""
        self.kinematics = kinematics
        self.cfg = cfg or SynthesisCfg()
        self.templates = templates
        self.approaches = approaches
        spec = kinematics.spec
        self._dtype = kinematics.sphere_radii.dtype
        self.prior = posture_prior(spec, self._dtype)
        self.frame = hand_frame(kinematics, self.prior)
        self._opened = torch.as_tensor(spec.open_positions, dtype=self._dtype)

    def refiner(self, scene: GraspScene) -> Refiner:
        """Return what refines grasps of this hand in `scene`."""
        energy = GraspEnergy(scene, self.prior, self.cfg.energy)
        return Refiner(self.kinematics, energy, self.cfg.refinement)

    def synthesise(
        self,
        scene: GraspScene,
        num: int,
        generator: torch.Generator,
        deadline_s: float | None = None,
    ) -> Synthesised:
        """Make `num` grasps.

        Args:
            scene: Object, table and asked part.
            num: Batch size, >= 1.
            generator: Of the randomness; the same state gives the same grasps.
            deadline_s: Stop optimising when `time.monotonic()` passes this [s].
        """
        refiner = self.refiner(scene)
        state, plan, template = self._starts(scene, num * self.cfg.screening_factor, generator)
        if self.cfg.screening_factor > 1:
            screened = refiner.refine(state, plan, self.cfg.screening_steps, deadline_s)
            chosen = _best_of_each(screened.energies.total, template, self.cfg.screening_factor)
            state = screened.state.select(chosen)
            plan = ContactPlan(plan.candidates[chosen], plan.weights[chosen])
            template = template[chosen]
        refined = refiner.refine(state, plan, self.cfg.num_steps, deadline_s)
        return Synthesised(refined, plan, template)

    def _starts(
        self, scene: GraspScene, num: int, generator: torch.Generator
    ) -> tuple[GraspState, ContactPlan, Tensor]:
        planned = plan_contacts(self.kinematics.spec, num, generator, self._dtype, self.templates)
        hand = StartingHand(self.frame, self.prior, self._opened)
        starts = sample_starts(num, hand, scene, generator, self.approaches)
        raw = 0.1 * torch.randn(*planned.plan.candidates.shape, 3, generator=generator)
        state = GraspState(starts, raw.to(self._dtype))
        return state, planned.plan, planned.template


def _best_of_each(total: Tensor, template: Tensor, factor: int) -> Tensor:
    """Return the indices of the best share 1 / factor within each template."""
    chosen = []
    for kind in template.unique():
        rows = (template == kind).nonzero()[:, 0]
        order = total[rows].argsort(stable=True)
        chosen.append(rows[order[: max(1, round(len(rows) / factor))]])
    return torch.cat(chosen)
