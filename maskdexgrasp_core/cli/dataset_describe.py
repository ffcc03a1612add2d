"""`maskdexgrasp dataset describe`: other sentences for the grasps of a dataset."""

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from maskdexgrasp_core.cli.console import (
    FAILED,
    INTERRUPTED,
    MISUSE,
    console,
    fail,
    reported_errors,
)
from maskdexgrasp_core.cli.dataset_build import Folder
from maskdexgrasp_core.cli.describe_options import (
    Answers,
    Attempts,
    BaseUrl,
    DescribeSeed,
    InputPrice,
    KeyVariable,
    Limit,
    ModelName,
    OutputPrice,
    Requests,
    Stream,
    TimeoutS,
    Writer,
    WriterName,
)
from maskdexgrasp_core.cli.describe_progress import DescribeDisplay, MakeReport
from maskdexgrasp_core.dataset.describing import DescribeCfg, describe_dataset
from maskdexgrasp_core.dataset.folder_lock import DatasetBusyError
from maskdexgrasp_core.dataset.manifest import Manifest, read_manifest
from maskdexgrasp_core.dataset.sentences.model_cfg import ENVIRONMENT, ModelCfg
from maskdexgrasp_core.dataset.sentences.writing import (
    EndpointError,
    GrammarWriter,
    SentenceWriter,
)
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.resources import cache_folder


def describe(
    folder: Folder,
    writer: Writer = WriterName.GRAMMAR,
    seed: DescribeSeed = 0,
    limit: Limit = 0,
    base_url: BaseUrl = None,
    model: ModelName = None,
    api_key_env: KeyVariable = ENVIRONMENT['api_key'],
    workers: Requests = 4,
    attempts: Attempts = 5,
    timeout: TimeoutS = 60.0,
    stream: Stream = False,
    answers: Answers = None,
    input_price: InputPrice = None,
    output_price: OutputPrice = None,
) -> None:
    """Rewrite the four sentences of every grasp, with the grammar or a vision-language model.

    Only sentences change, as a new revision that the manifest and the README name. It is written
    when the last grasp was tried: until then the dataset stays as it was. A grasp that the model
    fails on keeps its sentences and is counted. Every answer is kept on the disk, so that the same
    command goes on where it was ended and asks only for what is missing.
    """
    with reported_errors():
        before = read_manifest(folder)
        model_cfg = _model_cfg(
            writer, api_key_env, base_url=base_url, model=model, max_parallel=workers,
            max_attempts=attempts, timeout_s=timeout, stream=stream,
            price_per_million_input=input_price, price_per_million_output=output_price,
        )  # fmt: skip
        cfg = DescribeCfg(
            writer=writer.value, model=model_cfg.model if model_cfg else '', seed=seed,
            limit=limit, command=shlex.join(['maskdexgrasp', *sys.argv[1:]]),
        )  # fmt: skip
        _describe(folder, before, cfg, model_cfg, answers or cache_folder('answers'))


def _model_cfg(writer: WriterName, api_key_env: str, **given: object) -> ModelCfg | None:
    """Return which model writes, None for the grammar; `given` are fields of `ModelCfg`.

    Raises:
        InvalidInputError: If server or model is missing, or given to the grammar.
    """
    if writer is WriterName.VLM:
        return ModelCfg.from_environment(
            os.environ, api_key=_key(api_key_env), fall_back=False, **given
        )
    if given['base_url'] or given['model']:
        raise InvalidInputError('--base-url and --model are of --writer vlm; give that, too')
    return None


def _describe(
    folder: Path, before: Manifest, cfg: DescribeCfg, model_cfg: ModelCfg | None, answers: Path
) -> None:
    """Run, report, and end with 1 when nobody described anything."""
    with _opened_writer(model_cfg, answers) as (writer, make_report):
        with DescribeDisplay(console, make_report) as display:
            try:
                manifest = describe_dataset(folder, writer, cfg, display)
            except KeyboardInterrupt:
                fail('STOPPED', display.line(), f'{folder} is as it was; the same command goes on',
                     status=INTERRUPTED)  # fmt: skip
            except DatasetBusyError as error:
                fail('BUSY', str(error))
            except EndpointError as error:
                fail('SERVER', str(error), f'{folder} is as it was')
        console.print(display.line())
        for line in display.failures():
            console.print(f'[yellow]note[/] {line}', soft_wrap=True)
        if not display.num_described:
            fail('FAILED', 'no grasp got sentences', f'{folder} is as it was', status=FAILED)
        _show(folder, before, manifest)


def _show(folder: Path, before: Manifest, manifest: Manifest) -> None:
    if manifest.revision == before.revision:
        console.print(f'[green]unchanged[/] {folder} has these sentences already')
        return
    entry = manifest.descriptions[-1]
    console.print(
        f'[green]{4 * entry.num_grasps:,} sentences[/] of {entry.num_grasps:,} grasps → '
        f'{folder}/ revision {entry.revision}'
    )


@contextmanager
def _opened_writer(
    cfg: ModelCfg | None, answers: Path
) -> Iterator[tuple[SentenceWriter, MakeReport | None]]:
    """Give the writer, and what counts its requests if it makes any."""
    if cfg is None:
        yield GrammarWriter(), None
        return
    try:
        from maskdexgrasp_core.dataset.sentences.vision_language import VisionLanguageWriter
    except ModuleNotFoundError as error:
        fail('INPUT', str(error), status=MISUSE)
    with VisionLanguageWriter(cfg, answers) as writer:
        yield writer, writer.report


def _key(variable: str) -> str | None:
    """Return the key; None leaves it to the settings when nobody named a variable.

    Raises:
        InvalidInputError: If a variable was named that is not set.
    """
    if variable == ENVIRONMENT['api_key']:
        return None
    if not os.environ.get(variable):
        raise InvalidInputError(f'--api-key-env names {variable}, which is not set')
    return os.environ[variable]
