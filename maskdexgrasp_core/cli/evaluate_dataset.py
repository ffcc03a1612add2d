"""Grasps of a dataset for `evaluate`, or the conditions in it for a generator."""

from pathlib import Path

import numpy as np

from maskdexgrasp_core.dataset.grasp_table import GraspTable
from maskdexgrasp_core.dataset.reader import Dataset, open_dataset
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.generated_grasps import Condition, ObjectRequest
from maskdexgrasp_core.evaluation.grasp_under_test import GraspUnderTest, ObjectUnderTest


def dataset_items(
    folder: Path, *, split: str, sample: int, seed: int
) -> tuple[ObjectUnderTest, ...]:
    """Return grasps of a dataset by object.

    Args:
        folder: Of the dataset.
        split: Name of a split, '' for all.
        sample: Grasps drawn without replacement; 0 takes all.
        seed: Of the draw.

    Raises:
        InvalidInputError: If there is no dataset, or no grasp in it.
        UnknownNameError: If the split is not known.
    """
    data = _opened(folder, split)
    table = data.grasps.sample(sample, seed=seed) if sample else data.grasps
    return tuple(
        ObjectUnderTest(
            object_id=object_id,
            category=data.objects[object_id].category,
            model=data.objects[object_id].model,
            grasps=tuple(grasps),
        )
        for object_id, grasps in sorted(_grasps_by_object(table).items())
    )


def dataset_requests(
    folder: Path, *, split: str, number: int, seed: int
) -> tuple[ObjectRequest, ...]:
    """Return conditions of a split by object: tasks of objects, each with one of its sentences.

    Args:
        folder: Of the dataset.
        split: Name of a split, '' for all.
        number: Conditions drawn without replacement; 0 takes all.
        seed: Of the draw.

    Raises:
        InvalidInputError: If there is no dataset, or no grasp in the split.
        UnknownNameError: If the split is not known.
    """
    data = _opened(folder, split)
    return tuple(
        ObjectRequest(
            object_id=object_id,
            category=data.objects[object_id].category,
            model=data.objects[object_id].model,
            conditions=tuple(conditions),
        )
        for object_id, conditions in _drawn_conditions(data, number, seed).items()
    )


def _grasps_by_object(table: GraspTable) -> dict[str, list[GraspUnderTest]]:
    joints, targets = table.joint_positions, table.squeeze_positions
    members: dict[str, list[GraspUnderTest]] = {}
    for row, object_id in enumerate(table.object_ids.tolist()):
        task = str(table.tasks[row])
        grasp = GraspUnderTest(
            key=str(table.grasp_ids[row]),
            T_object_wrist=table.Ts_object_wrist[row],
            joint_positions=joints[row].astype(float),
            squeeze_positions=targets[row].astype(float),
            task=task,
            part=str(table.parts[row]),
            texts=table.texts[row],
            condition=f'{object_id}-{task}',
        )
        members.setdefault(object_id, []).append(grasp)
    return members


def _drawn_conditions(data: Dataset, number: int, seed: int) -> dict[str, list[Condition]]:
    """Return conditions by object, each with a sentence of one of its grasps; 0 takes all."""
    rows = _rows_of_conditions(data)
    rng = np.random.default_rng(seed)
    keys = sorted(rows)
    drawn = rng.permutation(len(keys))[: number or None]
    members: dict[str, list[Condition]] = {}
    for index in sorted(drawn.tolist()):
        object_id, task = keys[index]
        row = int(rng.choice(rows[object_id, task]))
        texts = data.grasps.texts[row]
        condition = Condition(
            key=f'{object_id}-{task}',
            task=task,
            part=str(data.grasps.parts[row]),
            text=str(texts[int(rng.integers(len(texts)))]),
        )
        members.setdefault(object_id, []).append(condition)
    return members


def _rows_of_conditions(data: Dataset) -> dict[tuple[str, str], list[int]]:
    rows: dict[tuple[str, str], list[int]] = {}
    pairs = zip(data.grasps.object_ids.tolist(), data.grasps.tasks.tolist(), strict=True)
    for row, pair in enumerate(pairs):
        rows.setdefault(pair, []).append(row)
    return rows


def _opened(folder: Path, split: str) -> Dataset:
    if not folder.is_dir():
        raise InvalidInputError(
            f'{folder} does not exist: name a dataset, or make one by `maskdexgrasp dataset build`'
        )
    data = open_dataset(folder).select(split=split)
    if len(data.grasps) == 0:
        raise InvalidInputError(
            f'{folder} has no grasps' + (f' in the split {split}' if split else '')
        )
    return data
