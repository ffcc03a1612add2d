"""Options of `maskdexgrasp train`."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from maskdexgrasp_core.cli.options import MAX_SEED

_DEVICES_PANEL = 'Devices'
_SETTINGS_PANEL = 'Settings'


class Kind(str, Enum):
    """What is trained."""

    TOKENIZER = 'tokenizer'
    TRANSFORMER = 'transformer'
    COMPLETION = 'completion'
    SELECTION = 'selection'


KindName = Annotated[
    Kind,
    typer.Argument(
        metavar='WHAT',
        help='tokenizer: grasps to tokens and back, comes first. transformer: tokens for a '
        'sentence and an object. completion: the side of an object that the camera misses. '
        'selection: which object a sentence means.',
    ),
]
Preset = Annotated[
    str, typer.Option(help='paper: as published. base: the one that ships. tiny: for a try.')
]
Data = Annotated[
    Path | None,
    typer.Option(
        metavar='DIR',
        help='Dataset; only its train split is read. A selection makes its own scenes.',
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        '--out', metavar='DIR', help='For weights and curves; default runs/train-<time>.'
    ),
]
Resume = Annotated[
    bool,
    typer.Option('--resume', help='Go on with the run in --out, or begin it if there is none.'),
]
Tokenizer = Annotated[
    Path | None,
    typer.Option(
        metavar='FILE',
        help='Weights of the tokenizer that a transformer learns the tokens of; default: those '
        'that ship.',
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(min=1, help='Passes over the data.', rich_help_panel=_SETTINGS_PANEL),
]
BatchSize = Annotated[
    int | None,
    typer.Option(
        min=1,
        help='Grasps in a batch, of all devices together (completion, selection: views).',
        rich_help_panel=_SETTINGS_PANEL,
    ),
]
LearningRate = Annotated[
    float | None,
    typer.Option(help='Greatest of the schedule.', rich_help_panel=_SETTINGS_PANEL),
]
Seed = Annotated[
    int,
    typer.Option(
        min=0,
        max=MAX_SEED,
        help='The same seed, machine and threads give the same curve.',
        rich_help_panel=_SETTINGS_PANEL,
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        '--set',
        metavar='NAME=VALUE',
        help='Change any setting of the preset, e.g. network.quantizer.codebook_size=128; '
        'may be repeated. A wrong name lists those that exist.',
        rich_help_panel=_SETTINGS_PANEL,
    ),
]
Accelerator = Annotated[
    str, typer.Option(help='cpu, cuda, mps, or auto.', rich_help_panel=_DEVICES_PANEL)
]
Devices = Annotated[
    int,
    typer.Option(
        min=1, help='On this machine; with cpu: processes.', rich_help_panel=_DEVICES_PANEL
    ),
]
Nodes = Annotated[
    int,
    typer.Option(
        min=1,
        help='Machines; start the same command on each, with MASTER_ADDR, MASTER_PORT and '
        'NODE_RANK set, or under SLURM.',
        rich_help_panel=_DEVICES_PANEL,
    ),
]
Strategy = Annotated[
    str,
    typer.Option(help='Of Lightning Fabric: auto, ddp, ...', rich_help_panel=_DEVICES_PANEL),
]
Precision = Annotated[
    str, typer.Option(help='32-true or bf16-mixed.', rich_help_panel=_DEVICES_PANEL)
]
Threads = Annotated[
    int,
    typer.Option(
        min=0,
        help='Of each process; 0: the cores shared out evenly.',
        rich_help_panel=_DEVICES_PANEL,
    ),
]
Workers = Annotated[
    int,
    typer.Option(
        min=0,
        help='Processes that look at objects before training; 0: all cores.',
        rich_help_panel=_DEVICES_PANEL,
    ),
]
