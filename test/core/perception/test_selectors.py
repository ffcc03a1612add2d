import pytest

from maskdexgrasp_core.errors import UnknownNameError
from maskdexgrasp_core.model import checkpoint
from maskdexgrasp_core.model.checkpoint import MissingWeightsError, read_header, shipped_weights
from maskdexgrasp_core.model.scene_head import KIND
from maskdexgrasp_core.objects import CATEGORIES
from maskdexgrasp_core.perception.learned_selection import CATEGORIES_FACT, LearnedSelector
from maskdexgrasp_core.perception.selection import RuleSelector
from maskdexgrasp_core.perception.selectors import (
    DEFAULT_SELECTOR,
    SELECTOR_NAMES,
    load_selector,
)


def test_selectors_are_found_by_name():
    assert SELECTOR_NAMES == ('learned', 'rules')
    assert DEFAULT_SELECTOR == 'learned'
    assert isinstance(load_selector(), LearnedSelector)
    assert isinstance(load_selector('rules'), RuleSelector)
    with pytest.raises(UnknownNameError, match='learned, rules'):
        load_selector('magic')


def test_without_weights_it_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(checkpoint, 'WEIGHTS_FOLDER', tmp_path)
    with pytest.raises(MissingWeightsError, match='selection'):
        load_selector('learned')


def test_the_weights_that_ship_name_what_they_have_seen():
    facts = read_header(shipped_weights(KIND)).facts
    seen, held_out = set(facts[CATEGORIES_FACT]), set(facts['data']['held_out_categories'])
    assert seen | held_out == set(CATEGORIES)
    assert not seen & held_out
    assert {'teapot', 'pepper_mill'} <= held_out
