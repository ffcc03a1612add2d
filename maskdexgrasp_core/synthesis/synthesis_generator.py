"""The generator without learning: synthesis on the completed shape, filtered and ranked."""

from collections import Counter
from dataclasses import dataclass, field

import torch

from maskdexgrasp_core.energies.total import GraspScene
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.hands.spec import HandSpec
from maskdexgrasp_core.synthesis.contact_forces import ContactCfg
from maskdexgrasp_core.synthesis.generator import BatchGenerator, BatchMakers, GeneratorCfg
from maskdexgrasp_core.synthesis.grip import GripCfg, firm_grip
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
    grip: GripCfg = field(default_factory=firm_grip)


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
        self._synthesiser = Synthesiser(kinematics, self.cfg.synthesis)
        judging = self.cfg.ranking, self.cfg.contact, self.cfg.grip
        self._selector = GraspSelector(kinematics, *judging)

    def _prepare(
        self, observation: ObjectObservation, scene: GraspScene, generator: torch.Generator
    ) -> BatchMakers:
        def make_batch(dropped: Counter[str], deadline_s: float | None) -> list[Grasp]:
            made = self._synthesiser.synthesise(scene, self.cfg.batch_size, generator, deadline_s)
            return self._selector.select(
                made.refined.state, made.plan, scene, observation.part_points, dropped
            )

        return BatchMakers(make_batch)
