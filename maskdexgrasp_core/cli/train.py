"""`maskdexgrasp train`: the networks, from a dataset to files of weights."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from maskdexgrasp_core.cli.console import (
    INTERRUPTED,
    console,
    fail,
    reported_errors,
    run_folder,
)
from maskdexgrasp_core.cli.train_options import (
    Accelerator,
    BatchSize,
    Changes,
    Data,
    Devices,
    Epochs,
    KindName,
    LearningRate,
    Nodes,
    Out,
    Precision,
    Preset,
    Resume,
    Seed,
    Strategy,
    Threads,
    Tokenizer,
    Workers,
)
from maskdexgrasp_core.cli.train_progress import TrainingDisplay, figures_line
from maskdexgrasp_core.errors import InvalidInputError, MaskDexGraspError
from maskdexgrasp_core.work_pool import WorkerLostError, usable_cores

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from maskdexgrasp_core.training.devices import DeviceCfg
    from maskdexgrasp_core.training.registry import Prepared, Report, TrainingOrder
    from maskdexgrasp_core.training.run_folder import EpochRecord

_GO_ON = 'the same command with --resume goes on'


def train(
    what: KindName,
    data: Data = None,
    preset: Preset = 'base',
    out: Out = None,
    resume: Resume = False,
    tokenizer: Tokenizer = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = 0,
    changes: Changes = None,
    accelerator: Accelerator = 'auto',
    devices: Devices = 1,
    nodes: Nodes = 1,
    strategy: Strategy = 'auto',
    precision: Precision = '32-true',
    threads: Threads = 0,
    workers: Workers = 0,
) -> None:
    """Train a network: first the tokenizer, then the transformer on its tokens.

    Every epoch ends with figures on objects that training does not see. A run that was stopped
    or killed goes on with --resume and gives the same curve; `tensorboard --logdir runs` draws it.

    [bold]Examples[/]

      maskdexgrasp train tokenizer --data data/tdg-procedural-v1 --out runs/tokenizer

      maskdexgrasp train transformer --data data/tdg-procedural-v1 --out runs/transformer
      --tokenizer runs/tokenizer/best.safetensors

      maskdexgrasp train tokenizer --data data/tdg-procedural-v1 --out runs/tokenizer --resume

      maskdexgrasp train transformer --preset paper --data data/mine --devices 4
      --precision bf16-mixed --tokenizer runs/tokenizer/best.safetensors
    """
    from maskdexgrasp_core.training.devices import DeviceCfg
    from maskdexgrasp_core.training.overrides import parse_changes
    from maskdexgrasp_core.training.registry import TrainingOrder

    with reported_errors():
        if resume and out is None:
            raise InvalidInputError('--resume goes on in a folder: name it with --out')
        order = TrainingOrder(
            kind=what.value,
            preset=preset,
            data=data,
            seed=seed,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            changes=parse_changes(changes or []),
            tokenizer=tokenizer,
            workers=workers or usable_cores(),
        )
        device = DeviceCfg(
            accelerator=accelerator,
            devices=devices,
            num_nodes=nodes,
            strategy=strategy,
            precision=precision,
            threads=threads or max(1, usable_cores() // devices),
        )
        _train(order, device, run_folder(out, 'train'), resume=resume)


def _train(order: 'TrainingOrder', device: 'DeviceCfg', folder: Path, *, resume: bool) -> None:
    """Prepare and train, in every process; the first one reports."""
    from maskdexgrasp_core.dataset.folder_lock import DatasetBusyError
    from maskdexgrasp_core.training.devices import make_fabric
    from maskdexgrasp_core.training.loop import ProcessLostError, TrainingDivergedError
    from maskdexgrasp_core.training.loop import train as run_loop

    fabric = make_fabric(device)
    console.quiet = not fabric.is_global_zero
    with TrainingDisplay(console) as display:
        try:
            recipe, loop = _prepared(order, fabric, display.preparing)
            parameters = sum(p.numel() for p in recipe.network.parameters())
            console.print(
                f'{order.kind} {order.preset}: {parameters / 1e6:.2f} M parameters, '
                f'{loop.epochs} epochs of {recipe.steps_per_epoch} steps → {folder}/'
            )
            history = run_loop(
                recipe, loop, folder, fabric=fabric, resume=resume, on_progress=display
            )
        except KeyboardInterrupt:
            if not fabric.is_global_zero:
                raise typer.Exit(INTERRUPTED) from None
            fail('STOPPED', f'{display.num_epochs_kept} epochs are kept in {folder}',
                 _GO_ON, status=INTERRUPTED)  # fmt: skip
        except ProcessLostError as error:
            fail('TRAINING', str(error), _GO_ON)
        except (DatasetBusyError, WorkerLostError, TrainingDivergedError) as error:
            fail('TRAINING', str(error))
    _show_best(history, recipe.criterion, folder)


def _prepared(order: 'TrainingOrder', fabric: 'Fabric', report: 'Report') -> 'Prepared':
    """Prepare in the first process, then in the others, which find its files.

    An error waits until all processes have passed, so that none is left at a barrier.
    """
    from maskdexgrasp_core.training.registry import prepare_training

    with fabric.rank_zero_first():
        try:
            return prepare_training(order, report)
        except (MaskDexGraspError, KeyboardInterrupt) as error:
            failure = error
    raise failure


def _show_best(history: list['EpochRecord'], criterion: str, folder: Path) -> None:
    from maskdexgrasp_core.training.run_folder import BEST_NAME

    name = f'val/{criterion}'
    measured = [record for record in history if name in record.figures]
    best = min(measured, key=lambda record: record.figures[name]) if measured else history[-1]
    console.print(f'[green]best[/] {figures_line(best)} → {folder / BEST_NAME}')
