"""Views for the completion network, the folder that keeps them, its loss and its recipe."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh

from maskdexgrasp_core.dataset.splits import TEST_CATEGORIES, TEST_INSTANCES, TRAIN
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.object_surface import ObjectSurface
from maskdexgrasp_core.model.completion_cfg import CompletionCfg
from maskdexgrasp_core.model.completion_net import (
    CHANNELS,
    CompletionInputs,
    CompletionOutput,
    squash,
)
from maskdexgrasp_core.objects import CATEGORIES
from maskdexgrasp_core.perception.completion.view_box import look_around
from maskdexgrasp_core.training.completion_data import (
    LAST_SEED,
    CompletionDataCfg,
    CompletionObjects,
    ViewFolder,
    as_batch,
    completion_objects,
    turned,
)
from maskdexgrasp_core.training.completion_views import (
    LEVELS,
    CompletionSample,
    CompletionViewsCfg,
    ObjectKey,
    make_sample,
    near_distance,
    observed,
)
from maskdexgrasp_core.training.loop_cfg import LoopCfg
from maskdexgrasp_core.training.recipe import Share
from maskdexgrasp_core.training.train_completion import (
    CompletionLossCfg,
    CompletionRecipe,
    CompletionTraining,
    completion_losses,
    far_side,
)

NET = CompletionCfg(name='small', cells=8, widths=(8, 16), blocks=(1, 1))
KEYS = (ObjectKey('can', 100), ObjectKey('hammer', 101))
DATA = CompletionDataCfg(views_per_object=2)


@pytest.fixture(scope='module')
def views(tmp_path_factory: pytest.TempPathFactory) -> ViewFolder:
    folder = ViewFolder(tmp_path_factory.mktemp('views'), KEYS, NET, DATA)
    assert list(folder.fill()) == [0, 2, 4]
    return folder


def test_objects_follow_the_split_of_the_dataset() -> None:
    splits = {'mug_100': TRAIN, 'mug_101': TEST_INSTANCES, 'kettle_100': TEST_CATEGORIES,
              'scan_7': TEST_INSTANCES}  # fmt: skip
    objects = completion_objects(splits, per_category=3)
    assert objects.unseen_categories == ('kettle',)
    categories = {key.category for key in (*objects.training, *objects.held_out)}
    assert categories == set(CATEGORIES) - {'kettle'}
    assert [key.seed for key in objects.training if key.category == 'mug'] == [100, 102, 103]
    assert [key.seed for key in objects.held_out if key.category == 'mug'] == [101]
    assert not set(objects.training) & set(objects.held_out)
    assert all(100 <= key.seed < LAST_SEED for key in (*objects.training, *objects.held_out))


def test_a_split_that_leaves_nothing_to_train_on_is_refused() -> None:
    splits = {f'{category}_100': TEST_CATEGORIES for category in CATEGORIES}
    with pytest.raises(InvalidInputError, match='none is left'):
        completion_objects(splits, per_category=1)


def test_distances_are_exact_near_the_surface_and_cut_off_beyond_reach() -> None:
    ball = trimesh.creation.icosphere(subdivisions=4, radius=0.03)
    ball.apply_translation([0.5, 0.0, -0.07])
    cloud = observed(ball, np.array([0.95, -0.25, 0.45]), np.random.default_rng(0))
    box, _ = look_around(cloud, -0.10, dataclasses.replace(NET, fold=2))
    found = near_distance(ObjectSurface(ball), box, reach_m=0.015)
    exact = np.linalg.norm(box.positions() - [0.5, 0.0, -0.07], axis=-1) - 0.03
    near = np.abs(exact) < 0.006
    np.testing.assert_allclose(found[near], exact[near], atol=0.0002)
    np.testing.assert_allclose(found, np.clip(exact, -0.015, 0.015), atol=0.001)


def test_the_same_view_is_made_again(views: ViewFolder) -> None:
    again = make_sample(KEYS[1], 1, DATA.seed, NET, DATA.views)
    other = make_sample(KEYS[1], 1, DATA.seed + 1, NET, DATA.views)
    for stored, made in zip(views[3], again, strict=True):
        np.testing.assert_array_equal(stored, made)
    assert not np.array_equal(views[3].target, other.target)


def test_a_folder_is_filled_where_it_was_left(views: ViewFolder, tmp_path: Path) -> None:
    folder = ViewFolder(tmp_path, KEYS, NET, DATA)
    assert folder.digest == views.digest
    next(folder.fill())
    folder.make(KEYS[0])
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob('*.npz')}
    assert list(folder.fill()) == [2, 4]
    assert len(list(tmp_path.rglob('*.npz'))) == 4
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())


def test_other_settings_have_another_folder(views: ViewFolder) -> None:
    other = dataclasses.replace(DATA, views=CompletionViewsCfg(stretch=(1.0, 1.0)))
    assert ViewFolder(Path(), KEYS, NET, other).digest != views.digest


def test_a_damaged_view_says_what_to_do(views: ViewFolder, tmp_path: Path) -> None:
    folder = ViewFolder(tmp_path, KEYS[:1], NET, DATA)
    with pytest.raises(InvalidInputError, match='delete it'):
        folder[0]


def test_a_view_is_about_its_object(views: ViewFolder) -> None:
    for sample in (views[0], views[2]):
        target = sample.target / LEVELS * NET.reach_m
        front = sample.channels[0] / LEVELS
        deep_in_free_space = front > float(squash(torch.tensor(0.006)))
        assert (target[deep_in_free_space] > 0).mean() > 0.98
        assert (target < 0).any()
        seen = sample.channels[CHANNELS.index('seen')] < 0.1 * LEVELS
        assert np.median(np.abs(target[seen])) < 0.004


@pytest.mark.parametrize('symmetry', range(8))
def test_turned_views_stay_true(symmetry: int) -> None:
    """Every value is a function of place and view: it must move with them."""
    size, steps, ray = 5, np.array([1.0, 2.0, 3.0], np.float32), np.array([0.61, 0.29, -0.73])

    def sample_of(steps: np.ndarray, ray: np.ndarray) -> CompletionSample:
        axes = [step * (np.arange(size) - (size - 1) / 2) for step in steps]
        places = np.stack(np.meshgrid(*axes, indexing='ij'), axis=-1)
        value = np.rint(3 * places @ ray + (places**2).sum(axis=-1)).astype(np.int8)
        return CompletionSample(
            channels=np.stack([value, -value]),
            target=value,
            steps=steps.astype(np.float32),
            ray=ray.astype(np.float32),
            explained=np.float32(0.5),
        )

    sample = turned(sample_of(steps, ray), symmetry)
    expected = sample_of(sample.steps, sample.ray)
    assert sorted(sample.steps) == sorted(steps)
    np.testing.assert_allclose(np.sort(np.abs(sample.ray)), np.sort(np.abs(ray)), atol=1e-6)
    np.testing.assert_array_equal(sample.target, expected.target)
    np.testing.assert_array_equal(sample.channels, expected.channels)


def outputs(distance: list[float], scale: list[float]) -> CompletionOutput:
    def box(values: list[float]) -> torch.Tensor:
        return torch.tensor(values).reshape(1, 1, 1, -1).requires_grad_()

    return CompletionOutput(box(distance), box(scale))


def hidden_inputs(count: int) -> CompletionInputs:
    channels = squash(torch.tensor([-0.02, -0.02, 0.0, 0.0, 0.03]))
    size = (1, len(CHANNELS), 1, 1, count)
    return CompletionInputs(
        channels[None, :, None, None, None].expand(size),
        torch.full((1, 3), 0.01),
        torch.tensor([[0.6, 0.0, -0.8]]),
        torch.zeros(1),
    )


def test_loss_is_the_error_and_beyond_the_reach_there_is_none() -> None:
    output = outputs([0.001, -0.030, 0.000], [0.001] * 3)
    target = torch.tensor([0.0, -0.015, 0.015]).reshape(1, 1, 1, 3) / 0.015
    cfg = CompletionLossCfg(near_m=1e9, floor=0.0)  # all samples alike
    losses = completion_losses(output, hidden_inputs(3), target, cfg, reach_m=0.015)
    assert float(losses.figures['error_mm']) == pytest.approx((1.0 + 0.0 + 15.0) / 3, rel=1e-4)
    assert float(losses.figures['scale_mm']) == pytest.approx(1.0, rel=1e-4)


def test_expected_error_is_best_where_it_is_the_error() -> None:
    output = outputs([0.003, 0.003, 0.003], [0.001, 0.003, 0.009])
    target = torch.zeros((1, 1, 1, 3))
    losses = completion_losses(
        output, hidden_inputs(3), target, CompletionLossCfg(), reach_m=0.015
    )
    slope = torch.autograd.grad(losses.total, output.scale)[0].flatten()
    assert slope[0] < 0.0 < slope[2]
    assert slope[1].abs() < 1e-3 * slope[2].abs() + 1e-6


def test_far_side_counts_hidden_surface_only() -> None:
    output = outputs([0.004, 0.002, -0.001, 0.020], [0.005] * 4)
    target = torch.tensor([0.0, 0.001, -0.001, 0.012]).reshape(1, 1, 1, 4) / 0.015
    output = CompletionOutput(*(value.detach() for value in output))
    figures = far_side(output, hidden_inputs(4), target, 0.015)
    # sample 0 lies below 4 mm above the table, sample 3 is not near the surface
    assert figures['samples'] == 2
    assert figures['error'] == pytest.approx(0.001 + 0.0, abs=1e-7)
    assert (figures['inside'], figures['left_out']) == (1, 0)


@pytest.fixture(scope='module')
def recipe(views: ViewFolder, tmp_path_factory: pytest.TempPathFactory) -> CompletionRecipe:
    torch.manual_seed(0)
    objects = CompletionObjects(
        training=KEYS, held_out=(ObjectKey('can', 4999),), unseen_categories=('mug',)
    )
    cfg = CompletionTraining(
        network=NET,
        loop=LoopCfg(epochs=2),
        batch_size=4,
        steps_per_epoch=3,
        held_out_views=1,
        data=DATA,
    )
    made = CompletionRecipe(objects, tmp_path_factory.mktemp('cache'), cfg)
    for folder in (made.training_views, made.held_out_views):
        assert list(folder.fill())[-1] == len(folder)
    return made


def test_an_epoch_can_be_repeated_and_shared(recipe: CompletionRecipe) -> None:
    first, again, other = (
        [target for _, target in recipe.batches(epoch, Share())] for epoch in (0, 0, 1)
    )
    assert len(first) == recipe.steps_per_epoch == 3
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))
    halves = [list(recipe.batches(0, Share(rank, 2))) for rank in (0, 1)]
    assert [len(target) for half in halves for _, target in half] == [2] * 6
    with pytest.raises(InvalidInputError, match='cannot be shared'):
        recipe.batches(0, Share(0, 3))


def test_training_lowers_the_error_and_validation_sees_it(recipe: CompletionRecipe) -> None:
    torch.set_num_threads(1)
    batch = as_batch([recipe.training_views[i] for i in range(4)])
    optimizer = torch.optim.Adam(recipe.objective.parameters(), lr=0.01)
    with torch.no_grad():
        before = recipe.validate(recipe.network)
    errors = []
    for _ in range(25):
        losses = recipe.objective(batch)
        optimizer.zero_grad()
        losses.total.backward()
        optimizer.step()
        errors.append(float(losses.figures['error_mm']))
    assert errors[-1] < 0.6 * errors[0]
    with torch.no_grad():
        after = recipe.validate(recipe.network)
    assert set(after) == {'far_mm', 'far_expected_mm', 'far_left_out'}
    assert after['far_mm'] != before['far_mm']
    assert recipe.criterion in after


def test_weights_say_what_they_never_saw(recipe: CompletionRecipe) -> None:
    header = recipe.header
    assert header.facts['unseen_categories'] == ['mug']
    assert header.config == dataclasses.asdict(NET)
    assert recipe.identity['training_objects'] == ['can_100', 'hammer_101']
