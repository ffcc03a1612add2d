"""The live table of a command: stage, state, milliseconds."""

import threading
import time

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.spinner import Spinner
from rich.table import Table

from maskdexgrasp_core.outcome import Stage

_SHOWN = (
    Stage.PERCEIVE,
    Stage.GENERATE,
    Stage.RETARGET,
    Stage.PLAN,
    Stage.APPROACH,
    Stage.CLOSE,
    Stage.LIFT,
    Stage.HOLD,
    Stage.PLACE,
    Stage.HOME,
)
_OPTIONAL = (Stage.PLACE, Stage.HOME)
"""Shown only once they have begun."""


class StageTable:
    """Draws itself as stages come in; give it to `rich.live.Live`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Stage | None = None
        self._since_s = 0.0
        self._seconds: dict[Stage, float] = {}
        self._attempt = 0
        self._failed: Stage | None = None
        self._spinner = Spinner('dots')

    def begin(self, stage: Stage, detail: str, attempt: int) -> None:
        """Take the report that a stage has begun; `GraspClient.execute` calls it."""
        with self._lock:
            self._close()
            self._running, self._since_s = stage, time.perf_counter()
            self._attempt = max(self._attempt, attempt)

    def finish(self, stage_seconds: dict[str, float], failed: Stage | None) -> None:
        """Show the times that the graph measured, and the stage that gave up, if any."""
        with self._lock:
            self._running = None
            self._failed = failed
            self._seconds = {Stage[name.upper()]: s for name, s in stage_seconds.items()}

    def _close(self) -> None:
        if self._running is not None:
            spent = time.perf_counter() - self._since_s
            self._seconds[self._running] = self._seconds.get(self._running, 0.0) + spent

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column('', width=2)
        table.add_column('stage', min_width=12)
        table.add_column('time', justify='right', min_width=10)
        with self._lock:
            for stage in _SHOWN:
                if stage in _OPTIONAL and stage not in (self._running, *self._seconds):
                    continue
                table.add_row(*self._row(stage))
            if self._attempt:
                table.caption = f'attempt {self._attempt + 1}'
        yield table

    def _row(self, stage: Stage) -> tuple[RenderableType, str, str]:
        name, seconds = stage.name.lower(), self._seconds.get(stage)
        if stage is self._running:
            spent = (seconds or 0.0) + time.perf_counter() - self._since_s
            return self._spinner, f'[bold]{name}[/]', f'{1e3 * spent:.0f} ms'
        if stage is self._failed:
            return (
                '[red]✗[/]',
                f'[red]{name}[/]',
                '' if seconds is None else f'{1e3 * seconds:.0f} ms',
            )
        if seconds is None:
            return '[dim]·[/]', f'[dim]{name}[/]', ''
        return '[green]✓[/]', name, f'{1e3 * seconds:.0f} ms'
