"""`maskdexgrasp dataset describe`: other sentences for the grasps of a dataset."""

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from maskdexgrasp_core.cli.console import FAILED, MISUSE, console, fail, reported_errors
from maskdexgrasp_core.cli.dataset_build import Folder
from maskdexgrasp_core.cli.describe_progress import DescribeDisplay, MakeReport
from maskdexgrasp_core.cli.options import MAX_SEED
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

_INTERRUPTED = 130
_MODEL_PANEL = 'Vision-language model'


class WriterName(str, Enum):
    """Who writes."""

    GRAMMAR = 'grammar'
    VLM = 'vlm'


def describe(
    folder: Folder,
    writer: Annotated[
        WriterName,
        typer.Option(help='grammar: offline, seconds. vlm: a model that sees each grasp.'),
    ] = WriterName.GRAMMAR,
    seed: Annotated[
        int,
        typer.Option(
            min=0, max=MAX_SEED, help='Of the grammar, and of the grasps that --limit takes.'
        ),
    ] = 0,
    limit: Annotated[
        int,
        typer.Option(
            min=0,
            help='Describe so many grasps, taken at random; 0: all. A larger '
            'limit takes the same ones and more.',
        ),
    ] = 0,
    base_url: Annotated[
        str | None,
        typer.Option(
            help=f'Of any server with the chat interface of OpenAI, such as vLLM. Default: '
            f'${ENVIRONMENT["base_url"]}.',
            rich_help_panel=_MODEL_PANEL,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help=f'As the server calls it. Default: ${ENVIRONMENT["model"]}.',
            rich_help_panel=_MODEL_PANEL,
        ),
    ] = None,
    api_key_env: Annotated[
        str,
        typer.Option(
            help='Environment variable that holds the key, where the server asks for '
            'one; the key is written nowhere.',
            rich_help_panel=_MODEL_PANEL,
        ),
    ] = ENVIRONMENT['api_key'],
    workers: Annotated[
        int, typer.Option(min=1, help='Requests at the same time.', rich_help_panel=_MODEL_PANEL)
    ] = 4,
    attempts: Annotated[
        int,
        typer.Option(
            min=1,
            help='Requests for one grasp before it counts as failed.',
            rich_help_panel=_MODEL_PANEL,
        ),
    ] = 5,
    timeout: Annotated[
        float,
        typer.Option(help='Seconds that the server may be silent.', rich_help_panel=_MODEL_PANEL),
    ] = 60.0,
    stream: Annotated[
        bool,
        typer.Option(
            '--stream',
            help='Take answers piece by piece; some servers offer nothing else.',
            rich_help_panel=_MODEL_PANEL,
        ),
    ] = False,
    answers: Annotated[
        Path | None,
        typer.Option(
            help='Folder that keeps what was answered. Default: ~/.cache/maskdexgrasp/answers.',
            rich_help_panel=_MODEL_PANEL,
        ),
    ] = None,
    input_price: Annotated[
        float | None,
        typer.Option(
            min=0,
            help='Of a million tokens of pictures and instructions, to report the cost.',
            rich_help_panel=_MODEL_PANEL,
        ),
    ] = None,
    output_price: Annotated[
        float | None,
        typer.Option(min=0, help='Of a million tokens of answers.', rich_help_panel=_MODEL_PANEL),
    ] = None,
) -> None:
    """Rewrite the four sentences of every grasp, with the grammar or a vision-language model.

    Only sentences change, as a new revision that the manifest and the README name. It is written
    when the last grasp was tried: until then the dataset stays as it was. A grasp that the model
    fails on keeps its sentences and is counted. Every answer is kept on the disk, so that the same
    command goes on where it was ended and asks only for what is missing.

    Try a few grasps first, look at them, then describe all:

      maskdexgrasp dataset describe data/mine --writer vlm --limit 20

      maskdexgrasp dataset show data/mine --out look.png

    [bold]Examples[/]

      maskdexgrasp dataset describe data/mine --seed 7

      vllm serve Qwen/Qwen2.5-VL-7B-Instruct --port 8000

      maskdexgrasp dataset describe data/mine --writer vlm --base-url http://localhost:8000/v1
      --model Qwen/Qwen2.5-VL-7B-Instruct --workers 16

      maskdexgrasp dataset describe data/mine --writer vlm --base-url https://example.org/v1
      --model some-vl-model --api-key-env MY_KEY --input-price 0.2 --output-price 0.6
    """
    with reported_errors():
        before = read_manifest(folder)
        model_cfg = None
        if writer is WriterName.VLM:
            model_cfg = ModelCfg.from_environment(
                os.environ,
                base_url=base_url,
                model=model,
                api_key=_key(api_key_env),
                max_parallel=workers,
                max_attempts=attempts,
                timeout_s=timeout,
                stream=stream,
                price_per_million_input=input_price,
                price_per_million_output=output_price,
                fall_back=False,
            )
        elif base_url or model:
            raise InvalidInputError('--base-url and --model are of --writer vlm; give that, too')
        cfg = DescribeCfg(
            writer=writer.value,
            model=model_cfg.model if model_cfg else '',
            seed=seed,
            limit=limit,
            command=shlex.join(['maskdexgrasp', *sys.argv[1:]]),
        )
        _describe(folder, before, cfg, model_cfg, answers or _default_answers())


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
                     status=_INTERRUPTED)  # fmt: skip
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


def _default_answers() -> Path:
    root = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache')
    return root / 'maskdexgrasp' / 'answers'
