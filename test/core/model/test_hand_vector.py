import pytest
import torch

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.model.hand_vector import VECTOR_SIZE, hand_vector, hands_of_vector


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
