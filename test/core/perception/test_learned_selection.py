import numpy as np
import pytest
import torch

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.checkpoint import MissingWeightsError
from maskdexgrasp_core.model.scene_head import SceneHead, scene_head_preset
from maskdexgrasp_core.model.text.minilm import MiniLmEncoder
from maskdexgrasp_core.outcome import Code, StageError
from maskdexgrasp_core.perception.clusters import Cluster
from maskdexgrasp_core.perception.learned_selection import (
    DecisionCfg,
    LearnedSelector,
    view_points,
)
from maskdexgrasp_core.perception.selection import RuleSelector

CAMERA = np.array([0.95, -0.25, 0.45])
RED, BLUE = (200, 20, 20), (30, 60, 200)
EVERYTHING = DecisionCfg(least_logit=-1e6, margin=1e6, group_margin=1e6)


def cluster(x: float, y: float, color: tuple[int, int, int], size: float = 0.06) -> Cluster:
    rng = np.random.default_rng(int(1000 * (x + y + 1)))
    points = rng.uniform(-0.5, 0.5, (300, 3)) * size + np.array([x, y, -0.1 + size / 2])
    return Cluster(points=points, colors=np.tile(np.array(color, dtype=np.uint8), (300, 1)))


CLUSTERS = [cluster(0.5, 0.1, RED), cluster(0.6, -0.1, RED, 0.12), cluster(0.4, 0.0, BLUE, 0.04)]
HEIGHTS = [-0.1] * 3


@pytest.fixture(scope='module')
def head() -> SceneHead:
    torch.manual_seed(0)
    return SceneHead(scene_head_preset('tiny'))


@pytest.fixture(scope='module')
def encoder() -> MiniLmEncoder:
    return MiniLmEncoder()


def chosen(
    head: SceneHead, encoder: MiniLmEncoder, text: str, decision: DecisionCfg = EVERYTHING
) -> int:
    selector = LearnedSelector(head, encoder, decision)
    return selector.select(CLUSTERS, HEIGHTS, text, CAMERA)


@pytest.mark.parametrize(
    ('text', 'meant'),
    [
        ('take the blue beaker', 2),
        ('take the beaker on the left', 0),
        ('take the largest beaker', 1),
        ('take the nearest beaker', 2),
        ('take the red beaker on the right', 1),
    ],
)
def test_colour_size_and_place_decide_among_clusters_that_compete(
    head: SceneHead, encoder: MiniLmEncoder, text: str, meant: int
) -> None:
    assert chosen(head, encoder, text) == meant


def test_the_best_cluster_is_taken_if_it_is_far_enough_ahead(
    head: SceneHead, encoder: MiniLmEncoder
) -> None:
    logits = LearnedSelector(head, encoder).logits(CLUSTERS, HEIGHTS, 'the beaker')
    second, first = np.sort(logits)[-2:]
    lead = float(first - second)
    assert lead > 0.0
    sure = DecisionCfg(least_logit=-1e6, margin=0.9 * lead)
    assert chosen(head, encoder, 'the beaker', sure) == int(logits.argmax())
    unsure = DecisionCfg(least_logit=-1e6, margin=1.1 * lead)
    with pytest.raises(StageError, match='add a colour') as caught:
        chosen(head, encoder, 'the beaker', unsure)
    assert caught.value.outcome.code is Code.TEXT_IS_AMBIGUOUS


def test_a_sentence_that_fits_no_cluster_is_refused_with_the_scores(
    head: SceneHead, encoder: MiniLmEncoder
) -> None:
    with pytest.raises(StageError, match=r'at least 50\.0 needed') as caught:
        chosen(head, encoder, 'the sofa', DecisionCfg(least_logit=50.0))
    assert caught.value.outcome.code is Code.TEXT_MATCHES_NOTHING


@pytest.mark.parametrize(
    'text', ['the tallest', 'take the largest one on the left', 'the farthest']
)
def test_the_network_is_not_asked_where_no_thing_is_named(
    head: SceneHead, encoder: MiniLmEncoder, text: str
) -> None:
    nothing_fits = DecisionCfg(least_logit=50.0)
    by_rules = RuleSelector().select(CLUSTERS, HEIGHTS, text, CAMERA)
    assert chosen(head, encoder, text, nothing_fits) == by_rules


def test_rules_choose_what_the_network_never_saw_but_the_table_names(
    head: SceneHead, encoder: MiniLmEncoder
) -> None:
    text = 'take the tumbler'
    selector = LearnedSelector(head, encoder, EVERYTHING, categories=['mug'])
    said = []
    for each in (RuleSelector(), selector):
        with pytest.raises(StageError) as caught:  # none of them looks like a cup
            each.select(CLUSTERS, HEIGHTS, text, CAMERA)
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert caught.value.outcome.code is Code.TEXT_MATCHES_NOTHING
    asked = selector.for_every_category()
    with pytest.raises(StageError) as caught:  # to the network, all of them might be one
        asked.select(CLUSTERS, HEIGHTS, text, CAMERA)
    assert caught.value.outcome.code is Code.TEXT_IS_AMBIGUOUS


def test_the_only_cluster_is_taken_whatever_it_is_called(
    head: SceneHead, encoder: MiniLmEncoder
) -> None:
    selector = LearnedSelector(head, encoder, DecisionCfg(least_logit=50.0))
    assert selector.select(CLUSTERS[:1], HEIGHTS[:1], 'the beaker', CAMERA) == 0


def test_logits_do_not_depend_on_where_the_clusters_stand(
    head: SceneHead, encoder: MiniLmEncoder
) -> None:
    selector, shift = LearnedSelector(head, encoder), np.array([0.05, -0.2, 0.03])
    moved = [Cluster(points=c.points + shift, colors=c.colors) for c in CLUSTERS]
    np.testing.assert_allclose(
        selector.logits(moved, [-0.07] * 3, 'the beaker'),
        selector.logits(CLUSTERS, HEIGHTS, 'the beaker'),
        atol=1e-4,
    )


def test_views_of_few_points_are_filled_by_repetition() -> None:
    points = np.random.default_rng(0).uniform((0.3, 0.0, -0.1), (1.3, 1.0, 0.9), size=(50, 3))
    view = view_points(points, -0.1, 128, np.random.default_rng(0))
    assert view.shape == (128, 3)
    assert len(np.unique(view, axis=0)) == 50
    assert view[:, 2].min() >= 0.0


def test_another_encoder_and_missing_weights_are_refused(
    head: SceneHead, encoder: MiniLmEncoder, tmp_path
) -> None:
    class Other(MiniLmEncoder):
        name = 'another'

    with pytest.raises(InvalidInputError, match='all-minilm-l6-v2, got another'):
        LearnedSelector(head, Other())
    with pytest.raises(MissingWeightsError, match='selection'):
        LearnedSelector.load(tmp_path / 'none.safetensors')
    with pytest.raises(InvalidInputError, match='>= 0'):
        DecisionCfg(margin=-1.0)
