"""Options of `maskdexgrasp dataset describe`."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from maskdexgrasp_core.cli.options import MAX_SEED
from maskdexgrasp_core.dataset.sentences.model_cfg import ENVIRONMENT

_MODEL_PANEL = 'Vision-language model'


class WriterName(str, Enum):
    """Who writes."""

    GRAMMAR = 'grammar'
    VLM = 'vlm'


Writer = Annotated[
    WriterName,
    typer.Option(help='grammar: offline, seconds. vlm: a model that sees each grasp.'),
]
DescribeSeed = Annotated[
    int,
    typer.Option(
        min=0, max=MAX_SEED, help='Of the grammar, and of the grasps that --limit takes.'
    ),
]
Limit = Annotated[
    int,
    typer.Option(
        min=0,
        help='Describe so many grasps, taken at random; 0: all. A larger '
        'limit takes the same ones and more.',
    ),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        help=f'Of any server with the chat interface of OpenAI, such as vLLM. Default: '
        f'${ENVIRONMENT["base_url"]}.',
        rich_help_panel=_MODEL_PANEL,
    ),
]
ModelName = Annotated[
    str | None,
    typer.Option(
        help=f'As the server calls it. Default: ${ENVIRONMENT["model"]}.',
        rich_help_panel=_MODEL_PANEL,
    ),
]
KeyVariable = Annotated[
    str,
    typer.Option(
        help='Environment variable that holds the key, where the server asks for '
        'one; the key is written nowhere.',
        rich_help_panel=_MODEL_PANEL,
    ),
]
Requests = Annotated[
    int, typer.Option(min=1, help='Requests at the same time.', rich_help_panel=_MODEL_PANEL)
]
Attempts = Annotated[
    int,
    typer.Option(
        min=1,
        help='Requests for one grasp before it counts as failed.',
        rich_help_panel=_MODEL_PANEL,
    ),
]
TimeoutS = Annotated[
    float,
    typer.Option(help='Seconds that the server may be silent.', rich_help_panel=_MODEL_PANEL),
]
Stream = Annotated[
    bool,
    typer.Option(
        '--stream',
        help='Take answers piece by piece; some servers offer nothing else.',
        rich_help_panel=_MODEL_PANEL,
    ),
]
Answers = Annotated[
    Path | None,
    typer.Option(
        help='Folder that keeps what was answered. Default: ~/.cache/maskdexgrasp/answers.',
        rich_help_panel=_MODEL_PANEL,
    ),
]
InputPrice = Annotated[
    float | None,
    typer.Option(
        min=0,
        help='Of a million tokens of pictures and instructions, to report the cost.',
        rich_help_panel=_MODEL_PANEL,
    ),
]
OutputPrice = Annotated[
    float | None,
    typer.Option(min=0, help='Of a million tokens of answers.', rich_help_panel=_MODEL_PANEL),
]

EXAMPLES = """\
[bold]Examples[/]

  maskdexgrasp dataset describe data/mine --seed 7

  vllm serve Qwen/Qwen2.5-VL-7B-Instruct --port 8000

  maskdexgrasp dataset describe data/mine --writer vlm --base-url http://localhost:8000/v1
  --model Qwen/Qwen2.5-VL-7B-Instruct --workers 16

  maskdexgrasp dataset describe data/mine --writer vlm --base-url https://example.org/v1
  --model some-vl-model --api-key-env MY_KEY --input-price 0.2 --output-price 0.6

Try a few grasps first, look at them, then describe all:

  maskdexgrasp dataset describe data/mine --writer vlm --limit 20

  maskdexgrasp dataset show data/mine --out look.png
"""
"""Shown below the options."""
