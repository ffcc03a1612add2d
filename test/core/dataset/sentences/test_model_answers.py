"""What of a model's answer is taken, and which settings are refused."""

import json
import time
from email.utils import formatdate

import pytest

from maskdexgrasp_core.dataset.sentences import SentenceFacts
from maskdexgrasp_core.dataset.sentences.answers import parse_answer
from maskdexgrasp_core.dataset.sentences.chat import _retry_after_s
from maskdexgrasp_core.dataset.sentences.model_cfg import ENVIRONMENT, ModelCfg
from maskdexgrasp_core.errors import InvalidInputError

FACTS = SentenceFacts(task='lift', category='mug', part='handle', color_name='red')
GOOD = {
    'basic': 'Lift the red mug by its handle.',
    'present': 'The hand lifts the red mug by its handle.',
    'progressive': 'The hand is lifting the red mug by its handle.',
    'passive': 'The red mug is lifted by its handle.',
}


def test_sentences_are_put_on_one_line_with_capital_and_full_stop() -> None:
    answer = GOOD | {
        'basic': '  lift the mug\n by its  handle ',
        'passive': 'The mug\u2019s handle is lifted',
        'comment': 'as you wished',
    }
    basic, present, _, passive = parse_answer(json.dumps(answer), FACTS)
    assert basic == 'Lift the mug by its handle.'
    assert present == GOOD['present']
    assert passive == "The mug's handle is lifted."


@pytest.mark.parametrize(
    'text',
    [
        json.dumps({key.upper(): value for key, value in GOOD.items()}),
        f'Sure {{ here: }} it is {json.dumps(GOOD)} {{',
        f'```\n{json.dumps([GOOD])}\n```',
        json.dumps({'answer': {'forms': GOOD}}),
    ],
)
def test_the_object_is_found_wherever_it_stands(text: str) -> None:
    assert parse_answer(text, FACTS) == tuple(GOOD.values())


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'basic': 7}, 'basic: '),
        ({'basic': ''}, 'plain English'),
        ({'basic': 'Lift.'}, 'at least 3 words'),
        ({'basic': 'Lift the handle ' * 30}, 'at most 300'),
        ({'basic': '\u63e1\u4f4f handle now'}, 'plain English'),
        ({'basic': GOOD['passive']}, 'must differ'),
        ({'basic': 'Lift the blue mug by its handle.'}, "'blue' is a colour of the picture"),
        ({'present': 'The pink hand lifts it by its handle.'}, "'pink' is a colour"),
        ({'passive': 'The mug is lifted by its ear.'}, "part 'handle' is not named"),
    ],
)
def test_sentences_that_would_be_wrong_are_refused(change: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        parse_answer(json.dumps(GOOD | change), FACTS)


@pytest.mark.parametrize('text', ['', 'I cannot see a picture.', '[1, 2]', '{' * 5000, '{}'])
def test_answers_without_sentences_are_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_answer(text, FACTS)


def test_an_object_that_is_blue_may_be_called_blue() -> None:
    facts = SentenceFacts(task='lift', category='mug', part='handle', color_name='blue')
    blue = {key: text.replace('red', 'blue') for key, text in GOOD.items()}
    assert parse_answer(json.dumps(blue), facts)[0] == 'Lift the blue mug by its handle.'


def test_retry_after_is_read_as_number_and_as_date() -> None:
    assert _retry_after_s({'retry-after': '2.5'}) == 2.5
    in_a_minute = _retry_after_s({'retry-after': formatdate(time.time() + 60, usegmt=True)})
    assert 55 < in_a_minute <= 60
    for nothing in ({}, {'retry-after': 'soon'}, {'retry-after': '-3'}):
        assert _retry_after_s(nothing) == 0.0
    past = formatdate(time.time() - 60, usegmt=True)
    assert _retry_after_s({'retry-after': past}) == 0.0


@pytest.mark.parametrize(
    ('wrong', 'says'),
    [
        ({'base_url': ''}, 'MASKDEXGRASP_VLM_BASE_URL'),
        ({'base_url': 'localhost:8000'}, 'http://localhost:8000/v1'),
        ({'base_url': 'https://me:word@host/v1'}, 'must not hold a secret'),
        ({'base_url': 'https://host/v1?key=word'}, 'must not hold a secret'),
        ({'model': ''}, 'MASKDEXGRASP_VLM_MODEL'),
        ({'max_attempts': 0}, 'max_attempts is 0'),
        ({'timeout_s': float('nan')}, 'timeout_s is nan'),
        ({'first_wait_s': 500.0}, 'first_wait_s'),
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, object], says: str) -> None:
    given: dict[str, object] = {'base_url': 'http://localhost:8000/v1', 'model': 'm', **wrong}
    with pytest.raises(InvalidInputError, match=says) as caught:
        ModelCfg(**given)  # type: ignore[arg-type]
    assert 'word' not in str(caught.value)


def test_settings_come_from_the_environment_unless_given() -> None:
    environment = {
        ENVIRONMENT['base_url']: 'http://localhost:8000/v1',
        ENVIRONMENT['model']: 'from-environment',
        ENVIRONMENT['api_key']: 'secret',
    }
    cfg = ModelCfg.from_environment(environment, model='given', api_key=None, max_parallel=8)
    assert (cfg.model, cfg.api_key, cfg.max_parallel) == ('given', 'secret', 8)
    assert 'secret' not in repr(cfg)
    with pytest.raises(InvalidInputError, match='base_url'):
        ModelCfg.from_environment({}, model='given')
