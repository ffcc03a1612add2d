import math
from dataclasses import replace

import pytest
import torch

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.mask_schedule import num_masked_after
from maskdexgrasp_core.model.sampling import SamplingCfg, TokenSampler, guided_logits
from maskdexgrasp_core.model.token_layout import TokenLayout

SIX = TokenLayout(token_parts=(0, 1, 2, 3, 4, 5), codebook_size=8)
CHAINED = TokenLayout(token_parts=(0, 0, 0, 0, 1, 2, 3, 4, 5), codebook_size=8)
PLAIN = SamplingCfg(guidance_scale=0.0)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def all_masked(layout, batch):
    return torch.full((batch, layout.num_tokens), layout.mask_token_id)


def row_wise_logits(layout):
    """Logits that depend on all tokens of a row, by exact integer arithmetic."""
    codes = torch.arange(layout.codebook_size)
    places = torch.arange(layout.num_tokens)

    def logits_of(tokens):
        mixed = tokens.sum(dim=1)[:, None, None] * 7 + places[:, None] * 5 + codes * 3
        return (mixed % 11).float() / 4

    return logits_of


class Watched:
    """Keeps what the sampler gave to the network."""

    def __init__(self, logits_of):
        self.logits_of = logits_of
        self.tokens = []

    def __call__(self, tokens):
        self.tokens.append(tokens.clone())
        return self.logits_of(tokens)


@pytest.mark.parametrize('scale', [0.0, 1.0, 4.0])
def test_guidance_is_one_plus_s_conditional_minus_s_unconditional(scale):
    conditional, unconditional = torch.tensor([2.0, -1.0]), torch.tensor([0.5, 3.0])
    expected = torch.tensor([2.0 + scale * 1.5, -1.0 - scale * 4.0])
    assert torch.equal(guided_logits(conditional, unconditional, scale), expected)


def test_only_the_first_passes_are_guided_where_so_many_are_asked_for():
    network = Watched(row_wise_logits(CHAINED))
    cfg = SamplingCfg(num_iterations=5, guidance_scale=1.0, guided_iterations=2)
    TokenSampler(CHAINED, cfg).sample(network, all_masked(CHAINED, 3), seeded())
    assert [len(tokens) for tokens in network.tokens] == [6, 6, 3, 3, 3]
    assert not replace(cfg, guided_iterations=0).guides(1)
    assert replace(cfg, guided_iterations=None).guides(5)
    with pytest.raises(InvalidInputError, match='guided_iterations'):
        SamplingCfg(guided_iterations=-1)


def test_both_halves_pass_as_one_batch_and_are_guided_exactly():
    uniform = torch.rand(6, 6, 8, generator=seeded(3))
    network = Watched(lambda tokens: uniform[: len(tokens)])
    cfg = SamplingCfg(num_iterations=1, guidance_scale=4.0, temperature=0.0)
    tokens = TokenSampler(SIX, cfg).sample(network, all_masked(SIX, 3), seeded())
    assert [len(rows) for rows in network.tokens] == [6]
    assert torch.equal(tokens, (5.0 * uniform[:3] - 4.0 * uniform[3:]).argmax(dim=-1))


@pytest.mark.parametrize(('layout', 'left'), [(SIX, [6, 5, 4, 2]), (CHAINED, [9, 8, 6, 3])])
def test_each_pass_sees_as_many_masked_tokens_as_the_schedule_says(layout, left):
    network = Watched(row_wise_logits(layout))
    TokenSampler(layout, PLAIN).sample(network, all_masked(layout, 5), seeded())
    seen = [(rows == layout.mask_token_id).sum(dim=1).tolist() for rows in network.tokens]
    assert seen == [[number] * 5 for number in left]


