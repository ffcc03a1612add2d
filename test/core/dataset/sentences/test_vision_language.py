"""The writer against a real server on this machine that fails in every way that servers do."""

import logging
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from maskdexgrasp_core.dataset.sentences import SentenceFacts, write_sentences
from maskdexgrasp_core.dataset.sentences.instruction import INSTRUCTION
from maskdexgrasp_core.dataset.sentences.model_cfg import ModelCfg
from maskdexgrasp_core.dataset.sentences.vision_language import VisionLanguageWriter
from maskdexgrasp_core.dataset.sentences.writing import (
    EndpointError,
    SentenceItem,
    WrittenSentences,
)

KEY = 'sk-very-secret-4711'
THINGS = ('mug', 'jar', 'pan', 'bottle', 'hammer', 'spoon', 'knife', 'camera')


class Drawing:
    """A picture that counts how often it is drawn."""

    def __init__(self, name: str) -> None:
        self.digest = name
        self.times_drawn = 0

    def png(self) -> bytes:
        self.times_drawn += 1
        return b'\x89PNG ' + self.digest.encode()


def grasp(thing: str, part: str = 'handle', seed: int = 3) -> SentenceItem:
    facts = SentenceFacts(
        task='hold', category=thing, part=part, color_name='red',
        fingers=('thumb', 'index'), approach='side',
    )  # fmt: skip
    return SentenceItem(facts=facts, picture=Drawing(thing), seed=seed)


def settings(server: Any, **more: Any) -> ModelCfg:
    fast = {
        'first_wait_s': 0.001, 'longest_wait_s': 1.0, 'timeout_s': 5.0, 'max_parallel': 1,
        'api_key': KEY,
    }  # fmt: skip
    return ModelCfg(base_url=server.base_url, model='qwen-vl', **{**fast, **more})


def run(
    cfg: ModelCfg, folder: Path, items: list[SentenceItem]
) -> tuple[list[WrittenSentences], dict[str, Any]]:
    with VisionLanguageWriter(cfg, folder) as writer:
        return list(writer.write(items)), asdict(writer.report())


def basic_of(written: list[WrittenSentences]) -> list[str]:
    return [item.sentences[0] if item.sentences else '' for item in written]


@pytest.mark.parametrize('stream', [False, True])
def test_sentences_come_back_in_order_and_are_counted(
    chat_server: Any, tmp_path: Path, stream: bool
) -> None:
    cfg = settings(
        chat_server, stream=stream, max_parallel=4,
        price_per_million_input=2.0, price_per_million_output=10.0,
    )  # fmt: skip
    written, report = run(cfg, tmp_path, [grasp(thing) for thing in THINGS])
    assert basic_of(written) == [f'Hold the {thing} by its handle.' for thing in THINGS]
    assert {item.origin for item in written} == {'model'}
    assert report['num_from_model'] == report['num_requests'] == len(THINGS)
    assert (report['input_tokens'], report['output_tokens']) == (8000, 800)
    assert report['cost'] == pytest.approx(8000 * 2e-6 + 800 * 10e-6)
    assert report['failures'] == {}


def test_the_model_sees_instruction_facts_and_picture(chat_server: Any, tmp_path: Path) -> None:
    run(settings(chat_server), tmp_path, [grasp('mug')])
    (request,) = chat_server.requests
    system, user = request['messages']
    picture, text = user['content']
    assert system['content'] == INSTRUCTION
    assert picture['image_url']['url'] == 'data:image/png;base64,iVBORyBtdWc='
    assert text['text'].splitlines() == [
        'Object: mug',
        'Action: hold it',
        'Part of the object: handle',
        'Real colour: red',
        'Touching: the thumb and index finger',
        'The hand comes from: the side',
    ]
    assert request['model'] == 'qwen-vl'


def test_a_second_run_asks_and_draws_nothing(chat_server: Any, tmp_path: Path) -> None:
    first, _ = run(settings(chat_server), tmp_path, [grasp(thing) for thing in THINGS])
    drawing = Drawing('mug')
    items = [replace(grasp('mug'), picture=drawing), *map(grasp, THINGS[1:])]
    second, report = run(settings(chat_server), tmp_path, items)
    assert basic_of(second) == basic_of(first)
    assert len(chat_server.requests) == len(THINGS)
    assert (report['num_requests'], report['num_from_cache']) == (0, len(THINGS))
    assert drawing.times_drawn == 0


def test_another_model_is_another_question(chat_server: Any, tmp_path: Path) -> None:
    run(settings(chat_server), tmp_path, [grasp('mug')])
    other = ModelCfg(base_url=chat_server.base_url, model='qwen-vl-2')
    _, report = run(other, tmp_path, [grasp('mug')])
    assert report['num_requests'] == 1


