"""Paraphrases are in words that no training sentence has, for every part that is asked for."""

from pathlib import Path

import pytest
from unseen_sentences import (
    NEW_PART,
    NEW_SENTENCE,
    TRAINED,
    AskedPart,
    Paraphrases,
    load_paraphrases,
    sentence_for,
    words_of,
)

from maskdexgrasp_core.dataset.reader import open_dataset
from maskdexgrasp_core.errors import InvalidInputError

SHIPPED = Path(__file__).parents[3] / 'data' / 'tdg-procedural-v1'
HANDLE = AskedPart(category='mug', part='handle', tasks=('lift', 'use'))
BODY = AskedPart(category='mug', part='body', tasks=('wrap-grasp',))


@pytest.fixture(scope='module')
def training_sentences():
    grasps = open_dataset(SHIPPED).select(split='train').grasps
    return {text for texts in grasps.texts for text in texts}


def test_every_paraphrase_has_a_word_that_no_training_sentence_has(training_sentences):
    paraphrases = load_paraphrases()
    paraphrases.require_unseen(training_sentences)
    for wording in (NEW_SENTENCE, NEW_PART):
        for number in range(8):
            assert sentence_for(wording, HANDLE, number, 0) not in training_sentences


def test_a_paraphrase_of_training_words_is_refused(training_sentences):
    stale = Paraphrases(
        sentences=('Grasp the {object} by its {part}.', 'Clutch the {object} by its {part}.'),
        carrier='Hold the {object} by its {part}.',
        parts={'lid': ('cover', 'covering')},
    )
    with pytest.raises(InvalidInputError) as refused:
        stale.require_unseen(training_sentences)
    assert 'Grasp the' in str(refused.value)
    assert "'cover'" in str(refused.value)
    assert 'Clutch' not in str(refused.value)
    assert 'covering' not in str(refused.value)


def test_every_part_that_held_out_objects_are_grasped_by_has_other_words():
    grasps = open_dataset(SHIPPED).select(split='test').grasps
    assert set(grasps.parts.tolist()) - set(load_paraphrases().parts) == set()


def test_the_other_wording_is_that_of_the_training_set(training_sentences):
    known = words_of(training_sentences)
    for number in range(20):
        text = sentence_for(TRAINED, HANDLE, number, 3)
        assert words_of([text]) <= known, text
        assert 'handle' in text


def test_paraphrases_for_two_parts_differ_in_the_part_alone():
    texts = set()
    for number in range(8):
        handle, body = (sentence_for(NEW_SENTENCE, part, number, 5) for part in (HANDLE, BODY))
        assert handle.replace('handle', 'body') == body
        texts.add(handle)
    assert len(texts) == 8


def test_a_part_without_other_words_is_not_asked_for_in_them():
    antenna = AskedPart(category='phone', part='antenna', tasks=('hold',))
    assert sentence_for(NEW_PART, antenna, 0, 0) == ''
    assert 'antenna' in sentence_for(NEW_SENTENCE, antenna, 0, 0)
