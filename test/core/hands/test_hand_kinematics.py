"""Hands in motion: points, pads, spheres, gradients, meshes."""

import numpy as np
import pytest
import torch

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.hands import HANDS, PARTS, HandKinematics, hand_mesh, load_hand

CLOSED = {
    'shadow': [0.0, 0.6, 0.6, 0.4] * 3 + [0.0, 0.0, 0.6, 0.6, 0.4] + [0.0, 1.1, 0.0, 0.0, 0.5],
    'freedom': [1.1, 0.3, 0.7, 0.7, 0.7, 0.7],
}
CURLED = {
    'shadow': [0.0, 1.2, 1.2, 0.4] * 3 + [0.0, 0.0, 1.2, 1.2, 0.4] + [0.0, 1.1, 0.0, 0.0, 0.1],
    'freedom': [1.1, 0.0, 1.4, 1.4, 1.4, 1.4],
}
every_hand = pytest.mark.parametrize('spec', HANDS.values(), ids=list(HANDS))


def _pose(batch, dtype):
    return torch.zeros(batch, 3, dtype=dtype), torch.eye(3, dtype=dtype).repeat(batch, 1, 1)


def _points(spec, joints):
    joints = torch.tensor(np.atleast_2d(joints), dtype=torch.float64)
    return HandKinematics(spec, torch.float64).forward(*_pose(len(joints), torch.float64), joints)


@every_hand
def test_shapes_limits_and_parts_are_consistent(spec):
    shaped = {shape.link for shape in spec.description.collisions}
    assert sorted(link for links in spec.parts.values() for link in links) == sorted(shaped)
    assert {c.part for c in spec.contact_candidates} == set(PARTS)
    for candidate in spec.contact_candidates:
        assert spec.part_of_link(candidate.link) == candidate.part
    assert np.all(spec.lower <= spec.open_positions)
    assert np.all(spec.open_positions <= spec.upper)
    points = _points(spec, np.stack([spec.open_positions] * 3))
    assert points.contact_points.shape == (3, len(spec.contact_candidates), 3)
    assert points.sphere_centers.shape == (3, len(spec.spheres), 3)
    assert points.fingertips.shape == (3, 5, 3)
    assert points.palm.shape == (3, 3)


@every_hand
def test_contact_points_lie_on_the_skin_and_normals_leave_it(spec):
    for candidate in spec.contact_candidates:
        shapes = [s for s in spec.description.collisions if s.link == candidate.link]
        distances = []
        for shape in shapes:
            mesh = shape.mesh()
            out = np.array(candidate.position) + 0.002 * np.array(candidate.normal)
            into = np.array(candidate.position) - 0.002 * np.array(candidate.normal)
            distances.append(mesh.contains([into, out]))
        inside = np.array(distances)
        assert inside[:, 0].any(), candidate
        assert not inside[:, 1].any(), candidate
        assert np.linalg.norm(candidate.normal) == pytest.approx(1.0, abs=1e-6)


@every_hand
def test_pads_of_thumb_and_fingers_face_each_other_when_closed(spec):
    points = _points(spec, CLOSED[spec.name])
    where, normals = points.contact_points[0].numpy(), points.contact_normals[0].numpy()
    parts = np.array([c.part for c in spec.contact_candidates])
    thumb = parts == 'thumb'
    for part in ('index', 'middle'):
        last = spec.parts[part][-1]
        pads = np.array([c.link == last for c in spec.contact_candidates])
        across = where[pads].mean(0) - where[thumb].mean(0)
        across /= np.linalg.norm(across)
        assert normals[thumb].mean(0) @ across > 0.3
        assert normals[pads].mean(0) @ -across > 0.3


@every_hand
def test_finger_pads_turn_towards_the_wrist_when_curled(spec):
    open_points, curled = _points(spec, spec.open_positions), _points(spec, CURLED[spec.name])
    to_fingers = open_points.fingertips[0, 1:].mean(0) - open_points.palm[0]
    for part in PARTS[2:]:
        last = spec.parts[part][-1]
        pads = torch.tensor([c.link == last for c in spec.contact_candidates])
        straight = open_points.contact_normals[0][pads].mean(0)
        assert straight @ torch.tensor(spec.palm_normal).double() > 0.7
        assert curled.contact_normals[0][pads].mean(0) @ to_fingers < 0


@every_hand
def test_spheres_reach_the_skin(spec):
    kinematics = HandKinematics(spec, torch.float64)
    joints = torch.tensor(spec.open_positions)[None]
    spheres = kinematics.forward(*_pose(1, torch.float64), joints).sphere_centers[0].numpy()
    skin = kinematics.surface_points(joints, 800)[0].numpy()
    gap = np.linalg.norm(skin[:, None] - spheres, axis=-1) - kinematics.sphere_radii.numpy()
    nearest = gap.min(axis=1)
    assert np.median(nearest) < 0.003
    assert nearest.max() < 0.012


