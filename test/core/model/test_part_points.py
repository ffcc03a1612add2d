import numpy as np
import torch
import trimesh

from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.model.hand_vector import hand_vector, hands_of_vector
from maskdexgrasp_core.model.part_points import (
    PART_JOINTS,
    PartPoints,
    part_skin,
    place_points,
    point_distances,
    unplace_points,
)


def test_each_part_has_its_points_on_the_skin_of_its_own_links():
    skin = part_skin(10).points
    meshes = {
        link: [shape.mesh() for shape in SHADOW.description.collisions if shape.link == link]
        for link in set(skin.links)
    }
    for index, (link, point) in enumerate(zip(skin.links, skin.local, strict=True)):
        assert link in SHADOW.parts[PARTS[index // 10]]
        depths = [trimesh.proximity.signed_distance(m, point[None])[0] for m in meshes[link]]
        assert abs(max(depths)) < 5e-4, f'{link}: {depths}'


def test_points_of_a_part_lie_apart():
    points = PartPoints(24).in_root(torch.as_tensor(SHADOW.open_positions[None]))[0]
    for part in points:
        gaps = torch.cdist(part, part) + torch.eye(24)
        assert gaps.min() > 0.006


def test_every_joint_belongs_to_the_part_that_it_moves(make_hands):
    assert sorted(i for joints in PART_JOINTS.values() for i in joints) == list(range(22))
    part_points, hands = PartPoints(8), make_hands(1)
    before = part_points(hands)
    for part, joints in PART_JOINTS.items():
        changed = hands.joint_positions.clone()
        changed[:, list(joints)] += 0.3
        moved = (part_points(hands._replace(joint_positions=changed)) - before).norm(dim=-1)
        moving = {name for name, far in zip(PARTS, moved.amax(dim=2)[0], strict=True) if far > 0}
        # The palm's own joint carries the little finger.
        assert moving - {'little'} == {part} - {'little'}
        assert part in moving


def test_placing_and_taking_back_are_inverse(make_hands):
    hands = make_hands(3)
    points = torch.randn(3, 2, 5, 3)
    placed = place_points(points, hands.translation, hands.rotation)
    torch.testing.assert_close(unplace_points(placed, hands.translation, hands.rotation), points)
    np.testing.assert_allclose(
        placed[1, 0, 2], hands.rotation[1] @ points[1, 0, 2] + hands.translation[1], atol=1e-6
    )


def test_a_shift_of_the_wrist_shifts_all_points_as_far(make_hands):
    hands = make_hands(2)
    shifted = hands._replace(translation=hands.translation + torch.tensor([0.0, 0.003, 0.004]))
    distances = point_distances(hands, shifted, PartPoints(8))
    torch.testing.assert_close(distances, torch.full((2, 6), 0.005), atol=1e-6, rtol=0)


def test_gradients_agree_with_finite_differences(make_hands):
    part_points = PartPoints(4)
    vector = hand_vector(make_hands(1)).requires_grad_()
    direction = torch.randn(vector.shape, generator=torch.Generator().manual_seed(1))
    goal = torch.randn(1, 6, 4, 3, generator=torch.Generator().manual_seed(2))

    def value(at: torch.Tensor) -> torch.Tensor:
        return (part_points(hands_of_vector(at)) * goal).sum()

    (gradient,) = torch.autograd.grad(value(vector), vector)
    step = 1e-2
    numeric = (value(vector + step * direction) - value(vector - step * direction)) / (2 * step)
    torch.testing.assert_close((gradient * direction).sum(), numeric, rtol=1e-2, atol=1e-3)
