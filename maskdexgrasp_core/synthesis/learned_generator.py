"""The learned generator: the model proposes, energies refine, ranking chooses."""

from collections import Counter
from dataclasses import dataclass, field

import torch

from maskdexgrasp_core.energies.total import GraspScene
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.model.grasp_model import GraspModel, GraspRequest
from maskdexgrasp_core.model.sampling import SamplingCfg
from maskdexgrasp_core.synthesis.finishing import FinishingCfg, GraspFinisher
from maskdexgrasp_core.synthesis.generator import BatchGenerator, GeneratorCfg, MakeBatch
from maskdexgrasp_core.types import Grasp, ObjectObservation


@dataclass(frozen=True, kw_only=True)
class LearnedGeneratorCfg(GeneratorCfg):
    """How candidates are drawn, and what becomes of them."""

    batch_size: int = 32
    """Candidates that are drawn and refined together, >= 1."""
    enough_force_closure: float = 0.8
    sampling: SamplingCfg = field(default_factory=lambda: SamplingCfg(guidance_scale=1.0))
    finishing: FinishingCfg = field(default_factory=FinishingCfg)


class LearnedGenerator(BatchGenerator):
    """Proposes grasps by the masked transformer."""

    name = 'model'

    def __init__(
        self, cfg: LearnedGeneratorCfg | None = None, *, model: GraspModel | None = None
    ) -> None:
        """Load the weights.

        Args:
            cfg: Settings.
            model: The networks; None takes the weights that ship.

        Raises:
            MissingWeightsError: If there are none.
        """
        self.cfg = cfg or LearnedGeneratorCfg()
        super().__init__(self.cfg, ranked=self.cfg.finishing.ranking.enabled)
        self.model = model or GraspModel.load()
        self._finisher = GraspFinisher(HandKinematics(SHADOW, torch.float32), self.cfg.finishing)

    def _prepare(
        self, observation: ObjectObservation, scene: GraspScene, generator: torch.Generator
    ) -> MakeBatch:
        encoded = self.model.encode(request_of(observation))

        def make_batch(dropped: Counter[str], deadline_s: float | None) -> list[Grasp]:
            proposals = self.model.propose(
                encoded, self.cfg.batch_size, self.cfg.sampling, generator
            )
            return self._finisher.finish(
                proposals, scene, observation.part_points, dropped, deadline_s=deadline_s
            )

        return make_batch


def request_of(observation: ObjectObservation) -> GraspRequest:
    """Return what the model is asked for an observed object."""
    command = observation.command
    return GraspRequest(
        points=observation.cloud.points,
        table_height=observation.table_height,
        text='' if command is None else command.text,
        task='' if command is None else command.task,
    )
