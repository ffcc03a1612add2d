"""Named scenes and sets; random places keep objects apart and inside the region."""

import numpy as np
import pytest
import trimesh

from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.objects import make_object
from maskdexgrasp_core.objects.placement import (
    footprint,
    outline_gap,
    random_placement,
    table_pose,
)
from maskdexgrasp_core.objects.scenes import (
    load_scene,
    load_set,
    random_scene,
    scene_names,
    set_names,
)


def gaps(placements):
    outlines = [footprint(placed.model, placed.T_base_object) for placed in placements]
    return [outline_gap(a, b) for i, a in enumerate(outlines) for b in outlines[:i]]


@pytest.mark.parametrize('name', scene_names())
def test_every_scene_stands_on_the_table_without_overlap(name):
    scene = load_scene(name, seed=3)
    assert scene.name == name
    assert all(gap > 0.01 for gap in gaps(scene.placements))
    names = [placed.model.name for placed in scene.placements]
    assert len(set(names)) == len(names)
    half = np.array(CELL.table_size[:2]) / 2
    for placed in scene.placements:
        assert placed.T_base_object[2, 3] == CELL.table_height
        outline = footprint(placed.model, placed.T_base_object) - CELL.table_center
        assert (np.abs(outline) < half).all()


def test_a_scene_is_the_same_for_the_same_seed_only():
    first, again, other = (load_scene('single', seed).placements[0] for seed in (1, 1, 2))
    assert first.model.name == again.model.name
    np.testing.assert_array_equal(first.T_base_object, again.T_base_object)
    assert not np.allclose(first.T_base_object, other.T_base_object)


def test_two_mugs_differ_in_colour_and_twins_in_nothing():
    red, blue = (placed.model for placed in load_scene('two_mugs').placements)
    assert {red.color_name, blue.color_name} == {'red', 'blue'}
    one, two = (placed.model for placed in load_scene('twins').placements)
    assert one.name != two.name
    np.testing.assert_array_equal(one.mesh.vertices, two.mesh.vertices)


@pytest.mark.parametrize('name', set_names())
def test_sets_are_the_same_on_every_call(name):
    first, again = load_set(name), load_set(name)
    assert [model.name for model in first] == [model.name for model in again]
    assert len({model.name for model in first}) == len(first)


def test_table8_is_eight_different_things_that_fit_the_hand():
    models = load_set('table8')
    assert len({model.category for model in models}) == len(models) == 8
    for model in models:
        body = max(model.parts, key=lambda part: part.volume)
        points = np.concatenate([piece.vertices for piece in body.pieces])
        assert np.sort(np.ptp(points, axis=0))[-2] < 0.105
        assert np.sort(np.ptp(points, axis=0))[0] < 0.075
        assert model.mass_kg <= 0.5


def test_a_mesh_of_the_user_stands_beside_the_scene(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    path = tmp_path / 'brick.stl'
    trimesh.creation.box((40, 50, 60)).export(path)
    scene = load_scene('mug', 0, [path, path])
    assert [placed.model.name for placed in scene.placements] == ['mug_1', 'brick', 'brick_b']
    assert all('millimetres' in text for text in scene.warnings)
    assert min(gaps(scene.placements)) >= 0.03
    assert len(load_scene('empty', 0, [path]).placements) == 1


def test_unknown_names_list_what_exists():
    with pytest.raises(UnknownNameError, match='clutter3'):
        load_scene('nowhere')
    with pytest.raises(UnknownNameError, match='table8'):
        load_set('table9')


def test_random_places_stay_in_the_region_and_apart():
    models = [make_object(category, 0) for category in ('mug', 'bottle', 'can')]
    for seed in range(20):
        scene = random_scene(models, seed)
        assert min(gaps(scene.placements)) >= 0.03
        for placed in scene.placements:
            x, y = placed.T_base_object[:2, 3]
            assert CELL.placement_x[0] <= x <= CELL.placement_x[1]
            assert CELL.placement_y[0] <= y <= CELL.placement_y[1]
            rotation = placed.T_base_object[:3, :3]
            np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)


def test_what_does_not_fit_is_refused():
    with pytest.raises(InvalidInputError, match='do not fit'):
        random_placement([make_object('book', 0)] * 12, np.random.default_rng(0))


def test_the_gap_of_squares_is_their_distance():
    square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    assert outline_gap(square, square + np.array([1.25, 0.3])) == pytest.approx(0.25)
    assert outline_gap(square, square + np.array([0.9, 0])) == pytest.approx(-0.1)


def test_table_pose_turns_about_z_at_table_height():
    pose = table_pose(0.5, 0.1, np.pi / 2)
    np.testing.assert_allclose(pose @ [0.1, 0, 0, 1], [0.5, 0.2, CELL.table_height, 1])


@pytest.mark.parametrize('name', ['clutter3', 'empty'])
def test_a_negative_seed_is_refused_with_its_value(name):
    with pytest.raises(InvalidInputError, match=r'seed .*-1'):
        load_scene(name, -1)
