"""Options that several commands share, so that they mean the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

MAX_SEED = 2**63 - 1
"""Messages carry seeds as int64."""

Seed = Annotated[
    int, typer.Option(min=0, max=MAX_SEED, help='The same seed gives the same result.')
]
GeneratorName = Annotated[str, typer.Option(help='Which generator proposes grasps.')]
Weights = Annotated[
    Path | None,
    typer.Option(
        '--weights',
        metavar='DIR',
        help='Of the generator model: folder of tokenizer.safetensors and '
        'transformer.safetensors; default: those that ship.',
    ),
]
GeneratorChanges = Annotated[
    list[str] | None,
    typer.Option(
        '--set',
        metavar='NAME=VALUE',
        help='Change any setting of the generator, e.g. sampling.guidance_scale=2 of model; may '
        'be repeated. A wrong name lists those that exist.',
    ),
]
ObjectFiles = Annotated[
    list[Path] | None,
    typer.Option('--object', help='Mesh to put on the table; may be repeated.'),
]
OutFolder = Annotated[
    Path | None,
    typer.Option('--out', help='Folder of the results; default runs/<command>-<time>.'),
]
JsonFile = Annotated[
    Path | None, typer.Option('--json', help='Also write the results to this JSON file.')
]
Spread = Annotated[
    bool,
    typer.Option(
        '--spread/--local',
        help='Let other machines take part: DDS over the network, ROS_DOMAIN_ID 0 unless it is '
        'set. Local: shared memory only, no port is opened.',
    ),
]
