"""The loop that all trainings share: any device, exact resume after a kill, figures every epoch.

An epoch is the unit: its random numbers follow from the seed and its number, and the state is
written when it ends. A run that was killed repeats the epoch it was in and gives the same curve
(on the same machine with the same number of threads).
"""

import contextlib
import math
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.tensorboard import SummaryWriter

from maskdexgrasp_core.dataset.folder_lock import locked_folder
from maskdexgrasp_core.errors import MaskDexGraspError
from maskdexgrasp_core.training.loop_cfg import LoopCfg
from maskdexgrasp_core.training.optimisation import (
    mixed_seed,
    parameter_groups,
    running_average,
)
from maskdexgrasp_core.training.progress import ProgressCallback, TrainingProgress
from maskdexgrasp_core.training.recipe import Losses, Recipe, Share
from maskdexgrasp_core.training.run_folder import BEST_NAME, LAST_NAME, EpochRecord, RunFolder

_CURVE_EVERY = 10
"""Steps from one point of the curves to the next."""


class TrainingDivergedError(MaskDexGraspError, RuntimeError):
    """The loss is not a number any more."""


class ProcessLostError(MaskDexGraspError, RuntimeError):
    """The connection to another process of the same training broke, mostly because it ended."""


def train(
    recipe: Recipe,
    cfg: LoopCfg,
    folder: Path,
    *,
    fabric: Fabric,
    resume: bool = False,
    on_progress: ProgressCallback = lambda progress: None,
) -> list[EpochRecord]:
    """Train a network, or go on with it.

    Args:
        recipe: What to train, made after `fabric` and `seed_networks(cfg.seed)`.
        cfg: How.
        folder: For weights and curves; see `training.run_folder`.
        fabric: From `devices.make_fabric`.
        resume: Whether the folder may hold the beginning of this very training.
        on_progress: Called after every step and every epoch, in the first process only.

    Returns:
        One record for each epoch, those before a resume included.

    Raises:
        InvalidInputError: If the folder holds another training, or one that is not to be resumed.
        DatasetBusyError: If another process is writing the folder.
        TrainingDivergedError: If the loss becomes infinite or not a number.
        ProcessLostError: If the connection to another process of the training breaks.
    """
    run = RunFolder(folder)
    identity = _identity(recipe, cfg, fabric)
    run.check(identity, resume=resume)
    with _broken_connections_named(fabric), contextlib.ExitStack() as stack:
        fabric.barrier()
        if fabric.is_global_zero:
            folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked_folder(folder))
            run.open(identity)
        trainer = _Trainer(recipe, cfg, fabric)
        trainer.restore(run)
        if fabric.is_global_zero:
            trainer.curves = stack.enter_context(_curves(run, trainer.num_steps_done))
            trainer.on_progress = on_progress
        for epoch in range(len(trainer.history), cfg.epochs):
            trainer.run_epoch(epoch)
            trainer.save(run)
    return trainer.history


