import pytest
import torch

from maskdexgrasp_core.energies.contact import (
    contact_distance_energy,
    normal_alignment_energy,
    region_energy,
)
from maskdexgrasp_core.energies.force_closure import force_balance_energy, friction_cone_forces
from maskdexgrasp_core.energies.keypoints import fingertip_energy, retargeting_energy
from maskdexgrasp_core.energies.penetration import (
    penetration_energy,
    self_penetration_energy,
    table_clearance_energy,
)
from maskdexgrasp_core.energies.posture import (
    coupling_energy,
    joint_limit_energy,
    posture_energy,
    regularisation_energy,
)
from maskdexgrasp_core.errors import InvalidInputError

D = torch.float64


def test_contact_distance_counts_only_used_contacts():
    distance = torch.tensor([[0.01, -0.02, 5.0]])
    weights = torch.tensor([[1.0, 1.0, 0.0]])
    assert float(contact_distance_energy(distance, weights)) == pytest.approx(0.03)


def test_alignment_is_zero_when_pads_face_the_surface_and_two_when_they_turn_away():
    up = torch.tensor([[[0.0, 0.0, 1.0]]])
    one = torch.ones(1, 1)
    assert float(normal_alignment_energy(up, -up, one)) == pytest.approx(0.0)
    assert float(normal_alignment_energy(up, up, one)) == pytest.approx(2.0)


def test_region_is_free_within_its_tolerance():
    distance = torch.tensor([[0.004, 0.03]])
    energy = region_energy(distance, torch.ones(1, 2), tolerance_m=0.01)
    assert float(energy) == pytest.approx(0.02)


def test_penetration_sums_the_depths_of_spheres():
    energy = penetration_energy(torch.tensor([[0.02, 0.004, -0.01]]), torch.full((3,), 0.01))
    assert float(energy) == pytest.approx(0.006 + 0.02)


def test_self_penetration_is_equation_13():
    centers = torch.tensor([[[0.0, 0, 0], [0.015, 0, 0], [0.1, 0, 0]]])
    pairs = torch.tensor([[0, 1], [0, 2], [1, 2]])
    assert float(self_penetration_energy(centers, pairs)) == pytest.approx(0.005)


def test_table_clearance_wants_three_millimetres():
    centers = torch.tensor([[[0.0, 0.0, 0.01], [0.0, 0.0, 0.5]]])
    energy = table_clearance_energy(centers, torch.full((2,), 0.01), 0.0)
    assert float(energy) == pytest.approx(0.003)


def test_limits_and_regularisation_are_equation_12():
    lower, upper = torch.tensor([0.0, 0.0]), torch.tensor([1.0, 1.0])
    inside, outside = torch.tensor([[0.3, 0.4]]), torch.tensor([[1.5, -0.25]])
    assert float(joint_limit_energy(inside, lower, upper)) == 0.0
    assert float(joint_limit_energy(outside, lower, upper)) == pytest.approx(0.75)
    assert float(regularisation_energy(inside, lower, upper)) == pytest.approx(0.5)


def test_posture_and_coupling_vanish_at_rest_and_on_even_fingers():
    joints = torch.tensor([[1.0, 0.7]])
    rows = torch.tensor([[-0.7, 1.0]])
    assert float(coupling_energy(joints, rows)) == pytest.approx(0.0, abs=1e-12)
    assert float(coupling_energy(joints, torch.zeros(0, 2))) == 0.0
    assert float(posture_energy(joints, joints[0], torch.ones(2))) == 0.0
    assert float(posture_energy(joints, torch.zeros(2), torch.ones(2))) == pytest.approx(0.745)


def test_fingertips_are_weighted_as_in_equation_11():
    target = torch.zeros(1, 5, 3)
    thumb, little = target.clone(), target.clone()
    thumb[0, 0, 0], little[0, 4, 0] = 0.01, 0.01
    assert float(fingertip_energy(thumb, target)) == pytest.approx(0.06, rel=1e-3)
    assert float(fingertip_energy(little, target)) == pytest.approx(0.0004, rel=2e-2)
    with pytest.raises(InvalidInputError):
        fingertip_energy(target[:, :4], target[:, :4])