@every_hand
def test_no_sphere_sticks_out_of_its_link(spec):
    directions = np.random.default_rng(0).normal(size=(12, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    for link in {sphere.link for sphere in spec.spheres}:
        spheres = [sphere for sphere in spec.spheres if sphere.link == link]
        shell = np.concatenate([np.array(s.center) + 0.9 * s.radius * directions for s in spheres])
        solids = [s.mesh() for s in spec.description.collisions if s.link == link]
        covered = np.any([solid.contains(shell) for solid in solids], axis=0)
        assert covered.all(), (link, shell[~covered][:3])


@every_hand
def test_open_hand_does_not_touch_itself_but_crossed_fingers_do(spec):
    kinematics = HandKinematics(spec, torch.float64)
    pairs = kinematics.self_pairs
    assert 20 < len(pairs) < 500
    centers = _points(spec, spec.open_positions).sphere_centers[0]
    radii = kinematics.sphere_radii
    gaps = (centers[pairs[:, 0]] - centers[pairs[:, 1]]).norm(dim=1) - radii[pairs].sum(dim=1)
    assert gaps.min() > 0
    fist = _points(spec, spec.upper).sphere_centers[0]
    gaps = (fist[pairs[:, 0]] - fist[pairs[:, 1]]).norm(dim=1) - radii[pairs].sum(dim=1)
    assert gaps.min() < 0


@every_hand
def test_moving_the_root_moves_every_point_rigidly(spec):
    kinematics = HandKinematics(spec, torch.float64)
    joints = torch.tensor(CLOSED[spec.name], dtype=torch.float64)[None]
    still = kinematics.forward(*_pose(1, torch.float64), joints)
    turn = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(1)).double())
    rotation = turn.Q * torch.det(turn.Q)
    shift = torch.tensor([[0.1, -0.2, 0.3]], dtype=torch.float64)
    moved = kinematics.forward(shift, rotation[None], joints)
    torch.testing.assert_close(moved.palm, still.palm @ rotation.T + shift)
    torch.testing.assert_close(moved.fingertips, still.fingertips @ rotation.T + shift)
    torch.testing.assert_close(moved.contact_normals, still.contact_normals @ rotation.T)
    torch.testing.assert_close(moved.sphere_centers, still.sphere_centers @ rotation.T + shift)


@every_hand
def test_gradients_agree_with_finite_differences(spec):
    kinematics = HandKinematics(spec, torch.float64)
    weights = torch.randn(3, generator=torch.Generator().manual_seed(2)).double()

    def value(joints):
        points = kinematics.forward(*_pose(1, torch.float64), joints)
        normal = (points.contact_normals @ weights).pow(2).sum()
        return normal + (points.contact_points @ weights).sum() + points.fingertips.pow(2).sum()

    joints = torch.tensor(CLOSED[spec.name], dtype=torch.float64)[None].requires_grad_()
    (gradient,) = torch.autograd.grad(value(joints), joints)
    assert torch.isfinite(gradient).all()
    for k in range(spec.num_joints):
        step = torch.zeros_like(joints)
        step[0, k] = 1e-6
        numeric = (value(joints + step) - value(joints - step)) / 2e-6
        assert gradient[0, k].item() == pytest.approx(numeric.item(), abs=1e-5, rel=1e-5)


@every_hand
def test_single_precision_batch_equals_double_precision_one_by_one(spec):
    rng = np.random.default_rng(5)
    joints = rng.uniform(spec.lower, spec.upper, size=(4, spec.num_joints))
    single = HandKinematics(spec).forward(
        *_pose(4, torch.float32), torch.tensor(joints, dtype=torch.float32)
    )
    for k in range(4):
        double = _points(spec, joints[k])
        expected = double.sphere_centers[0].float()
        torch.testing.assert_close(single.sphere_centers[k], expected, atol=2e-6, rtol=0)


def test_a_step_of_256_hands_has_finite_gradients():
    kinematics = HandKinematics(load_hand('shadow'))
    joints = torch.tensor(kinematics.spec.open_positions, dtype=torch.float32).repeat(256, 1)
    joints.requires_grad_()
    points = kinematics.forward(*_pose(256, torch.float32), joints)
    (points.contact_points.sum() + points.sphere_centers.pow(2).sum()).backward()
    assert joints.grad.isfinite().all()
    assert (joints.grad != 0).any()


@every_hand
def test_mesh_has_the_colours_and_the_place_of_the_hand(spec):
    pose = np.eye(4)
    pose[:3, 3] = [1.0, 2.0, 3.0]
    mesh = hand_mesh(spec, pose, spec.open_positions)
    assert len(np.unique(mesh.visual.face_colors, axis=0)) >= 6
    tips = _points(spec, spec.open_positions).fingertips[0].numpy() + pose[:3, 3]
    distances = np.abs(mesh.nearest.signed_distance(tips))
    assert distances.max() < 0.012


def test_clamp_pulls_joints_into_their_limits():
    kinematics = HandKinematics(load_hand('freedom'), torch.float64)
    clamped = kinematics.clamp(torch.full((2, 6), 9.0, dtype=torch.float64))
    np.testing.assert_allclose(clamped.numpy(), np.stack([kinematics.spec.upper] * 2))


def test_wrong_shape_and_unknown_name_say_what_is_expected():
    with pytest.raises(InvalidInputError, match=r'\(B, 6\)'):
        HandKinematics(load_hand('freedom')).link_transforms(torch.zeros(1, 22))
    with pytest.raises(UnknownNameError, match='freedom, shadow'):
        load_hand('claw')
