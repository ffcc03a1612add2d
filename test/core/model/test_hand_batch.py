import pytest
import torch

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.transforms import make_transform
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.model.hand_batch import (
    VECTOR_SIZE,
    HandBatch,
    hand_vector,
    hands_of_vector,
    transform_hands,
)


def test_packing_and_unpacking_gives_the_same_hands(make_hands):
    hands = make_hands(20)
    back = hands_of_vector(hand_vector(hands))
    for field, expected in zip(back, hands, strict=True):
        torch.testing.assert_close(field, expected, atol=1e-5, rtol=0)


def test_limits_are_one_and_lengths_are_in_tenths_of_a_metre():
    upper = torch.tensor(SHADOW.upper).float()[None]
    vector = hand_vector(HandBatch(torch.tensor([[0.1, 0.0, -0.2]]), torch.eye(3)[None], upper))
    torch.testing.assert_close(vector[0, :9], torch.tensor([1.0, 0, -2, 1, 0, 0, 0, 1, 0]))
    torch.testing.assert_close(vector[0, 9:], torch.ones(22))


def test_unpacked_joints_stay_within_limits():
    joints = hands_of_vector(10.0 * torch.randn(8, VECTOR_SIZE)).joint_positions
    assert (joints >= torch.tensor(SHADOW.lower) - 1e-6).all()
    assert (joints <= torch.tensor(SHADOW.upper) + 1e-6).all()


def test_vectors_of_another_length_are_refused():
    with pytest.raises(InvalidInputError, match='expected'):
        hands_of_vector(torch.zeros(2, 28))


def test_one_transform_for_all_equals_one_for_each(make_hands):
    hands, mover = make_hands(6), make_hands(1, seed=3)
    T_a_b = make_transform(mover.rotation, mover.translation)
    together = transform_hands(T_a_b[0], hands)
    each = transform_hands(T_a_b.expand(6, 4, 4), hands)
    Ts_a_hand = T_a_b @ make_transform(hands.rotation, hands.translation)
    for moved in (together, each):
        torch.testing.assert_close(make_transform(moved.rotation, moved.translation), Ts_a_hand)


def test_hands_are_selected_by_index_and_by_mask(make_hands):
    hands = make_hands(4)
    mask = torch.tensor([False, True, False, True])
    by_index = hands.select(torch.tensor([1, 3]))
    assert by_index.num_hands == 2
    torch.testing.assert_close(by_index.translation, hands.select(mask).translation)