def test_a_run_that_was_left_goes_on_where_it_was(chat_server: Any, tmp_path: Path) -> None:
    items = [grasp(thing) for thing in THINGS]
    with VisionLanguageWriter(settings(chat_server, max_parallel=2), tmp_path) as writer:
        for count, _ in enumerate(writer.write(items)):
            if count == 2:
                break
    asked = len(chat_server.requests)
    assert 3 <= asked < len(THINGS) + 1
    written, report = run(settings(chat_server), tmp_path, items)
    assert len(written) == len(THINGS)
    assert report['num_requests'] == len(THINGS) - asked
    assert len(chat_server.requests) == len(THINGS)


@pytest.mark.parametrize('stream', [False, True])
@pytest.mark.parametrize(
    ('misbehaviour', 'kind'),
    [
        ('hang', 'timed out'), ('408', 'timed out'), ('429', 'rate limited'),
        ('500', 'server error'), ('503', 'server error'), ('cut', 'connection lost'),
        ('broken body', 'server error'), ('wrong types', 'server error'),
        ('too long', 'cut short'), ('bad json', 'invalid answer'),
        ('missing key', 'invalid answer'), ('same four', 'invalid answer'),
        ('chinese', 'invalid answer'), ('marker colour', 'invalid answer'),
    ],
)  # fmt: skip
def test_one_failure_is_counted_and_the_next_attempt_succeeds(
    chat_server: Any, tmp_path: Path, misbehaviour: str, kind: str, stream: bool
) -> None:
    if stream and misbehaviour in ('broken body', 'wrong types'):
        kind = 'cut short'  # without an event a stream has no end
    chat_server.script = [misbehaviour]
    timeout_s = 0.2 if misbehaviour == 'hang' else 5.0
    cfg = settings(chat_server, stream=stream, timeout_s=timeout_s)
    written, report = run(cfg, tmp_path, [grasp('mug')])
    assert basic_of(written) == ['Hold the mug by its handle.']
    assert report['failures'] == {kind: 1}
    assert report['num_requests'] == len(chat_server.requests) == 2
    assert KEY not in str(report)


@pytest.mark.parametrize(
    ('misbehaviour', 'kind', 'stream'),
    [
        ('web page', 'server error', False),
        ('no choice', 'invalid answer', False),
        ('ends early', 'cut short', True),
    ],
)
def test_failures_of_one_way_to_answer_are_survived_too(
    chat_server: Any, tmp_path: Path, misbehaviour: str, kind: str, stream: bool
) -> None:
    chat_server.script = [misbehaviour]
    written, report = run(settings(chat_server, stream=stream), tmp_path, [grasp('mug')])
    assert written[0].origin == 'model'
    assert report['failures'] == {kind: 1}


@pytest.mark.parametrize('wrapping', ['fenced', 'thinking'])
def test_talk_around_the_json_is_overlooked(
    chat_server: Any, tmp_path: Path, wrapping: str
) -> None:
    chat_server.script = [wrapping]
    written, report = run(settings(chat_server), tmp_path, [grasp('mug')])
    assert basic_of(written) == ['Hold the mug by its handle.']
    assert report['num_requests'] == 1


def test_unusable_answers_are_paid_for_and_corrected(chat_server: Any, tmp_path: Path) -> None:
    chat_server.script = ['missing key', 'too long']
    _, report = run(settings(chat_server), tmp_path, [grasp('mug')])
    assert report['output_tokens'] == 300
    first, second, third = (request['messages'] for request in chat_server.requests)
    assert len(first) == 2
    assert second[2]['content'].startswith('{"basic": "Hold the mug')
    assert 'passive: Field required' in second[3]['content']
    assert third == second


@pytest.mark.parametrize(('max_attempts', 'origin'), [(2, 'model'), (1, 'grammar')])
def test_retry_after_is_honoured_by_this_grasp_and_by_the_next(
    chat_server: Any, tmp_path: Path, max_attempts: int, origin: str
) -> None:
    chat_server.script, chat_server.retry_after = ['429'], '0.4'
    cfg = settings(chat_server, max_attempts=max_attempts)
    written, _ = run(cfg, tmp_path, [grasp('mug'), grasp('jar')])
    assert [item.origin for item in written] == [origin, 'model']
    assert chat_server.times_s[1] - chat_server.times_s[0] >= 0.4


def test_a_server_that_wants_an_hour_is_not_asked_again(chat_server: Any, tmp_path: Path) -> None:
    chat_server.script, chat_server.retry_after = ['429', '429'], '3600'
    written, report = run(settings(chat_server), tmp_path, [grasp('mug')])
    assert written[0].origin == 'grammar'
    assert report['num_requests'] == 1


def test_the_grammar_helps_out_and_says_why(chat_server: Any, tmp_path: Path) -> None:
    chat_server.afterwards = '500'
    item = grasp('mug')
    written, report = run(settings(chat_server, max_attempts=3), tmp_path, [item])
    assert written[0].sentences == write_sentences(item.facts, item.seed)
    assert written[0].origin == 'grammar'
    assert '500' in written[0].reason
    assert KEY not in written[0].reason
    assert (report['num_requests'], report['num_from_grammar']) == (3, 1)
    chat_server.afterwards = 'good'
    again, _ = run(settings(chat_server), tmp_path, [item])
    assert again[0].origin == 'model'


