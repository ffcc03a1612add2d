"""`dataset describe`, with the grammar and with a model on a server that misbehaves."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from orbit_source import OrbitSource
from power_cut import Mains, PowerCutError
from typer.testing import CliRunner

from maskdexgrasp_core.cli.dataset import app
from maskdexgrasp_core.dataset import open_dataset
from maskdexgrasp_core.dataset.builder import BuildCfg, build_dataset
from maskdexgrasp_core.dataset.describing import DescribeCfg, describe_dataset
from maskdexgrasp_core.dataset.manifest import read_manifest
from maskdexgrasp_core.dataset.schema import TEXT_COLUMNS
from maskdexgrasp_core.dataset.sentences.grasp_facts import facts_of
from maskdexgrasp_core.dataset.sentences.writing import GrammarWriter
from maskdexgrasp_core.dataset.verify import verify_dataset

KEY = 'sk-very-secret-4712'
MODEL = 'qwen-vl'
GRAMMAR = DescribeCfg(writer='grammar', seed=7)


@pytest.fixture
def folder(built_folder, tmp_path) -> Path:
    return Path(shutil.copytree(built_folder, tmp_path / 'set'))


@pytest.fixture
def model_line(folder, chat_server, tmp_path, monkeypatch) -> list[str]:
    """The command, which asks for six grasps, each once."""
    monkeypatch.setenv('MY_KEY', KEY)
    return [
        'describe', str(folder), '--writer', 'vlm', '--base-url', chat_server.base_url,
        '--model', MODEL, '--api-key-env', 'MY_KEY', '--limit', '6', '--workers', '1',
        '--attempts', '1', '--answers', str(tmp_path / 'answers'), '--timeout', '5',
        '--input-price', '2', '--output-price', '10',
    ]  # fmt: skip


def run(line: list[str]):
    done = CliRunner().invoke(app, line)
    assert not isinstance(done.exception, Exception), done.output
    return done


def plain(done) -> str:
    return ' '.join(done.output.split())


def rows_without_texts(folder: Path) -> list[dict]:
    return open_dataset(folder).grasps.to_arrow().drop_columns(list(TEXT_COLUMNS)).to_pylist()


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob('*') if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_grammar_writes_all_sentences_anew_and_the_same_for_a_seed(folder, tmp_path):
    twin = Path(shutil.copytree(folder, tmp_path / 'twin' / 'set'))
    other = Path(shutil.copytree(folder, tmp_path / 'other' / 'set'))
    before, rest = open_dataset(folder).grasps.texts, rows_without_texts(folder)
    for path, seed in ((folder, 7), (twin, 7), (other, 8)):
        done = run(['describe', str(path), '--seed', str(seed)])
        assert done.exit_code == 0, done.output
        assert f'{4 * len(before):,} sentences of {len(before):,} grasps' in plain(done)
        assert verify_dataset(path) == []
    texts = open_dataset(folder).grasps.texts
    assert all(new != old for new, old in zip(texts, before, strict=True))
    assert texts == open_dataset(twin).grasps.texts != open_dataset(other).grasps.texts
    assert rows_without_texts(folder) == rest, 'only sentences change'
    assert {path.name for path in (folder / 'grasps').iterdir()} == {'part-00000-r3.parquet'}


def test_manifest_and_readme_name_the_writer_of_each_revision(folder):
    first = describe_dataset(folder, GrammarWriter(), GRAMMAR)
    few = DescribeCfg(writer='grammar', seed=9, limit=5)
    assert describe_dataset(folder, GrammarWriter(), few) == read_manifest(folder)
    entries = read_manifest(folder).descriptions
    assert entries[:-1] == first.descriptions
    assert [(e.revision, e.writer, e.seed) for e in entries] == [
        (3, 'grammar', 7),
        (4, 'grammar', 9),
    ]
    assert [e.num_grasps for e in entries] == [len(open_dataset(folder).grasps), 5]
    assert (
        'Revision 4: sentences of 5 grasps by the grammar, seed 9'
        in (folder / 'README.md').read_text()
    )
    assert verify_dataset(folder) == []


def test_sentences_that_are_there_already_are_no_new_revision(folder):
    describe_dataset(folder, GrammarWriter(), GRAMMAR)
    before = contents(folder)
    done = run(['describe', str(folder), '--seed', '7'])
    assert done.exit_code == 0
    assert 'has these sentences already' in plain(done)
    assert contents(folder) == before


def test_facts_come_from_the_grasp_and_its_object(folder):
    data = open_dataset(folder)
    grasp = data.select(category='mug', task='handle-grasp').grasps.record(0)
    parts = data.objects.rows[grasp.object_id]['parts']
    facts = facts_of(grasp, object_parts=parts, color_name='red')
    assert (facts.part, facts.color_name) == ('handle', 'red')
    alone = facts_of(grasp, object_parts=['handle'], color_name='')
    assert alone.part == '', 'the part is all there is'


def test_a_model_describes_what_it_can_and_the_rest_is_asked_again(
    folder, model_line, chat_server, tmp_path
):
    before = open_dataset(folder).grasps.texts
    chat_server.script = ['good', '500', 'cut', 'good', 'bad json']
    done = run(model_line)
    assert done.exit_code == 0, done.output
    said = plain(done)
    assert '6/6 grasps, 3 by the model, 0 cached, 3 failed; asked 6 times' in said
    assert 'cost 0.0' in said
    assert '1 requests failed: invalid answer' in said
    assert verify_dataset(folder) == []
    texts = open_dataset(folder).grasps.texts
    assert sum(new != old for new, old in zip(texts, before, strict=True)) == 3
    entry = read_manifest(folder).descriptions[-1]
    assert (entry.writer, entry.model, entry.num_grasps, entry.num_failed) == (
        'vlm', MODEL, 3, 3
    )  # fmt: skip

    done = run(model_line)
    assert '3 by the model, 3 cached, 0 failed; asked 3 times' in plain(done)
    assert verify_dataset(folder) == []
    texts = open_dataset(folder).grasps.texts
    changed = [new for new, old in zip(texts, before, strict=True) if new != old]
    assert len(changed) == 6
    assert all(basic.startswith('Hold the ') for basic, *_ in changed)
    entry = read_manifest(folder).descriptions[-1]
    assert (entry.num_grasps, entry.num_failed) == (6, 0)
    written = [*contents(folder).values(), *contents(tmp_path / 'answers').values()]
    assert not any(KEY.encode() in content for content in written)


@pytest.mark.parametrize(
    ('afterwards', 'message'),
    [('500', 'no grasp got sentences'), ('401', 'check the key')],
)
def test_a_server_that_never_answers_changes_nothing(
    folder, model_line, chat_server, afterwards, message
):
    before = contents(folder)
    chat_server.afterwards = afterwards
    done = run([*model_line, '--limit', '2'])
    assert done.exit_code == 1
    assert message in plain(done)
    assert KEY not in done.output
    assert contents(folder) == before


def test_without_the_package_the_command_says_what_to_install(model_line, monkeypatch):
    monkeypatch.setitem(sys.modules, 'openai', None)
    for name in ('vision_language', 'asking', 'chat', 'tally'):
        monkeypatch.delitem(
            sys.modules, f'maskdexgrasp_core.dataset.sentences.{name}', raising=False
        )
    done = run(model_line)
    assert done.exit_code == 2
    assert "pip install 'maskdexgrasp[vlm]'" in plain(done)


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        (['--writer', 'vlm'], 'MASKDEXGRASP_VLM_BASE_URL'),
        (['--writer', 'vlm', '--api-key-env', 'NOWHERE'], 'names NOWHERE, which is not set'),
        (['--model', MODEL], 'are of --writer vlm'),
    ],
)
def test_what_cannot_be_done_is_a_sentence(folder, monkeypatch, line, message):
    monkeypatch.delenv('MASKDEXGRASP_VLM_BASE_URL', raising=False)
    before = contents(folder)
    done = run(['describe', str(folder), *line])
    assert done.exit_code == 2
    assert message in plain(done)
    assert contents(folder) == before


def test_a_kill_while_the_model_is_asked_loses_no_answer(
    folder, model_line, chat_server, tmp_path
):
    before = contents(folder)
    chat_server.delay_s = 0.3
    process = subprocess.Popen(
        [sys.executable, '-m', 'maskdexgrasp_core.cli.dataset', *model_line]
    )
    try:
        deadline = time.monotonic() + 90
        while len(contents(tmp_path / 'answers')) < 2:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    left = {name: data for name, data in contents(folder).items() if not name.startswith('.')}
    assert left == {name: data for name, data in before.items() if not name.startswith('.')}
    assert verify_dataset(folder) == []
    answered = len(list((tmp_path / 'answers').rglob('*.json')))
    chat_server.delay_s = 0.0
    done = run(model_line)
    assert f'{6 - answered} by the model, {answered} cached, 0 failed' in plain(done)
    assert verify_dataset(folder) == []


def test_power_may_fail_before_any_file_of_a_description(folder, tmp_path, monkeypatch):
    whole = Path(shutil.copytree(folder, tmp_path / 'whole' / 'set'))
    with monkeypatch.context() as patch:
        mains = Mains(patch, at=10**6)
        describe_dataset(whole, GrammarWriter(), GRAMMAR)
    texts = open_dataset(folder).grasps.texts
    for at in range(mains.calls):
        cut = Path(shutil.copytree(folder, tmp_path / f'cut-{at}' / 'set'))
        with monkeypatch.context() as patch:
            Mains(patch, at=at)
            with pytest.raises(PowerCutError):
                describe_dataset(cut, GrammarWriter(), GRAMMAR)
        assert open_dataset(cut).grasps.texts == texts, 'what was there stays'
        describe_dataset(cut, GrammarWriter(), GRAMMAR)
        assert verify_dataset(cut) == []
        assert contents(cut) == contents(whole)


def test_grasps_can_be_added_and_divided_after_a_description(folder):
    describe_dataset(folder, GrammarWriter(), GRAMMAR)
    described = open_dataset(folder).grasps.texts
    jars = OrbitSource(categories=('jar',), per_category=1)
    build_dataset(folder, jars, BuildCfg(workers=0), extend=True)
    done = run(['split', str(folder), '--test-categories', 'mug'])
    assert done.exit_code == 0, done.output
    assert set(open_dataset(folder).grasps.categories[len(described) :]) == {'jar'}
    assert verify_dataset(folder) == []
    assert open_dataset(folder).grasps.texts[: len(described)] == described
    assert len(read_manifest(folder).descriptions) == 1
