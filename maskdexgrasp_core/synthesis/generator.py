"""The generator without learning: synthesis on the completed shape, filtered and ranked."""

import time
from collections import Counter
from dataclasses import dataclass, field, replace

import torch

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.signed_distance import GridCfg
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.hands.spec import HandSpec
from maskdexgrasp_core.synthesis.contact_forces import ContactCfg
from maskdexgrasp_core.synthesis.diversity import keep_distinct
from maskdexgrasp_core.synthesis.ranking import RankingCfg
from maskdexgrasp_core.synthesis.scene import make_scene
from maskdexgrasp_core.synthesis.selection import GraspSelector
from maskdexgrasp_core.synthesis.synthesiser import SynthesisCfg, Synthesiser
from maskdexgrasp_core.types import Grasp, GraspSet, ObjectObservation


@dataclass(frozen=True, kw_only=True)
class GeneratorCfg:
    """How many candidates are made and how they are judged."""

    batch_size: int = 64
    """Candidates that are optimised together, >= 8."""
    max_batches: int = 4
    """Batches before giving up when too few grasps pass, >= 1."""
    min_distance: float = 1.0
    """Grasps closer than this are near-duplicates; 1 is 15 mm, or 20 deg, or 0.25 rad rms."""
    grid: GridCfg = field(default_factory=GridCfg)
    synthesis: SynthesisCfg = field(default_factory=SynthesisCfg)
    ranking: RankingCfg = field(default_factory=RankingCfg)
    contact: ContactCfg = field(default_factory=ContactCfg)


class EnergyGenerator:
    """Proposes grasps by minimising energies on the completed shape."""

    name = 'energy'

    def __init__(self, cfg: GeneratorCfg | None = None, *, spec: HandSpec = SHADOW) -> None:
        """Prepare for one hand.

        Args:
            cfg: Settings.
            spec: The hand; the protocol asks for the Shadow Hand.
        """
        self.cfg = cfg or GeneratorCfg()
        self._kinematics = HandKinematics(spec, torch.float32)
        self._synthesiser = Synthesiser(self._kinematics, self.cfg.synthesis)
        self._selector = GraspSelector(self._kinematics, self.cfg.ranking, self.cfg.contact)

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
        generator = torch.Generator().manual_seed(seed)
        dropped: Counter[str] = Counter()
        grasps: list[Grasp] = []
        for _ in range(self.cfg.max_batches):
            made = self._synthesiser.synthesise(scene, self.cfg.batch_size, generator, deadline)
            chosen = self._selector.select(
                made.refined.state, made.plan, scene, observation.part_points, dropped
            )
            grasps = keep_distinct([*grasps, *chosen], self.cfg.min_distance, dropped)
            late = deadline is not None and time.monotonic() > deadline
            if late or len(grasps) >= num_grasps:
                break
        if len(grasps) > num_grasps:
            dropped['more than asked for'] += len(grasps) - num_grasps
        named = (replace(g, generator=self.name, seed=seed) for g in grasps[:num_grasps])
        return GraspSet(grasps=tuple(named), dropped=dict(dropped))
