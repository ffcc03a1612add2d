from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
import trimesh
from scipy.spatial import cKDTree

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.geometry.signed_distance import GridSignedDistance
from maskdexgrasp_core.hands.freedom import FREEDOM
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.outcome import Code, StageError
from maskdexgrasp_core.protocols import GraspGenerator
from maskdexgrasp_core.synthesis.diversity import grasp_distances, keep_distinct
from maskdexgrasp_core.synthesis.registry import DEFAULT_GENERATOR, load_generator
from maskdexgrasp_core.synthesis.scene import make_scene
from maskdexgrasp_core.synthesis.synthesis_generator import (
    SynthesisGenerator,
    SynthesisGeneratorCfg,
)
from maskdexgrasp_core.synthesis.synthesiser import Synthesiser
from maskdexgrasp_core.types import ObjectObservation, ObservedCloud

torch.set_num_threads(1)
TABLE = -0.1
QUICK = SynthesisGeneratorCfg(batch_size=32, max_batches=1)


def _standing(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    mesh.apply_translation([0.5, 0.05, TABLE - mesh.bounds[0, 2]])
    return mesh


def _observation(shape: trimesh.Trimesh, part_points=None) -> ObjectObservation:
    cloud = ObservedCloud(points=np.zeros((1, 3)), colors=None, camera_position=np.zeros(3))
    return ObjectObservation(
        cloud=cloud,
        shape=shape,
        label='object',
        part='' if part_points is None else 'handle',
        part_points=np.zeros((0, 3)) if part_points is None else part_points,
        table_height=TABLE,
    )


@pytest.fixture(scope='module')
def cylinder() -> ObjectObservation:
    return _observation(_standing(trimesh.creation.cylinder(radius=0.03, height=0.15)))


@pytest.fixture(scope='module')
def generator() -> SynthesisGenerator:
    return SynthesisGenerator(QUICK)


@pytest.fixture(scope='module')
def grasps(generator, cylinder):
    return generator.generate(cylinder, num_grasps=10, seed=3).grasps


def test_it_is_a_grasp_generator_and_is_found_by_name(generator):
    assert isinstance(generator, GraspGenerator)
    assert isinstance(load_generator('synthesis'), SynthesisGenerator)
    assert load_generator().name == DEFAULT_GENERATOR
    with pytest.raises(UnknownNameError, match='model, synthesis'):
        load_generator('oracle')


@pytest.mark.parametrize(
    'wrong', [{'batch_size': 0}, {'max_batches': 0}, {'min_distance': -1.0}, {'dissimilarity': -1}]
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(InvalidInputError, match='got'):
        SynthesisGeneratorCfg(**wrong)


def test_servos_aim_into_the_object(grasps, cylinder):
    kinematics = HandKinematics(SHADOW)
    surface = GridSignedDistance.from_mesh(cylinder.shape)
    for grasp in grasps:
        root = torch.as_tensor(grasp.T_base_wrist[None], dtype=torch.float32)
        depths = []
        for joints in (grasp.joint_positions, grasp.squeeze_positions):
            posed = torch.as_tensor(joints[None], dtype=torch.float32)
            hand = kinematics.forward(root[:, :3, 3], root[:, :3, :3], posed)
            depths.append(-float(surface.distance(hand.contact_points).min()))
        assert depths[1] > depths[0] + 0.003


def test_grasps_come_best_first_with_balanced_forces(grasps):
    assert len(grasps) >= 5
    scores = [grasp.score for grasp in grasps]
    assert scores == sorted(scores, reverse=True)
    for grasp in grasps:
        assert np.linalg.norm(grasp.contact_forces.sum(0) - [0, 0, 0.4 * 9.81]) < 0.5
        np.testing.assert_allclose(
            grasp.T_base_wrist[:3, :3] @ grasp.T_base_wrist[:3, :3].T, np.eye(3), atol=1e-5
        )


def test_grasps_stay_clear_of_table_object_and_joint_limits(grasps, cylinder):
    kinematics = HandKinematics(SHADOW, torch.float64)
    surface = GridSignedDistance.from_mesh(cylinder.shape, dtype=torch.float64)
    poses = torch.as_tensor(np.stack([g.T_base_wrist for g in grasps]))
    joints = torch.as_tensor(np.stack([g.joint_positions for g in grasps]))
    centers = kinematics.forward(poses[:, :3, 3], poses[:, :3, :3], joints).sphere_centers
    depth = kinematics.sphere_radii - surface.distance(centers)
    assert float(depth.max()) < 0.006 + 1e-4
    assert float((centers[..., 2] - kinematics.sphere_radii).min()) > TABLE
    assert (joints >= torch.as_tensor(SHADOW.lower) - 1e-6).all()
    assert (joints <= torch.as_tensor(SHADOW.upper) + 1e-6).all()


def test_batches_go_on_while_too_few_grasps_are_sure(cylinder):
    def candidates(enough: float) -> int:
        cfg = replace(QUICK, max_batches=2, enough_force_closure=enough)
        made = SynthesisGenerator(cfg).generate(cylinder, num_grasps=1, seed=3)
        assert len(made.grasps) == 1
        return len(made.grasps) + sum(made.dropped.values())

    assert candidates(enough=0.0) == QUICK.batch_size
    assert candidates(enough=1.0) == 2 * QUICK.batch_size


def test_contacts_lie_on_the_surface_and_oppose(grasps, cylinder):
    for grasp in grasps:
        _, distance, _ = trimesh.proximity.closest_point(cylinder.shape, grasp.contact_points)
        assert distance.max() < 0.003


def test_the_same_seed_repeats_exactly_and_another_does_not(generator, cylinder, grasps):
    again = generator.generate(cylinder, num_grasps=10, seed=3).grasps
    for first, second in zip(grasps, again, strict=True):
        np.testing.assert_array_equal(first.T_base_wrist, second.T_base_wrist)
        np.testing.assert_array_equal(first.joint_positions, second.joint_positions)
    other = generator.generate(cylinder, num_grasps=1, seed=4).grasps
    assert not np.allclose(other[0].T_base_wrist, grasps[0].T_base_wrist)


def test_grasps_differ_from_each_other(grasps):
    for i, grasp in enumerate(grasps[:-1]):
        assert grasp_distances(grasp, grasps[i + 1 :]).min() >= QUICK.min_distance
    dropped: Counter[str] = Counter()
    assert len(keep_distinct([*grasps, *grasps], 1.0, dropped)) == len(grasps)
    assert dropped['near-duplicate'] == len(grasps)


def test_an_asked_part_gets_most_of_the_contacts(generator):
    handle = trimesh.creation.cylinder(radius=0.014, height=0.16)
    handle.apply_transform(trimesh.transformations.rotation_matrix(np.pi / 2, [0, 1, 0]))
    head = trimesh.creation.box((0.05, 0.09, 0.05))
    head.apply_translation([0.1, 0, 0])
    shape = _standing(trimesh.util.concatenate([handle, head]))
    part = shape.split()[0]
    part_points = part.sample(400, seed=0)
    found = generator.generate(_observation(shape, part_points), num_grasps=10, seed=0)
    assert found.grasps, found.dropped
    tree = cKDTree(part_points)
    shares = [(tree.query(g.contact_points)[0] < 0.012).mean() for g in found.grasps]
    assert np.mean(shares) > 0.6


def test_a_tiny_time_budget_still_returns_an_answer(generator, cylinder):
    found = generator.generate(cylinder, num_grasps=10, seed=3, time_budget_s=0.0)
    assert len(found.grasps) + sum(found.dropped.values()) == QUICK.batch_size


def test_shapes_without_an_inside_end_in_bad_shape(generator):
    box = trimesh.creation.box((0.05, 0.05, 0.1))
    shapes = [
        trimesh.Trimesh(),
        trimesh.Trimesh(box.vertices * np.nan, box.faces, process=False),
        trimesh.Trimesh(box.vertices, box.faces[:-1], process=False),
        trimesh.creation.box((1e-4, 1e-4, 1e-4)),
    ]
    for shape in shapes:
        with pytest.raises(StageError) as caught:
            generator.generate(_observation(shape), num_grasps=1, seed=0)
        assert caught.value.outcome.code is Code.BAD_SHAPE
    with pytest.raises(InvalidInputError):
        generator.generate(_observation(_standing(box)), num_grasps=0, seed=0)


@pytest.mark.parametrize('spec', [SHADOW, FREEDOM], ids=lambda spec: spec.name)
def test_optimisation_lowers_the_energy_of_every_hand(spec, cylinder):
    synthesiser = Synthesiser(HandKinematics(spec))
    scene = make_scene(cylinder)
    generator = torch.Generator().manual_seed(0)
    state, plan, _ = synthesiser._starts(scene, 12, generator)
    refiner = synthesiser.refiner(scene)
    before = refiner.energies(state, plan).total
    after = refiner.refine(state, plan, 30).energies.total
    assert float(after.median()) < 0.6 * float(before.median())


def test_grasps_of_a_hammer_are_judged_about_a_point_near_its_head():
    handle = trimesh.creation.box((0.24, 0.025, 0.025))
    head = trimesh.creation.box((0.03, 0.1, 0.03)).apply_translation([0.135, 0.0, 0.0])
    hammer = _observation(trimesh.boolean.union([handle, head], engine='manifold'))
    anything = make_scene(hammer).center
    assert make_scene(replace(hammer, label='hammer')).center[0] > anything[0] + 0.01


def test_a_batch_gives_what_single_grasps_give(cylinder):
    synthesiser = Synthesiser(HandKinematics(SHADOW, torch.float64))
    scene = make_scene(cylinder)
    scene = scene._replace(
        surface=GridSignedDistance.from_mesh(cylinder.shape, dtype=torch.float64),
        center=scene.center.double(),
    )
    state, plan, _ = synthesiser._starts(scene, 4, torch.Generator().manual_seed(0))
    refiner = synthesiser.refiner(scene)
    together = refiner.refine(state, plan, 5).state
    for row in range(4):
        one = torch.tensor([row])
        alone = refiner.refine(state.select(one), type(plan)(*(v[one] for v in plan)), 5).state
        torch.testing.assert_close(together.hands.select(one).translation, alone.hands.translation)
        torch.testing.assert_close(
            together.hands.select(one).joint_positions, alone.hands.joint_positions
        )
