"""The whole chain on a toy: corruption, loss, condition dropout, guidance, sampling."""

import pytest
import torch

from maskdexgrasp_core.model.conditions import (
    ConditionDropCfg,
    Conditions,
    ConditionsCfg,
    draw_drops,
)
from maskdexgrasp_core.model.masking import MaskingCfg, corrupt_tokens, masked_loss
from maskdexgrasp_core.model.object_encoder import ObjectEncoderCfg
from maskdexgrasp_core.model.sampling import SamplingCfg
from maskdexgrasp_core.model.transformer import MaskedGraspTransformer
from maskdexgrasp_core.model.transformer_cfg import TransformerCfg

CODES = 4
PALM = torch.tensor([[0.7, 0.3, 0.0, 0.0], [0.0, 0.2, 0.3, 0.5]])
"""Probability of the first code under each of two tasks."""
EXACT = MaskingCfg(random_prob=0.0)
"""Random tokens teach the network to doubt what it sees, which blurs what it learns."""
CFG = TransformerCfg(
    name='toy',
    token_parts=(0, 0, 1),
    codebook_size=CODES,
    width=32,
    num_layers=2,
    num_heads=2,
    feedforward=64,
    cross_attention=True,
    dropout=0.0,
    conditions=ConditionsCfg(
        text_dim=2,
        object=ObjectEncoderCfg(num_patches=0, point_widths=(8,)),
    ),
)


def draw_grasps(task, generator):
    """Tokens a, b, c: a by the task, b next to a (b = a or a + 1 at even odds), c = a + b."""
    first = torch.multinomial(PALM[task], 1, generator=generator).squeeze(1)
    second = first + torch.randint(2, first.shape, generator=generator)
    return torch.stack([first, second, first + second], dim=1) % CODES


def asked_for(task):
    text = torch.ones(len(task), 2)
    return Conditions(task, text, torch.rand(1, 16, 3, generator=torch.Generator().manual_seed(5)))


@pytest.fixture(scope='module')
def trained():
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    network = MaskedGraspTransformer(CFG)
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, total_steps=250)
    drop = ConditionDropCfg(all_prob=0.0, words_prob=0.35, task_prob=0.0)
    for _ in range(250):
        task = torch.randint(2, (256,), generator=generator)
        tokens = draw_grasps(task, generator)
        encoded = network.encode_conditions(asked_for(task))
        encoded = network.conditions.drop(encoded, draw_drops(1, 256, drop, generator))
        corrupted = corrupt_tokens(tokens, network.layout, EXACT, generator)
        loss = masked_loss(network(corrupted.tokens, encoded), tokens, corrupted.is_asked).nll
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


def sample(network, task, cfg, num=2000):
    encoded = network.encode_conditions(asked_for(torch.full((num,), task)))
    known = network.masked_tokens(num)
    return network.sample(encoded, known, cfg, torch.Generator().manual_seed(1))


@pytest.mark.parametrize('task', [0, 1])
def test_the_sampler_reproduces_the_joint_distribution_it_learned(trained, task):
    cfg = SamplingCfg(num_iterations=8, guidance_scale=0.0, confidence_noise=1e3)
    drawn = sample(trained, task, cfg)
    truth = draw_grasps(torch.full((40000,), task), torch.Generator().manual_seed(2))
    place = torch.tensor([CODES**2, CODES, 1])
    shares = [
        torch.bincount((tokens * place).sum(dim=1), minlength=CODES**3) / len(tokens)
        for tokens in (drawn, truth)
    ]
    assert (shares[0] - shares[1]).abs().sum() / 2 < 0.08


def test_without_words_it_samples_what_both_tasks_give(trained):
    encoded = trained.encode_conditions(asked_for(torch.zeros(2000, dtype=torch.int64)))
    encoded = trained.conditions.without_words(encoded)
    cfg = SamplingCfg(guidance_scale=0.0)
    drawn = trained.sample(
        encoded, trained.masked_tokens(2000), cfg, torch.Generator().manual_seed(1)
    )
    shares = torch.bincount(drawn[:, 0], minlength=CODES) / 2000
    assert torch.allclose(shares, PALM.mean(dim=0), atol=0.06)


def test_guidance_sharpens_what_the_condition_says(trained):
    cfg = SamplingCfg(guidance_scale=4.0, unconditional='words')
    drawn = sample(trained, 1, cfg, num=1000)
    plain = sample(trained, 1, SamplingCfg(guidance_scale=0.0), num=1000)
    only_task_1 = [(tokens[:, 0] >= 2).float().mean() for tokens in (drawn, plain)]
    assert only_task_1[0] > 0.97
    assert only_task_1[1] < 0.9


def test_editing_resamples_masked_tokens_given_the_known_ones(trained):
    cfg = SamplingCfg(guidance_scale=0.0)
    encoded = trained.encode_conditions(asked_for(torch.zeros(500, dtype=torch.int64)))
    known = trained.masked_tokens(500)
    known[:, 0], known[:, 1] = 1, 2
    drawn = trained.sample(encoded, known, cfg, torch.Generator().manual_seed(1))
    assert (drawn[:, 2] == 3).float().mean() > 0.95
