"""Generators by name, with weights and settings of one's own."""

import shutil

import pytest

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.model.checkpoint import MissingWeightsError
from maskdexgrasp_core.synthesis.learned_generator import LearnedGeneratorCfg
from maskdexgrasp_core.synthesis.registry import (
    DEFAULT_GENERATOR,
    GENERATORS,
    default_cfg,
    load_generator,
    require_generator,
)
from maskdexgrasp_core.synthesis.synthesis_generator import SynthesisGeneratorCfg
from maskdexgrasp_core.training.overrides import overridden


def test_the_default_is_one_of_those_that_exist():
    assert DEFAULT_GENERATOR in GENERATORS
    for use in (load_generator, default_cfg, require_generator):
        with pytest.raises(UnknownNameError, match='known: model, synthesis'):
            use('oracle')


def test_generators_are_loaded_by_name_with_weights_and_settings(tiny_weights):
    require_generator('synthesis')
    require_generator('model', tiny_weights)
    cfg = LearnedGeneratorCfg(batch_size=4)
    made = load_generator('model', tiny_weights, cfg)
    assert (made.name, made.cfg) == ('model', cfg)
    cfg = SynthesisGeneratorCfg(batch_size=16)
    made = load_generator('synthesis', cfg=cfg)
    assert (made.name, made.cfg) == ('synthesis', cfg)


@pytest.mark.parametrize('name', GENERATORS)
def test_any_setting_of_a_generator_can_be_changed_by_name(name):
    cfg = default_cfg(name)
    assert overridden(cfg, {}) == cfg
    ranking = 'ranking' if name == 'synthesis' else 'finishing.ranking'
    changed = overridden(cfg, {f'{ranking}.enabled': False, 'dissimilarity': 1})
    assert changed.dissimilarity == 1.0
    assert changed != cfg
    with pytest.raises(UnknownNameError, match='batch_size'):
        overridden(cfg, {'batchsize': 3})
    with pytest.raises(InvalidInputError, match='batch_size'):
        overridden(cfg, {'batch_size': 0})


@pytest.mark.parametrize('use', [load_generator, require_generator])
def test_weights_that_cannot_be_used_are_refused_with_the_cure(tiny_weights, tmp_path, use):
    with pytest.raises(InvalidInputError, match='synthesis has no weights'):
        use('synthesis', tiny_weights)
    with pytest.raises(MissingWeightsError, match='maskdexgrasp train tokenizer'):
        use('model', tmp_path)
    shutil.copytree(tiny_weights, tmp_path, dirs_exist_ok=True)
    file = tmp_path / 'transformer.safetensors'
    content = bytearray(file.read_bytes())
    content[-2] ^= 0x10
    file.write_bytes(content)
    with pytest.raises(InvalidInputError, match=r'damaged.*maskdexgrasp train transformer'):
        use('model', tmp_path)
    file.write_bytes(content[:1000])
    with pytest.raises(InvalidInputError, match='maskdexgrasp train transformer'):
        use('model', tmp_path)


def test_settings_of_another_generator_are_refused(tiny_weights):
    with pytest.raises(InvalidInputError, match='LearnedGeneratorCfg'):
        load_generator('synthesis', cfg=LearnedGeneratorCfg())
    with pytest.raises(InvalidInputError, match='SynthesisGeneratorCfg'):
        load_generator('model', tiny_weights, SynthesisGeneratorCfg())