def test_retargeting_sums_distances_as_in_equation_9():
    points = torch.zeros(1, 3, 3)
    moved = points + torch.tensor([0.03, 0.04, 0.0])
    assert float(retargeting_energy(points, moved)) == pytest.approx(0.15, rel=1e-3)


def test_forces_stay_in_their_cones_and_press_with_one_in_total():
    generator = torch.Generator().manual_seed(0)
    raw = 5 * torch.randn(64, 4, 3, generator=generator, dtype=D)
    normals = torch.nn.functional.normalize(
        torch.randn(64, 4, 3, generator=generator, dtype=D), dim=-1
    )
    forces = friction_cone_forces(raw, normals, torch.ones(64, 4, dtype=D), 0.6)
    pressure = -(forces * normals).sum(-1)
    sideways = (forces + pressure[..., None] * normals).norm(dim=-1)
    assert (pressure > 0).all()
    assert (sideways <= 0.6 * pressure + 1e-9).all()
    torch.testing.assert_close(pressure.sum(-1), torch.ones(64, dtype=D))


def test_opposed_forces_balance_and_one_sided_ones_do_not():
    points = torch.tensor([[[0.03, 0, 0], [-0.03, 0, 0]]], dtype=D)
    squeeze = torch.tensor([[[-0.5, 0, 0], [0.5, 0, 0]]], dtype=D)
    center = torch.zeros(3, dtype=D)
    assert float(force_balance_energy(points, squeeze, center, 0.05)) == pytest.approx(0.0)
    push = squeeze.abs()
    assert float(force_balance_energy(points, push, center, 0.05)) == pytest.approx(1.0)
    twist = torch.tensor([[[0, 0.5, 0], [0, -0.5, 0]]], dtype=D)
    assert float(force_balance_energy(points, twist, center, 0.05)) == pytest.approx(0.36)


def test_gravity_is_balanced_by_lifting_forces():
    points = torch.tensor([[[0.03, 0, 0], [-0.03, 0, 0]]], dtype=D)
    lift = torch.tensor([[[-0.5, 0, 0.1], [0.5, 0, 0.1]]], dtype=D)
    energy = force_balance_energy(points, lift, torch.zeros(3, dtype=D), 0.05, gravity_share=0.2)
    assert float(energy) == pytest.approx(0.0)


def _random(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(7), dtype=D)


@pytest.mark.parametrize(
    ('energy', 'shape'),
    [
        (lambda x: contact_distance_energy(x - 0.5, torch.ones_like(x)), (3, 4)),
        (lambda x: penetration_energy(x - 0.5, torch.full((4,), 0.1, dtype=D)), (3, 4)),
        (lambda x: self_penetration_energy(x, torch.tensor([[0, 1], [1, 2]]), 2.0), (3, 4, 3)),
        (lambda x: table_clearance_energy(x, torch.full((4,), 0.1, dtype=D), 0.5), (3, 4, 3)),
        (lambda x: fingertip_energy(x, torch.zeros_like(x)), (3, 5, 3)),
        (lambda x: retargeting_energy(x, torch.zeros_like(x)), (3, 6, 3)),
        (
            lambda x: regularisation_energy(
                x, torch.full((4,), 0.2, dtype=D), torch.full((4,), 0.6, dtype=D)
            ),
            (3, 4),
        ),
        (lambda x: coupling_energy(x, torch.eye(4, dtype=D)), (3, 4)),
        (
            lambda x: force_balance_energy(
                x[:, :3],
                friction_cone_forces(
                    x[:, 3:],
                    torch.nn.functional.normalize(x[:, :3] + 0.1, dim=-1),
                    torch.ones(3, 3, dtype=D),
                    0.6,
                ),
                torch.zeros(3, dtype=D),
                0.05,
            ),
            (3, 6, 3),
        ),
    ],
)
def test_gradients_agree_with_finite_differences(energy, shape):
    assert torch.autograd.gradcheck(energy, _random(*shape).requires_grad_())