class _Trainer:
    """A training in this process."""

    def __init__(self, recipe: Recipe, cfg: LoopCfg, fabric: Fabric) -> None:
        self.recipe, self.cfg, self.fabric = recipe, cfg, fabric
        optimizer = torch.optim.AdamW(
            parameter_groups(recipe.objective, cfg.weight_decay),
            lr=cfg.learning_rate,
            betas=cfg.betas,
        )
        self.objective, self.optimizer = fabric.setup(recipe.objective, optimizer)
        self.averaged = (
            AveragedModel(recipe.network, avg_fn=running_average(cfg.ema_decay))
            if cfg.ema_decay
            else None
        )
        self.history: list[EpochRecord] = []
        self.curves: SummaryWriter | None = None
        self.on_progress: ProgressCallback = lambda progress: None
        self._began = time.monotonic()
        self._resumed = 0

    @property
    def num_steps_done(self) -> int:
        """Steps of all epochs that have ended."""
        return len(self.history) * self.recipe.steps_per_epoch

    @property
    def kept(self) -> nn.Module:
        """The network whose weights are kept: the trained one or its running average."""
        return self.recipe.network if self.averaged is None else self.averaged.module

    def restore(self, run: RunFolder) -> None:
        """Take up the state that a run left, if it left one."""
        found = run.read_state()
        if found is None:
            return
        state, self.history = found
        self.recipe.objective.load_state_dict(state['objective'])
        self.optimizer.load_state_dict(state['optimizer'])
        if self.averaged is not None:
            self.averaged.load_state_dict(state['averaged'])
        self._resumed = len(self.history)

    def save(self, run: RunFolder) -> None:
        """Write weights, figures and state of the epoch that has just ended."""
        if self.fabric.is_global_zero:
            record, tensors = self.history[-1], self.kept.state_dict()
            header = self.recipe.header
            header = replace(header, facts={**header.facts, **_conditions(self.cfg, self.fabric)})
            run.write_weights(LAST_NAME, tensors, header, record)
            if self._is_best():
                run.write_weights(BEST_NAME, tensors, header, record)
            state: dict[str, Any] = {
                'objective': self.recipe.objective.state_dict(),
                'optimizer': self.optimizer.state_dict(),
            }
            if self.averaged is not None:
                state['averaged'] = self.averaged.state_dict()
            run.write_state(state, self.history)
        self.fabric.barrier()

    def run_epoch(self, epoch: int) -> None:
        """Train one epoch, validate, and add its record to the history."""
        began = time.monotonic()
        torch.manual_seed(mixed_seed(self.cfg.seed, 1 + epoch, self.fabric.global_rank))
        figures = {f'train/{name}': value for name, value in self._train_epoch(epoch).items()}
        is_last = epoch + 1 == self.cfg.epochs
        if is_last or (epoch + 1) % self.cfg.validate_every == 0:
            figures |= {f'val/{name}': value for name, value in self._validate().items()}
        self.history.append(EpochRecord(epoch, time.monotonic() - began, figures))
        for name, value in figures.items():
            self._draw(f'epoch/{name}', value, self.num_steps_done - 1)
        self._report(epoch, self.recipe.steps_per_epoch, figures['train/loss'], ended=True)

    def _train_epoch(self, epoch: int) -> dict[str, float]:
        self.objective.train()
        sums: defaultdict[str, float] = defaultdict(float)
        share = Share(self.fabric.global_rank, self.fabric.world_size)
        num_steps = self.recipe.steps_per_epoch
        for index, batch in enumerate(self.recipe.batches(epoch, share)):
            figures = self._step(epoch * num_steps + index, batch)
            for name, value in figures.items():
                sums[name] += value
            self._report(epoch, index + 1, sums['loss'] / (index + 1), ended=False)
        means = {name: total / num_steps for name, total in sums.items()}
        return self._over_processes(means)

    def _step(self, step: int, batch: tuple[object, ...]) -> dict[str, float]:
        """Take one step and return the figures of the batch before it."""
        rate = self.cfg.rate(step, self.cfg.epochs * self.recipe.steps_per_epoch)
        for group in self.optimizer.param_groups:
            group['lr'] = rate
        losses: Losses = self.objective(self.fabric.to_device(batch))
        loss = float(losses.total.detach())
        if not math.isfinite(loss):
            raise TrainingDivergedError(
                f'the loss is {loss} in step {step}; a lower --learning-rate or --precision '
                '32-true may help'
            )
        self.optimizer.zero_grad()
        self.fabric.backward(losses.total)
        if self.cfg.clip_norm:
            self.fabric.clip_gradients(
                self.objective,
                self.optimizer,
                max_norm=self.cfg.clip_norm,
                error_if_nonfinite=False,  # the next loss tells
            )
        self.optimizer.step()
        if self.averaged is not None:
            self.averaged.update_parameters(self.recipe.network)
        figures = {'loss': loss, **{name: float(v) for name, v in losses.figures.items()}}
        if step % _CURVE_EVERY == 0:
            for name, value in {**figures, 'learning_rate': rate}.items():
                self._draw(f'step/{name}', value, step)
        return figures

    def _validate(self) -> dict[str, float]:
        """Return the figures of the kept network; all processes wait for the first."""
        figures: dict[str, float] = {}
        if self.fabric.is_global_zero:
            network = self.kept
            was_training = network.training
            network.eval()
            with torch.no_grad():
                figures = self.recipe.validate(network)
            network.train(was_training)
        self.fabric.barrier()
        return figures

    def _over_processes(self, figures: dict[str, float]) -> dict[str, float]:
        if self.fabric.world_size == 1:
            return figures
        values = torch.tensor(list(figures.values()), device=self.fabric.device)
        means = cast(Tensor, self.fabric.all_reduce(values, reduce_op='mean'))
        return dict(zip(figures, means.tolist(), strict=True))

    def _is_best(self) -> bool:
        """Return whether the last epoch has the lowest criterion so far."""
        name = f'val/{self.recipe.criterion}'
        values = [record.figures.get(name, math.inf) for record in self.history]
        return not self.recipe.criterion or values[-1] <= min(values)

    def _draw(self, name: str, value: float, step: int) -> None:
        if self.curves is not None:
            self.curves.add_scalar(name, value, step)

    def _report(self, epoch: int, step: int, loss: float, *, ended: bool) -> None:
        self.on_progress(
            TrainingProgress(
                epoch=epoch,
                num_epochs=self.cfg.epochs,
                step=step,
                steps_per_epoch=self.recipe.steps_per_epoch,
                resumed_epochs=self._resumed,
                elapsed_s=time.monotonic() - self._began,
                loss=loss,
                record=self.history[-1] if ended else None,
            )
        )


def _identity(recipe: Recipe, cfg: LoopCfg, fabric: Fabric) -> Mapping[str, Any]:
    """Return everything that decides the curve, as JSON."""
    return {
        'kind': recipe.header.kind,
        'preset': recipe.header.preset,
        'network': dict(recipe.header.config),
        **recipe.identity,
        **_conditions(cfg, fabric),
    }


def _conditions(cfg: LoopCfg, fabric: Fabric) -> Mapping[str, Any]:
    """Return how it is trained, as JSON."""
    return {
        'loop': asdict(cfg),
        'precision': fabric.strategy.precision.precision,
        'processes': fabric.world_size,
        'threads': torch.get_num_threads(),
        'torch': str(torch.__version__),
    }


@contextlib.contextmanager
def _broken_connections_named(fabric: Fabric) -> Iterator[None]:
    """Raise `ProcessLostError` where the connection to another process breaks."""
    try:
        yield
    except RuntimeError as error:  # gloo has no error of its own; those of NCCL are `DistError`
        known = isinstance(error, torch.distributed.DistError) or 'gloo' in str(error)
        if fabric.world_size == 1 or not known:
            raise
        first_line = str(error).partition('\n')[0]
        raise ProcessLostError(
            'the connection to another process of this training broke; its own output says why '
            f'if it has ended ({first_line})'
        ) from error


@contextlib.contextmanager
def _curves(run: RunFolder, first_step: int) -> Iterator[SummaryWriter]:
    """Write curves; points of a killed run from `first_step` on are taken back."""
    writer = SummaryWriter(str(run.tensorboard), purge_step=first_step)
    try:
        yield writer
    finally:
        writer.close()
