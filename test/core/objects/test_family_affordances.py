"""What the families afford: every task, named in words, at parts that a hand can hold."""

import numpy as np
import pytest
import trimesh
from scipy.spatial import cKDTree

from maskdexgrasp_core.objects import CATEGORIES, ObjectModel, make_object
from maskdexgrasp_core.objects.catalog import FIRST_VARIED_SEED, family_of
from maskdexgrasp_core.perception.sentence import parse_sentence
from maskdexgrasp_core.tasks import TASKS
from maskdexgrasp_core.types import Array

PAD_M = 0.008
"""Half the thickness of a finger."""
SPAN_M = 0.095
"""Between thumb and fingers."""
LEAST_PAIRS = 15
AFFORDED = [
    (category, part)
    for category in CATEGORIES
    for part in sorted(set(family_of(category, FIRST_VARIED_SEED).affordances.values()))
]
OPEN_VESSELS = ('mug', 'cup', 'bowl', 'pan', 'pitcher', 'basket', 'bucket', 'drawer', 'goblet')


@pytest.fixture(scope='module')
def models() -> dict[str, ObjectModel]:
    return {category: make_object(category, FIRST_VARIED_SEED) for category in CATEGORIES}


def test_there_are_thirty_categories_and_every_task_has_four():
    assert len(CATEGORIES) >= 30
    for task in TASKS:
        serving = [c for c in CATEGORIES if task in family_of(c, FIRST_VARIED_SEED).affordances]
        assert len(serving) >= 4, task


@pytest.mark.parametrize(('category', 'part'), AFFORDED)
def test_every_part_that_is_asked_for_can_be_named(category, part):
    words = category.replace('_', ' ')
    query = parse_sentence(f'hold the {words} by its {part}')
    assert query.category == category
    assert query.part


@pytest.mark.parametrize(('category', 'part'), AFFORDED)
def test_two_finger_pads_find_room_on_every_part_that_is_asked_for(models, category, part):
    assert count_pinches(models[category], part) >= LEAST_PAIRS


def count_pinches(model: ObjectModel, part: str) -> int:
    """Return how many pairs of sampled points on a part face each other between two free pads."""
    mesh = trimesh.util.concatenate(list(model.part(part).pieces))
    points, faces = trimesh.sample.sample_surface(mesh, 500, seed=0)
    points, normals = np.asarray(points), mesh.face_normals[faces]
    pads = points + (PAD_M + 0.0005) * normals
    surface = cKDTree(trimesh.sample.sample_surface(model.mesh, 12000, seed=1)[0])
    free = outside(model, points + 0.0005 * normals) & outside(model, pads)
    free &= surface.query(pads)[0] > PAD_M - 0.0015
    points, normals = points[free], normals[free]
    apart = points[None] - points[:, None]
    distance = np.linalg.norm(apart, axis=2) + 1e-9
    facing = -(apart * normals[:, None]).sum(axis=2) / distance > 0.85
    pair = facing & facing.T & (distance > 0.003) & (distance < SPAN_M)
    return int(np.triu(pair).sum())


def outside(model: ObjectModel, points: Array) -> np.ndarray:
    """Return which points (N, 3) lie in none of the pieces, shape (N,)."""
    free = np.ones(len(points), dtype=bool)
    for piece in (piece for part in model.parts for piece in part.pieces):
        planes = (piece.face_normals * piece.triangles[:, 0]).sum(axis=1)
        free &= (points @ piece.face_normals.T - planes).max(axis=1) > 1e-4
    return free


@pytest.mark.parametrize('category', OPEN_VESSELS)
@pytest.mark.parametrize('seed', [0, FIRST_VARIED_SEED, FIRST_VARIED_SEED + 1])
def test_open_vessels_are_hollow_and_no_handle_reaches_in(category, seed):
    model = make_object(category, seed)
    wall = np.concatenate([piece.vertices for piece in model.part('body').pieces])
    low, high = wall.min(axis=0), wall.max(axis=0)
    share = np.random.default_rng(0).uniform(-1, 1, (200, 3)) * [0.3, 0.3, 0.25]
    inside = (low + high) / 2 + [0, 0, 0.15 * (high - low)[2]] + share * (high - low) / 2
    assert outside(model, inside).all()


def test_a_loop_of_a_handle_lets_fingers_through():
    for category in ('mug', 'kettle', 'jug', 'bag', 'suitcase', 'iron'):
        for seed in (FIRST_VARIED_SEED + 1,):
            model = make_object(category, seed)
            handle = np.concatenate([piece.vertices for piece in model.part('handle').pieces])
            low, high = handle.min(axis=0), handle.max(axis=0)
            grid = low + np.random.default_rng(0).uniform(0, 1, (4000, 3)) * (high - low)
            grid[:, 1] = (low + high)[1] / 2
            surface = cKDTree(trimesh.sample.sample_surface(model.mesh, 20000, seed=0)[0])
            room = np.where(outside(model, grid), surface.query(grid)[0], 0.0)
            assert room.max() > 0.011, (category, seed)
