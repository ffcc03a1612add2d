import numpy as np
import trimesh

from maskdexgrasp_core.geometry.convex_pieces import convex_pieces


def hollow_cup() -> trimesh.Trimesh:
    outer = trimesh.creation.cylinder(radius=0.04, height=0.095, sections=48)
    inner = trimesh.creation.cylinder(radius=0.035, height=0.095, sections=48)
    inner.apply_translation([0, 0, 0.006])
    return trimesh.boolean.difference([outer, inner], engine='manifold')


def test_a_convex_shape_stays_one_piece():
    assert len(convex_pieces(trimesh.creation.box([0.04, 0.06, 0.1]))) == 1


def test_a_cup_stays_hollow():
    pieces = convex_pieces(hollow_cup())
    assert 4 < len(pieces) <= 24
    assert all(p.is_convex and p.is_watertight for p in pieces)
    centre = np.array([[0.0, 0.0, 0.02]])
    assert not any(p.contains(centre)[0] for p in pieces)


def test_pieces_cover_the_surface():
    cup = hollow_cup()
    points, _ = trimesh.sample.sample_surface(cup, 300, seed=1)
    distance = np.min(
        [-trimesh.proximity.signed_distance(p, points) for p in convex_pieces(cup)], axis=0
    )
    assert np.quantile(distance, 0.95) < 0.002


def test_the_same_seed_gives_the_same_pieces():
    a, b = convex_pieces(hollow_cup(), seed=3), convex_pieces(hollow_cup(), seed=3)
    assert [p.volume for p in a] == [p.volume for p in b]
