import numpy as np
import pytest
import trimesh

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.objects.labelled_mesh import LabelledMesh, place_labelled_mesh


def bottle(*, up: str = 'z') -> LabelledMesh:
    """Return a body with a cap as two closed bodies, off the origin."""
    body = trimesh.creation.cylinder(radius=0.03, height=0.14, sections=32)
    cap = trimesh.creation.cylinder(radius=0.015, height=0.05, sections=32)
    cap.apply_translation([0, 0, 0.095])
    mesh = trimesh.util.concatenate([body, cap])
    names = np.repeat(['body', 'cap'], [len(body.vertices), len(cap.vertices)])
    if up == 'y':
        mesh.apply_transform(trimesh.transformations.rotation_matrix(-np.pi / 2, (1, 0, 0)))
    mesh.apply_translation([0.3, -0.2, 0.1])
    return LabelledMesh(
        name='bottle',
        category='bottle',
        mesh=mesh,
        vertex_parts=names,
        affordances={'twist': 'cap', 'wrap-grasp': 'body', 'press': 'button'},
        up=up,
    )


@pytest.mark.parametrize('up', ['y', 'z'])
def test_the_transform_leads_from_the_mesh_to_the_object(up):
    source = bottle(up=up)
    placed = place_labelled_mesh(source)
    vertices = trimesh.transform_points(source.mesh.vertices, placed.T_object_mesh)
    np.testing.assert_allclose(
        [vertices.min(axis=0), vertices.max(axis=0)], placed.model.mesh.bounds, atol=0.002
    )
    assert placed.model.mesh.bounds[0][2] == pytest.approx(0.0, abs=1e-6)
    assert vertices[np.asarray(source.vertex_parts) == 'cap'][:, 2].min() > 0.13
    rotation = placed.T_object_mesh[:3, :3]
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1.0)


def test_pieces_stand_under_the_part_that_they_are_labelled_with():
    model = place_labelled_mesh(bottle()).model
    assert [part.name for part in model.parts] == ['body', 'cap']
    low, high = (model.part(name).pieces for name in ('body', 'cap'))
    assert max(piece.bounds[1][2] for piece in low) < 0.15
    assert min(piece.bounds[0][2] for piece in high) > 0.13
    assert all(piece.is_convex for part in model.parts for piece in part.pieces)
    assert model.affordances == {'twist': 'cap', 'wrap-grasp': 'body'}


def test_one_convex_body_with_two_labels_is_cut_between_them():
    mesh = trimesh.creation.box((0.04, 0.04, 0.16)).subdivide().subdivide().subdivide()
    names = np.where(mesh.vertices[:, 2] > 0.0401, 'tip', 'grip')
    source = LabelledMesh(name='bar', category='bar', mesh=mesh, vertex_parts=names)
    model = place_labelled_mesh(source).model
    assert model.part('tip').volume == pytest.approx(0.04**3, rel=0.3)
    assert model.mesh.volume == pytest.approx(mesh.volume, rel=1e-3)


def test_parts_too_small_for_a_piece_are_named_in_a_warning():
    mesh = trimesh.creation.box((0.06, 0.06, 0.1)).subdivide().subdivide().subdivide()
    names = np.full(len(mesh.vertices), 'body', dtype='<U8')
    corner = np.linalg.norm(mesh.vertices - mesh.vertices.max(axis=0), axis=1).argmin()
    names[corner] = 'dot'
    source = LabelledMesh(
        name='box', category='box', mesh=mesh, vertex_parts=names, affordances={'press': 'dot'}
    )
    placed = place_labelled_mesh(source)
    assert [part.name for part in placed.model.parts] == ['body']
    assert any('dot' in warning for warning in placed.warnings)
    assert placed.model.affordances == {}


def test_wrong_labels_units_and_empty_meshes_are_refused():
    source = bottle()
    with pytest.raises(InvalidInputError, match=r'3 labels for \d+ vertices'):
        LabelledMesh(
            name='b', category='b', mesh=source.mesh, vertex_parts=np.array(['a', 'b', 'c'])
        )
    large = source.mesh.copy().apply_scale(1000.0)
    with pytest.raises(InvalidInputError, match='in metres'):
        place_labelled_mesh(
            LabelledMesh(name='b', category='b', mesh=large, vertex_parts=source.vertex_parts)
        )
    with pytest.raises(InvalidInputError, match='empty'):
        place_labelled_mesh(
            LabelledMesh(
                name='b', category='b', mesh=trimesh.Trimesh(), vertex_parts=np.array([], str)
            )
        )
