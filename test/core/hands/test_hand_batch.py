import torch

from maskdexgrasp_core.hands.hand_batch import HandBatch, transform_hands


def test_one_transform_for_all_equals_one_for_each(make_hands):
    hands, mover = make_hands(6), make_hands(1, seed=3)
    T_a_b = mover.poses()
    together = transform_hands(T_a_b[0], hands)
    each = transform_hands(T_a_b.expand(6, 4, 4), hands)
    Ts_a_hand = T_a_b @ hands.poses()
    for moved in (together, each):
        torch.testing.assert_close(moved.poses(), Ts_a_hand)


def test_hands_are_selected_by_index_and_by_mask(make_hands):
    hands = make_hands(4)
    mask = torch.tensor([False, True, False, True])
    by_index = hands.select(torch.tensor([1, 3]))
    assert by_index.num_hands == 2
    torch.testing.assert_close(by_index.translation, hands.select(mask).translation)


def test_hands_at_given_poses_have_these_poses(make_hands):
    hands = make_hands(3)
    again = HandBatch.at(hands.poses(), hands.joint_positions)
    for field, expected in zip(again, hands, strict=True):
        torch.testing.assert_close(field, expected, atol=0, rtol=0)
