"""The grasps of a dataset as tensors in memory, and the objects that training holds back."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from maskdexgrasp_core.dataset.reader import Dataset
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.tasks import TASKS


@dataclass(frozen=True, eq=False)
class GraspData:
    """N grasps of O objects."""

    object_ids: tuple[str, ...]
    """O ids."""
    sentences: tuple[str, ...]
    """U different sentences."""
    objects: Tensor
    """(N,) int64 indices in `object_ids`."""
    hands: HandBatch
    """Of N, in the object frame."""
    tasks: Tensor
    """(N,) int64 indices in `tasks.TASKS`."""
    texts: Tensor
    """(N, 4) int64 indices in `sentences`."""

    def of_objects(self, names: Sequence[str]) -> 'GraspData':
        """Return the grasps of some of the objects; ids and sentences keep their indices."""
        wanted = torch.tensor([name in set(names) for name in self.object_ids])
        rows = wanted[self.objects]
        return GraspData(
            object_ids=self.object_ids,
            sentences=self.sentences,
            objects=self.objects[rows],
            hands=self.hands.select(rows),
            tasks=self.tasks[rows],
            texts=self.texts[rows],
        )


def grasp_data(data: Dataset) -> GraspData:
    """Return the grasps of a dataset, or of what a selection left of it.

    Raises:
        InvalidInputError: If there are none.
    """
    grasps = data.grasps
    if len(grasps) == 0:
        raise InvalidInputError(f'{data.folder} has no such grasps to train on')
    object_ids = tuple(data.objects.rows)
    index = {name: row for row, name in enumerate(object_ids)}
    sentences = sorted({text for texts in grasps.texts for text in texts})
    place = {text: number for number, text in enumerate(sentences)}
    poses = torch.tensor(grasps.Ts_object_wrist, dtype=torch.float32)
    return GraspData(
        object_ids=object_ids,
        sentences=tuple(sentences),
        objects=torch.tensor([index[name] for name in grasps.object_ids.tolist()]),
        hands=HandBatch(
            translation=poses[:, :3, 3].contiguous(),
            rotation=poses[:, :3, :3].contiguous(),
            joint_positions=torch.tensor(grasps.joint_positions),
        ),
        tasks=torch.tensor([TASKS.index(task) for task in grasps.tasks.tolist()]),
        texts=torch.tensor([[place[text] for text in texts] for texts in grasps.texts]),
    )


def held_back(object_ids: Sequence[str], share: float, seed: int) -> tuple[str, ...]:
    """Choose objects that training must not see, so that its figures mean something.

    They are of the training split: the test splits stay untouched until the evaluation.

    Args:
        object_ids: Of the training split.
        share: Of them, 0..0.5; at least one object where it is above 0.
        seed: Of the choice.

    Raises:
        InvalidInputError: If the share is out of range or no object would be left.
    """
    if not 0.0 <= share <= 0.5:
        raise InvalidInputError(f'the share that is held back must be in 0..0.5, got {share}')
    if share == 0.0:
        return ()
    number = max(1, round(share * len(object_ids)))
    if number >= len(object_ids):
        raise InvalidInputError(f'{len(object_ids)} objects are too few to hold back {number}')
    chosen = np.random.default_rng([seed, len(object_ids)]).permutation(len(object_ids))[:number]
    return tuple(object_ids[row] for row in sorted(chosen.tolist()))
