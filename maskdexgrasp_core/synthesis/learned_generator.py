"""The learned generator: the model proposes, energies refine, ranking chooses."""

from collections import Counter
from dataclasses import dataclass, field, replace

import torch

from maskdexgrasp_core.energies.total import GraspScene
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.model.grasp_model import GraspModel, GraspRequest
from maskdexgrasp_core.model.sampling import SamplingCfg
from maskdexgrasp_core.synthesis.finishing import FinishingCfg, GraspFinisher
from maskdexgrasp_core.synthesis.generator import (
    BatchGenerator,
    BatchMakers,
    GeneratorCfg,
    MakeBatch,
)
from maskdexgrasp_core.synthesis.synthesis_generator import BatchSynthesis, SynthesisGenerator
from maskdexgrasp_core.synthesis.synthesiser import Synthesiser
from maskdexgrasp_core.types import Grasp, ObjectObservation


@dataclass(frozen=True, kw_only=True)
class LearnedGeneratorCfg(GeneratorCfg):
    """How candidates are drawn, and what becomes of them."""

    batch_size: int = 32
    """Candidates that are drawn and refined together, >= 1."""
    enough_force_closure: float = 0.9
    enough_balance: float = 0.75
    enough_grasps: int = 8
    sampling: SamplingCfg = field(
        default_factory=lambda: SamplingCfg(
            num_iterations=5, guidance_scale=1.0, guided_iterations=2, table_penalty=150.0
        )
    )
    """Four passes for the palm, coarse to fine, one for the fingers; the first two are guided. On
    60 requests of the training split, two passes for the fingers and guidance in all gave the
    same share of grasps that hold, in one and a half times the time."""
    finishing: FinishingCfg = field(default_factory=FinishingCfg)
    last_resort: bool = True
    """Optimise grasps from scratch when no proposal led to a sure grasp: some
    objects, most of them flat, are not among those that the model has learned to take off a
    table. These grasps are judged like the others and name `synthesis` as their generator."""
    last_resort_size: int = 64
    """Candidates of each of these batches, >= 1."""
    last_resort_batches: int = 1
    """Most of these batches, >= 1; another follows while fewer grasps pass than are asked for."""
    fill_up_after: int = 0
    """After so many batches the last resort is taken also where fewer grasps pass than are asked
    for: of few, none may fit the hand and reach of a robot. 0: never."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ('last_resort_size', 'last_resort_batches'):
            if getattr(self, name) < 1:
                raise InvalidInputError(f'{name} must be >= 1, got {getattr(self, name)}')
        if self.fill_up_after < 0:
            raise InvalidInputError(f'fill_up_after must be >= 0, got {self.fill_up_after}')


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
        kinematics, finishing = HandKinematics(SHADOW, torch.float32), self.cfg.finishing
        self._finisher = GraspFinisher(kinematics, finishing)
        self._synthesis = BatchSynthesis(Synthesiser(kinematics), self._finisher.selector)

    def _prepare(
        self, observation: ObjectObservation, scene: GraspScene, generator: torch.Generator
    ) -> BatchMakers:
        encoded = self.model.encode(request_of(observation))

        def make_batch(dropped: Counter[str], deadline_s: float | None) -> list[Grasp]:
            proposals = self.model.propose(
                encoded, self.cfg.batch_size, self.cfg.sampling, generator
            )
            return self._finisher.finish(
                proposals, scene, observation.part_points, dropped, deadline_s=deadline_s
            )

        last_resort = self._synthesised(observation, scene, generator)
        if not self.cfg.last_resort:
            return BatchMakers(make_batch)
        return BatchMakers(
            make_batch,
            last_resort,
            fill_up_after=self.cfg.fill_up_after,
            last_resort_batches=self.cfg.last_resort_batches,
        )

    def _synthesised(
        self, observation: ObjectObservation, scene: GraspScene, generator: torch.Generator
    ) -> MakeBatch:
        """Return what optimises grasps from scratch; they carry the name of that generator."""
        batch_size = self.cfg.last_resort_size
        synthesised = self._synthesis.maker(observation, scene, batch_size, generator)

        def make_batch(dropped: Counter[str], deadline_s: float | None) -> list[Grasp]:
            return [
                replace(grasp, generator=SynthesisGenerator.name)
                for grasp in synthesised(dropped, deadline_s)
            ]

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
