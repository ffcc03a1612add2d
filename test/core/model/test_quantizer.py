import pytest
import torch

from maskdexgrasp_core.model.quantizer import PartQuantizer, codebook_usage
from maskdexgrasp_core.model.tokenizer_cfg import QuantizerCfg


def train(quantizer: PartQuantizer, latents: torch.Tensor, steps: int) -> torch.Tensor:
    """Let codes follow batches of latents; return the tokens of all."""
    generator = torch.Generator().manual_seed(0)
    for _ in range(steps):
        batch = torch.randint(len(latents), (256,), generator=generator)
        quantizer(latents[batch], learn=True)
    quantizer.eval()
    return quantizer(latents, learn=False).tokens


@pytest.fixture
def latents() -> torch.Tensor:
    """Unevenly spread over a curved surface in eight dimensions."""
    torch.manual_seed(0)
    place = torch.randn(4000, 2) * torch.tensor([1.0, 0.2])
    return torch.cat([place, place.sin(), place.square(), place.exp()], dim=1)


def test_codes_of_tokens_are_those_of_the_forward_pass(latents):
    quantizer = PartQuantizer(QuantizerCfg(codebook_size=32, code_dim=8), levels=2)
    quantizer(latents[:256], learn=True)
    quantizer.eval()
    coded = quantizer(latents, learn=False)
    torch.testing.assert_close(quantizer.codes(coded.tokens), coded.codes, atol=1e-5, rtol=1e-5)


def test_more_levels_leave_smaller_errors(latents):
    errors = []
    for levels in (1, 2, 3):
        quantizer = PartQuantizer(QuantizerCfg(codebook_size=32, code_dim=8), levels)
        train(quantizer, latents, steps=40)
        errors.append((quantizer(latents, learn=False).codes - latents).norm(dim=1).mean())
    assert errors[0] > 1.5 * errors[1] > 2.0 * errors[2]


def test_codes_that_the_latents_have_left_come_back_into_use(latents):
    usage = []
    for reset_below in (QuantizerCfg().reset_below, 0.0):
        cfg = QuantizerCfg(code_dim=8, decay=0.9, reset_below=reset_below)
        quantizer = PartQuantizer(cfg, levels=1)
        quantizer(latents[:1000], learn=True)
        tokens = train(quantizer, 3.0 * latents + 20.0, steps=60)
        usage.append(codebook_usage(tokens, cfg.codebook_size).usage[0])
    assert usage[0] > 0.9
    assert usage[1] < 0.5


def test_resetting_leaves_codes_alone_that_are_used_now_and_then(latents):
    """At a batch as large as the codebook, a count of 1 is the mean: most codes fall below it."""
    quantizer = PartQuantizer(QuantizerCfg(code_dim=8), levels=1)
    train(quantizer, latents, steps=20)
    quantizer.train()
    before = quantizer.codes(torch.arange(256)[:, None])
    quantizer(latents[:256], learn=True)
    moved = (quantizer.codes(torch.arange(256)[:, None]) - before).norm(dim=1)
    assert moved.max() < 0.5 * latents.std(dim=0).norm()


def test_evaluation_changes_no_code(latents):
    quantizer = PartQuantizer(QuantizerCfg(codebook_size=32, code_dim=8), levels=1)
    quantizer(latents[:256], learn=True)
    before = {name: value.clone() for name, value in quantizer.state_dict().items()}
    quantizer(latents, learn=False)
    for name, value in quantizer.state_dict().items():
        torch.testing.assert_close(value, before[name], msg=name)


def test_gradients_pass_straight_through(latents):
    quantizer = PartQuantizer(QuantizerCfg(codebook_size=32, code_dim=8), levels=1)
    quantizer(latents[:256], learn=True)
    some = latents[:64].clone().requires_grad_()
    weights = torch.randn(64, 8)
    (gradient,) = torch.autograd.grad((quantizer(some, learn=False).codes * weights).sum(), some)
    torch.testing.assert_close(gradient, weights)


def test_usage_and_perplexity_of_known_counts():
    tokens = torch.tensor([[0, 0], [0, 1], [0, 2], [0, 3]])
    usage, perplexity = codebook_usage(tokens, 4)
    torch.testing.assert_close(usage, torch.tensor([0.25, 1.0], dtype=torch.float64))
    torch.testing.assert_close(perplexity, torch.tensor([1.0, 4.0]))
