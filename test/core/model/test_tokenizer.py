import dataclasses

import pytest
import torch

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.model.hand_vector import hand_vector
from maskdexgrasp_core.model.part_points import PartPoints, point_distances
from maskdexgrasp_core.model.quantizer import codebook_usage
from maskdexgrasp_core.model.tokenizer import GraspTokenizer
from maskdexgrasp_core.model.tokenizer_cfg import (
    TOKENIZER_PRESETS,
    EncoderCfg,
    TokenizerCfg,
    tokenizer_preset,
)

SMALL = TokenizerCfg(
    name='small',
    layout='parts',
    levels=(1,) * 6,
    points_per_part=8,
    encoder=EncoderCfg(kind='pointnet', widths=(16, 32)),
    decoder_widths=(64,),
)
LAYOUTS = {
    'parts': SMALL,
    'parts with levels': dataclasses.replace(SMALL, levels=(2, 1, 1, 1, 1, 3)),
    'whole': dataclasses.replace(SMALL, layout='whole', levels=(6,)),
    'chained': tokenizer_preset('tiny'),
    'chained with levels': dataclasses.replace(
        tokenizer_preset('tiny'), levels=(3, 1, 2, 1, 1, 1)
    ),
}


@pytest.fixture
def tokenizer() -> GraspTokenizer:
    torch.manual_seed(0)
    return GraspTokenizer(tokenizer_preset('tiny'))


def train(tokenizer: GraspTokenizer, hands, steps: int) -> list[float]:
    """Take steps over batches of hands; return the losses."""
    optimizer = torch.optim.AdamW(tokenizer.parameters(), lr=2e-3)
    generator = torch.Generator().manual_seed(0)
    totals = []
    for _ in range(steps):
        batch = torch.randint(hands.num_hands, (128,), generator=generator)
        total = tokenizer(hands.select(batch)).total
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        totals.append(float(total))
    tokenizer.eval()
    return totals


@pytest.mark.parametrize('cfg', LAYOUTS.values(), ids=LAYOUTS)
def test_every_layout_decodes_its_own_tokens(cfg, make_hands):
    torch.manual_seed(0)
    tokenizer, hands = GraspTokenizer(cfg), make_hands(64)
    output = tokenizer(hands)
    output.total.backward()
    assert output.tokens.shape == (64, cfg.num_tokens)
    assert len(tokenizer.token_parts) == tokenizer.num_tokens == cfg.num_tokens
    tokenizer.eval()
    output = tokenizer(hands)
    torch.testing.assert_close(tokenizer.encode(hands), output.tokens)
    decoded = tokenizer.decode(output.tokens)
    torch.testing.assert_close(hand_vector(decoded), hand_vector(output.hands), atol=1e-4, rtol=0)


@pytest.mark.parametrize('cfg', LAYOUTS.values(), ids=LAYOUTS)
def test_every_part_of_every_network_learns(cfg, make_hands):
    torch.manual_seed(0)
    tokenizer = GraspTokenizer(cfg)
    train(tokenizer, make_hands(128), steps=1)
    tokenizer.train()
    tokenizer.zero_grad()
    tokenizer(make_hands(64, seed=1)).total.backward()
    idle = [n for n, p in tokenizer.named_parameters() if p.grad is None or not p.grad.any()]
    assert not idle


def test_the_terms_of_the_loss_sum_up_and_vanish_without_error(tokenizer, make_hands):
    output = tokenizer(make_hands(32))
    assert set(output.losses) == {'parameters', 'points', 'commitment', 'coarse'}
    torch.testing.assert_close(sum(output.losses.values()), output.total)
    hands = output.hands
    distances = point_distances(hands, make_hands(32), tokenizer.part_points)
    torch.testing.assert_close(output.losses['points'], distances.sum(dim=1).mean() / 0.1)


def test_training_shrinks_the_error_and_uses_the_codes(tokenizer, make_hands):
    hands, held_out = make_hands(4000), make_hands(500, seed=1)
    totals = train(tokenizer, hands, steps=120)
    assert sum(totals[-10:]) < 0.5 * sum(totals[:10])
    tokens = tokenizer.encode(held_out)
    assert codebook_usage(tokens, tokenizer.codebook_size).usage.min() > 0.8
    errors = point_distances(tokenizer.decode(tokens), held_out, PartPoints(24))
    shuffled = point_distances(tokenizer.decode(tokens.flip(0)), held_out, PartPoints(24))
    assert errors.mean() < 0.25 * shuffled.mean()


def test_encoding_learns_nothing_even_while_training(tokenizer, make_hands):
    tokenizer(make_hands(64))
    before = {name: value.clone() for name, value in tokenizer.state_dict().items()}
    tokenizer.encode(make_hands(64, seed=1))
    assert tokenizer.training
    for name, value in tokenizer.state_dict().items():
        torch.testing.assert_close(value, before[name], msg=name)


def test_a_token_of_a_finger_moves_this_finger_only(tokenizer, make_hands):
    train(tokenizer, make_hands(512), steps=5)
    tokens = tokenizer.encode(make_hands(16, seed=1))
    before = tokenizer.decode(tokens)
    for place, part in enumerate(tokenizer.token_parts):
        if PARTS[part] == 'palm':
            continue
        edited = tokens.clone()
        edited[:, place] = (edited[:, place] + 1) % tokenizer.codebook_size
        moved = point_distances(tokenizer.decode(edited), before, PartPoints(8))
        assert moved[:, part].max() > 1e-4
        moved[:, part] = 0.0
        assert moved.max() < 1e-6


@pytest.mark.parametrize('tokens', [torch.zeros(2, 5), torch.full((2, 7), 64), -torch.ones(2, 7)])
def test_tokens_that_are_none_are_refused(tokenizer, tokens):
    with pytest.raises(InvalidInputError, match='tokens'):
        tokenizer.decode(tokens.long())


@pytest.mark.parametrize('name', TOKENIZER_PRESETS)
def test_every_preset_builds(name):
    cfg = tokenizer_preset(name)
    assert cfg.name == name
    assert GraspTokenizer(cfg).num_tokens == len(cfg.token_parts)


def test_the_paper_preset_is_that_of_the_paper():
    cfg = tokenizer_preset('paper')
    assert cfg.token_parts == (0, 1, 2, 3, 4, 5)
    assert (cfg.codebook_size, cfg.quantizer.code_dim, cfg.quantizer.decay) == (256, 512, 0.99)
    assert cfg.encoder.widths[-1] == 1024
    assert cfg.decoder_widths == (1024, 256, 128, 64)


def test_an_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(UnknownNameError, match='base'):
        tokenizer_preset('huge')


def test_levels_must_fit_the_layout():
    with pytest.raises(InvalidInputError, match='levels'):
        dataclasses.replace(SMALL, levels=(1, 1))
