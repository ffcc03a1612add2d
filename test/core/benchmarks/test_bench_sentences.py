"""Figures of a sentence swap, from literal answers and from an untrained model."""

import pytest
from bench_sentences import SwapCfg, ask, asked_objects
from sentence_figures import Answer, print_report, report_of, swap_figures
from unseen_sentences import NEW_SENTENCE, TRAINED, WORDINGS

from maskdexgrasp_core.dataset.reader import open_dataset


def answer(part, shares, *, name='mug_0', **changes):
    return Answer(
        object_id=name, category='mug', part=part, wording=TRAINED, number=0, text='', raw=shares,
        **changes,
    )  # fmt: skip


def test_a_part_gains_when_its_share_is_higher_when_it_is_asked_for():
    answers = [
        answer('handle', {'handle': 0.75, 'body': 0.25, 'rim': 0.25}),
        answer('body', {'handle': 0.5, 'body': 0.5, 'rim': 0.0}),
        answer('rim', {'handle': 0.0, 'body': 0.75, 'rim': 0.125}),
        answer('handle', {'handle': 1.0, 'body': 0.0}, name='mug_1'),
        answer('body', {}, name='mug_1'),
    ]
    found = swap_figures(answers, 'raw')
    # handle 0.75 against 0.25, body 0.5 against 0.5, rim 0.125 against 0.125; mug_1 has no pair
    assert found['gained']['successes'] == 1
    assert found['gained']['total'] == 3
    assert found['asked']['value'] == pytest.approx((0.75 + 0.5 + 0.125) / 3)
    assert found['others_asked']['value'] == pytest.approx((0.25 + 0.5 + 0.125) / 3)
    assert found['objects'] == 1
    assert swap_figures(answers, 'finished')['gained']['total'] == 0


def test_grasps_that_touch_nothing_are_counted_by_category(capsys):
    answers = [
        answer('handle', {}, num_finished=8, num_not_touching=2, num_far=1, pressed=[1.0, 0.5]),
        answer('body', {}, num_finished=8, obeyed=[True, False]),
        answer('body', {}, name='spoon_0', num_finished=4, num_not_touching=4),
    ]
    answers[2].category = 'spoon'
    report = report_of(answers)
    floating = report['floating']
    assert floating['all']['not_touching']['value'] == pytest.approx(6 / 20)
    assert floating['mug']['far']['value'] == pytest.approx(1 / 16)
    assert floating['spoon']['not_touching']['value'] == 1.0
    trained = report['swaps'][TRAINED]
    assert trained['pressed']['value'] == pytest.approx(0.75)
    assert trained['obeyed']['successes'] == 1
    assert trained['answered']['total'] == 2, 'an object with one part is no swap'
    print_report(report)
    assert '| spoon | 100 % (51 to 100) of 4 |' in capsys.readouterr().out


@pytest.fixture(scope='module')
def asked(orbits):
    return {item.model.category: item for item in asked_objects(_held_out(orbits), 0, 0)}


def _held_out(folder):
    return open_dataset(folder).select(split='test-instances')


def test_objects_are_asked_for_the_parts_that_they_were_grasped_by(asked, orbits):
    assert {part.part for part in asked['mug'].parts} == {'body', 'handle'}
    assert [part.part for part in asked['book'].parts] == ['cover']
    assert len(asked_objects(_held_out(orbits), 1, 0)) == 1


def test_every_part_is_asked_for_in_every_wording_and_the_answer_is_the_same_again(
    asked, tiny_weights
):
    as_decoded = ('finishing.num_steps=0', 'finishing.ranking.enabled=false', 'batch_size=4')
    cfg = SwapCfg(weights=tiny_weights, sentences=1, num_grasps=2, changes=as_decoded)
    answers = ask(asked['mug'], cfg)
    assert [(one.wording, one.part) for one in answers] == [
        (wording, part) for wording in WORDINGS for part in ('body', 'handle')
    ]
    for one in answers:
        assert one.failure == ''
        assert one.num_finished == 2
        assert set(one.raw) in ({'body', 'handle'}, set())
        assert all(0.0 <= share <= 1.0 for share in one.raw.values())
    by_handle = next(
        one for one in answers if one.wording == NEW_SENTENCE and one.part == 'handle'
    )
    assert by_handle.rules_see_part
    about_a_book = ask(asked['book'], cfg)
    assert [one.wording for one in about_a_book] == [TRAINED]
    assert ask(asked['book'], cfg) == about_a_book
