import pytest

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.training.overrides import overridden, parse_changes
from maskdexgrasp_core.training.registry import TrainingOrder
from maskdexgrasp_core.training.scene_training import (
    TOKENIZER_TRAININGS,
    TRANSFORMER_TRAININGS,
)
from maskdexgrasp_core.training.selection_training import selection_training
from maskdexgrasp_core.training.train_completion import completion_training

OTHERS = [
    make(name) for make in (completion_training, selection_training) for name in ('base', 'tiny')
]


@pytest.mark.parametrize(
    'cfg', [*TOKENIZER_TRAININGS.values(), *TRANSFORMER_TRAININGS.values(), *OTHERS]
)
def test_no_change_changes_nothing(cfg):
    assert overridden(cfg, {}) == cfg


def test_any_setting_can_be_changed_by_name():
    base = TRANSFORMER_TRAININGS['base']
    changes = parse_changes([
        'network.conditions.object.num_patches=0', 'loop.learning_rate=1e-3',
        'network.token_parts=[0, 1, 2]', 'masked.drops.all_prob = 0', 'sentence_encoder=mine',
    ])  # fmt: skip
    cfg = overridden(base, changes)
    assert cfg.network.conditions.object.num_patches == 0
    assert cfg.loop.learning_rate == 0.001
    assert cfg.network.token_parts == (0, 1, 2)
    assert cfg.masked.drops.all_prob == 0.0
    assert cfg.sentence_encoder == 'mine'
    assert cfg.scenes == base.scenes
    assert base == TRANSFORMER_TRAININGS['base']


@pytest.mark.parametrize(
    ('kind', 'settings', 'batch'),
    [
        ('completion', completion_training('tiny'), 'batch_size'),
        ('selection', selection_training('tiny'), 'data.batch_size'),
    ],
)
def test_what_an_order_names_is_changed(kind, settings, batch):
    order = TrainingOrder(
        kind=kind, preset='tiny', data=None, seed=5, epochs=7, batch_size=12, learning_rate=0.5,
        changes={'loop.clip_norm': 0.25},
    )  # fmt: skip
    cfg = overridden(settings, order.named_changes(batch=batch))
    loop = cfg.loop
    assert (loop.seed, loop.epochs, loop.learning_rate, loop.clip_norm) == (5, 7, 0.5, 0.25)
    assert (cfg.batch_size if kind == 'completion' else cfg.data.batch_size) == 12


@pytest.mark.parametrize('path', ['speed', 'loop.speed', 'loop.epochs.speed'])
def test_an_unknown_setting_lists_those_that_exist(path):
    with pytest.raises(UnknownNameError, match=f"unknown setting '{path}'"):
        overridden(TOKENIZER_TRAININGS['tiny'], {path: 1})


def test_values_are_checked():
    with pytest.raises(InvalidInputError, match='whole_share'):
        overridden(TOKENIZER_TRAININGS['tiny'], {'scenes.whole_share': 2.0})
    with pytest.raises(InvalidInputError, match='loop'):
        overridden(TOKENIZER_TRAININGS['tiny'], {'loop': 3})
    with pytest.raises(InvalidInputError, match='name=value'):
        parse_changes(['epochs'])
