"""A power cut at a chosen moment: the disk keeps what has its name, nothing else."""

from pathlib import Path


class PowerCutError(BaseException):
    """The machine is gone: nothing after it runs."""


class Mains:
    """Cuts the power before the file with this number gets its name."""

    def __init__(self, monkeypatch, at: int) -> None:
        self.calls, self.at = 0, at
        rename = Path.replace

        def rename_or_die(path, target):
            self.calls += 1
            if self.calls > self.at:
                raise PowerCutError
            return rename(path, target)

        monkeypatch.setattr(Path, 'replace', rename_or_die)
