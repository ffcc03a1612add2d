"""A tiny network on three kinds of objects: enough to see that it learns what words mean."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.model.text.minilm import MiniLmEncoder
from maskdexgrasp_core.objects import CATEGORIES
from maskdexgrasp_core.perception.learned_selection import DecisionCfg, LearnedSelector
from maskdexgrasp_core.training.devices import DeviceCfg, make_fabric
from maskdexgrasp_core.training.loop import train
from maskdexgrasp_core.training.loop_cfg import LoopCfg
from maskdexgrasp_core.training.optimisation import seed_networks
from maskdexgrasp_core.training.recipe import Share
from maskdexgrasp_core.training.run_folder import BEST_NAME
from maskdexgrasp_core.training.selection_calibration import (
    ScoredQuestion,
    calibrated,
    choice_error,
)
from maskdexgrasp_core.training.selection_data import SceneOrder, see_scene
from maskdexgrasp_core.training.selection_questions import NAME, NOTHING, Question
from maskdexgrasp_core.training.selection_samples import load_selection_data, turned_views
from maskdexgrasp_core.training.selection_training import SelectionDataCfg, selection_training
from maskdexgrasp_core.training.train_selection import SelectionRecipe, selection_losses

KNOWN = ('bottle', 'book', 'ball')
UNSEEN = SceneOrder(tuple((name, 2000) for name in KNOWN), seed=11)


@pytest.fixture(scope='module')
def recipe(tmp_path_factory: pytest.TempPathFactory) -> SelectionRecipe:
    data = SelectionDataCfg(
        held_out_categories=tuple(name for name in CATEGORIES if name not in KNOWN),
        num_scenes=6,
        num_validation_scenes=3,
        repeats=2,
        batch_size=16,
    )
    cfg = replace(
        selection_training('tiny'), data=data, loop=LoopCfg(epochs=60, learning_rate=5e-3)
    )
    seed_networks(cfg.loop.seed)
    loaded = load_selection_data(data, cfg.network.num_points, tmp_path_factory.mktemp('views'))
    return SelectionRecipe(cfg, 'tiny', loaded, MiniLmEncoder())


@pytest.fixture(scope='module')
def selector(recipe: SelectionRecipe, tmp_path_factory: pytest.TempPathFactory) -> LearnedSelector:
    folder = tmp_path_factory.mktemp('run') / 'selection'
    loop = LoopCfg(epochs=60, learning_rate=5e-3, validate_every=10)
    train(recipe, loop, folder, fabric=make_fabric(DeviceCfg(accelerator='cpu')))
    return LearnedSelector.load(folder / BEST_NAME)


def test_batches_follow_from_the_epoch_and_pair_views_with_true_sentences(
    recipe: SelectionRecipe,
) -> None:
    def first(epoch: int) -> tuple[torch.Tensor, ...]:
        batches: Iterator = recipe.batches(epoch, Share())
        points, patches, text, truth = next(batches)
        return points, patches.neighbors, text, truth

    for one, same in zip(first(0), first(0), strict=True):
        torch.testing.assert_close(one, same)
    points, neighbors, text, truth = first(1)
    assert not torch.equal(points, first(0)[0])
    assert points.shape == (16, 128, 3)
    assert neighbors.max() < 128
    assert truth.shape == (16, 20)
    assert len(text) == 20
    assert (truth[range(16), range(16)] == 1).all()


def test_processes_share_the_views_of_a_batch(recipe: SelectionRecipe) -> None:
    shares = [next(recipe.batches(0, Share(rank, 2)))[0] for rank in range(2)]
    assert [len(points) for points in shares] == [8, 8]


def test_a_tiny_network_understands_words_that_it_never_read(selector: LearnedSelector) -> None:
    scene = see_scene(UNSEEN)
    clusters = [seen.cluster for seen in scene.objects]
    heights = [seen.table_height for seen in scene.objects]
    categories = [seen.look.category for seen in scene.objects]
    for text, meant in (
        ('take the novel', 'book'),
        ('fetch something to bounce', 'ball'),
        ('I need the flask', 'bottle'),
    ):
        best = int(selector.logits(clusters, heights, text).argmax())
        assert categories[best] == meant, text


def test_weights_carry_calibrated_thresholds(
    recipe: SelectionRecipe, selector: LearnedSelector
) -> None:
    assert selector.decision != DecisionCfg()
    assert set(recipe.header.facts['data']['held_out_categories']).isdisjoint(KNOWN)


def test_losses_are_those_of_the_formulas() -> None:
    logits = torch.tensor([[2.0, -1.0], [0.5, 1.0]])
    truth = torch.tensor([[1, 0], [0, -1]], dtype=torch.int8)
    losses = selection_losses(logits, truth)
    alone = np.log1p(np.exp(-2.0)) + (np.log1p(np.exp(-1.0)) + np.log1p(np.exp(0.5))) / 2
    objects, sentences = np.log1p(np.exp(0.5 - 2.0)), np.log1p(np.exp(-1.0 - 2.0))
    assert float(losses.figures['alone']) == pytest.approx(alone, rel=1e-5)
    assert float(losses.figures['objects']) == pytest.approx(objects, rel=1e-5)
    assert float(losses.figures['sentences']) == pytest.approx(sentences, rel=1e-5)
    assert float(losses.total) == pytest.approx(alone + objects + 0.5 * sentences, rel=1e-5)


def test_a_sentence_that_fits_everything_has_no_rivals_and_finite_gradients() -> None:
    logits = torch.zeros(3, 1, requires_grad=True)
    losses = selection_losses(logits, torch.ones(3, 1, dtype=torch.int8))
    losses.total.backward()
    assert float(losses.figures['objects']) == 0.0
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_turned_views_keep_heights_and_distances_up_to_their_scale() -> None:
    points = torch.rand(4, 30, 3, generator=torch.Generator().manual_seed(0))
    turned = turned_views(points, 0.1, np.random.default_rng(0))
    scale = (turned[:, :, 2] / points[:, :, 2]).mean(dim=1)
    assert ((scale > 0.9) & (scale < 1.1)).all()
    before, after = torch.pdist(points[0]), torch.pdist(turned[0])
    torch.testing.assert_close(after, scale[0] * before, atol=1e-5, rtol=1e-4)


def scored(answer: int | None, fitting: tuple[int, ...], *logits: float) -> ScoredQuestion:
    topic = NAME if answer is not None else NOTHING
    return ScoredQuestion(Question(topic, 'the thing', answer, fitting), np.array(logits))


def test_thresholds_separate_what_can_be_separated() -> None:
    questions = [
        scored(0, (0,), 4.0, -2.0),
        scored(1, (1,), 0.0, 3.0),
        scored(None, (0, 1), 3.0, 2.5, -1.0),
        scored(None, (), -3.0, -6.0),
    ]
    decision = calibrated(questions)
    assert -3.0 < decision.least_logit <= 3.0
    assert 0.5 <= decision.margin < 3.0
    assert 0.5 <= decision.group_margin < 3.0
    assert calibrated(questions[:2]).group_margin == DecisionCfg().group_margin
    assert choice_error(questions) == 0.0
    assert choice_error([*questions, scored(0, (0,), -1.0, 1.0)]) == pytest.approx(1 / 3)


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(UnknownNameError, match='unicorn'):
        SelectionDataCfg(held_out_categories=('unicorn',))
    with pytest.raises(InvalidInputError, match='batch_size'):
        SelectionDataCfg(batch_size=1)
    with pytest.raises(UnknownNameError, match='base'):
        selection_training('huge')
