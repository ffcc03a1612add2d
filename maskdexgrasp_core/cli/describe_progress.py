"""How the describing of a dataset reports: who wrote, what was asked, what it cost."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import TimeRemainingColumn

from maskdexgrasp_core.cli.progress_display import ProgressDisplay
from maskdexgrasp_core.dataset.describing import DescribeProgress

if TYPE_CHECKING:
    from maskdexgrasp_core.dataset.sentences.tally import WritingReport

MakeReport = Callable[[], 'WritingReport']


class DescribeDisplay(ProgressDisplay):
    """Shows the progress of a run; use as a context manager and pass as callback."""

    def __init__(self, console: Console, make_report: MakeReport | None) -> None:
        """Draw on `console`; `make_report` counts requests, None where none are made."""
        super().__init__(console, TimeRemainingColumn())
        self._make_report = make_report
        self._last = DescribeProgress(wanted=0, origins={})

    def __call__(self, progress: DescribeProgress) -> None:
        """Show how far the run is."""
        self._last = progress
        self.show(self.line(), done=progress.done, total=progress.wanted)

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
