"""What codes stand for, and what the transformer makes of it."""

from dataclasses import replace

import pytest
import torch

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.code_features import CodeFeatures
from maskdexgrasp_core.model.conditions import Conditions
from maskdexgrasp_core.model.tokenizer import GraspTokenizer
from maskdexgrasp_core.model.tokenizer_cfg import TOKENIZER_PRESETS, tokenizer_preset
from maskdexgrasp_core.model.transformer import MaskedGraspTransformer
from maskdexgrasp_core.model.transformer_cfg import transformer_preset

QUICK = ('tiny', 'base', 'parts', 'whole')


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize('name', QUICK)
def test_each_code_of_each_token_is_described_by_numbers_of_one_scale(name, make_hands):
    torch.manual_seed(0)
    tokenizer = GraspTokenizer(tokenizer_preset(name))
    tokenizer(make_hands(600))  # the first batch places the codes
    features = tokenizer.code_features()
    cfg = TOKENIZER_PRESETS[name]
    assert features.shape == (cfg.num_tokens, cfg.codebook_size, cfg.num_code_features)
    assert features.isfinite().all()
    assert features.mean(dim=1).abs().max() < 1e-4
    spread = features.std(dim=1)
    assert ((spread - 1.0).abs().lt(1e-3) | (spread == 0.0)).all()


def test_codes_that_stand_for_the_same_look_the_same():
    torch.manual_seed(0)
    codes = CodeFeatures(num_tokens=2, num_codes=5, num_features=3, width=8)
    features = torch.randn(2, 5, 3, generator=seeded())
    features[:, 4] = features[:, 1]
    codes.set(features)
    shown = codes.embed(torch.tensor([[1, 1], [4, 4], [2, 2], [5, 5]]))
    torch.testing.assert_close(shown[0], shown[1])
    assert (shown[0] - shown[2]).abs().max() > 0.1
    assert (shown[3] == 0.0).all()  # the mask stands for nothing
    logits = codes.logits(torch.randn(6, 2, 8, generator=seeded(1)))
    torch.testing.assert_close(logits[..., 1], logits[..., 4])
    assert (logits[..., 1] - logits[..., 2]).abs().max() > 0.1


def test_features_of_another_shape_are_refused():
    codes = CodeFeatures(num_tokens=2, num_codes=5, num_features=3, width=8)
    with pytest.raises(InvalidInputError, match=r'expected \(2, 5, 3\)'):
        codes.set(torch.ones(1, 5, 3))  # would broadcast


def test_the_weights_hold_what_the_codes_stand_for(make_hands):
    torch.manual_seed(0)
    tokenizer = GraspTokenizer(tokenizer_preset('tiny'))
    tokenizer(make_hands(600))
    cfg = transformer_preset('tiny')
    net = MaskedGraspTransformer(cfg).eval()
    asked = Conditions(torch.tensor([0]), torch.randn(1, 384), torch.rand(1, 200, 3) / 10)
    tokens = torch.zeros(1, net.layout.num_tokens, dtype=torch.int64)
    with torch.no_grad():
        encoded = net.encode_conditions(asked)
        before = net(tokens, encoded)
        net.describe_codes(tokenizer)
        after = net(tokens, encoded)
        copy = MaskedGraspTransformer(cfg).eval()
        copy.load_state_dict(net.state_dict())
        again = copy(tokens, copy.encode_conditions(asked))
    assert (after - before).abs().max() > 0.1
    torch.testing.assert_close(again, after)


def test_the_paper_tells_codes_apart_by_their_number_only():
    paper, base = transformer_preset('paper'), transformer_preset('base')
    assert MaskedGraspTransformer(replace(paper, num_layers=1)).features is None
    assert paper.with_tokenizer(tokenizer_preset('base')).num_code_features == 0
    fitted = base.with_tokenizer(tokenizer_preset('parts'))
    assert fitted.num_code_features == tokenizer_preset('parts').num_code_features
