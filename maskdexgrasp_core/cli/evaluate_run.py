"""Runs an evaluation on all cores, with a bar that says how far it is."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from maskdexgrasp_core.cli.console import console
from maskdexgrasp_core.cli.evaluate_dataset import dataset_requests
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.evaluator import EvaluationCfg, evaluate_object, in_units
from maskdexgrasp_core.evaluation.generated_grasps import GenerationCfg, evaluate_request
from maskdexgrasp_core.evaluation.grasp_under_test import (
    ConditionResult,
    GraspOutcome,
    ObjectUnderTest,
)
from maskdexgrasp_core.evaluation.protocols import load_protocol
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.perception.completion import load_completion
from maskdexgrasp_core.synthesis.registry import require_generator
from maskdexgrasp_core.synthesis.squeeze import SqueezeCfg
from maskdexgrasp_core.work_pool import run_units

Unit = TypeVar('Unit')
Result = TypeVar('Result')


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluated:
    """What came of a run."""

    outcomes: Sequence[GraspOutcome]
    conditions: Sequence[ConditionResult]
    models: dict[str, ObjectModel]
    cfg: EvaluationCfg
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Judge:
    """How grasps are judged, and on how many processes."""

    protocols: tuple[str, ...]
    squeeze: str
    step_scale: float
    hold_scale: float
    workers: int

    def given(self, items: Sequence[ObjectUnderTest]) -> Evaluated:
        """Evaluate given grasps."""
        stored = all(g.squeeze_positions is not None for item in items for g in item.grasps)
        cfg = self._cfg('stored' if stored else 'balanced')
        work = partial(evaluate_object, cfg=cfg)
        began = time.perf_counter()
        found = self._run(work, in_units(items), 'grasps', len)
        return Evaluated(
            outcomes=[outcome for one in found for outcome in one],
            conditions=(),
            models={item.object_id: item.model for item in items},
            cfg=cfg,
            seconds=time.perf_counter() - began,
        )

    def generated(
        self, generation: GenerationCfg, folder: Path, split: str, number: int
    ) -> Evaluated:
        """Let a generator answer conditions of a dataset, and evaluate its grasps."""
        require_generator(generation.generator, generation.weights)
        if generation.view == 'single':
            load_completion(generation.completion)
        own = all(load_protocol(name).kp == SqueezeCfg().kp for name in self.protocols)
        cfg = self._cfg('stored' if own else 'balanced')  # targets are for servos of one stiffness
        requests = dataset_requests(folder, split=split, number=number, seed=generation.seed)
        work = partial(evaluate_request, generation=generation, cfg=cfg)
        began = time.perf_counter()
        found = self._run(work, requests, 'conditions', lambda answers: len(answers.conditions))
        return Evaluated(
            outcomes=[outcome for one in found for outcome in one.outcomes],
            conditions=[condition for one in found for condition in one.conditions],
            models={request.object_id: request.model for request in requests},
            cfg=cfg,
            seconds=time.perf_counter() - began,
        )

    def _cfg(self, default_squeeze: str) -> EvaluationCfg:
        if not 0.0 < self.step_scale <= 1.0:
            raise InvalidInputError(
                f'--step-scale must be above 0 and at most 1, got {self.step_scale}'
            )
        chosen = [load_protocol(name) for name in dict.fromkeys(self.protocols)]
        scaled = [p.scaled_time(timestep=self.step_scale, hold=self.hold_scale) for p in chosen]
        return EvaluationCfg(protocols=tuple(scaled), squeeze=self.squeeze or default_squeeze)

    def _run(
        self,
        work: Callable[[Unit], Result],
        units: Sequence[Unit],
        what: str,
        size: Callable[[Result], int],
    ) -> list[Result]:
        """Return the results of all units, in any order, showing how far it is."""
        columns = (
            TextColumn('{task.description}'),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        found = []
        with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task(what, total=sum(_size(unit) for unit in units))
            results = run_units(work, units, workers=min(self.workers, len(units)))
            with contextlib.closing(results):
                for result in results:
                    found.append(result)
                    bar.update(task, advance=size(result))
        return found


def _size(unit: Any) -> int:
    return len(unit.grasps if isinstance(unit, ObjectUnderTest) else unit.conditions)
