"""Ask until the answer can be used, with waits between the attempts."""

import base64
import threading
import time

import tenacity

from maskdexgrasp_core.dataset.sentences.answers import parse_answer
from maskdexgrasp_core.dataset.sentences.chat import (
    ChatServer,
    FailureKind,
    Message,
    Reply,
    RequestError,
)
from maskdexgrasp_core.dataset.sentences.facts import SentenceFacts, Sentences
from maskdexgrasp_core.dataset.sentences.instruction import INSTRUCTION, describe
from maskdexgrasp_core.dataset.sentences.model_cfg import ModelCfg
from maskdexgrasp_core.dataset.sentences.tally import Tally

_SHOWN = 2000
"""Characters of an unusable answer that are shown to the model again."""


class Asker:
    """Gets the sentences of one grasp after the other; any number of threads may ask at once."""

    def __init__(self, cfg: ModelCfg, tally: Tally, stopped: threading.Event) -> None:
        """Connect.

        Args:
            cfg: Settings.
            tally: Where requests, tokens and failures are counted.
            stopped: When set, waits end at once and nothing more is asked.
        """
        self._cfg = cfg
        self._tally = tally
        self._stopped = stopped
        self._server = ChatServer(cfg)
        self._lock = threading.Lock()
        self._quiet_until = 0.0

    def close(self) -> None:
        """Give the connections back."""
        self._server.close()

    def ask(self, facts: SentenceFacts, picture_png: bytes) -> Sentences:
        """Return the sentences of one grasp.

        Args:
            facts: Of the grasp.
            picture_png: The picture, as a PNG file.

        Raises:
            RequestError: The last failure, when no attempt gave sentences.
            EndpointError: If no request can succeed.
        """
        messages = _messages(facts, picture_png)
        cfg = self._cfg
        attempts = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(cfg.max_attempts)
            | tenacity.stop_when_event_set(self._stopped),
            wait=tenacity.wait_random_exponential(
                multiplier=2 * cfg.first_wait_s, max=cfg.longest_wait_s
            ),
            retry=tenacity.retry_if_exception(self._is_worth_another),
            sleep=tenacity.sleep_using_event(self._stopped),
            reraise=True,
        )
        sentences: Sentences = attempts(self._attempt, messages, facts)
        return sentences

    def _is_worth_another(self, error: BaseException) -> bool:
        return (
            isinstance(error, RequestError)
            and error.kind is not FailureKind.REFUSED
            and error.wait_s <= self._cfg.longest_wait_s
        )

    def _attempt(self, messages: list[Message], facts: SentenceFacts) -> Sentences:
        """Ask once; after an unusable answer, `messages` grow by what was wrong with it."""
        self._wait_for_quiet()
        self._tally.count_request()
        try:
            reply = self._server.ask(messages)
            self._tally.count_tokens(reply)
            return _read(reply, facts)
        except RequestError as error:
            if error.reply is not None and error.kind is not FailureKind.INVALID_ANSWER:
                self._tally.count_tokens(error.reply)
            self._tally.count_failure(error)
            self._keep_quiet(error.wait_s)
            if error.kind is FailureKind.INVALID_ANSWER and error.reply is not None:
                messages[2:] = _correction(error.reply.text, error.detail)
            raise

    def _keep_quiet(self, wait_s: float) -> None:
        """Let all threads wait as long as the server asked one of them to."""
        if wait_s <= self._cfg.longest_wait_s:
            with self._lock:
                self._quiet_until = max(self._quiet_until, time.monotonic() + wait_s)

    def _wait_for_quiet(self) -> None:
        while not self._stopped.is_set():
            with self._lock:
                wait_s = self._quiet_until - time.monotonic()
            if wait_s <= 0:
                return
            self._stopped.wait(wait_s)


def _read(reply: Reply, facts: SentenceFacts) -> Sentences:
    try:
        return parse_answer(reply.text, facts)
    except ValueError as error:
        raise RequestError(FailureKind.INVALID_ANSWER, str(error), reply=reply) from error


def _messages(facts: SentenceFacts, picture_png: bytes) -> list[Message]:
    url = f'data:image/png;base64,{base64.b64encode(picture_png).decode()}'
    content = [
        {'type': 'image_url', 'image_url': {'url': url}},
        {'type': 'text', 'text': describe(facts)},
    ]
    return [{'role': 'system', 'content': INSTRUCTION}, {'role': 'user', 'content': content}]


def _correction(answer: str, reason: str) -> list[Message]:
    text = f'This cannot be used: {reason}. Answer again with nothing but the JSON object.'
    shown = answer[:_SHOWN] or '(empty)'
    return [{'role': 'assistant', 'content': shown}, {'role': 'user', 'content': text}]
