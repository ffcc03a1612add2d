"""A chat server on this machine that speaks the protocol, and misbehaves as it is told to."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

INPUT_TOKENS, OUTPUT_TOKENS = 1000, 100


def four_sentences(thing: str, part: str) -> dict[str, str]:
    where = f'{thing} by its {part}' if part else thing
    passive = f'held by its {part}' if part else 'held'
    return {
        'basic': f'Hold the {where}.',
        'present': f'The hand holds the {where}.',
        'progressive': f'The hand is holding the {where}.',
        'passive': f'The {thing} is {passive}.',
    }


def written_answer(kind: str, request: dict[str, Any]) -> str:
    """Return what the model says to a request: good, or bad in a certain way."""
    lines = request['messages'][1]['content'][1]['text'].splitlines()
    facts = dict(line.split(': ', 1) for line in lines)
    good = four_sentences(facts['Object'], facts.get('Part of the object', ''))
    if kind == 'fenced':
        return f'Here you are:\n```json\n{json.dumps(good, indent=2)}\n```\nAnything else?'
    if kind == 'thinking':
        thoughts = '{"basic": "Try this.", "present": 3}'
        return f'<think>{thoughts}</think>{json.dumps({"sentences": good, "note": 1})}'
    if kind == 'bad json':
        return json.dumps(good)[:60]
    if kind == 'missing key':
        return json.dumps({key: text for key, text in good.items() if key != 'passive'})
    if kind == 'same four':
        return json.dumps(dict.fromkeys(good, good['basic']))
    if kind == 'chinese':
        return json.dumps(good | {'basic': '握住杯子的把手'})
    if kind == 'marker colour':
        return json.dumps({k: v.replace('the ', 'the blue ') for k, v in good.items()})
    return json.dumps(good)


class ChatHandler(BaseHTTPRequestHandler):
    """One request; the server's script says what happens to it."""

    protocol_version = 'HTTP/1.1'

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        server: Any = self.server
        request = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
        kind = server.begin(self.headers, request)
        try:
            self.answer(kind, request)
        finally:
            server.end()

    def answer(self, kind: str, request: dict[str, Any]) -> None:
        server: Any = self.server
        if kind == 'hang':
            server.released.wait(10)
            self.close_connection = True
        elif kind.isdecimal():
            headers = {'Retry-After': server.retry_after} if server.retry_after else {}
            said = f'no, {self.headers["Authorization"]}'
            self.send(int(kind), json.dumps({'error': {'message': said}}), headers)
        elif kind == 'no credit':
            error = {'message': 'you are out of money', 'code': 'insufficient_quota'}
            self.send(429, json.dumps({'error': error}), {})
        elif kind == 'web page':
            self.send(200, '<html>Please log in</html>', {'Content-Type': 'text/html'})
        elif kind == 'broken body':
            self.send(200, '{"choices": [{"mess', {})
        elif kind == 'wrong types':
            self.send(200, json.dumps({'choices': [{'message': 'hello'}]}), {})
        elif kind == 'no choice':
            self.send(200, json.dumps({'choices': []}), {})
        elif request.get('stream'):
            self.stream(kind, written_answer(kind, request))
        else:
            self.whole(kind, written_answer(kind, request))

    def whole(self, kind: str, text: str) -> None:
        choice = {
            'index': 0,
            'message': {'role': 'assistant', 'content': text},
            'finish_reason': 'length' if kind == 'too long' else 'stop',
        }
        usage = {'prompt_tokens': INPUT_TOKENS, 'completion_tokens': OUTPUT_TOKENS}
        body = json.dumps({'id': 'x', 'object': 'y', 'choices': [choice], 'usage': usage})
        if kind == 'cut':
            self.send(200, body[:80], {'Content-Length': str(len(body))})
            self.close_connection = True
        else:
            self.send(200, body, {})

    def stream(self, kind: str, text: str) -> None:
        self.send_response(200)
        self.send_header('Content-Type', 'text/event-stream')
        self.send_header('Transfer-Encoding', 'chunked')
        self.end_headers()
        half = len(text) // 2
        for piece in (text[:half], text[half:]):
            self.event({'choices': [{'index': 0, 'delta': {'content': piece}}]})
            if kind == 'cut':
                self.close_connection = True
                return
            if kind == 'ends early':
                self.chunk('')
                return
        reason = 'length' if kind == 'too long' else 'stop'
        self.event({'choices': [{'index': 0, 'delta': {}, 'finish_reason': reason}]})
        usage = {'prompt_tokens': INPUT_TOKENS, 'completion_tokens': OUTPUT_TOKENS}
        self.event({'choices': [], 'usage': usage})
        self.chunk('data: [DONE]\n\n')
        self.chunk('')

    def event(self, content: dict[str, Any]) -> None:
        self.chunk(f'data: {json.dumps(content)}\n\n')

    def chunk(self, text: str) -> None:
        self.wfile.write(f'{len(text.encode()):x}\r\n{text}\r\n'.encode())
        self.wfile.flush()

    def send(self, status: int, body: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        given = {
            'Content-Type': 'application/json',
            'Content-Length': str(len(body.encode())),
            **headers,
        }
        for name, value in given.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())


class ChatServer(ThreadingHTTPServer):
    """Follows its script, then behaves well; remembers every request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(('127.0.0.1', 0), ChatHandler)
        self.script: list[str] = []
        self.afterwards = 'good'
        self.retry_after = ''
        self.delay_s = 0.0
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.times_s: list[float] = []
        self.most_at_once = 0
        self.released = threading.Event()
        self._at_once = 0
        self._lock = threading.Lock()

    @property
    def base_url(self) -> str:
        return f'http://127.0.0.1:{self.server_address[1]}/v1'

    def begin(self, headers: Any, request: dict[str, Any]) -> str:
        with self._lock:
            self.requests.append(request)
            self.headers.append({name.lower(): value for name, value in headers.items()})
            self.times_s.append(time.monotonic())
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            kind = self.script.pop(0) if self.script else self.afterwards
        time.sleep(self.delay_s)
        return kind

    def end(self) -> None:
        with self._lock:
            self._at_once -= 1


@pytest.fixture
def chat_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    monkeypatch.setenv('NO_PROXY', '127.0.0.1')
    server = ChatServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()
    thread.join()
