"""What every generator does: batch after batch, until enough grasps differ or time is up."""

import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch

from maskdexgrasp_core.energies.total import GraspScene
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.signed_distance import GridCfg
from maskdexgrasp_core.synthesis.diversity import choose_dissimilar, keep_distinct
from maskdexgrasp_core.synthesis.scene import make_scene
from maskdexgrasp_core.types import Grasp, GraspSet, ObjectObservation


@dataclass(frozen=True, kw_only=True)
class GeneratorCfg:
    """How many candidates are made, and which of them are returned.

    Raises:
        InvalidInputError: If a number is out of its range.
    """

    batch_size: int = 64
    """Candidates that are made together, >= 1."""
    max_batches: int = 4
    """Batches before giving up when too few grasps pass, >= 1."""
    enough_force_closure: float = 0.0
    """Grasps whose contacts cancel less than this share of the worst load do not count as enough:
    they are returned when further batches bring nothing better."""
    enough_balance: float = 0.0
    """Nor do grasps whose grip is balanced less than this, 0 to 1, see `ranking.grip_balance`."""
    enough_grasps: int = 64
    """So many have to count as enough, or all that are asked for if these are fewer, >= 1; the
    others may be any that pass."""
    min_distance: float = 1.0
    """Grasps closer than this are near-duplicates; 1 is 15 mm, or 20 deg, or 0.25 rad rms."""
    dissimilarity: float = 0.0
    """Score that a grasp may lack for being unlike those before it; 0 puts the best first."""
    grid: GridCfg = field(default_factory=GridCfg)

    def __post_init__(self) -> None:
        if min(self.batch_size, self.max_batches) < 1:
            raise InvalidInputError(
                f'batch_size and max_batches must be >= 1; got {self.batch_size}, '
                f'{self.max_batches}'
            )
        if self.enough_grasps < 1:
            raise InvalidInputError(f'enough_grasps must be >= 1, got {self.enough_grasps}')
        for name in ('enough_force_closure', 'enough_balance'):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise InvalidInputError(f'{name} must be 0 to 1, got {getattr(self, name)}')
        if min(self.min_distance, self.dissimilarity) < 0:
            raise InvalidInputError(
                f'min_distance and dissimilarity must be >= 0; got {self.min_distance}, '
                f'{self.dissimilarity}'
            )


MakeBatch = Callable[[Counter[str], float | None], list[Grasp]]
"""Counts of what is dropped, by reason, and a deadline [s] -> the grasps that pass."""


class BatchMakers(NamedTuple):
    """How batches for one object are made."""

    own: MakeBatch
    """One batch of the generator."""
    last_resort: MakeBatch | None = None
    """One batch by another way, when its own brought nothing that counts as enough."""
    fill_up_after: int = 0
    """After so many of its own the last resort is also taken where fewer grasps pass than are
    asked for; 0: not for that."""
    last_resort_batches: int = 1
    """Most batches of the last resort, >= 1; another follows while grasps are missing."""


class BatchGenerator(ABC):
    """Proposes grasps of one object in batches; a `protocols.GraspGenerator`."""

    name: str

    def __init__(self, cfg: GeneratorCfg, *, ranked: bool) -> None:
        """Keep what is common to all.

        Args:
            cfg: Settings.
            ranked: Whether grasps are scored; if not, near-duplicates are kept as well.
        """
        self._collecting = cfg
        self._min_distance = cfg.min_distance if ranked else 0.0

    @abstractmethod
    def _prepare(
        self, observation: ObjectObservation, scene: GraspScene, generator: torch.Generator
    ) -> BatchMakers:
        """Return what makes batches of grasps of an object.

        Args:
            observation: The object.
            scene: What energies measure its grasps against.
            generator: Of the randomness, for all batches.
        """

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
        cfg = self._collecting
        deadline = None if time_budget_s is None else time.monotonic() + time_budget_s
        scene = make_scene(observation, cfg.grid)
        makers = self._prepare(observation, scene, torch.Generator().manual_seed(seed))
        dropped: Counter[str] = Counter()
        grasps: list[Grasp] = []
        for make_batch in self._batches(makers, grasps, num_grasps):
            made = make_batch(dropped, deadline)
            grasps[:] = keep_distinct([*grasps, *made], self._min_distance, dropped)
            if deadline is not None and time.monotonic() > deadline:
                break
        if len(grasps) > num_grasps:
            dropped['more than asked for'] += len(grasps) - num_grasps
        chosen = choose_dissimilar(grasps, num_grasps, cfg.dissimilarity)
        named = (
            replace(grasp, generator=grasp.generator or self.name, seed=seed) for grasp in chosen
        )
        return GraspSet(grasps=tuple(named), dropped=dict(dropped))

    def _batches(
        self, makers: BatchMakers, grasps: Sequence[Grasp], num_grasps: int
    ) -> Iterator[MakeBatch]:
        """Yield what makes the next batch until `grasps`, which grow meanwhile, are enough."""
        num_own = 0

        def are_missing() -> bool:
            can_fill_up = makers.last_resort is not None and makers.fill_up_after > 0
            return can_fill_up and num_own >= makers.fill_up_after and len(grasps) < num_grasps

        while num_own < self._collecting.max_batches and not are_missing():
            yield makers.own
            num_own += 1
            if self._are_enough(grasps, num_grasps):
                return
        if makers.last_resort is None or not (are_missing() or self._num_sure(grasps) == 0):
            return
        for _ in range(makers.last_resort_batches):
            yield makers.last_resort
            if len(grasps) >= num_grasps:
                return

    def _are_enough(self, grasps: Sequence[Grasp], num_grasps: int) -> bool:
        num_sure = min(num_grasps, self._collecting.enough_grasps)
        return len(grasps) >= num_grasps and self._num_sure(grasps) >= num_sure

    def _num_sure(self, grasps: Sequence[Grasp]) -> int:
        """Return how many count as enough; grasps that were not judged do."""
        cfg = self._collecting
        least = {'force_closure': cfg.enough_force_closure, 'balance': cfg.enough_balance}
        return sum(
            all(grasp.scores.get(name, enough) >= enough for name, enough in least.items())
            for grasp in grasps
        )
