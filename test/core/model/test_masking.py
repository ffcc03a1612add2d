import itertools
import math

import pytest
import torch

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.mask_schedule import cosine, num_masked_in_training
from maskdexgrasp_core.model.masking import MaskingCfg, corrupt_tokens, masked_loss
from maskdexgrasp_core.model.token_layout import TokenLayout

LAYOUT = TokenLayout(token_parts=(0, 0, 0, 1, 2, 2), codebook_size=16)
ALWAYS_MASK = MaskingCfg(random_prob=0.0)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn_tokens(batch):
    return torch.randint(16, (batch, 6), generator=seeded(9))


def test_a_layout_knows_which_tokens_come_first():
    assert LAYOUT.coarser == (-1, 0, 1, -1, -1, 4)
    assert LAYOUT.num_finer == (2, 1, 0, 0, 1, 0)
    assert LAYOUT.num_before == (0, 1, 2, 0, 0, 1)
    assert LAYOUT.mask_token_id == 16


def test_fingers_may_wait_for_the_palm():
    layout = TokenLayout((0, 0, 1, 2, 2), 16, palm_first=True)
    assert layout.coarser == (-1, 0, 1, 1, 3)
    assert layout.num_before == (0, 1, 2, 2, 3)
    assert layout.num_finer == (3, 2, 0, 1, 0)


def test_the_cosine_falls_from_all_to_none():
    tau = torch.tensor([0.0, 1 / 3, 0.5, 2 / 3, 1.0])
    expected = torch.tensor([1.0, math.sqrt(3) / 2, math.sqrt(0.5), 0.5, 0.0])
    assert torch.allclose(cosine(tau), expected, atol=1e-6)
    assert num_masked_in_training(tau, 6).tolist() == [6, 5, 4, 3, 1]


def test_the_number_of_masked_tokens_is_spread_as_the_schedule_says():
    masked = corrupt_tokens(drawn_tokens(20000), LAYOUT, ALWAYS_MASK, seeded()).is_asked
    shares = torch.bincount(masked.sum(dim=1), minlength=7) / 20000
    bounds = [1.0, *(math.acos(min(1.0, (n - 0.5) / 6)) * 2 / math.pi for n in range(2, 7)), 0.0]
    expected = torch.tensor([0.0, *(a - b for a, b in itertools.pairwise(bounds))])
    assert torch.allclose(shares, expected, atol=0.015)


def test_finer_tokens_are_masked_before_coarser_ones():
    masked = corrupt_tokens(drawn_tokens(2000), LAYOUT, ALWAYS_MASK, seeded()).is_asked
    for token, coarser in enumerate(LAYOUT.coarser):
        if coarser >= 0:
            assert (masked[:, token] >= masked[:, coarser]).all()
            assert (masked[:, token] > masked[:, coarser]).any()
    assert (masked[:, 3] & ~masked[:, 2]).any()


def test_only_masked_tokens_are_changed_and_in_the_shares_asked_for():
    tokens = drawn_tokens(8000)
    cfg = MaskingCfg(random_prob=0.2, kept_prob=0.1)
    corrupted = corrupt_tokens(tokens, LAYOUT, cfg, seeded())
    seen, masked = corrupted.tokens, corrupted.is_asked
    assert torch.equal(seen[~masked], tokens[~masked])
    hidden = (seen[masked] == LAYOUT.mask_token_id).float().mean()
    same = (seen[masked] == tokens[masked]).float().mean()
    assert hidden == pytest.approx(0.7, abs=0.01)
    assert same == pytest.approx(0.1 + 0.2 / 16, abs=0.01)


def test_in_order_the_loss_asks_for_what_the_sampler_draws_next():
    layout = TokenLayout((0, 0, 1, 2, 3), 16, palm_first=True)
    tokens = torch.randint(16, (4000, 5), generator=seeded(9))
    cfg = MaskingCfg(random_prob=0.0, in_order_share=1.0)
    corrupted = corrupt_tokens(tokens, layout, cfg, seeded())
    is_masked, is_asked = corrupted.tokens == 16, corrupted.is_asked
    patterns = {tuple(row) for row in torch.cat([is_masked, is_asked], dim=1).int().tolist()}
    fingers = [f for f in itertools.product((0, 1), repeat=3) if any(f)]
    assert patterns == {
        (1, 1, 1, 1, 1, 1, 0, 0, 0, 0),
        (0, 1, 1, 1, 1, 0, 1, 0, 0, 0),
        *((0, 0, *f, 0, 0, *f) for f in fingers),
    }


def test_in_part_any_tokens_are_masked_as_when_grasps_are_edited():
    layout = TokenLayout((0, 0, 1, 2, 3), 16, palm_first=True)
    tokens = torch.randint(16, (4000, 5), generator=seeded(9))
    cfg = MaskingCfg(random_prob=0.0, in_order_share=0.5)
    corrupted = corrupt_tokens(tokens, layout, cfg, seeded())
    is_masked, is_asked = corrupted.tokens == 16, corrupted.is_asked
    palm_alone = is_masked[:, 1] & ~is_masked[:, 2:].any(dim=1)
    assert palm_alone.any()
    assert torch.equal(is_asked[palm_alone], is_masked[palm_alone])


def test_the_loss_asks_for_masked_tokens_only():
    tokens = drawn_tokens(4)
    is_masked = torch.zeros(4, 6, dtype=torch.bool)
    is_masked[0, 1] = is_masked[2, 3] = True
    logits = torch.zeros(4, 6, 16)
    logits[0, 1, tokens[0, 1]] = 50.0
    result = masked_loss(logits, tokens, is_masked)
    assert result.nll == pytest.approx(math.log(16) / 2, abs=1e-5)
    logits[~is_masked] = torch.randn(22, 16, generator=seeded()) * 100
    assert masked_loss(logits, tokens, is_masked).nll == pytest.approx(result.nll.item())


def test_accuracy_is_the_share_of_right_codes():
    tokens = drawn_tokens(4)
    logits = torch.nn.functional.one_hot(tokens, 16).float()
    logits[:2] = logits[:2].roll(1, dims=-1)
    assert masked_loss(logits, tokens, torch.ones(4, 6, dtype=torch.bool)).accuracy == 0.5


def test_shares_above_one_are_refused():
    with pytest.raises(InvalidInputError, match='at most 1 together'):
        MaskingCfg(random_prob=0.7, kept_prob=0.4)
