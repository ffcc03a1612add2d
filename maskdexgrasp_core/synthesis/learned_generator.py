"""The learned generator: the model proposes, energies refine, ranking chooses."""

import time
from collections import Counter
from dataclasses import dataclass, field, replace

import torch

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.signed_distance import GridCfg
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.model.grasp_model import GraspModel, GraspRequest
from maskdexgrasp_core.model.sampling import SamplingCfg
from maskdexgrasp_core.synthesis.diversity import choose_dissimilar, keep_distinct
from maskdexgrasp_core.synthesis.finishing import FinishingCfg, GraspFinisher
from maskdexgrasp_core.synthesis.scene import make_scene
from maskdexgrasp_core.types import Grasp, GraspSet, ObjectObservation


@dataclass(frozen=True, kw_only=True)
class LearnedGeneratorCfg:
    """How many candidates are drawn, and what becomes of them."""

    batch_size: int = 32
    """Candidates that are drawn and refined together, >= 1."""
    max_batches: int = 4
    """Batches before giving up when too few grasps pass, >= 1."""
    sampling: SamplingCfg = field(default_factory=SamplingCfg)
    min_distance: float = 1.0
    """Grasps closer than this are near-duplicates; 1 is 15 mm, or 20 deg, or 0.25 rad rms."""
    dissimilarity: float = 0.0
    """Score that a grasp may lack for being unlike those before it; 0 puts the best first."""
    grid: GridCfg = field(default_factory=GridCfg)
    finishing: FinishingCfg = field(default_factory=FinishingCfg)


class LearnedGenerator:
    """Proposes grasps by the masked transformer; a `protocols.GraspGenerator`."""

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
        self._model = model or GraspModel.load()
        self._finisher = GraspFinisher(HandKinematics(SHADOW, torch.float32), self.cfg.finishing)

    def generate(
        self,
        observation: ObjectObservation,
        *,
        num_grasps: int,
        seed: int,
        time_budget_s: float | None = None,
    ) -> GraspSet:
        """Return at most `num_grasps` grasps, best first; the same seed gives the same grasps.

        A time budget that ends the work early may change what is returned.

        Raises:
            InvalidInputError: If `num_grasps` is not positive.
            StageError: With `Code.BAD_SHAPE` if the shape has no inside.
        """
        if num_grasps < 1:
            raise InvalidInputError(f'num_grasps must be positive, got {num_grasps}')
        deadline = None if time_budget_s is None else time.monotonic() + time_budget_s
        scene = make_scene(observation, self.cfg.grid)
        encoded = self._model.encode(request_of(observation))
        generator = torch.Generator().manual_seed(seed)
        dropped: Counter[str] = Counter()
        grasps: list[Grasp] = []
        for _ in range(self.cfg.max_batches):
            proposals = self._model.propose(
                encoded, self.cfg.batch_size, self.cfg.sampling, generator
            )
            made = self._finisher.finish(
                proposals, scene, observation.part_points, dropped, deadline_s=deadline
            )
            grasps = keep_distinct([*grasps, *made], self.cfg.min_distance, dropped)
            late = deadline is not None and time.monotonic() > deadline
            if late or len(grasps) >= num_grasps:
                break
        if len(grasps) > num_grasps:
            dropped['more than asked for'] += len(grasps) - num_grasps
        chosen = choose_dissimilar(grasps, num_grasps, self.cfg.dissimilarity)
        named = (replace(g, generator=self.name, seed=seed) for g in chosen)
        return GraspSet(grasps=tuple(named), dropped=dict(dropped))


def request_of(observation: ObjectObservation) -> GraspRequest:
    """Return what the model is asked for an observed object."""
    command = observation.command
    return GraspRequest(
        points=observation.cloud.points,
        table_height=observation.table_height,
        text='' if command is None else command.text,
        task='' if command is None else command.task,
    )
