"""How a training reports: what is prepared, a bar with the time left, a line for each epoch."""

from datetime import timedelta
from typing import TYPE_CHECKING

from rich.console import Console

from maskdexgrasp_core.cli.progress_display import ProgressDisplay

if TYPE_CHECKING:
    from maskdexgrasp_core.training.progress import TrainingProgress
    from maskdexgrasp_core.training.run_folder import EpochRecord


class TrainingDisplay(ProgressDisplay):
    """Shows the progress of a training; use as a context manager and pass as callback."""

    def __init__(self, console: Console) -> None:
        """Draw on `console`."""
        super().__init__(console)
        self.num_epochs_kept = 0
        """That a resumed run would not have to repeat."""

    def preparing(self, what: str, done: int, of: int) -> None:
        """Show how far something is that training needs."""
        self.show(f'{done:,}/{of:,} {what}', done=done, total=of)

    def __call__(self, progress: 'TrainingProgress') -> None:
        """Show how far the training is."""
        self.num_epochs_kept = max(self.num_epochs_kept, progress.epoch)
        if progress.record is not None:
            self._console.print(figures_line(progress.record), soft_wrap=True)
        total = progress.num_epochs * progress.steps_per_epoch
        done = progress.epoch * progress.steps_per_epoch + progress.step
        self.show(training_line(progress), done=done, total=total)


def training_line(progress: 'TrainingProgress') -> str:
    """Return epoch, step, loss and time left in one line."""
    line = (
        f'epoch {progress.epoch + 1}/{progress.num_epochs}, '
        f'step {progress.step}/{progress.steps_per_epoch}, loss {progress.loss:.4g}'
    )
    left = seconds_left(progress)
    return line if left is None else f'{line}, {timedelta(seconds=round(left))} left'


def seconds_left(progress: 'TrainingProgress') -> float | None:
    """Return the time that the rest will take at the speed so far [s]; None when unknown."""
    steps = progress.steps_per_epoch
    here = (progress.epoch - progress.resumed_epochs) * steps + progress.step
    left = (progress.num_epochs - progress.epoch) * steps - progress.step
    return None if here <= 0 else left * progress.elapsed_s / here


def figures_line(record: 'EpochRecord') -> str:
    """Return the figures of an epoch in one line: those of parts and views are in the curves."""
    figures = {
        name.removeprefix('val/'): value
        for name, value in record.figures.items()
        if name == 'train/loss' or (name.startswith('val/') and name.count('/') == 1)
    }
    shown = ', '.join(f'{name} {value:.4g}' for name, value in figures.items())
    return f'epoch {record.epoch + 1}: {shown} ({record.seconds:.1f} s)'
