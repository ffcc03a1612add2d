"""Contacts on parts, and sentences that name parts."""

import numpy as np
import pytest
import trimesh

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.agreement import PartSurfaces, agrees_with_text, named_parts
from maskdexgrasp_core.objects.catalog import make_object
from maskdexgrasp_core.objects.model import ObjectModel, Part


@pytest.fixture(scope='module')
def tower():
    """Return a body of 10 cm with a lid of 2 cm on top, and its surfaces."""
    body, lid = trimesh.creation.box((0.06, 0.06, 0.10)), trimesh.creation.box((0.06, 0.06, 0.02))
    body.apply_translation((0, 0, 0.05))
    lid.apply_translation((0, 0, 0.11))
    gray = (0.5, 0.5, 0.5)
    model = ObjectModel(
        name='tower',
        category='box',
        parts=(
            Part(name='body', pieces=(body,), color=gray),
            Part(name='lid', pieces=(lid,), color=gray),
        ),
        mass_kg=0.1,
        friction=0.5,
    )
    return PartSurfaces(model)


def at(*heights):
    """Return points on the side of the tower."""
    return np.array([[0.03, 0.0, height] for height in heights])


def test_contacts_are_counted_on_the_nearest_part(tower):
    points = at(0.02, 0.05, 0.08, 0.115)
    assert tower.share_on('body', points) == 0.75
    assert tower.share_on('lid', points) == 0.25
    assert tower.share_on(('body', 'lid'), points) == 1.0


def test_a_contact_at_the_seam_is_on_both_parts(tower):
    points = at(0.099, 0.101)
    assert tower.share_on('body', points) == tower.share_on('lid', points) == 1.0
    assert tower.share_on('body', at(0.103)) == 0.0
    assert tower.share_on('body', at(0.103), tolerance_m=0.004) == 1.0


def test_points_of_every_part_of_an_object_are_on_it():
    model = make_object('mug', 3)
    surfaces = PartSurfaces(model)
    for part in model.parts:
        points, _ = trimesh.sample.sample_surface(part.pieces[0], 200, seed=0)
        assert surfaces.share_on(part.name, points) == 1.0
    handle = np.concatenate([piece.vertices for piece in model.part('handle').pieces])
    clear = handle[np.argsort(-np.linalg.norm(handle[:, :2], axis=1))[:10]]
    assert surfaces.share_on('body', clear) == 0.0


def test_a_grasp_without_contacts_has_no_share_and_unknown_parts_are_refused(tower):
    assert tower.share_on('lid', np.zeros((0, 3))) == 0.0
    with pytest.raises(InvalidInputError, match='known: body, lid'):
        tower.share_on('handle', at(0.05))
    with pytest.raises(InvalidInputError, match='known: body, lid'):
        tower.share_on((), at(0.05))
    with pytest.raises(InvalidInputError, match='finite'):
        tower.share_on('lid', at(np.nan))


@pytest.mark.parametrize(
    ('text', 'names', 'expected'),
    [
        ('Pick up the red mug by its handle.', ('body', 'handle'), ('handle',)),
        ('The lid of the jar is being twisted.', ('body', 'lid'), ('lid',)),
        ("Grip the camera's lens with three fingers", ('body', 'grip', 'lens'), ('lens',)),
        ('grip the camera by the body', ('body', 'grip', 'lens'), ('body',)),
        ('grip the mug', ('body', 'handle'), ()),
        ('lift the hammer by the wooden shaft', ('handle', 'head'), ('handle',)),
        ('hold the book by its spine', ('cover', 'spine', 'pages'), ('spine',)),
        ('hold the bowl at the rim, not the body', ('body', 'rim'), ('rim',)),
        ('carry the pan without touching its rim', ('handle', 'rim'), ()),
        ('pick up the mug', ('body', 'handle'), ()),
        ('press the nozzle of the drill', ('handle', 'chuck', 'bit'), ('chuck', 'bit')),
        ('hold the mug by its handle', ('body', 'lid'), ()),
    ],
)
def test_the_part_that_a_sentence_names(text, names, expected):
    assert named_parts(text, names) == expected


def test_agreement_needs_half_of_the_contacts_on_the_named_part(tower):
    text = 'hold it by the lid'
    assert agrees_with_text(text, tower, at(0.05, 0.115)) is True
    assert agrees_with_text(text, tower, at(0.05, 0.05, 0.115)) is False
    assert agrees_with_text(text, tower, np.zeros((0, 3))) is False
    assert agrees_with_text('hold it', tower, at(0.05)) is None
