"""Variants of the model: all of them can be built, what is done is not done again."""

import json
from dataclasses import replace

import pytest
from ablation_table import markdown_table
from ablation_variants import BASE, NETWORKS, VARIANTS, Variant
from ablations import AblationCfg, Ablations, StepFailedError, chosen_variants

from maskdexgrasp_core.errors import UnknownNameError
from maskdexgrasp_core.model.tokenizer import GraspTokenizer
from maskdexgrasp_core.model.transformer import MaskedGraspTransformer
from maskdexgrasp_core.perception.completion import completion_names
from maskdexgrasp_core.synthesis.learned_generator import LearnedGeneratorCfg
from maskdexgrasp_core.training.overrides import overridden, parse_changes
from maskdexgrasp_core.training.scene_training import tokenizer_training, transformer_training

RAW = ('finishing.num_steps=0', 'finishing.ranking.enabled=false')


@pytest.mark.parametrize('name', NETWORKS)
def test_the_networks_of_a_variant_can_be_built(name):
    variant = NETWORKS[name]
    cfg = overridden(tokenizer_training('base'), parse_changes(variant.tokenizer)).network
    changes = parse_changes(variant.transformer)
    network = overridden(transformer_training('base'), changes).network
    tokenizer = GraspTokenizer(cfg)
    transformer = MaskedGraspTransformer(network.with_tokenizer(cfg))
    assert transformer.layout.num_tokens == tokenizer.num_tokens
    assert tokenizer.num_tokens == (6 if name in ('parts', 'whole') else 9)
    assert (transformer.fit is None) == (name in ('parts', 'whole', 'no surface fit'))
    is_base = cfg == tokenizer_training('base').network and not changes
    assert is_base == (name == BASE)


def test_codebooks_have_the_ratios_of_the_paper():
    for codes, length in ((128, 8), (512, 32)):
        changes = parse_changes(NETWORKS[f'codebook {codes}x{2 * codes}'].tokenizer)
        assert list(changes.values()) == [codes, length]


def test_the_settings_of_every_variant_exist_and_its_names_are_distinct():
    for variant in VARIANTS:
        overridden(LearnedGeneratorCfg(), parse_changes(variant.settings))
        assert variant.network in ('', *NETWORKS)
        assert variant.completion in ('', *completion_names())
    assert len({variant.name for variant in VARIANTS}) == len(VARIANTS)
    assert not any(',' in variant.name for variant in VARIANTS), 'commas part names in --only'


def test_variants_are_chosen_by_name():
    assert [variant.name for variant in chosen_variants('s = 3, base')] == ['s = 3', 'base']
    assert chosen_variants('') == list(VARIANTS)
    with pytest.raises(UnknownNameError, match='raw decoder output'):
        chosen_variants('raw')


def test_what_is_measured_is_not_measured_again(orbits, tiny_weights, tmp_path):
    cfg = AblationCfg(
        out=tmp_path, data=orbits, weights=tiny_weights, conditions=1, num_grasps=1, workers=1
    )
    raw = Variant(name='raw', settings=RAW)
    first = Ablations(cfg).measure(raw)
    assert first['report']['counts']['grasps'] == 1
    assert first['report']['generation']['settings']['finishing']['num_steps'] == 0
    log = tmp_path / 'logs' / 'evaluate-raw.log'
    assert 'report' in log.read_text()
    log.unlink()
    usual = f'sampling.num_iterations={LearnedGeneratorCfg().sampling.num_iterations}'
    same = Variant(name='as usual', settings=(*RAW, usual))
    assert Ablations(cfg).measure(same) == json.loads(json.dumps(first))
    assert list((tmp_path / 'logs').iterdir()) == []
    assert len(list((tmp_path / 'results').iterdir())) == 1
    hotter = replace(cfg, settings=('sampling.temperature=2',))  # of all rows
    changed = Ablations(hotter).measure(raw)['report']['generation']['settings']
    assert changed['sampling']['temperature'] == 2.0
    assert changed['finishing']['num_steps'] == 0
    row = markdown_table([('raw', first)]).splitlines()[-1]
    assert row.startswith('| raw | ')
    assert ' of 1 | ' in row


def test_a_command_that_fails_names_its_log(tiny_weights, tmp_path):
    cfg = AblationCfg(out=tmp_path, data=tmp_path / 'nowhere', weights=tiny_weights)
    with pytest.raises(StepFailedError, match='evaluate raw ended with status 2') as error:
        Ablations(cfg).measure(Variant(name='raw', settings=RAW))
    log = tmp_path / 'logs' / 'evaluate-raw.log'
    assert str(log) in str(error.value)
    assert 'nowhere does not exist' in log.read_text().replace('\n', ' ')
    assert list(tmp_path.glob('results/*')) == []


def test_figures_that_are_missing_are_shown_as_such():
    rate = {'value': None, 'interval': [0.0, 1.0], 'successes': 0, 'total': 0}
    names = ('pen_cm', 'h_mean', 'part_share', 'seconds_per_condition')
    found = {
        'network': {
            'parameters': 2_500_000,
            'tokenizer': {'whole': {'point_error_mm': 4.567, 'least_usage': 0.873}},
        },
        'report': {
            'metrics': dict.fromkeys(names),
            'intervals': {
                'suc_all': rate,
                'suc_first': {'value': 0.5, 'interval': [0.25, 0.75], 'total': 8},
            },
            'entropy': None,
            'counts': {'grasps': 0},
        },
    }
    row = markdown_table([('base', found)]).splitlines()[-1]
    assert row == (
        '| base | - | 50.0 % (25.0 to 75.0) of 8 | - | - | - | - | 4.57 | 87 % | 2.50 | 0 | - |'
    )
