import json
import struct
from dataclasses import replace

import numpy as np
import pytest
import trimesh

from maskdexgrasp_core.dataset.object_files import (
    geometry_bytes,
    object_from_glb,
    object_to_glb,
    read_object,
)
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.objects.catalog import make_object

CATEGORIES = ('mug', 'bowl', 'power_drill', 'ball')


def corners(piece):
    vertices = np.round(piece.vertices, 9)
    return vertices[np.lexsort(vertices.T)]


@pytest.mark.parametrize('category', CATEGORIES)
def test_an_object_survives_its_file(category):
    model = make_object(category, 5)
    again = object_from_glb(object_to_glb(model), name='test')
    assert again.name == model.name
    assert again.category == model.category
    assert again.mass_kg == model.mass_kg
    assert again.friction == model.friction
    assert again.color_name == model.color_name
    assert again.affordances == model.affordances
    assert [part.name for part in again.parts] == [part.name for part in model.parts]
    for ours, theirs in zip(again.parts, model.parts, strict=True):
        assert ours.color == theirs.color
        assert ours.mass_kg == theirs.mass_kg
        assert len(ours.pieces) == len(theirs.pieces)
        for one, other in zip(ours.pieces, theirs.pieces, strict=True):
            assert one.is_watertight
            np.testing.assert_allclose(corners(one), corners(other), atol=1e-6)
            assert one.volume == pytest.approx(other.volume, rel=1e-4)
    np.testing.assert_allclose(again.center_of_mass, model.center_of_mass, atol=1e-6)


def test_an_object_without_masses_of_parts_keeps_none():
    model = make_object('mug', 0)
    bare = replace(model, parts=tuple(replace(part, mass_kg=None) for part in model.parts))
    again = object_from_glb(object_to_glb(bare), name='test')
    assert {part.mass_kg for part in again.parts} == {None}
    assert again.mass_kg == model.mass_kg


@pytest.mark.parametrize('category', CATEGORIES)
def test_files_are_small_and_repeat(category):
    model = make_object(category, 1)
    content = object_to_glb(model)
    assert content == object_to_glb(make_object(category, 1))
    assert len(content) <= 13_000
    if category == 'mug':
        assert len(content) <= 12_000


def test_another_library_sees_the_parts_upright_and_of_the_same_size(tmp_path):
    model = make_object('mug', 2)
    path = tmp_path / 'mug.glb'
    path.write_bytes(object_to_glb(model))
    scene = trimesh.load_scene(path)
    assert {part.name for part in model.parts} <= set(scene.graph.nodes)
    # glTF has y up: the height of the mug is its extent in y, and it stands on the ground
    low, high = scene.bounds
    np.testing.assert_allclose(
        high - low, np.ptp(model.mesh.vertices, axis=0)[[0, 2, 1]], atol=1e-6
    )
    assert low[1] == pytest.approx(0.0, abs=1e-6)
    volume = sum(mesh.volume for mesh in scene.geometry.values())
    assert volume == pytest.approx(sum(part.volume for part in model.parts), rel=1e-4)


def test_colour_and_name_are_not_geometry():
    model = make_object('mug', 2)
    other = make_object('mug', 2, color_name='green', name='other')
    assert object_to_glb(model) != object_to_glb(other)
    assert geometry_bytes(object_to_glb(model)) == geometry_bytes(object_to_glb(other))
    third = make_object('mug', 3)
    assert geometry_bytes(object_to_glb(model)) != geometry_bytes(object_to_glb(third))


@pytest.mark.parametrize('kept', [0, 8, 19, 400, -1])
def test_cut_files_are_refused(tmp_path, kept):
    path = tmp_path / 'cut.glb'
    path.write_bytes(object_to_glb(make_object('box', 0))[:kept])
    with pytest.raises(InvalidInputError, match=r'cut\.glb'):
        read_object(path)


def test_foreign_files_and_missing_ones_are_refused(tmp_path):
    path = tmp_path / 'foreign.glb'
    trimesh.creation.box().export(path)
    with pytest.raises(InvalidInputError, match=r'foreign\.glb'):
        read_object(path)
    with pytest.raises(InvalidInputError, match=r'missing\.glb'):
        read_object(tmp_path / 'missing.glb')


@pytest.mark.parametrize('change', ['"count":', '"mass_kg":', '"children":', '"bufferView":1'])
def test_headers_that_lie_are_refused(change):
    content = object_to_glb(make_object('box', 0))
    size = struct.unpack_from('<I', content, 12)[0]
    text = content[20 : 20 + size].decode()
    assert change in text
    changed = text.replace(change, change[:-1] + '9' if change[-1] == '1' else '"x":', 1).strip()
    json.loads(changed)  # still JSON
    changed = changed.ljust(size) if len(changed) <= size else changed
    head = struct.pack('<4sIIII', b'glTF', 2, len(content) - size + len(changed), len(changed),
                       0x4E4F534A)  # fmt: skip
    with pytest.raises(InvalidInputError):
        object_from_glb(head + changed.encode() + content[20 + size :], name='lie')
