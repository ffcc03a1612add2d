import pytest
import torch

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.conditions import (
    NO_TASK,
    ConditionDropCfg,
    ConditionDrops,
    ConditionEncoder,
    Conditions,
    ConditionsCfg,
    ConditionTokens,
    draw_drops,
)
from maskdexgrasp_core.model.object_encoder import ObjectEncoderCfg
from maskdexgrasp_core.tasks import TASKS

CFG = ConditionsCfg(
    text_dim=5,
    object=ObjectEncoderCfg(
        num_patches=4, patch_size=4, point_widths=(8,), num_layers=1, num_heads=2
    ),
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    return ConditionEncoder(CFG, 8).eval()


def conditions(objects=2, each=3):
    return Conditions(
        task=torch.arange(objects * each) % len(TASKS),
        text=torch.randn(objects * each, 5, generator=seeded(1)),
        points=torch.rand(objects, 40, 3, generator=seeded(2)) / 10,
    )


def test_exactly_the_conditions_left_out_are_replaced(encoder):
    tokens = encoder(conditions())
    drops = ConditionDrops(
        task=torch.tensor([1, 0, 0, 1, 0, 0]).bool(),
        text=torch.tensor([0, 0, 1, 1, 0, 0]).bool(),
        object=torch.tensor([0, 1]).bool(),
    )
    dropped = encoder.drop(tokens, drops)
    changed_words = (dropped.words != tokens.words).any(dim=-1)
    assert torch.equal(changed_words, torch.stack([drops.task, drops.text], dim=1))
    assert torch.equal((dropped.object != tokens.object).any(dim=-1).all(dim=-1), drops.object)
    assert torch.equal(dropped.object[0], tokens.object[0])


def test_a_task_left_out_is_no_task(encoder):
    asked = conditions()
    none = asked._replace(task=torch.full_like(asked.task, NO_TASK))
    every, no = torch.ones(6).bool(), torch.zeros(6).bool()
    dropped = encoder.drop(encoder(asked), ConditionDrops(every, no, torch.zeros(2).bool()))
    assert torch.equal(dropped.words, encoder(none).words)


def test_without_words_keeps_the_object_and_without_all_nothing(encoder):
    first, second = (
        encoder(conditions()),
        encoder(
            conditions(objects=2, each=3)._replace(
                task=torch.zeros(6, dtype=torch.int64), text=torch.ones(6, 5)
            )
        ),
    )
    assert torch.equal(encoder.without_words(first).object, first.object)
    assert torch.equal(encoder.without_words(first).words, encoder.without_words(second).words)
    nothing = encoder.without_all(first)
    assert (nothing.object == nothing.object[0, 0]).all()
    assert (nothing.words == nothing.words[0]).all()


def test_tokens_that_stand_for_nothing_are_learned(encoder):
    tokens = encoder.without_all(encoder(conditions()))
    (tokens.words.square().sum() + tokens.object.square().sum()).backward()
    assert encoder.no_text.grad.abs().min() > 0
    assert encoder.no_object.grad.abs().min() > 0
    assert encoder.task.weight.grad[NO_TASK].abs().min() > 0


def test_drops_are_drawn_in_the_shares_asked_for():
    cfg = ConditionDropCfg(all_prob=0.1, words_prob=0.2, task_prob=0.3)
    drops = draw_drops(5000, 4, cfg, seeded())
    assert drops.object.float().mean() == pytest.approx(0.1, abs=0.02)
    assert drops.text.float().mean() == pytest.approx(0.1 + 0.9 * 0.2, abs=0.02)
    assert drops.task.float().mean() == pytest.approx(0.1 + 0.9 * 0.5, abs=0.02)
    whole = drops.object.repeat_interleave(4)
    assert (drops.text[whole] & drops.task[whole]).all()
    assert drops.task[drops.text].all()


def test_the_length_of_a_sentence_embedding_does_not_matter(encoder):
    asked = conditions()
    longer = encoder(asked._replace(text=3 * asked.text))
    assert torch.allclose(longer.words, encoder(asked).words, atol=1e-5)


def test_repeated_conditions_stay_with_their_object():
    tokens = ConditionTokens(
        words=torch.arange(4.0)[:, None, None].expand(4, 2, 3), object=torch.zeros(2, 5, 3)
    )
    repeated = tokens.repeat(3)
    assert repeated.words[:, 0, 0].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    both = repeated.followed_by(tokens)
    assert (len(both.words), len(both.object)) == (16, 4)


def test_conditions_that_do_not_fit_are_refused(encoder):
    with pytest.raises(InvalidInputError, match='text: got'):
        encoder(conditions()._replace(text=torch.zeros(6, 4)))
    with pytest.raises(InvalidInputError, match='do not divide'):
        encoder(conditions()._replace(points=torch.rand(4, 40, 3)))
    with pytest.raises(InvalidInputError, match='together'):
        ConditionDropCfg(words_prob=0.6, task_prob=0.6)
