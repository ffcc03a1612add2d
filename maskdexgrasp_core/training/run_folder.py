"""The folder of a training: weights, curves, and what a resumed run needs, whenever it was cut.

| file | holds |
|---|---|
| `best.safetensors`, `last.safetensors` | weights of the best and of the last epoch |
| `history.json` | the figures of every epoch |
| `run.json` | everything that decides the curve; a resumed run must agree with it |
| `state.pt` | weights, optimiser and history after the last epoch; read without unpickling code |
| `tensorboard/` | curves |

Every file is replaced as a whole. The state is written last: what a kill leaves is the state of
an epoch and possibly weights of the next, which that epoch, repeated, writes again.
"""

import io
import json
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from maskdexgrasp_core.atomic_files import write_atomically
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.checkpoint import CheckpointHeader, checkpoint_to_bytes

STATE_NAME, IDENTITY_NAME, HISTORY_NAME = 'state.pt', 'run.json', 'history.json'
BEST_NAME, LAST_NAME = 'best.safetensors', 'last.safetensors'


class EpochRecord(NamedTuple):
    """What came of one epoch."""

    epoch: int
    """From 0."""
    seconds: float
    """Wall time, validation included [s]."""
    figures: dict[str, float]
    """Name -> value; means over the epoch as 'train/...', on held-out data as 'val/...'."""


class RunFolder:
    """Reads and writes the files of one training."""

    def __init__(self, path: Path) -> None:
        """Take the folder; it need not exist."""
        self.path = path

    @property
    def tensorboard(self) -> Path:
        """Folder of the curves."""
        return self.path / 'tensorboard'

    def check(self, identity: Mapping[str, Any], *, resume: bool) -> None:
        """Refuse to mix two trainings.

        Args:
            identity: Of the training that is to write here.
            resume: Whether it may continue what is here.

        Raises:
            InvalidInputError: If the folder holds something else, another training, or this
                one and it was not asked for.
        """
        path = self.path / IDENTITY_NAME
        if not path.exists():
            if self.path.exists() and not self.path.is_dir():
                raise InvalidInputError(f'{self.path} is a file; a training needs a folder')
            if self.path.is_dir() and any(p.name[0] != '.' for p in self.path.iterdir()):
                raise InvalidInputError(
                    f'{self.path} is neither empty nor a training; take another folder'
                )
            return
        if not resume:
            raise InvalidInputError(
                f'{self.path} holds a training; continue it with --resume, or take another folder'
            )
        there, asked = json.loads(path.read_text()), json.loads(json.dumps(dict(identity)))
        differences = [
            f'{name}: {there.get(name)} there, {asked.get(name)} asked'
            for name in sorted({*there, *asked})
            if there.get(name) != asked.get(name)
        ]
        if differences:
            raise InvalidInputError(
                f'{self.path} holds another training ({"; ".join(differences)}); take the same '
                'settings, or another folder'
            )

    def open(self, identity: Mapping[str, Any]) -> None:
        """Make the folder, and write down what training it holds."""
        self.path.mkdir(parents=True, exist_ok=True)
        self._write_json(IDENTITY_NAME, dict(identity))

    def write_weights(
        self,
        name: str,
        tensors: Mapping[str, Tensor],
        header: CheckpointHeader,
        record: EpochRecord,
    ) -> None:
        """Write a file of weights, with the epoch and its figures among the facts."""
        facts = {**header.facts, 'epoch': record.epoch, 'figures': record.figures}
        content = checkpoint_to_bytes(tensors, replace(header, facts=facts))
        write_atomically(self.path / name, content)

    def write_state(self, state: Mapping[str, Any], history: Sequence[EpochRecord]) -> None:
        """Write what a resumed run needs: from here on the epoch counts as done."""
        records = [record._asdict() for record in history]
        self._write_json(HISTORY_NAME, records)
        buffer = io.BytesIO()
        torch.save({**state, 'history': records}, buffer)
        write_atomically(self.path / STATE_NAME, buffer.getvalue())

    def read_state(self) -> tuple[dict[str, Any], list[EpochRecord]] | None:
        """Return what `write_state` was given last, None if it never was.

        Raises:
            InvalidInputError: If the file is damaged.
        """
        path = self.path / STATE_NAME
        if not path.exists():
            return None
        try:
            state = torch.load(path, map_location='cpu', weights_only=True)
            records = [EpochRecord(**record) for record in state.pop('history')]
        except (OSError, RuntimeError, pickle.UnpicklingError, KeyError, TypeError) as error:
            raise InvalidInputError(
                f'{path} cannot be read: {error}; delete {self.path} to begin anew'
            ) from error
        return state, records

    def _write_json(self, name: str, content: object) -> None:
        write_atomically(self.path / name, json.dumps(content, indent=1).encode() + b'\n')
