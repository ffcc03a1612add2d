"""The learned completion around its network: what goes in, and what is made of the answer."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh
from scipy.spatial import cKDTree

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.geometry.point_cloud import deproject, flying_pixels
from maskdexgrasp_core.model import checkpoint
from maskdexgrasp_core.model.checkpoint import (
    CheckpointHeader,
    MissingWeightsError,
    checkpoint_to_bytes,
)
from maskdexgrasp_core.model.completion_cfg import KIND, CompletionCfg, completion_preset
from maskdexgrasp_core.model.completion_net import CompletionNet
from maskdexgrasp_core.objects import make_object
from maskdexgrasp_core.perception.completion import load_completion
from maskdexgrasp_core.perception.completion.extrusion import Extrusion
from maskdexgrasp_core.perception.completion.learned import (
    LearnedCfg,
    LearnedCompletion,
    completed_field,
    load_completion_weights,
)
from maskdexgrasp_core.perception.completion.second_opinion import (
    NetworkAnswer,
    SecondOpinionCfg,
    preferred_body,
)
from maskdexgrasp_core.perception.completion.thin_walls import ThinWallsCfg
from maskdexgrasp_core.perception.completion.view_box import ViewEvidence, look_around
from maskdexgrasp_core.perception.completion.view_field import ViewField
from maskdexgrasp_core.types import ObservedCloud

TABLE = -0.10
CFG = dataclasses.replace(completion_preset('tiny'), fold=5)
"""Small, but with samples as dense as those of `base`."""
AS_IT_IS = LearnedCfg(thin_walls=ThinWallsCfg(lowered_m=0.0))
"""Walls as the network leaves them."""


def seen_object(render: Callable[..., tuple], category: str) -> ObservedCloud:
    """Return the points of member 0 at one place."""
    frame, index = render((category, 0, 'red', 0.5, 0.03, 0.8))
    points = deproject(frame.depth_m, frame.intrinsics, frame.T_base_camera)
    flies = flying_pixels(frame.depth_m, jump_m=0.008).ravel()  # perception drops them, too
    mine = (index.ravel() == 1) & (frame.depth_m.ravel() > 0) & (points[:, 2] > TABLE + 0.004)
    mine &= ~flies
    return ObservedCloud(
        points=points[mine], colors=None, camera_position=frame.T_base_camera[:3, 3]
    )


@pytest.fixture(scope='module')
def mug(render: Callable[..., tuple]) -> ObservedCloud:
    return seen_object(render, 'mug')


def network_that_says(correction: float, log_scale: float = -3.0) -> CompletionNet:
    """Return a network that adds `correction` reaches to its first guess everywhere."""
    network = CompletionNet(CFG).eval()
    samples = CFG.fold**3
    with torch.no_grad():
        network.head.bias[:samples] = correction
        network.head.bias[samples:] = log_scale
    return network


def distance_to(mesh: trimesh.Trimesh, points: np.ndarray) -> np.ndarray:
    surface = trimesh.sample.sample_surface(mesh, 8000, seed=0)[0]
    return cKDTree(surface).query(points)[0]


def test_box_holds_the_points_and_stands_on_the_table(mug: ObservedCloud) -> None:
    box, evidence = look_around(mug, TABLE, CFG)
    assert box.heights[0] < TABLE < box.heights[1]
    local = (mug.points - box.T_base_box[:3, 3]) @ box.T_base_box[:3, :3]
    inside = ((local > 0) & (local < box.steps * (box.resolution - 1))).all(axis=1)
    assert inside.mean() > 0.98  # all but pixels that hang between two surfaces
    assert (box.steps >= CFG.least_step_m).all()
    assert evidence.front.shape == (CFG.resolution,) * 3


def test_view_says_what_is_free_what_is_seen_and_what_is_hidden(mug: ObservedCloud) -> None:
    box, evidence = look_around(mug, TABLE, CFG)
    to_camera = mug.camera_position - box.positions()
    to_camera /= np.linalg.norm(to_camera, axis=-1, keepdims=True)
    tree = cKDTree(evidence.cloud.points)
    assert len(evidence.cloud.points) > 0.9 * len(mug.points)
    step = float(np.linalg.norm(box.steps))
    exact = tree.query(box.positions())[0]
    assert np.percentile(np.abs(evidence.seen - exact), 99) < step
    on_surface = exact < 0.001
    assert np.median(np.abs(evidence.front[on_surface])) < 0.002
    moved = tree.query(box.positions() - 0.01 * to_camera)[0]
    hangs_before = (moved < 0.0015) & (exact > 0.006)  # 1 cm nearer to the camera than a point
    assert np.median(evidence.front[hangs_before]) == pytest.approx(0.010, abs=0.003)
    np.testing.assert_allclose(
        (evidence.ray @ box.T_base_box[:3, :3].T) @ to_camera[20, 20, 20], -1.0, atol=0.05
    )


def test_a_body_that_explains_the_view_is_told_to_the_network(
    render: Callable[..., tuple],
) -> None:
    box, evidence = look_around(seen_object(render, 'ball'), TABLE, CFG)
    bounds = make_object('ball', 0).mesh.bounds
    radius = float(np.ptp(bounds[:, 0]) / 2)
    centre = [0.5, 0.03, TABLE + float(bounds[1, 2]) - radius]
    exact = np.linalg.norm(box.positions() - centre, axis=-1) - radius
    near = np.abs(exact) < 0.01
    assert evidence.explained > 0.9
    assert np.median(np.abs(evidence.fitted - exact)[near]) < 0.0015


def test_a_network_that_adds_nothing_and_trusts_no_body_extrudes(
    mug: ObservedCloud,
) -> None:
    network = network_that_says(0.0)
    with torch.no_grad():
        network.trust[1] = -100.0
    shape = LearnedCompletion(network, AS_IT_IS).complete(mug, TABLE)
    box, evidence = look_around(mug, TABLE, CFG)
    inside = (evidence.extruded < 0).sum() * np.prod(box.steps)
    assert shape.is_watertight
    assert shape.volume == pytest.approx(inside, rel=0.2)  # walls are two samples thick
    assert np.median(distance_to(shape, mug.points)) < 0.002


def test_visible_points_are_kept_against_a_network_that_denies_them(mug: ObservedCloud) -> None:
    shape = LearnedCompletion(network_that_says(+1.5)).complete(mug, TABLE)
    assert shape.is_watertight
    assert shape.volume < 0.7 * Extrusion().complete(mug, TABLE).volume
    assert np.percentile(distance_to(shape, mug.points), 90) < 0.005


def test_proven_free_space_stays_empty_against_a_network_that_fills_it(
    mug: ObservedCloud,
) -> None:
    shape = LearnedCompletion(network_that_says(-2.0)).complete(mug, TABLE)
    free = ViewField.from_cloud(mug).free_distance(np.asarray(shape.vertices))
    assert shape.is_watertight
    assert np.percentile(free, 95) < LearnedCfg().free_margin_m + 0.003
    assert shape.bounds[0, 2] > TABLE - 0.001


def test_walls_that_the_network_only_suspects_are_kept(mug: ObservedCloud) -> None:
    network = network_that_says(+0.2)  # 3 mm too far away everywhere
    pieces = LearnedCompletion(network, AS_IT_IS).complete(mug, TABLE)
    whole = LearnedCompletion(network).complete(mug, TABLE)
    assert whole.is_watertight
    assert whole.volume > 1.1 * pieces.volume


def test_where_the_network_doubts_the_extrusion_is_joined() -> None:
    values = {'extruded': -0.004, 'fitted': 0.02, 'front': -0.02, 'side': -0.02, 'seen': 0.03}
    evidence = ViewEvidence(
        **{name: np.full((1, 1, 3), value) for name, value in values.items()},
        cloud=ObservedCloud(points=np.zeros((0, 3)), colors=None, camera_position=np.zeros(3)),
        ray=np.zeros(3),
        body=None,
    )
    cfg = LearnedCfg(doubt_from_m=0.004, doubt_full_m=0.008)
    scale = np.array([[[0.002, 0.006, 0.020]]])
    missing = completed_field(np.full((1, 1, 3), 0.006), scale, evidence, cfg)
    np.testing.assert_allclose(missing[0, 0], [0.006, 0.001, -0.004], atol=1e-12)
    present = completed_field(np.full((1, 1, 3), -0.005), scale, evidence, cfg)
    np.testing.assert_allclose(present[0, 0], -0.005)  # never less than the network's own solid


@pytest.mark.parametrize(
    ('offset_m', 'scale_m', 'is_taken'),
    [(0.001, 0.003, True), (0.0, 0.001, False), (0.008, 0.003, False)],
    ids=['doubts-and-agrees', 'is-sure', 'disagrees'],
)
def test_the_fitted_body_is_taken_where_the_network_doubts_itself_and_agrees(
    render: Callable[..., tuple], offset_m: float, scale_m: float, is_taken: bool
) -> None:
    goblet = seen_object(render, 'goblet')
    box, evidence = look_around(goblet, TABLE, CFG)
    own = Extrusion().complete(goblet, TABLE)
    answer = NetworkAnswer(
        box=box,
        distance=evidence.fitted + offset_m,
        scale=np.full_like(evidence.fitted, scale_m),
    )
    body = preferred_body(own, answer, evidence, TABLE, SecondOpinionCfg())
    if not is_taken:
        assert body is None
        return
    assert body.is_watertight
    assert np.median(np.abs(evidence.body.distance(body.vertices))) < 0.001


def test_a_network_that_doubts_itself_completes_by_the_body(render: Callable[..., tuple]) -> None:
    goblet = seen_object(render, 'goblet')
    network = network_that_says(0.0, log_scale=0.0)
    own = LearnedCfg(second_opinion=SecondOpinionCfg(agreement=0.0))
    alone = LearnedCompletion(network, own).complete(goblet, TABLE)
    helped = LearnedCompletion(network).complete(goblet, TABLE)
    body = look_around(goblet, TABLE, CFG)[1].body
    off = [np.median(np.abs(body.distance(shape.vertices))) for shape in (alone, helped)]
    assert off[1] < 0.001 < off[0]
    assert helped.bounds[0, 2] > TABLE - 0.001


def test_a_body_that_sinks_into_the_table_is_not_taken(render: Callable[..., tuple]) -> None:
    goblet = seen_object(render, 'goblet')
    box, evidence = look_around(goblet, TABLE, CFG)
    own = Extrusion().complete(goblet, TABLE)
    doubts = NetworkAnswer(
        box=box, distance=evidence.fitted, scale=np.full_like(evidence.fitted, 0.003)
    )
    for table, is_taken in ((TABLE, True), (TABLE + 0.01, False)):
        body = preferred_body(own, doubts, evidence, table, SecondOpinionCfg())
        assert (body is not None) == is_taken


def test_without_weights_it_is_refused_with_the_cure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(checkpoint, 'WEIGHTS_FOLDER', tmp_path)
    with pytest.raises(MissingWeightsError, match='completion'):
        load_completion('learned')


def test_weights_that_ship_are_used(
    mug: ObservedCloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    network = network_that_says(+0.1)
    header = CheckpointHeader(
        kind=KIND, preset='tiny', config=dataclasses.asdict(CFG), facts={'unseen_categories': []}
    )
    file = tmp_path / f'{KIND}.safetensors'
    file.write_bytes(checkpoint_to_bytes(network.state_dict(), header))
    monkeypatch.setattr(checkpoint, 'WEIGHTS_FOLDER', tmp_path)
    expected = LearnedCompletion(network).complete(mug, TABLE)
    for completion in (LearnedCompletion(), LearnedCompletion(load_completion_weights(file)[0])):
        np.testing.assert_array_equal(completion.complete(mug, TABLE).vertices, expected.vertices)


@pytest.mark.parametrize(
    'changes', [{'wall_m': -0.001}, {'doubt_from_m': 0.02}, {'doubt_from_m': -0.001}]
)
def test_settings_that_make_no_sense_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(InvalidInputError):
        LearnedCfg(**changes)


@pytest.mark.parametrize('changes', [{'unsure_m': -0.001}, {'agreement': -1.0}])
def test_a_second_opinion_has_no_negative_settings(changes: dict[str, float]) -> None:
    with pytest.raises(InvalidInputError, match='>= 0'):
        SecondOpinionCfg(**changes)


def test_settings_of_the_network_can_be_read_back_from_its_file(tmp_path: Path) -> None:
    header = CheckpointHeader(kind=KIND, preset='tiny', config=dataclasses.asdict(CFG))
    file = tmp_path / 'weights.safetensors'
    file.write_bytes(checkpoint_to_bytes(CompletionNet(CFG).state_dict(), header))
    read = load_completion_weights(file)[0].cfg
    assert isinstance(read, CompletionCfg)
    assert read == CFG
