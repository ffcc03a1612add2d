"""How the describing of a dataset reports: who wrote, what was asked, what it cost."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from maskdexgrasp_core.dataset.describing import DescribeProgress

if TYPE_CHECKING:
    from maskdexgrasp_core.dataset.sentences.tally import WritingReport

MakeReport = Callable[[], 'WritingReport']
_LINE_EVERY_S = 30.0


class DescribeDisplay:
    """Shows the progress of a run; use as a context manager and pass as callback."""

    def __init__(self, console: Console, make_report: MakeReport | None) -> None:
        """Draw on `console`; `make_report` counts requests, None where none are made."""
        self._console = console
        self._make_report = make_report
        self._bar = Progress(
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TextColumn('{task.fields[figures]}'),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task('', total=None, figures='')
        self._next_line = time.monotonic() + _LINE_EVERY_S
        self._last = DescribeProgress(wanted=0, origins={})

    def __call__(self, progress: DescribeProgress) -> None:
        """Show how far the run is."""
        self._last = progress
        if self._bar.disable:
            if time.monotonic() >= self._next_line:
                self._next_line = time.monotonic() + _LINE_EVERY_S
                self._console.print(self.line())
            return
        self._bar.update(
            self._task, total=progress.wanted, completed=progress.done, figures=self.line()
        )

    def __enter__(self) -> 'DescribeDisplay':
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    @property
    def num_described(self) -> int:
        """Grasps that got sentences."""
        return self._last.done - self._last.origins.get('missing', 0)

    def line(self) -> str:
        """Return grasps, and for a model what was asked and what it cost, in one line."""
        return describe_line(self._last, self._make_report() if self._make_report else None)

    def failures(self) -> list[str]:
        """Return a sentence for each way in which requests failed."""
        if self._make_report is None:
            return []
        report = self._make_report()
        return [
            escape(f'{number:,} requests failed: {kind}, such as: {report.examples[kind]}')
            for kind, number in sorted(report.failures.items())
        ]


def describe_line(progress: DescribeProgress, report: 'WritingReport | None') -> str:
    """Return how far a run is, in one line."""
    line = f'{progress.done:,}/{progress.wanted:,} grasps'
    if report is None:
        return line
    origins = progress.origins
    tokens = report.input_tokens + report.output_tokens
    line += (
        f', {origins.get("model", 0):,} by the model, {origins.get("cache", 0):,} cached, '
        f'{origins.get("missing", 0):,} failed; asked {report.num_requests:,} times, '
        f'{tokens:,} tokens'
    )
    return line if report.cost is None else f'{line}, cost {report.cost:.4g}'
