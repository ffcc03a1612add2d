"""A group of commands that are imported when they are called: help and version come at once."""

from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

_STYLE: dict[str, Any] = {
    'rich_markup_mode': 'rich',
    'pretty_exceptions_enable': False,
    'add_completion': False,
    'context_settings': {'help_option_names': ['-h', '--help']},
}


@dataclass(frozen=True, kw_only=True)
class LazyCommand:
    """A command that stands in a module of its own."""

    module: str
    name: str
    """Of the command, and of its function in the module."""
    summary: str
    """First sentence of its help, for the help of the group."""
    settings: dict[str, Any] = field(default_factory=dict)
    """For `typer.Typer.command`."""
    attribute: str = ''
    """Of a `typer.Typer` in the module, or of a function that is called otherwise."""

    def load(self) -> Any:
        """Import the module and return what typer runs."""
        found = getattr(import_module(self.module), self.attribute or self.name)
        if isinstance(found, typer.Typer):
            return typer.main.get_group(found)
        app = typer.Typer(**_STYLE)
        app.command(**self.settings)(found)
        return typer.main.get_command(app)


def lazy_app(name: str, *commands: LazyCommand) -> typer.Typer:
    """Return a group with these commands, in this order."""
    by_name = {command.name: command for command in commands}

    class LazyGroup(TyperGroup):
        """Knows names and summaries; imports the command that is called."""

        def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
            called, command, rest = super().resolve_command(ctx, args)
            return called, by_name[called].load() if called in by_name else command, rest

    app = typer.Typer(name=name, cls=LazyGroup, no_args_is_help=True, **_STYLE)
    for command in commands:
        app.command(command.name, help=command.summary)(_loaded_instead)
    return app


def _loaded_instead() -> None:
    """Stand in for a command in the help of its group."""
