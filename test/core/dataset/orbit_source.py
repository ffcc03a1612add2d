"""A source that is real and cheap: real objects, wrists on an orbit round them, half-closed hands.

It lives in a module of its own so that worker processes can import it.
"""

import functools
import os
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.dataset.record import GraspChecks, GraspRecord, ObjectRecord
from maskdexgrasp_core.dataset.source_registry import SourceRequest
from maskdexgrasp_core.dataset.sources.protocol import BuiltUnit, WorkUnit
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.transforms import make_transform
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.objects.catalog import make_object

CATEGORIES = ('mug', 'bottle', 'book')
orbited_object = functools.cache(make_object)


@dataclass(frozen=True, kw_only=True)
class OrbitSource:
    """Every task of a few objects of three categories; a fifth of the candidates is dropped."""

    categories: tuple[str, ...] = CATEGORIES
    per_category: int = 4
    candidates: int = 5
    pause_s: float = 0.0
    """Added to the time of every unit."""
    bad_unit: str = ''
    """Key of a unit that is refused."""
    deadly_unit: str = ''
    """Key of a unit that ends its process, as want of memory does."""

    name = 'procedural'

    def units(self) -> Sequence[WorkUnit]:
        models = [
            orbited_object(c, seed) for seed in range(self.per_category) for c in self.categories
        ]
        return [
            WorkUnit(
                key=f'{model.name}/{task}',
                object_id=model.name,
                category=model.category,
                task=task,
                num_candidates=self.candidates,
            )
            for model in models
            for task in sorted(model.affordances)
        ]

    def build(self, unit: WorkUnit, seed: int) -> BuiltUnit:
        time.sleep(self.pause_s)
        if unit.key == self.bad_unit:
            raise InvalidInputError('its file is damaged')
        if unit.key == self.deadly_unit:
            os._exit(1)
        model = orbited_object(unit.category, int(unit.object_id.rpartition('_')[2]))
        rng = np.random.default_rng([zlib.crc32(unit.key.encode()), seed])
        kept = [n for n in range(self.candidates) if rng.random() < 0.8]
        return BuiltUnit(
            object_record=ObjectRecord.from_model(model, source=self.name),
            grasps=[self._grasp(unit, model.affordances[unit.task], n, rng) for n in kept],
            dropped={'slipped': self.candidates - len(kept)},
            notes=[f'{unit.key} had bad luck'] if len(kept) < 2 else [],
        )

    def _grasp(self, unit: WorkUnit, part: str, number: int, rng: np.random.Generator):
        turn = Rotation.random(rng=rng)
        closed = rng.uniform(0.2, 0.6, SHADOW.num_joints)
        joints = SHADOW.lower + closed * (SHADOW.upper - SHADOW.lower)
        verbs = ('Hold', 'The hand holds', 'The hand is holding', 'Held is')
        return GraspRecord(
            grasp_id=f'{unit.key}/{number}',
            object_id=unit.object_id,
            category=unit.category,
            source=self.name,
            task=unit.task,
            part=part,
            T_object_wrist=make_transform(turn.as_matrix(), turn.apply([0.0, 0.0, -0.2])),
            joint_positions=joints,
            squeeze_positions=joints + 0.05,
            fingers=('thumb', 'index'),
            approach='side',
            texts=tuple(f'{verb} the {unit.category} by its {part}.' for verb in verbs),
            checks=GraspChecks(
                held=(True,) * 6,
                penetration_m=float(rng.uniform(0, 0.002)),
                num_contacts=int(rng.integers(3, 9)),
                part_share=float(rng.uniform(0.5, 1)),
                q1=float(rng.uniform(0, 0.3)),
                table_gap_m=float(rng.uniform(-0.02, 0.06)),
            ),
        )


def make_orbits(request: SourceRequest) -> OrbitSource:
    """What a command line names as 'orbit_source:make_orbits'."""
    return OrbitSource(per_category=request.num_objects or 4)


def make_slow_orbits(request: SourceRequest) -> OrbitSource:
    """The same records, a fifth of a second a unit: there is time to interrupt it."""
    return OrbitSource(per_category=request.num_objects or 4, pause_s=0.2)
