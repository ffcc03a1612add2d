"""The errors of the core: misuse raises one of these; an expected failure is an `Outcome`."""


class MaskDexGraspError(Exception):
    """Base of every error that this project raises on purpose."""


class InvalidInputError(MaskDexGraspError, ValueError):
    """A value of wrong shape, range or unit, or not finite; the text says got and expected."""


class UnknownNameError(MaskDexGraspError, KeyError):
    """A name is not registered; the text lists the names that are."""

    def __init__(self, kind: str, name: str, known: list[str]) -> None:
        super().__init__(f'unknown {kind} {name!r}; known: {", ".join(sorted(known))}')

    def __str__(self) -> str:
        return str(self.args[0])


class DriverError(MaskDexGraspError, RuntimeError):
    """A driver cannot reach its device, or the device reports a fault."""


class NotConnectedError(DriverError):
    """Nobody offers the services of the device: it is off, or its node does not run."""
