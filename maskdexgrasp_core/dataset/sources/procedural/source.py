"""The procedural source: every task of every object of every family, made and checked here."""

import functools
import math
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from maskdexgrasp_core.dataset.record import ObjectRecord
from maskdexgrasp_core.dataset.sources.described_grasp import MadeGrasp, describe_grasp
from maskdexgrasp_core.dataset.sources.procedural.proposals import (
    AskedPart,
    ProposalCfg,
    Proposer,
)
from maskdexgrasp_core.dataset.sources.procedural.recipes import RECIPES
from maskdexgrasp_core.dataset.sources.procedural.settling import Settler
from maskdexgrasp_core.dataset.sources.protocol import BuiltUnit, WorkUnit
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.signed_distance import GridCfg, GridSignedDistance
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.objects.catalog import CATEGORIES, family_of, make_object
from maskdexgrasp_core.objects.model import ObjectModel

FIRST_SEED = 100
"""Of the objects of a dataset; scenes and trials use those below."""
_OBJECTS_PER_SEED = 1000
_DEFAULT_OBJECTS = 240
_DEFAULT_GRASPS = 30_000


@dataclass(frozen=True, kw_only=True)
class EffortCfg:
    """When a unit stops trying."""

    max_batches: int = 6
    """Fresh batches at most."""
    max_growths: int = 4
    """Times that the grasps found so far are grown after each fresh batch, at most."""
    children: int = 3
    """Children of each grasp in one growth."""
    proposals: ProposalCfg = field(default_factory=ProposalCfg)


class ProceduralSource:
    """Makes grasps on objects of all families; can be pickled."""

    name = 'procedural'

    def __init__(
        self,
        *,
        num_objects: int = 0,
        num_grasps: int = 0,
        seed: int = 0,
        effort: EffortCfg | None = None,
    ) -> None:
        """Say how much is wanted.

        Args:
            num_objects: Spread evenly over all categories; 0 means 240.
            num_grasps: Wanted in all, spread evenly over objects and tasks; kinds that are hard
                may give fewer. 0 means 30000.
            seed: Objects of different seeds differ, up to a thousand of each family.
            effort: When a unit stops.

        Raises:
            InvalidInputError: If a number is negative.
        """
        if num_objects < 0 or num_grasps < 0 or seed < 0:
            raise InvalidInputError('numbers of objects and grasps and the seed must be >= 0')
        self._num_objects = num_objects or _DEFAULT_OBJECTS
        self._num_grasps = num_grasps or _DEFAULT_GRASPS
        self._first = FIRST_SEED + _OBJECTS_PER_SEED * seed
        self._effort = effort or EffortCfg()

    def units(self) -> Sequence[WorkUnit]:
        """Return one unit for each task of each object, the categories taking turns."""
        categories = list(CATEGORIES)
        chosen = [
            (categories[index % len(categories)], self._first + index // len(categories))
            for index in range(self._num_objects)
        ]
        return [
            WorkUnit(
                key=f'{category}_{number}-{task}',
                object_id=f'{category}_{number}',
                category=category,
                task=task,
                complete=True,
            )
            for category, number in chosen
            for task in family_of(category, number).affordances
        ]

    @functools.cached_property
    def _wanted(self) -> int:
        """Grasps that each unit should give."""
        return max(1, math.ceil(self._num_grasps / len(self.units())))

    def build(self, unit: WorkUnit, seed: int) -> BuiltUnit:
        """Return the grasps of one task of one object; see `GraspSource.build`."""
        model, surface = _object_of(unit.object_id)
        part = model.affordances[unit.task]
        key = zlib.crc32(unit.key.encode())
        dropped: Counter[str] = Counter()
        proposer = Proposer(
            _kinematics(),
            RECIPES[unit.task],
            AskedPart.of(model, part, surface),
            self._effort.proposals,
        )
        settler = Settler(model, part, self._wanted, dropped)
        self._fill(proposer, settler, _Randomness.of(seed, key), dropped)
        target = ObjectRecord.from_model(model, source=self.name)
        grasps = [
            MadeGrasp(
                grasp_id=f'{unit.key}-{number:03d}',
                task=unit.task,
                part=part,
                pose=held.settled,
                fingers=held.fingers,
                checks=checks,
            )
            for number, (held, checks) in enumerate(settler.grasps())
        ]
        return BuiltUnit(
            object_record=target,
            grasps=[describe_grasp(target, grasp, seed) for grasp in grasps],
            dropped=dict(dropped),
        )

    def _fill(
        self,
        proposer: Proposer,
        settler: Settler,
        randomness: '_Randomness',
        dropped: Counter[str],
    ) -> None:
        effort = self._effort
        for batch in range(effort.max_batches):
            on_table = batch % 2 == 0
            fresh = proposer.synthesise(randomness.torch, on_table=on_table, dropped=dropped)
            held = settler.take(fresh)
            for _ in range(effort.max_growths):
                if settler.is_full or not held:
                    break
                parents = [parent for parent in held for _ in range(effort.children)]
                parents = parents[: 2 * proposer.cfg.batch_size]
                grown = proposer.grow(
                    parents, randomness.numpy, on_table=on_table, dropped=dropped
                )
                held = settler.take(grown)
            if settler.is_full:
                break


@dataclass(frozen=True)
class _Randomness:
    torch: torch.Generator
    numpy: np.random.Generator

    @classmethod
    def of(cls, seed: int, key: int) -> '_Randomness':
        rng = np.random.default_rng([seed, key])
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        return cls(generator, rng)


@functools.lru_cache(maxsize=1)
def _kinematics() -> HandKinematics:
    return HandKinematics(SHADOW, torch.float32)


@functools.lru_cache(maxsize=4)
def _object_of(object_id: str) -> tuple[ObjectModel, GridSignedDistance]:
    category, _, number = object_id.rpartition('_')
    model = make_object(category, int(number))
    return model, GridSignedDistance.from_mesh(model.mesh, GridCfg())