def test_a_failed_grasp_is_reported_missing_when_asked_for(
    chat_server: Any, tmp_path: Path
) -> None:
    chat_server.script = ['bad json', 'bad json']
    cfg = settings(chat_server, max_attempts=2, fall_back=False)
    written, report = run(cfg, tmp_path, [grasp('mug'), grasp('jar')])
    assert [item.origin for item in written] == ['missing', 'model']
    assert written[0].sentences is None
    assert (report['num_missing'], report['num_from_model']) == (1, 1)


def test_a_refused_grasp_is_not_tried_again(chat_server: Any, tmp_path: Path) -> None:
    chat_server.script = ['400']
    written, report = run(settings(chat_server), tmp_path, [grasp('mug'), grasp('jar')])
    assert [item.origin for item in written] == ['grammar', 'model']
    assert report['failures'] == {'refused': 1}


@pytest.mark.parametrize(
    ('answer', 'cure'),
    [('401', 'check the key'), ('404', 'check base_url and model'), ('no credit', 'add credit')],
)
def test_a_hopeless_server_ends_the_run_at_once(
    chat_server: Any, tmp_path: Path, answer: str, cure: str
) -> None:
    chat_server.script, chat_server.afterwards = ['good'], answer
    items = [grasp(thing) for thing in THINGS]
    writer = VisionLanguageWriter(settings(chat_server), tmp_path)
    with writer, pytest.raises(EndpointError, match=cure) as caught:
        list(writer.write(items))
    assert KEY not in str(caught.value)
    assert len(chat_server.requests) == 2
    chat_server.afterwards = 'good'
    _, report = run(settings(chat_server), tmp_path, items)
    assert report['num_from_cache'] == 1


def test_many_failures_in_a_row_end_the_run(chat_server: Any, tmp_path: Path) -> None:
    chat_server.script, chat_server.afterwards = ['good', '500', 'good'], '500'
    cfg = settings(chat_server, max_attempts=1, max_failed_in_a_row=3)
    items = [grasp(thing) for thing in THINGS]
    with VisionLanguageWriter(cfg, tmp_path) as writer:
        written: Iterator[WrittenSentences] = writer.write(items)
        assert [next(written).origin for _ in range(3)] == ['model', 'grammar', 'model']
        with pytest.raises(EndpointError, match='3 grasps in a row'):
            list(written)
    assert len(chat_server.requests) == 6
    chat_server.afterwards = 'good'
    _, report = run(cfg, tmp_path, items)
    assert (report['num_from_cache'], report['num_from_model']) == (2, 6)


def test_a_server_that_is_not_there_is_said_so(chat_server: Any, tmp_path: Path) -> None:
    cfg = settings(chat_server, max_attempts=2)
    chat_server.shutdown()
    chat_server.server_close()
    written, report = run(cfg, tmp_path, [grasp('mug')])
    assert written[0].origin == 'grammar'
    assert report['failures'] == {'connection lost': 2}
    assert 'refused' in report['examples']['connection lost'].lower()


def test_no_more_requests_run_at_once_than_allowed(chat_server: Any, tmp_path: Path) -> None:
    chat_server.delay_s = 0.05
    run(settings(chat_server, max_parallel=3), tmp_path, [grasp(thing) for thing in THINGS])
    assert chat_server.most_at_once in (2, 3)


def test_equal_grasps_are_asked_for_once(chat_server: Any, tmp_path: Path) -> None:
    items = [grasp('mug', seed=seed) for seed in range(5)]
    written, report = run(settings(chat_server, max_parallel=4), tmp_path, items)
    assert len(set(basic_of(written))) == 1
    assert [item.origin for item in written] == ['model', *['cache'] * 4]
    assert (report['num_requests'], report['num_from_cache']) == (1, 4)


def test_a_damaged_cache_file_is_asked_for_again(chat_server: Any, tmp_path: Path) -> None:
    run(settings(chat_server), tmp_path, [grasp('mug')])
    (file,) = tmp_path.rglob('*.json')
    whole = file.read_bytes()
    file.write_bytes(whole[:40])
    _, report = run(settings(chat_server), tmp_path, [grasp('mug')])
    assert report['num_requests'] == 1
    assert file.read_bytes() == whole


def test_the_key_reaches_the_server_and_nothing_else(
    chat_server: Any,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ('OPENAI_API_KEY', 'OPENAI_ORG_ID', 'OPENAI_PROJECT_ID'):
        monkeypatch.setenv(name, 'of another server')
    chat_server.script = ['500', '429', 'cut', 'bad json', '400', 'good', '408']
    cfg = settings(chat_server)
    written, report = run(cfg, tmp_path, [grasp(thing) for thing in THINGS])
    assert {headers['authorization'] for headers in chat_server.headers} == {f'Bearer {KEY}'}
    assert 'of another server' not in str(chat_server.headers)
    assert caplog.text
    kept = [file.read_text() for file in tmp_path.rglob('*') if file.is_file()]
    assert len(kept) == len(THINGS) - 1
    for text in (caplog.text, repr(cfg), str(written), str(report), *kept):
        assert KEY not in text