def test_the_schedule_is_the_floor_of_the_cosine():
    free = torch.tensor([0, 1, 6, 12])
    for total in (1, 3, 4, 5, 12):
        for iteration in range(1, total + 1):
            share = math.cos(math.pi * iteration / (2 * total))
            expected = [math.floor(share * number + 1e-6) for number in free.tolist()]
            assert num_masked_after(iteration, total, free).tolist() == expected
    assert num_masked_after(2, 3, torch.tensor([6])).item() == 3


def test_known_tokens_stay_and_every_other_is_drawn():
    known = all_masked(CHAINED, 4)
    known[0, 4], known[1, :4], known[2] = 3, 5, 1
    drawn = TokenSampler(CHAINED, PLAIN).sample(row_wise_logits(CHAINED), known, seeded())
    is_known = known != CHAINED.mask_token_id
    assert torch.equal(drawn[is_known], known[is_known])
    assert drawn.min() >= 0
    assert drawn.max() < CHAINED.codebook_size


def test_a_pass_that_would_commit_nothing_is_left_out():
    known = torch.zeros(3, 6, dtype=torch.int64)
    known[:, 2] = SIX.mask_token_id
    network = Watched(row_wise_logits(SIX))
    TokenSampler(SIX, PLAIN).sample(network, known, seeded())
    assert len(network.tokens) == 1
    TokenSampler(SIX, PLAIN).sample(network, torch.zeros_like(known), seeded())
    assert len(network.tokens) == 1


def test_a_finer_token_is_drawn_only_after_its_coarser_ones():
    network = Watched(row_wise_logits(CHAINED))
    TokenSampler(CHAINED, PLAIN).sample(network, all_masked(CHAINED, 50), seeded())
    for number, rows in enumerate(network.tokens):
        palm_is_masked = rows[:, :4] == CHAINED.mask_token_id
        expected = torch.arange(4) >= number
        assert torch.equal(palm_is_masked, expected.expand(50, 4))


@pytest.mark.parametrize(('passes', 'left'), [(5, [9, 8, 7, 6, 5]), (6, [9, 8, 7, 6, 5, 2])])
def test_fingers_are_drawn_once_the_palm_is(passes, left):
    layout = replace(CHAINED, palm_first=True)
    network = Watched(row_wise_logits(layout))
    cfg = SamplingCfg(guidance_scale=0.0, num_iterations=passes)
    drawn = TokenSampler(layout, cfg).sample(network, all_masked(layout, 20), seeded())
    is_masked = [rows == layout.mask_token_id for rows in network.tokens]
    assert [number for rows in is_masked for number in rows.sum(dim=1).unique()] == left
    for rows in is_masked[:5]:
        assert rows[:, 4:].all()
    assert drawn.max() < layout.codebook_size


def test_fewer_passes_than_levels_still_draw_every_token():
    layout = replace(CHAINED, palm_first=True)
    for passes in (1, 2, 3, 4):
        cfg = SamplingCfg(guidance_scale=0.0, num_iterations=passes)
        network = Watched(row_wise_logits(layout))
        drawn = TokenSampler(layout, cfg).sample(network, all_masked(layout, 8), seeded())
        assert drawn.max() < layout.codebook_size
        assert len(network.tokens) == passes


def test_the_surest_tokens_are_kept_first():
    peaks = torch.tensor([1.0, 9.0, 2.0, 8.0, 3.0, 7.0])
    logits = torch.zeros(2, 6, 8)
    logits[..., 0] = peaks
    network = Watched(lambda tokens: logits)
    cfg = SamplingCfg(guidance_scale=0.0, temperature=0.0)
    TokenSampler(SIX, cfg).sample(network, all_masked(SIX, 2), seeded())
    kept = [set(torch.where(rows[0] == 0)[0].tolist()) for rows in network.tokens]
    assert kept == [set(), {1}, {1, 3}, {1, 3, 5, 4}]


