"""How a build reports: a bar with yield and time left, or lines where there is no terminal."""

from rich.console import Console
from rich.markup import escape

from maskdexgrasp_core.cli.progress_display import ProgressDisplay
from maskdexgrasp_core.dataset.builder import BuildProgress

_MAX_NOTES = 20


class BuildDisplay(ProgressDisplay):
    """Shows the progress of a build; use as a context manager and pass as callback."""

    def __init__(self, console: Console) -> None:
        """Draw on `console`."""
        super().__init__(console)
        self._notes = 0
        self.last: BuildProgress | None = None

    def __call__(self, progress: BuildProgress) -> None:
        """Show how far the build is."""
        self.last = progress
        for note in progress.notes:
            self._notes += 1
            if self._notes <= _MAX_NOTES:
                more = ' (further notes are not shown)' if self._notes == _MAX_NOTES else ''
                self._console.print(f'[yellow]note[/] {escape(note)}{more}')
        self.show(build_line(progress), done=share_done(progress), total=1.0)


def build_line(progress: BuildProgress) -> str:
    """Return units, grasps, speed, yield and time left in one line."""
    made = progress.grasps - progress.resumed_grasps
    per_second = made / progress.elapsed_s if progress.elapsed_s > 0 else 0.0
    share = f'{progress.grasps / progress.candidates:.0%}' if progress.candidates else '-'
    line = (
        f'{progress.done_units:,}/{progress.num_units:,} units, {progress.grasps:,} grasps, '
        f'{per_second:.1f}/s, yield {share}'
    )
    left = seconds_left(progress)
    return line if left is None else f'{line}, {_clock(left)} left'


def share_done(progress: BuildProgress) -> float:
    """Return how much of the build is done, 0..1: units, or grasps when they end it earlier."""
    return _share(progress, progress.done_units, progress.grasps)


def seconds_left(progress: BuildProgress) -> float | None:
    """Return the time that the rest will take at the speed so far [s]; None when unknown."""
    done = share_done(progress)
    here = done - _share(progress, progress.resumed_units, progress.resumed_grasps)
    return None if here <= 0 else (1 - done) * progress.elapsed_s / here


def _share(progress: BuildProgress, units: int, grasps: int) -> float:
    of_units = units / progress.num_units if progress.num_units else 1.0
    of_grasps = grasps / progress.wanted_grasps if progress.wanted_grasps else 0.0
    return min(1.0, max(of_units, of_grasps))


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f'{hours}:{minutes:02d}:{seconds:02d}' if hours else f'{minutes}:{seconds:02d}'
