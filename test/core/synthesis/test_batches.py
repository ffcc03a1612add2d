"""How many batches a generator makes, and when it turns to its last resort."""

import numpy as np
import pytest
import trimesh

from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.synthesis.generator import BatchGenerator, BatchMakers, GeneratorCfg
from maskdexgrasp_core.types import Grasp, ObjectObservation, ObservedCloud

SURE, UNSURE = 0.95, 0.1
LIMIT = 0.9


class Scripted(BatchGenerator):
    """Makes batches of given sizes, each grasp far from all others, and remembers their names."""

    name = 'scripted'

    def __init__(self, cfg, *, own, last=0, share=SURE, **resort):
        """Take the grasps of a batch, the first of `share` closure, and settings of makers."""
        super().__init__(cfg, ranked=True)
        self.made = []
        self._own, self._last, self._share, self._resort = own, last, share, resort

    def _prepare(self, observation, scene, generator):
        last = self._batch('last', self._last) if self._last else None
        return BatchMakers(self._batch('own', self._own), last, **self._resort)

    def _batch(self, name, count):
        def make(dropped, deadline_s):
            self.made.append(name)
            return [self._grasp(row) for row in range(count)]

        return make

    def _grasp(self, row):
        return Grasp(
            T_base_wrist=np.eye(4) + (len(self.made) + 0.05 * row) * np.eye(4, k=3),
            joint_names=SHADOW.joint_names,
            joint_positions=np.zeros(22),
            contact_points=np.zeros((0, 3)),
            contact_forces=np.zeros((0, 3)),
            score=0.0,
            scores={
                'force_closure': SURE if row else self._share,
                'balance': SURE if row else self._share,
            },
        )


@pytest.fixture(scope='module')
def box() -> ObjectObservation:
    shape = trimesh.creation.box((0.05, 0.05, 0.1)).apply_translation([0.5, 0.0, 0.05])
    return ObjectObservation(
        cloud=ObservedCloud(points=shape.vertices, colors=None, camera_position=np.ones(3)),
        shape=shape,
        label='box',
        part='',
        part_points=np.zeros((0, 3)),
        table_height=0.0,
    )


def cfg(limit, **changes):
    return GeneratorCfg(max_batches=4, **{limit: LIMIT}, **changes)


@pytest.mark.parametrize('limit', ['enough_force_closure', 'enough_balance'])
@pytest.mark.parametrize(('enough', 'batches'), [(1, 2), (6, 3)])
def test_batches_go_on_until_enough_are_sure_and_all_are_there(box, enough, batches, limit):
    generator = Scripted(cfg(limit, enough_grasps=enough), own=3, share=UNSURE)
    found = generator.generate(box, num_grasps=6, seed=1)
    assert generator.made == ['own'] * batches
    assert len(found.grasps) == 6


@pytest.mark.parametrize(
    ('asked', 'last_resort_batches', 'expected'),
    [
        (2, 3, ['own']),
        (6, 3, ['own', 'own', 'last']),
        (9, 1, ['own', 'own', 'last']),
        (9, 3, ['own', 'own', 'last', 'last']),
        (99, 3, ['own', 'own', 'last', 'last', 'last']),
    ],
)
def test_last_batches_fill_up_what_is_missing(box, asked, last_resort_batches, expected):
    generator = Scripted(
        cfg('enough_balance'),
        own=2,
        last=4,
        fill_up_after=2,
        last_resort_batches=last_resort_batches,
    )
    found = generator.generate(box, num_grasps=asked, seed=1)
    assert generator.made == expected
    assert len(found.grasps) == min(asked, sum({'own': 2, 'last': 4}[one] for one in expected))


@pytest.mark.parametrize(('asked', 'last'), [(4, 1), (10, 2)])
def test_where_none_is_sure_last_batches_end_with_as_many_as_are_asked_for(box, asked, last):
    generator = Scripted(cfg('enough_balance'), own=1, last=3, share=UNSURE, last_resort_batches=3)
    generator.generate(box, num_grasps=asked, seed=1)
    assert generator.made == ['own'] * 4 + ['last'] * last


def test_without_a_last_resort_all_batches_are_its_own(box):
    generator = Scripted(cfg('enough_balance'), own=1, fill_up_after=2)
    found = generator.generate(box, num_grasps=9, seed=1)
    assert generator.made == ['own'] * 4
    assert len(found.grasps) == 4
