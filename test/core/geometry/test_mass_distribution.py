import numpy as np
import pytest
import trimesh

from maskdexgrasp_core.geometry.mass_distribution import (
    DENSITY_CONTRASTS,
    presumed_center_of_mass,
    presumed_mass_shares,
)
from maskdexgrasp_core.objects.catalog import make_object
from maskdexgrasp_core.perception.vocabulary import CATEGORIES


def box(extents, center) -> trimesh.Trimesh:
    mesh = trimesh.creation.box(extents)
    return mesh.apply_translation(center)


def hammer_pieces():
    return [box([0.24, 0.025, 0.025], [0.0, 0, 0]), box([0.03, 0.1, 0.03], [0.135, 0, 0])]


def test_a_compact_shape_balances_in_its_middle():
    center = presumed_center_of_mass(box([0.06, 0.05, 0.07], [0.5, 0.1, -0.05]))
    np.testing.assert_allclose(center, [0.5, 0.1, -0.05], atol=1e-4)


def test_a_plain_stick_balances_in_its_middle():
    center = presumed_center_of_mass(box([0.3, 0.02, 0.02], [0.5, 0.1, -0.05]))
    np.testing.assert_allclose(center, [0.5, 0.1, -0.05], atol=0.005)


def test_a_hammer_balances_near_its_head():
    shape = trimesh.boolean.union(hammer_pieces(), engine='manifold')
    assert presumed_center_of_mass(shape)[0] > 0.08 > shape.center_mass[0]


def test_the_name_tells_how_heavy_the_thick_end_is():
    shape = trimesh.boolean.union(hammer_pieces(), engine='manifold')
    anything = presumed_center_of_mass(shape, 'object')
    assert presumed_center_of_mass(shape, 'hammer')[0] > anything[0] + 0.01
    assert np.allclose(presumed_center_of_mass(shape, 'wrench'), shape.center_mass, atol=0.005)
    assert set(DENSITY_CONTRASTS) <= set(CATEGORIES)


@pytest.mark.parametrize('category', DENSITY_CONTRASTS)
def test_the_presumed_balance_of_our_own_things_is_near_the_true_one(category):
    model = make_object(category, 900)
    pieces = [piece for part in model.parts for piece in part.pieces]
    shape = trimesh.boolean.union(pieces, engine='manifold')
    error = presumed_center_of_mass(shape, category) - model.center_of_mass
    assert np.linalg.norm(error) < 0.015


def test_the_name_counts_in_the_shares_of_pieces_too():
    pieces = hammer_pieces()
    shape = trimesh.boolean.union(pieces, engine='manifold')
    shares = {label: presumed_mass_shares(shape, pieces, label) for label in ('', 'hammer')}
    assert shares['hammer'][1] > shares[''][1] + 0.05


def test_shares_follow_the_thickness():
    pieces = hammer_pieces()
    shares = presumed_mass_shares(trimesh.boolean.union(pieces, engine='manifold'), pieces)
    assert np.isclose(shares.sum(), 1.0)
    assert shares[1] > 0.5
