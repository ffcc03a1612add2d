from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.synthesis.contact_forces import ContactCfg, Contacts, ForceSolver
from maskdexgrasp_core.synthesis.ranking import (
    CandidateFacts,
    RankingCfg,
    geometric_reason,
    judge,
    resistance,
)

CENTER = np.zeros(3)


def _facts(normals, **changes) -> CandidateFacts:
    normals = np.asarray(normals, dtype=float)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    facts = CandidateFacts(
        contacts=Contacts(0.03 * normals, normals),
        is_thumb=np.arange(len(normals)) == 0,
        contact_gap_m=0.001,
        penetration_m=0.001,
        self_penetration_m=0.0,
        table_gap_m=0.02,
        part_share=1.0,
    )
    return facts._replace(**changes)


ANTIPODAL = _facts([[-1, 0, 0], [1, 0.3, 0], [1, -0.3, 0]])
ONE_SIDED = _facts([[1, 0, 0.3], [1, 0.3, 0], [1, -0.3, 0]])


def test_antipodal_contacts_resist_every_load_and_one_sided_ones_none():
    good, _ = resistance(ANTIPODAL.contacts, CENTER, RankingCfg(), ContactCfg())
    bad, _ = resistance(ONE_SIDED.contacts, CENTER, RankingCfg(), ContactCfg())
    assert good > 0.9
    assert bad < 0.5


def test_an_antipodal_grasp_ranks_above_a_one_sided_one():
    lenient = RankingCfg(min_force_closure=0.0)
    good = judge(ANTIPODAL, 0.0, CENTER, lenient, ContactCfg())
    bad = judge(ONE_SIDED, 0.0, CENTER, lenient, ContactCfg())
    assert good.dropped == bad.dropped == ''
    assert good.score > bad.score + 0.5
    assert judge(ONE_SIDED, 0.0, CENTER, RankingCfg(), ContactCfg()).dropped == 'no force closure'


@pytest.mark.parametrize(
    ('changes', 'reason'),
    [
        ({'table_gap_m': -0.01}, 'touches the table'),
        ({'penetration_m': 0.02}, 'penetrates the object'),
        ({'self_penetration_m': 0.02}, 'penetrates itself'),
        ({'contact_gap_m': 0.02}, 'contacts too far'),
        ({'part_share': 0.1}, 'off the asked part'),
    ],
)
def test_each_reason_is_named(changes, reason):
    facts = ANTIPODAL._replace(**changes)
    assert geometric_reason(facts, RankingCfg()) == reason
    assert geometric_reason(facts, RankingCfg(enabled=False)) == ''
    assert geometric_reason(ANTIPODAL, RankingCfg()) == ''


def test_contacts_on_the_asked_part_raise_the_score():
    wholly = judge(ANTIPODAL, 0.0, CENTER, RankingCfg(), ContactCfg()).score
    partly = judge(
        ANTIPODAL._replace(part_share=0.6), 0.0, CENTER, RankingCfg(), ContactCfg()
    ).score
    assert wholly > partly


def test_a_balanced_grip_ranks_by_the_order_of_magnitude_of_what_it_leaves():
    weighed = RankingCfg(balance_weight=1.0)
    scores = [
        judge(ANTIPODAL, residual, CENTER, weighed, ContactCfg()).score
        for residual in (1.0, 0.1, 0.01, 1e-4, 0.0)
    ]
    np.testing.assert_allclose(np.diff(scores), [0.25, 0.25, 0.5, 0.0], atol=1e-9)


def test_forces_balance_gravity_inside_cones_and_bear_the_preload():
    solver = ForceSolver(ANTIPODAL.contacts, CENTER, ContactCfg())
    weight = np.array([0, 0, -2.0, 0, 0, 0])
    balance = solver.balance(weight, preload_n=2.0)
    normals = ANTIPODAL.contacts.normals
    pressure = -(balance.forces * normals).sum(1)
    sideways = np.linalg.norm(balance.forces + pressure[:, None] * normals, axis=1)
    np.testing.assert_allclose(balance.forces.sum(0), [0, 0, 2.0], atol=0.02)
    assert (sideways <= 0.6 * pressure + 1e-9).all()
    assert pressure.sum() > 4.0
    assert balance.residual < 0.02


def test_a_load_beyond_the_force_limit_stays_uncancelled():
    cfg = ContactCfg(max_force_n=1.0)
    balance = ForceSolver(ANTIPODAL.contacts, CENTER, cfg).balance(
        np.array([0, 0, -20.0, 0, 0, 0])
    )
    assert balance.residual > 15.0


def test_more_friction_resists_at_least_as_well():
    values = [
        resistance(ANTIPODAL.contacts, CENTER, RankingCfg(), replace(ContactCfg(), friction=mu))[0]
        for mu in (0.1, 0.3, 0.6, 1.0)
    ]
    assert all(b >= a - 1e-3 for a, b in pairwise(values))
    assert values[-1] > values[0] + 0.2


def test_no_contact_is_refused():
    with pytest.raises(InvalidInputError):
        ForceSolver(Contacts(np.zeros((0, 3)), np.zeros((0, 3))), CENTER, ContactCfg())
