"""Lets one command at a time into the chain, and says why another one is refused."""

import threading
import uuid
from collections import deque
from collections.abc import Callable

from maskdexgrasp_core.outcome import Code, Outcome, Stage

_RETRY_MARK = '#'


def new_command_id() -> str:
    """Return a short id that no other command has."""
    return uuid.uuid4().hex[:12]


def retry_id(command_id: str, attempt: int) -> str:
    """Return the id under which the chain looks again for the same command."""
    return f'{root_id(command_id)}{_RETRY_MARK}{attempt}'


def root_id(command_id: str) -> str:
    """Return the id that the user knows, without the mark of a repeated look."""
    return command_id.split(_RETRY_MARK, 1)[0]


class CommandGate:
    """Remembers which command is under way.

    A command occupies the gate from its first report until a report says that it is done, or
    until nothing was heard of it for `timeout_s`. Topics have no order among themselves: a
    command may overtake the end of the one before, so one command may wait for that end.

    Args:
        timeout_s: A command of which nothing was heard for so long has ended [s].
        now_s: Returns the time that `timeout_s` is counted in [s].
        patience_s: Longest wait, in wall time, for the end of the command before [s].
    """

    def __init__(
        self, timeout_s: float, now_s: Callable[[], float], *, patience_s: float = 0.0
    ) -> None:
        self._timeout_s, self._patience_s = timeout_s, patience_s
        self._now_s = now_s
        self._active = ''
        self._waiting = ''
        self._expired = ''
        self._entered: set[str] = set()
        self._ended: deque[str] = deque(maxlen=64)
        self._heard_s = 0.0
        self._changed = threading.Condition()

    def enter(self, command_id: str) -> Outcome:
        """Let `command_id` pass, or return an outcome that says why not.

        `Code.BUSY` ends the command. `Code.INVALID_COMMAND` is about one that another sender
        works on under the same id, or that has ended while it waited: it is not to be reported.
        """
        root = root_id(command_id)
        with self._changed:
            self._current()
            if root == self._waiting or command_id in self._entered:
                return _refusal(
                    Code.INVALID_COMMAND, f'command_id {command_id} is already being worked on'
                )
            if not self._waiting and not self._wait_for_end(root):
                return _refusal(
                    Code.INVALID_COMMAND, f'command {root} ended before it could begin'
                )
            ahead = self._current() or self._waiting
            if ahead and root != ahead:
                return _refusal(Code.BUSY, f'command {ahead} is still under way')
            self._active = root
            if root in self._ended:  # a user may send the same id again
                self._ended.remove(root)
            self._entered.add(command_id)
            self._heard_s = self._now_s()
        return Outcome(stage=Stage.COMMAND)

    def hear(self, command_id: str, *, done: bool) -> None:
        """Take note of a report about `command_id` by any node."""
        with self._changed:
            active = self._current()
            if done and command_id == self._waiting:
                self._waiting = ''
                self._changed.notify_all()
            if active and root_id(command_id) != active:
                return
            if done and command_id == active:
                self._end()
            elif not done and root_id(command_id) not in self._ended:  # may overtake the end
                self._active = root_id(command_id)
                self._heard_s = self._now_s()

    def pop_expired(self) -> str:
        """Return the id of a command that was silent for too long, once; else ''."""
        with self._changed:
            self._current()
            expired, self._expired = self._expired, ''
            return expired

    @property
    def active(self) -> str:
        """Id of the command under way, or ''."""
        with self._changed:
            return self._current()

    def _wait_for_end(self, root: str) -> bool:
        """Give the end of another command time to arrive; False if `root` itself has ended."""
        self._waiting = root
        self._changed.wait_for(
            lambda: self._waiting != root or self._current() in ('', root), self._patience_s
        )
        if self._waiting != root:  # its end was heard; another one may wait by now
            return False
        self._waiting = ''
        return True

    def _current(self) -> str:
        """Return the active id, after forgetting one that was silent for too long."""
        if self._active and self._now_s() - self._heard_s > self._timeout_s:
            self._expired = self._active
            self._end()
        return self._active

    def _end(self) -> None:
        self._ended.append(self._active)
        self._active = ''
        self._entered.clear()
        self._changed.notify_all()


def _refusal(code: Code, reason: str) -> Outcome:
    return Outcome(stage=Stage.COMMAND, code=code, reason=reason)
