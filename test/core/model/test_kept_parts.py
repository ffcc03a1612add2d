import pytest
import torch

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.model.kept_parts import hold_parts
from maskdexgrasp_core.model.part_points import PartPoints, point_distances

POINTS = PartPoints(12)
DENSE = PartPoints(60)


def nudged(hands: HandBatch, generator: torch.Generator) -> HandBatch:
    """Return hands a few centimetres and half a radian off."""
    turn = 0.15 * torch.randn(hands.num_hands, 3, generator=generator)
    skew = torch.zeros(hands.num_hands, 3, 3)
    skew[:, [2, 0, 1], [1, 2, 0]] = turn
    return HandBatch(
        hands.translation + 0.02 * torch.randn(hands.num_hands, 3, generator=generator),
        torch.matrix_exp(skew - skew.transpose(1, 2)) @ hands.rotation,
        hands.joint_positions + 0.3 * torch.randn(hands.num_hands, 22, generator=generator),
    )


@pytest.fixture
def pair(make_hands) -> tuple[HandBatch, HandBatch]:
    """Hands before an edit, and what the edited tokens say."""
    keep = make_hands(16)
    return keep, nudged(keep, torch.Generator().manual_seed(5))


def test_with_the_palm_kept_the_kept_parts_do_not_move_at_all(pair):
    keep, other = pair
    edited = keep._replace(
        translation=keep.translation + 0.002, joint_positions=other.joint_positions
    )
    kept_parts = [part for part in PARTS if part != 'thumb']
    held = hold_parts(edited, keep, kept_parts, POINTS)
    torch.testing.assert_close(held.rotation, keep.rotation, atol=0, rtol=0)
    moved = point_distances(held, keep, DENSE)
    kept = [PARTS.index(part) for part in kept_parts]
    assert moved[:, kept].max() == 0.0
    thumb = PARTS.index('thumb')
    missed = point_distances(held, edited, DENSE)[:, thumb].mean()
    assert missed < 0.5 * moved[:, thumb].mean()


@pytest.mark.parametrize('part', ['palm', 'little'])
def test_with_a_part_edited_the_others_move_less_than_five_millimetres(pair, part):
    keep, edited = pair
    held = hold_parts(edited, keep, [p for p in PARTS if p != part], POINTS)
    kept = [index for index, name in enumerate(PARTS) if name != part]
    assert point_distances(held, keep, DENSE)[:, kept].mean() < 0.002


def test_a_single_kept_finger_holds_its_place_while_the_palm_moves(pair):
    keep, edited = pair
    held = hold_parts(edited, keep, ['index'], POINTS)
    assert point_distances(held, keep, DENSE)[:, PARTS.index('index')].mean() < 0.003
    assert point_distances(held, keep, DENSE)[:, PARTS.index('palm')].mean() > 0.004


def test_nothing_kept_leaves_the_edit_as_it_is(pair):
    keep, edited = pair
    inside = hold_parts(edited, keep, [], POINTS)
    assert point_distances(inside, edited, DENSE).mean() < 1e-6


def test_unknown_parts_are_refused(pair):
    with pytest.raises(InvalidInputError, match='pinky'):
        hold_parts(*pair, ['pinky'], POINTS)
