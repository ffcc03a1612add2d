import json
from dataclasses import asdict, replace

import pytest
import torch

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.model.checkpoint import cfg_from_json
from maskdexgrasp_core.model.conditions import ConditionDrops, Conditions
from maskdexgrasp_core.model.sampling import SamplingCfg
from maskdexgrasp_core.model.tokenizer_cfg import tokenizer_preset
from maskdexgrasp_core.model.transformer import MaskedGraspTransformer
from maskdexgrasp_core.model.transformer_cfg import (
    TRANSFORMER_PRESETS,
    TransformerCfg,
    transformer_preset,
)

TINY = transformer_preset('tiny')
SEQUENCE = replace(
    TINY,
    cross_attention=False,
    conditions=replace(TINY.conditions, object=replace(TINY.conditions.object, num_patches=0)),
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def network(cfg=TINY):
    torch.manual_seed(0)
    return MaskedGraspTransformer(cfg).eval()


def conditions(objects=2, each=2):
    return Conditions(
        task=torch.randint(11, (objects * each,), generator=seeded(1)),
        text=torch.randn(objects * each, 384, generator=seeded(2)),
        points=torch.rand(objects, 200, 3, generator=seeded(3)) / 10,
    )


def tokens_of(net, batch=4):
    shape = (batch, net.layout.num_tokens)
    return torch.randint(net.layout.codebook_size + 1, shape, generator=seeded(4))


@pytest.mark.parametrize('cfg', [TINY, SEQUENCE])
def test_logits_do_not_depend_on_the_order_of_points(cfg):
    net = network(cfg)
    asked, tokens = conditions(), tokens_of(net)
    shuffled = asked._replace(points=asked.points[:, torch.randperm(200, generator=seeded())])
    with torch.no_grad():
        logits = net(tokens, net.encode_conditions(asked))
        other = net(tokens, net.encode_conditions(shuffled))
    assert logits.shape == (4, net.layout.num_tokens, net.layout.codebook_size)
    assert torch.allclose(logits, other, atol=1e-4)


@pytest.mark.parametrize('cfg', [TINY, SEQUENCE])
def test_a_batch_gives_what_each_grasp_alone_gives(cfg):
    net = network(cfg)
    asked, tokens = conditions(), tokens_of(net)
    with torch.no_grad():
        logits = net(tokens, net.encode_conditions(asked))
        for row in range(4):
            alone = Conditions(
                asked.task[row : row + 1],
                asked.text[row : row + 1],
                asked.points[row // 2 : row // 2 + 1],
            )
            single = net(tokens[row : row + 1], net.encode_conditions(alone))
            assert torch.allclose(single[0], logits[row], atol=1e-4)


@pytest.mark.parametrize('cfg', [TINY, SEQUENCE])
def test_every_condition_and_every_token_reaches_every_logit(cfg):
    net = network(cfg)
    asked, tokens = conditions(objects=1, each=1), tokens_of(net, batch=1)
    encoded = net.encode_conditions(asked)
    yes, no = torch.ones(1).bool(), torch.zeros(1).bool()
    with torch.no_grad():
        logits = net(tokens, encoded)
        for drops in (
            ConditionDrops(yes, no, no),
            ConditionDrops(no, yes, no),
            ConditionDrops(no, no, yes),
        ):
            changed = net(tokens, net.conditions.drop(encoded, drops)) - logits
            assert changed.abs().amax(dim=-1).min() > 1e-4
        for position in range(net.layout.num_tokens):
            other = tokens.clone()
            other[0, position] = (other[0, position] + 1) % net.layout.codebook_size
            assert (net(other, encoded) - logits).abs().amax(dim=-1).min() > 1e-5


def test_sampling_fills_every_mask_and_keeps_what_is_known():
    net = network()
    encoded = net.encode_conditions(conditions(objects=1, each=1)).repeat(6)
    known = net.masked_tokens(6)
    known[:, -1] = 7
    drawn = net.sample(encoded, known, SamplingCfg(), seeded())
    assert (drawn[:, -1] == 7).all()
    assert drawn.max() < net.layout.codebook_size
    assert torch.equal(drawn, net.sample(encoded, known, SamplingCfg(), seeded()))


@pytest.mark.parametrize('unconditional', ['all', 'words'])
def test_guidance_compares_with_the_network_that_is_told_less(unconditional):
    net = network()
    encoded = net.encode_conditions(conditions())
    known = net.masked_tokens(4)
    less = net.conditions.without_all if unconditional == 'all' else net.conditions.without_words
    with torch.no_grad():
        expected = 3.0 * net(known, encoded) - 2.0 * net(known, less(encoded))
    cfg = SamplingCfg(
        num_iterations=1, guidance_scale=2.0, temperature=0.0, unconditional=unconditional
    )
    assert torch.equal(net.sample(encoded, known, cfg, seeded()), expected.argmax(dim=-1))


def test_grasps_that_are_alike_pass_once_for_each_object():
    net = network()
    rows = []
    net.register_forward_pre_hook(lambda module, inputs: rows.append(len(inputs[0])))
    encoded = net.encode_conditions(conditions(objects=2, each=1)).repeat(5)
    cfg = SamplingCfg(num_iterations=4, guidance_scale=1.0)
    net.sample(encoded, net.masked_tokens(10), cfg, seeded())
    assert rows[0] == 2 * 2
    assert set(rows[1:]) == {2 * 10}


def test_rows_and_conditions_must_be_as_many():
    net = network()
    with pytest.raises(InvalidInputError, match='3 rows of tokens with conditions of 4'):
        net(tokens_of(net, batch=3), net.encode_conditions(conditions()))


@pytest.mark.parametrize('name', TRANSFORMER_PRESETS)
def test_presets_fit_their_tokenizer_and_survive_json(name):
    cfg = transformer_preset(name)
    assert cfg.layout.token_parts == tokenizer_preset(name).token_parts
    content = json.loads(json.dumps(asdict(cfg)))
    assert cfg_from_json(TransformerCfg, content, source='a test') == cfg


def test_settings_follow_another_tokenizer_and_sentence_encoder():
    cfg = TINY.with_tokenizer(tokenizer_preset('paper')).with_text(512)
    assert cfg.token_parts == (0, 1, 2, 3, 4, 5)
    assert (cfg.codebook_size, cfg.conditions.text_dim) == (256, 512)


def test_the_preset_of_the_paper_has_its_shape():
    cfg = transformer_preset('paper')
    assert (cfg.num_layers, cfg.num_heads, cfg.width) == (9, 16, 512)
    assert cfg.conditions.object.point_widths[-1] == 1024
    with pytest.raises(UnknownNameError, match='base, paper, tiny'):
        transformer_preset('large')
