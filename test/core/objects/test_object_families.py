"""Every family, three members each: real weights, convex pieces, stable, repeatable."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import trimesh

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.objects import CATEGORIES, COLORS, make_object
from maskdexgrasp_core.objects.catalog import FIRST_VARIED_SEED, VARIED, family_of
from maskdexgrasp_core.objects.model import ObjectModel, Part
from maskdexgrasp_core.objects.rest import resting_rotation, support_margin
from maskdexgrasp_core.objects.shapes import rounded_box
from maskdexgrasp_core.tasks import TASKS

SEEDS = {
    category: (0, 1, 2, *(FIRST_VARIED_SEED + i for i in range(3) if category in VARIED))
    for category in CATEGORIES
}
FIRST_MEMBERS = json.loads(Path(__file__).with_name('first_members.json').read_text())
PARTS = {
    'mug': {'body', 'rim', 'handle'}, 'hammer': {'handle', 'head'}, 'pan': {'body', 'handle'},
    'bottle': {'body', 'neck', 'cap'}, 'jar': {'body', 'lid'}, 'can': {'body', 'bottom', 'lid'},
    'spray_bottle': {'body', 'neck', 'head', 'nozzle', 'trigger'}, 'knife': {'handle', 'blade'},
    'power_drill': {'body', 'handle', 'battery', 'trigger', 'chuck', 'bit'},
    'camera': {'body', 'grip', 'lens', 'glass', 'shutter'}, 'bowl': {'body', 'rim'},
    'flashlight': {'body', 'head', 'lens', 'switch'}, 'screwdriver': {'handle', 'shaft', 'tip'},
    'soap_dispenser': {'body', 'neck', 'head'}, 'scissors': {'handle', 'blade'},
    'pot': {'body', 'lid', 'knob', 'handle'}, 'faucet': {'base', 'body', 'spout', 'lever'},
}  # fmt: skip
LEAST_DIFFERENCE_M = 0.002


@pytest.fixture(scope='module')
def members() -> dict[str, list[ObjectModel]]:
    """Members of every category; the later ones of an old category follow its first ones."""
    return {c: [make_object(c, seed) for seed in seeds] for c, seeds in SEEDS.items()}


def pieces_of(model: ObjectModel) -> list[trimesh.Trimesh]:
    return [piece for part in model.parts for piece in part.pieces]


@pytest.mark.parametrize('category', CATEGORIES)
def test_pieces_are_convex_and_watertight(members, category):
    for model in members[category]:
        pieces = pieces_of(model)
        assert 1 <= len(pieces) <= 45
        for piece in pieces:
            assert piece.is_watertight
            assert piece.volume > 1e-10
            assert piece.convex_hull.volume == pytest.approx(piece.volume, rel=1e-5)


@pytest.mark.parametrize('category', CATEGORIES)
def test_weight_is_real_and_shared_out_completely(members, category):
    for seed, model in zip(SEEDS[category], members[category], strict=True):
        low, high = family_of(category, seed).mass_range_kg
        assert high <= 1.2
        assert low - 1e-9 <= model.mass_kg <= high + 1e-9
        shares = [mass for part in model.piece_masses_kg for mass in part]
        assert sum(shares) == pytest.approx(model.mass_kg)
        assert min(shares) > 0
        assert 0.4 <= model.friction <= 0.8


@pytest.mark.parametrize('category', CATEGORIES)
def test_stands_stably_at_the_promised_origin(members, category):
    for model in members[category]:
        vertices = np.asarray(model.mesh.vertices)
        low, high = vertices.min(axis=0), vertices.max(axis=0)
        assert low[2] == pytest.approx(0, abs=1e-9)
        np.testing.assert_allclose((low + high)[:2] / 2, 0, atol=1e-9)
        assert support_margin(vertices, model.center_of_mass) > 0.0008


@pytest.mark.parametrize('category', CATEGORIES)
def test_all_pieces_hang_together(members, category):
    """Save in the first members, which stay as they are: the face of a hammer floats there."""
    for model in members[category][-3:]:
        pieces = pieces_of(model)
        reached, left = [pieces[0]], pieces[1:]
        for piece in reached:
            near = [other for other in left if _gap(piece, other) < 1e-4]
            reached.extend(near)
            left = [other for other in left if all(other is not one for one in near)]
        assert not left


def _gap(one: trimesh.Trimesh, other: trimesh.Trimesh) -> float:
    """Return the widest gap that a face of one of two convex pieces opens to the other [m]."""
    return max(
        (a.face_normals @ b.vertices.T - (a.face_normals * a.triangles[:, 0]).sum(axis=1)[:, None])
        .min(axis=1)
        .max()
        for a, b in ((one, other), (other, one))
    )


@pytest.mark.parametrize('category', CATEGORIES)
def test_members_differ_at_a_glance(members, category):
    """Any two of the last three differ by 2 mm or more in the size of some part."""
    sizes = [
        {part.name: np.ptp(np.concatenate([p.vertices for p in part.pieces]), axis=0)
         for part in model.parts}
        for model in members[category][-3:]
    ]  # fmt: skip
    for one, other in itertools.combinations(sizes, 2):
        shared = one.keys() & other.keys()
        assert max(np.abs(one[n] - other[n]).max() for n in shared) > LEAST_DIFFERENCE_M


@pytest.mark.parametrize('category', VARIED)
def test_the_first_members_never_change(category):
    """Scenes, sets and reported figures stand on them."""
    for seed in range(6):
        color, *numbers = FIRST_MEMBERS[f'{category}_{seed}']
        model = make_object(category, seed)
        volume = sum(part.volume for part in model.parts)
        found = [
            model.mass_kg, model.friction, 1e6 * volume, *(1e3 * model.mesh.extents),
            *(1e3 * model.center_of_mass),
        ]  # fmt: skip
        assert model.color_name == color
        np.testing.assert_allclose(found, numbers, rtol=1e-6, atol=2e-4)


@pytest.mark.parametrize('category', CATEGORIES)
def test_affordances_name_real_tasks_and_parts(members, category):
    for model in members[category]:
        names = [part.name for part in model.parts]
        assert len(set(names)) == len(names)
        assert set(model.affordances) <= set(TASKS)
        assert set(model.affordances.values()) <= set(names)
        assert PARTS.get(category, set()) <= set(names)


@pytest.mark.parametrize('category', CATEGORIES)
def test_the_same_seed_gives_the_same_object_and_another_seed_another(members, category):
    first, other = members[category][:2]
    again = make_object(category, 0)
    np.testing.assert_array_equal(first.mesh.vertices, again.mesh.vertices)
    assert (first.mass_kg, first.color_name) == (again.mass_kg, again.color_name)
    assert not np.allclose(first.mesh.extents, other.mesh.extents)


def test_a_colour_on_request_changes_nothing_but_the_colour():
    plain, red = make_object('mug', 4), make_object('mug', 4, color_name='red', name='mine')
    np.testing.assert_array_equal(plain.mesh.vertices, red.mesh.vertices)
    assert red.parts[0].color == COLORS['red']
    assert (red.color_name, red.name, plain.name) == ('red', 'mine', 'mug_4')


def test_a_mug_is_hollow_and_its_handle_admits_a_finger(members):
    """A 16 mm ball fits inside the cup and inside the loop of the handle."""
    for seed in range(3):
        model = members['mug'][seed]
        body, handle = model.part('body'), model.part('handle')
        vertices = np.concatenate([piece.vertices for piece in body.pieces])
        axis_x = (vertices[:, 0].min() + vertices[:, 0].max()) / 2
        assert not _touches(model, [axis_x, 0, 0.05], 0.025)
        loop = np.concatenate([piece.vertices for piece in handle.pieces])
        middle_x = (vertices[:, 0].max() + loop[:, 0].max() - 0.009) / 2
        middle_z = (loop[:, 2].min() + loop[:, 2].max()) / 2
        assert not _touches(model, [middle_x, 0, middle_z], 0.008)


def _touches(model: ObjectModel, center: list[float], radius: float) -> bool:
    pieces = [piece for part in model.parts for piece in part.pieces]
    inside = [
        (
            piece.face_normals @ center - (piece.face_normals * piece.triangles[:, 0]).sum(axis=1)
        ).max()
        for piece in pieces
    ]
    return min(inside) < radius  # separation along face normals never exceeds the distance


def test_a_hammer_is_heavy_at_its_head(members):
    for seed in range(3):
        model = members['hammer'][seed]
        head = np.average([p.center_mass for p in model.part('head').pieces], axis=0)
        masses = {part.name: part.mass_kg for part in model.parts}
        assert masses['head'] > 0.6 * model.mass_kg
        assert abs(head[0] - model.center_of_mass[0]) < 0.35 * model.mesh.extents[0]


def test_unknown_names_list_what_exists():
    with pytest.raises(UnknownNameError, match='mug'):
        make_object('mugg', 0)
    with pytest.raises(UnknownNameError, match='orange'):
        make_object('mug', 0, color_name='beige')
    with pytest.raises(InvalidInputError, match='-1'):
        make_object('mug', -1)
    with pytest.raises(InvalidInputError, match='rim'):
        make_object('mug', 0).part('blade')


def test_part_masses_must_add_up():
    part = Part(name='body', pieces=(rounded_box((1, 1, 1)),), color=(0, 0, 0), mass_kg=0.2)
    with pytest.raises(InvalidInputError, match='add up'):
        ObjectModel(name='a', category='a', parts=(part,), mass_kg=0.3, friction=0.5)


def test_an_object_on_its_edge_is_laid_on_its_nearest_face():
    box = rounded_box((0.1, 0.1, 0.1), bevel=0.0005)
    turned = np.asarray(box.vertices) @ _about_y(0.5).T
    turn = resting_rotation(turned, np.zeros(3))[:3, :3]
    assert np.ptp(turned @ turn.T, axis=0)[2] == pytest.approx(0.1, abs=1e-6)  # not its bevel
    assert np.degrees(np.arccos(turn[2, 2])) == pytest.approx(np.degrees(0.5), abs=1e-3)


def _about_y(angle: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
