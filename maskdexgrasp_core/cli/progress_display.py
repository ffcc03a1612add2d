"""How long commands report: a bar, or a line from time to time where there is no terminal."""

import time
from types import TracebackType
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, TaskProgressColumn, TextColumn

Display = TypeVar('Display', bound='ProgressDisplay')
_LINE_EVERY_S = 30.0


class ProgressDisplay:
    """Shows how far a command is; use as a context manager."""

    def __init__(self, console: Console, *columns: ProgressColumn) -> None:
        """Draw on `console`, with more columns to the right."""
        self._console = console
        self._bar = Progress(
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TextColumn('{task.fields[figures]}'),
            *columns,
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task('', total=None, figures='')
        self._next_line = time.monotonic()

    def __enter__(self: Display) -> Display:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def show(self, line: str, *, done: float, total: float) -> None:
        """Show a line of figures, and how much of the total is done."""
        self._bar.update(self._task, completed=done, total=total, figures=escape(line))
        if self._bar.disable and time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _LINE_EVERY_S
            self._console.print(line)
