"""One request to an OpenAI-compatible chat server, and what may go wrong with it."""

import email.utils
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import openai
from pydantic import BaseModel, Field

from maskdexgrasp_core.dataset.sentences.model_cfg import ModelCfg
from maskdexgrasp_core.dataset.sentences.writing import EndpointError

Message = Mapping[str, Any]
_DETAIL = 300
"""Characters of a server's message that are kept."""
_HOPELESS = {401: 'check the key', 403: 'check the key', 404: 'check base_url and model'}
"""HTTP status that every further request would get as well -> cure."""

_FOREIGN_HEADERS = ('OpenAI-Organization', 'OpenAI-Project')
"""The client would fill them from the environment, whatever server it talks to."""


class FailureKind(str, Enum):
    """Why a request gave no sentences."""

    TIMED_OUT = 'timed out'
    RATE_LIMITED = 'rate limited'
    SERVER_ERROR = 'server error'
    CONNECTION_LOST = 'connection lost'
    CUT_SHORT = 'cut short'
    INVALID_ANSWER = 'invalid answer'
    REFUSED = 'refused'


@dataclass(frozen=True)
class Reply:
    """What the server said and how many tokens it counts for it."""

    text: str
    input_tokens: int
    output_tokens: int


class _Text(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Text = Field(default_factory=_Text)
    delta: _Text = Field(default_factory=_Text)
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Completion(BaseModel):
    """What is read of a response or of a piece of one; the client itself checks nothing."""

    choices: list[_Choice]
    usage: _Usage | None = None


class RequestError(Exception):
    """A request failed in a way that may be worth another attempt."""

    def __init__(
        self, kind: FailureKind, detail: str, *, wait_s: float = 0.0, reply: Reply | None = None
    ) -> None:
        super().__init__(f'{kind.value}: {detail}')
        self.kind = kind
        self.detail = detail[:_DETAIL]
        self.wait_s = wait_s
        """How long the server wants to be left alone [s]."""
        self.reply = reply
        """The reply that could not be used, if there was one."""


class ChatServer:
    """A connection to the server; any number of threads may ask at once."""

    def __init__(self, cfg: ModelCfg) -> None:
        self._cfg = cfg
        left_out: Any = openai.Omit()
        self._client = openai.OpenAI(
            base_url=cfg.base_url,
            api_key=cfg.api_key or 'none',
            timeout=cfg.timeout_s,
            max_retries=0,
            default_headers=dict.fromkeys(_FOREIGN_HEADERS, left_out),
        )

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def ask(self, messages: Sequence[Message]) -> Reply:
        """Send one request and return the reply.

        Raises:
            RequestError: If another attempt may succeed, or the request itself was refused.
            EndpointError: If no request can succeed.
        """
        try:
            return self._streamed(messages) if self._cfg.stream else self._whole(messages)
        except openai.APITimeoutError as error:
            reason = f'no byte for {self._cfg.timeout_s:g} s'
            raise RequestError(FailureKind.TIMED_OUT, reason) from error
        except openai.APIConnectionError as error:
            detail = self._cfg.redacted(str(error.__cause__ or error))
            raise RequestError(FailureKind.CONNECTION_LOST, detail) from error
        except openai.APIStatusError as error:
            raise self._status_failure(error) from None
        except openai.APIError as error:
            detail = self._cfg.redacted(error.message)
            raise RequestError(FailureKind.SERVER_ERROR, detail) from None
        except ValueError as error:
            detail = 'the response is not that of a chat server'
            raise RequestError(FailureKind.SERVER_ERROR, detail) from error

    def _request(self, messages: Sequence[Message], **more: object) -> Any:
        create: Any = self._client.chat.completions.create
        return create(
            model=self._cfg.model,
            messages=list(messages),
            temperature=self._cfg.temperature,
            max_tokens=self._cfg.max_tokens,
            **more,
        )

    def _whole(self, messages: Sequence[Message]) -> Reply:
        completion = _checked(self._request(messages))
        if not completion.choices:
            raise RequestError(FailureKind.INVALID_ANSWER, 'the response holds no choice')
        choice = completion.choices[0]
        reply = _reply(choice.message.content or '', completion.usage)
        _refuse_if_too_long(choice.finish_reason, reply)
        return reply

    def _streamed(self, messages: Sequence[Message]) -> Reply:
        text, finish_reason, usage = '', None, None
        counted = {'include_usage': True}
        for piece in self._request(messages, stream=True, stream_options=counted):
            chunk = _checked(piece)
            usage = chunk.usage or usage
            for choice in chunk.choices[:1]:
                text += choice.delta.content or ''
                finish_reason = choice.finish_reason or finish_reason
        reply = _reply(text, usage)
        if finish_reason is None:
            raise RequestError(FailureKind.CUT_SHORT, 'the stream has no end', reply=reply)
        _refuse_if_too_long(finish_reason, reply)
        return reply

    def _status_failure(self, error: openai.APIStatusError) -> Exception:
        """Return what a status above 399 means for the run."""
        status, detail = error.status_code, self._cfg.redacted(error.message)[:_DETAIL]
        cure = 'add credit' if error.code == 'insufficient_quota' else _HOPELESS.get(status)
        if cure:
            return EndpointError(f'{self._cfg.base_url} answers {status}: {detail}; {cure}')
        wait_s = _retry_after_s(error.response.headers)
        if status == 429:
            return RequestError(FailureKind.RATE_LIMITED, detail, wait_s=wait_s)
        if status == 408:
            return RequestError(FailureKind.TIMED_OUT, detail, wait_s=wait_s)
        if status >= 500 or status == 409:
            return RequestError(FailureKind.SERVER_ERROR, f'{status}: {detail}', wait_s=wait_s)
        return RequestError(FailureKind.REFUSED, f'{status}: {detail}')


def _checked(response: object) -> _Completion:
    """Return what is needed of a response.

    Raises:
        ValueError: If it is something else.
    """
    if not isinstance(response, openai.BaseModel):
        raise ValueError('the body of the response is not JSON')
    return _Completion.model_validate(response.to_dict(warnings=False))


def _reply(text: str, usage: _Usage | None) -> Reply:
    counted = usage or _Usage()
    return Reply(text, counted.prompt_tokens, counted.completion_tokens)


def _refuse_if_too_long(finish_reason: str | None, reply: Reply) -> None:
    if finish_reason == 'length':
        reason = 'the answer is longer than max_tokens'
        raise RequestError(FailureKind.CUT_SHORT, reason, reply=reply)


def _retry_after_s(headers: Mapping[str, str]) -> float:
    """Return how long the server asks to wait [s], 0 where it does not; a number or a date."""
    value = headers.get('retry-after', '')
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return 0.0
