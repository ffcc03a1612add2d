"""Trains or goes on, and is killed by the system at one step, as `kill -9` does.

Arguments: folder of the dataset, folder of the run, epoch and step at which it ends, processes.
"""

import os
import signal
import sys
from pathlib import Path

from maskdexgrasp_core.training.devices import DeviceCfg, make_fabric
from maskdexgrasp_core.training.loop import train
from maskdexgrasp_core.training.progress import TrainingProgress
from maskdexgrasp_core.training.registry import TrainingOrder, prepare_training


def train_tiny_tokenizer(
    data: Path, folder: Path, *, resume: bool, on_progress, processes: int = 1
) -> list:
    """Train the tokenizer that every test here trains."""
    fabric = make_fabric(DeviceCfg(accelerator='cpu', devices=processes, threads=1))
    order = TrainingOrder(kind='tokenizer', preset='tiny', data=data, seed=4, epochs=3)
    recipe, cfg = prepare_training(order)
    return train(recipe, cfg, folder, fabric=fabric, resume=resume, on_progress=on_progress)


def main() -> None:
    """Train until the step that the command line names."""
    data, folder, epoch, step, processes = sys.argv[1:]

    def kill(progress: TrainingProgress) -> None:
        if (progress.epoch, progress.step) == (int(epoch), int(step)):
            os.kill(os.getpid(), signal.SIGKILL)

    train_tiny_tokenizer(
        Path(data), Path(folder), resume=True, on_progress=kill, processes=int(processes)
    )


if __name__ == '__main__':
    main()
