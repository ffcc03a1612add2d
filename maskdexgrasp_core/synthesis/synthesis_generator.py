"""The generator without learning: synthesis on the completed shape, filtered and ranked."""

from collections import Counter
from dataclasses import dataclass, field

import torch

from maskdexgrasp_core.energies.total import GraspScene
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.hands.spec import HandSpec
from maskdexgrasp_core.synthesis.contact_forces import ContactCfg
from maskdexgrasp_core.synthesis.generator import (
    BatchGenerator,
    BatchMakers,
    GeneratorCfg,
    MakeBatch,
)
from maskdexgrasp_core.synthesis.grip import GripCfg, cautious_grip
from maskdexgrasp_core.synthesis.ranking import RankingCfg
from maskdexgrasp_core.synthesis.selection import GraspSelector
from maskdexgrasp_core.synthesis.synthesiser import SynthesisCfg, Synthesiser
from maskdexgrasp_core.types import Grasp, ObjectObservation


@dataclass(frozen=True, kw_only=True)
class SynthesisGeneratorCfg(GeneratorCfg):
    """How candidates are optimised and judged."""

    synthesis: SynthesisCfg = field(default_factory=SynthesisCfg)
    ranking: RankingCfg = field(default_factory=RankingCfg)
    contact: ContactCfg = field(default_factory=ContactCfg)
    grip: GripCfg = field(default_factory=cautious_grip)


class BatchSynthesis:
    """Optimises batches of grasps from scratch and keeps those that pass."""

    def __init__(self, synthesiser: Synthesiser, selector: GraspSelector) -> None:
        self._synthesiser, self._selector = synthesiser, selector

    def maker(
        self,
        observation: ObjectObservation,
        scene: GraspScene,
        batch_size: int,
        generator: torch.Generator,
    ) -> MakeBatch:
        """Return what makes batches of `batch_size` candidates for an object."""

        def make_batch(dropped: Counter[str], deadline_s: float | None) -> list[Grasp]:
            made = self._synthesiser.synthesise(scene, batch_size, generator, deadline_s)
            return self._selector.select(
                made.refined.state.hands, made.plan, scene, observation.part_points, dropped
            )

        return make_batch


class SynthesisGenerator(BatchGenerator):
    """Proposes grasps by minimising energies on the completed shape."""

    name = 'synthesis'

    def __init__(
        self, cfg: SynthesisGeneratorCfg | None = None, *, spec: HandSpec = SHADOW
    ) -> None:
        """Prepare for one hand.

        Args:
            cfg: Settings.
            spec: The hand; the protocol asks for the Shadow Hand.
        """
        self.cfg = cfg or SynthesisGeneratorCfg()
        super().__init__(self.cfg, ranked=self.cfg.ranking.enabled)
        kinematics = HandKinematics(spec, torch.float32)
        self._synthesis = BatchSynthesis(
            Synthesiser(kinematics, self.cfg.synthesis),
            GraspSelector(kinematics, self.cfg.ranking, self.cfg.contact, self.cfg.grip),
        )

    def _prepare(
        self, observation: ObjectObservation, scene: GraspScene, generator: torch.Generator
    ) -> BatchMakers:
        batch_size = self.cfg.batch_size
        return BatchMakers(self._synthesis.maker(observation, scene, batch_size, generator))