def test_temperature_zero_takes_the_likeliest_code_whatever_the_seed():
    logits = torch.randn(4, 6, 8, generator=seeded(1))
    sampler = TokenSampler(SIX, SamplingCfg(guidance_scale=0.0, temperature=0.0))
    for seed in range(3):
        drawn = sampler.sample(lambda tokens: logits, all_masked(SIX, 4), seeded(seed))
        assert torch.equal(drawn, logits.argmax(dim=-1))


def test_codes_are_drawn_by_their_probabilities_at_the_given_temperature():
    probs = torch.tensor([0.05, 0.1, 0.25, 0.6])
    layout = TokenLayout((0,), 4)
    cfg = SamplingCfg(num_iterations=1, guidance_scale=0.0, temperature=2.0)
    logits = probs.log().expand(20000, 1, 4)
    drawn = TokenSampler(layout, cfg).sample(
        lambda tokens: logits, all_masked(layout, 20000), seeded()
    )
    shares = torch.bincount(drawn[:, 0], minlength=4) / 20000
    assert torch.allclose(shares, probs.sqrt() / probs.sqrt().sum(), atol=0.012)


def test_top_k_leaves_only_the_likeliest_codes():
    logits = torch.randn(200, 6, 8, generator=seeded(1)) / 10
    cfg = SamplingCfg(guidance_scale=0.0, top_k=3)
    drawn = TokenSampler(SIX, cfg).sample(lambda tokens: logits, all_masked(SIX, 200), seeded())
    allowed = logits.topk(3, dim=-1).indices
    assert (allowed == drawn[..., None]).any(dim=-1).all()
    assert (drawn != logits.argmax(dim=-1)).any()


def test_confidence_noise_changes_the_order_but_not_the_codes():
    logits = torch.zeros(64, 6, 8)
    logits[..., 0] = torch.linspace(1.0, 2.0, 6)
    networks = []
    for noise in (0.0, 100.0):
        networks.append(Watched(lambda tokens: logits))
        cfg = SamplingCfg(guidance_scale=0.0, temperature=0.0, confidence_noise=noise)
        drawn = TokenSampler(SIX, cfg).sample(networks[-1], all_masked(SIX, 64), seeded())
        assert (drawn == 0).all()
    first = [(network.tokens[1] == 0).float().mean(dim=0) for network in networks]
    assert first[0].tolist() == [0, 0, 0, 0, 0, 1]
    assert first[1].max() < 0.4


def test_the_same_seed_gives_the_same_tokens_and_another_seed_others():
    sampler = TokenSampler(CHAINED, SamplingCfg(guidance_scale=1.0, confidence_noise=1.0))
    drawn = [
        sampler.sample(row_wise_logits(CHAINED), all_masked(CHAINED, 16), seeded(seed))
        for seed in (5, 5, 6)
    ]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_the_first_grasps_do_not_depend_on_how_many_follow():
    sampler = TokenSampler(CHAINED, SamplingCfg(guidance_scale=2.0, confidence_noise=1.0))
    few, many = (
        sampler.sample(row_wise_logits(CHAINED), all_masked(CHAINED, batch), seeded())
        for batch in (3, 40)
    )
    assert torch.equal(few, many[:3])


def test_unfit_tokens_logits_and_settings_are_refused():
    sampler = TokenSampler(SIX, PLAIN)
    logits_of = row_wise_logits(SIX)
    for known in (
        all_masked(CHAINED, 2),
        all_masked(SIX, 2) + 1,
        all_masked(SIX, 2) - 10,
        all_masked(SIX, 2).float(),
    ):
        with pytest.raises(InvalidInputError, match='known: got'):
            sampler.sample(logits_of, known, seeded())
    with pytest.raises(InvalidInputError, match='not finite'):
        sampler.sample(
            lambda tokens: torch.full((2, 6, 8), torch.nan), all_masked(SIX, 2), seeded()
        )
    for wrong in ({'num_iterations': 0}, {'temperature': -1.0}, {'top_k': 0}):
        with pytest.raises(InvalidInputError, match=next(iter(wrong))):
            SamplingCfg(**wrong)
