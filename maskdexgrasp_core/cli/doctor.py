"""`maskdexgrasp doctor`: says what works on this machine and the cure for what does not."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from maskdexgrasp_core.cli.checks import CORE_CHECKS, Check, Finding, Verdict, run_check
from maskdexgrasp_core.cli.console import FAILED, console, run_header, write_json

_MARKS = {
    Verdict.OK: '[green]ok[/]',
    Verdict.WARN: '[yellow]warn[/]',
    Verdict.FAIL: '[bold red]fail[/]',
}


def make_doctor(more: Callable[[int], Sequence[Check]]) -> Callable[..., None]:
    """Return the command with the core's checks and those that `more` returns for a seed."""

    def doctor(
        seed: Annotated[int, typer.Option(min=0, help='Of the data that checks send.')] = 0,
        json_file: Annotated[
            Path | None, typer.Option('--json', help='Also write the findings to this file.')
        ] = None,
    ) -> None:
        """Check Python, packages, libraries, robot models, weights, drawing, physics and ROS 2.

        Each line ends in ok, warn or fail, with the cure. The exit code is 1 if anything fails.

        [bold]Examples[/]

          maskdexgrasp doctor

          maskdexgrasp doctor --json doctor.json
        """
        findings = _run_checks((*CORE_CHECKS, *more(seed)))
        failed = [check.name for check, finding in findings if finding.verdict is Verdict.FAIL]
        if json_file is not None:
            checks = [_row(check, finding) for check, finding in findings]
            write_json(json_file, {**run_header(seed), 'ok': not failed, 'checks': checks})
        if failed:
            console.print(f'[bold red]{len(failed)} of {len(findings)} failed:[/] '
                          + ', '.join(failed))  # fmt: skip
            raise typer.Exit(FAILED)
        console.print('[green]Everything that is needed works.[/]')

    return doctor


def _run_checks(checks: Sequence[Check]) -> list[tuple[Check, Finding]]:
    """Run checks and print what each has found."""
    table = Table('check', '', 'found', box=None, header_style='bold', pad_edge=False)
    findings: list[tuple[Check, Finding]] = []
    for check in checks:
        with console.status(f'Checking {check.name} ...'):
            finding = run_check(check)
        findings.append((check, finding))
        text = escape(finding.detail)
        if finding.cure:
            text += f'\n[dim]→ {escape(finding.cure)}[/]'
        table.add_row(check.name, _MARKS[finding.verdict], text)
    console.print(table)
    return findings


def _row(check: Check, finding: Finding) -> dict[str, str]:
    return {
        'name': check.name,
        'verdict': finding.verdict.value,
        'detail': finding.detail,
        'cure': finding.cure,
    }
