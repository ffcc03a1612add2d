"""Meshes of the user: what is repaired says so, what is hopeless is refused with a reason."""

import numpy as np
import pytest
import trimesh

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.objects.mesh import load_mesh_object


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))


def saved(tmp_path, mesh, name='thing.stl'):
    mesh.export(tmp_path / name)
    return tmp_path / name


def can() -> trimesh.Trimesh:
    return trimesh.creation.cylinder(radius=0.033, height=0.11, sections=48)


@pytest.mark.parametrize('suffix', ['obj', 'stl', 'ply', 'off', 'glb'])
def test_a_good_mesh_of_any_format_is_taken_as_it_is(tmp_path, suffix):
    mesh = can()
    if suffix == 'glb':  # y is up in this format
        mesh.apply_transform(trimesh.transformations.rotation_matrix(-np.pi / 2, (1, 0, 0)))
    model, warnings = load_mesh_object(saved(tmp_path, mesh, f'005_soup_can.{suffix}'))
    assert warnings == []
    assert model.category == 'can'
    np.testing.assert_allclose(model.mesh.extents, [0.066, 0.066, 0.11], atol=1e-3)
    assert model.mesh.bounds[0][2] == pytest.approx(0, abs=1e-9)
    assert 0.05 <= model.mass_kg <= 0.6
    assert model.friction <= 0.8


def test_a_hollow_mesh_stays_hollow_and_the_second_load_comes_from_disk(tmp_path, monkeypatch):
    pipe = trimesh.creation.annulus(r_min=0.03, r_max=0.04, height=0.09, sections=24)
    path = saved(tmp_path, pipe, 'pipe.ply')
    model, _ = load_mesh_object(path)
    pieces = model.parts[0].pieces
    assert len(pieces) > 3
    assert all(piece.is_watertight for piece in pieces)
    assert not any(piece.contains([[0, 0, 0.045]])[0] for piece in pieces)
    monkeypatch.setattr('coacd.run_coacd', lambda *_, **__: pytest.fail('not read from disk'))
    again, _ = load_mesh_object(path)
    np.testing.assert_array_equal(model.mesh.vertices, again.mesh.vertices)


def test_a_damaged_file_on_disk_is_made_anew(tmp_path):
    path = saved(tmp_path, can())
    load_mesh_object(path)
    (stored,) = (tmp_path / 'cache').rglob('*.npz')
    stored.write_bytes(b'PK broken')
    assert load_mesh_object(path)[0].mesh.volume > 0


@pytest.mark.parametrize(('scale', 'word'), [(1000, 'millimetres'), (100, 'centimetres')])
def test_other_units_are_scaled_with_a_warning(tmp_path, scale, word):
    model, warnings = load_mesh_object(saved(tmp_path, can().apply_scale(scale)))
    assert len(warnings) == 1
    assert word in warnings[0]
    np.testing.assert_allclose(model.mesh.extents, [0.066, 0.066, 0.11], atol=1e-3)


def test_holes_are_filled_with_a_warning(tmp_path):
    mesh = can()
    mesh.update_faces(mesh.triangles_center[:, 2] < 0.0549)
    assert not mesh.is_watertight
    model, warnings = load_mesh_object(saved(tmp_path, mesh))
    assert any('not watertight' in text for text in warnings)
    assert model.mesh.volume == pytest.approx(can().volume, rel=0.05)


def test_a_surface_full_of_holes_is_rebuilt_with_a_warning(tmp_path):
    mesh = trimesh.creation.box((0.05, 0.05, 0.12)).subdivide().subdivide().subdivide()
    mesh.update_faces(np.random.default_rng(0).random(len(mesh.faces)) > 0.15)
    model, warnings = load_mesh_object(saved(tmp_path, mesh))
    assert any('voxels' in text for text in warnings)
    np.testing.assert_allclose(model.mesh.extents, [0.05, 0.05, 0.12], atol=0.005)
    assert model.mesh.volume == pytest.approx(0.05 * 0.05 * 0.12, rel=0.15)


def test_faces_turned_inward_are_turned_outward(tmp_path):
    mesh = can()
    mesh.invert()
    model, warnings = load_mesh_object(saved(tmp_path, mesh))
    assert any('inward' in text for text in warnings)
    assert model.mesh.volume > 0


def test_a_tilted_mesh_is_laid_down_with_a_warning(tmp_path):
    mesh = trimesh.creation.box((0.04, 0.06, 0.15))
    mesh.apply_transform(trimesh.transformations.rotation_matrix(0.9, (1, 0.2, 0)))
    model, warnings = load_mesh_object(saved(tmp_path, mesh))
    assert any('resting pose' in text for text in warnings)
    assert model.mesh.extents[2] == pytest.approx(0.04, abs=1e-3)


def test_the_colour_of_the_mesh_becomes_a_word(tmp_path):
    mesh = can()
    mesh.visual = trimesh.visual.ColorVisuals(mesh, face_colors=[25, 60, 200, 255])
    assert load_mesh_object(saved(tmp_path, mesh, 'thing.ply'))[0].color_name == 'blue'


def flat() -> trimesh.Trimesh:
    return trimesh.Trimesh([[0, 0, 0], [0.1, 0, 0], [0.1, 0.1, 0], [0, 0.1, 0]],
                           [[0, 1, 2], [0, 2, 3]])  # fmt: skip


def with_nan() -> trimesh.Trimesh:
    mesh = can()
    vertices = np.array(mesh.vertices)
    vertices[3] = np.nan
    return trimesh.Trimesh(vertices, mesh.faces, process=False)


@pytest.mark.parametrize(
    ('mesh', 'reason'),
    [
        (flat(), 'no volume'),
        (trimesh.creation.box((2.0, 0.5, 0.5)), 'too large'),
        (trimesh.creation.box((0.8, 0.5, 0.5)), 'too large'),
        (trimesh.creation.box((2000.0, 500, 500)), 'too large'),
        (trimesh.creation.box((0.002, 0.002, 0.002)), 'too small'),
        (with_nan(), 'not finite'),
        (trimesh.PointCloud(np.random.default_rng(0).random((50, 3)) * 0.1), 'no triangles'),
    ],
    ids=['flat', '2 m', '0.8 m', '2 m in mm', '2 mm', 'nan', 'points'],
)
def test_hopeless_meshes_are_refused_with_a_reason(tmp_path, mesh, reason):
    with pytest.raises(InvalidInputError, match=reason):
        load_mesh_object(saved(tmp_path, mesh, 'thing.ply'))


def test_files_that_are_no_mesh_are_refused(tmp_path):
    with pytest.raises(InvalidInputError, match='no mesh file'):
        load_mesh_object(tmp_path / 'missing.obj')
    (tmp_path / 'empty.stl').touch()
    with pytest.raises(InvalidInputError, match='empty'):
        load_mesh_object(tmp_path / 'empty.stl')
    for name in ('text.stl', 'text.ply', 'text.obj', 'text.glb', 'text.xyzw'):
        (tmp_path / name).write_text('this is no mesh\n')
        with pytest.raises(InvalidInputError, match=name):
            load_mesh_object(tmp_path / name)
