"""The figures of a dataset: Table 4 of the paper, and what lies behind its rows."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maskdexgrasp_core.dataset.manifest import Manifest
from maskdexgrasp_core.dataset.reader import Dataset
from maskdexgrasp_core.dataset.record import FORMS
from maskdexgrasp_core.tasks import TASKS


@dataclass(frozen=True, kw_only=True)
class SubsetFigures:
    """One row of Table 4 (MaskDexGrasp, Sec. C)."""

    grasps: int
    objects: int
    categories: int
    tasks: int
    texts: int


@dataclass(frozen=True, kw_only=True)
class KindYield:
    """How many candidates of a kind became grasps."""

    task: str
    category: str
    candidates: int
    grasps: int
    seconds: float
    """On one core [s]."""

    @property
    def share(self) -> float:
        """Grasps per candidate, NaN without candidates."""
        return self.grasps / self.candidates if self.candidates else float('nan')

    @property
    def per_core_second(self) -> float:
        """Grasps per second of one core, NaN when no time was measured."""
        return self.grasps / self.seconds if self.seconds else float('nan')


@dataclass(frozen=True, kw_only=True)
class DatasetFigures:
    """Everything that `maskdexgrasp dataset stats` says."""

    total: SubsetFigures
    sources: dict[str, SubsetFigures]
    """Source -> its row; the subsets of the paper's table."""
    tasks: dict[str, int]
    """Task -> grasps, in the order of `TASKS`."""
    categories: dict[str, int]
    """Category -> grasps, most first."""
    splits: dict[str, SubsetFigures]
    fingers: dict[str, float]
    """Part of the hand -> share of the grasps in which it touches the object."""
    different_texts: int
    """Sentences without repetitions."""
    checked: int
    """Grasps that were checked in physics."""
    held_all: int
    """Of these, grasps that held in all six directions."""
    means: dict[str, float] = field(default_factory=dict)
    """penetration_cm, q1, num_contacts, part_share: means over the checked grasps."""
    part_share_by_task: dict[str, float] = field(default_factory=dict)
    """Task -> mean share of the contacts on the asked part."""
    clear_of_table: float = math.nan
    """Share of the grasps whose hand is all above the table, of those where a table is known."""
    clear_of_table_by_task: dict[str, float] = field(default_factory=dict)
    """Task -> the same."""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def compute_figures(data: Dataset) -> DatasetFigures:
    """Return the figures of a dataset or of a selection from one."""
    grasps = data.grasps
    names = grasps.object_ids
    splits = np.array([data.object_row(name)['split'] for name in names.tolist()], dtype=np.str_)
    checked = grasps.is_checked
    touched = Counter(part for parts in grasps.fingers for part in parts)
    number = Counter(grasps.categories.tolist())
    return DatasetFigures(
        total=_subset(data, np.ones(len(grasps), dtype=bool)),
        sources={name: _subset(data, grasps.sources == name) for name in _kinds(grasps.sources)},
        tasks={task: int((grasps.tasks == task).sum()) for task in _in_order(grasps.tasks)},
        categories=dict(sorted(number.items(), key=lambda item: (-item[1], item[0]))),
        splits={name: _subset(data, splits == name) for name in _kinds(splits)},
        fingers={part: count / len(grasps) for part, count in sorted(touched.items())},
        different_texts=len({text for texts in grasps.texts for text in texts}),
        checked=int(checked.sum()),
        held_all=int(grasps.held.all(axis=1).sum()),
        means={
            'penetration_cm': 100 * _mean(grasps.penetrations_m),
            'q1': _mean(grasps.q1s),
            'num_contacts': _mean(grasps.nums_contacts),
            'part_share': _mean(grasps.part_shares),
        },
        part_share_by_task={
            task: _mean(grasps.part_shares[grasps.tasks == task])
            for task in _in_order(grasps.tasks)
        },
        clear_of_table=_share_above(grasps.table_gaps_m),
        clear_of_table_by_task={
            task: _share_above(grasps.table_gaps_m[grasps.tasks == task])
            for task in _in_order(grasps.tasks)
        },
    )


def kind_yields(manifest: Manifest) -> list[KindYield]:
    """Return the yields of all builds of a dataset, one for each task and category."""
    rows = [row for build in manifest.builds for row in build.yields]
    return sum_yields(rows)


def sum_yields(rows: Sequence[Mapping[str, Any]]) -> list[KindYield]:
    """Return rows of `builder.yield_table`, added up by task and category."""
    kinds = sorted({(row['task'], row['category']) for row in rows})
    summed = []
    for task, category in kinds:
        mine = [row for row in rows if (row['task'], row['category']) == (task, category)]
        summed.append(
            KindYield(
                task=task,
                category=category,
                candidates=sum(row['candidates'] for row in mine),
                grasps=sum(row['grasps'] for row in mine),
                seconds=sum(row['seconds'] for row in mine),
            )
        )
    return summed


def _subset(data: Dataset, mask: NDArray[np.bool_]) -> SubsetFigures:
    objects = np.unique(data.grasps.object_ids[mask]).tolist()
    return SubsetFigures(
        grasps=int(mask.sum()),
        objects=len(objects),
        categories=len({data.object_row(name)['category'] for name in objects}),
        tasks=len(np.unique(data.grasps.tasks[mask])),
        texts=len(FORMS) * int(mask.sum()),
    )


def _kinds(names: NDArray[np.str_]) -> list[str]:
    return [str(name) for name in np.unique(names)]


def _in_order(tasks: NDArray[np.str_]) -> list[str]:
    there = set(tasks.tolist())
    return [task for task in TASKS if task in there]


def _share_above(gaps_m: NDArray[np.float32]) -> float:
    known = gaps_m[~np.isnan(gaps_m)]
    return float((known >= 0).mean()) if len(known) else math.nan


def _mean(values: NDArray[np.float32]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean(dtype=np.float64)) if len(known) else float('nan')
