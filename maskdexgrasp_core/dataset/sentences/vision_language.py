"""The writer that shows a picture of the grasp to a vision-language model.

Any server with the chat interface of OpenAI serves, such as a Qwen-VL model behind vLLM. Answers
are kept in a folder, so that a run that was ended goes on where it was and nothing is paid twice.
"""

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from maskdexgrasp_core.dataset.sentences.facts import Sentences
from maskdexgrasp_core.dataset.sentences.grammar import write_sentences
from maskdexgrasp_core.dataset.sentences.instruction import INSTRUCTION, describe
from maskdexgrasp_core.dataset.sentences.model_cfg import ModelCfg
from maskdexgrasp_core.dataset.sentences.writing import (
    EndpointError,
    SentenceItem,
    WrittenSentences,
)

try:
    from maskdexgrasp_core.dataset.sentences.answer_cache import AnswerCache, question_key
    from maskdexgrasp_core.dataset.sentences.asking import Asker
    from maskdexgrasp_core.dataset.sentences.chat import RequestError
    from maskdexgrasp_core.dataset.sentences.tally import Tally, WritingReport
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"{error}; the vision-language writer needs: pip install 'maskdexgrasp[vlm]'"
    ) from error

_AHEAD = 4
"""Grasps that are looked at before their turn, for each request that may run."""


class VisionLanguageWriter:
    """Writes sentences by asking a model; use as a context, or `close` it."""

    def __init__(self, cfg: ModelCfg, cache_folder: Path) -> None:
        """Connect to the server; nothing is asked yet.

        Args:
            cfg: Settings.
            cache_folder: Where answers are kept; is made when needed.
        """
        self._cfg = cfg
        self._cache = AnswerCache(cache_folder)
        self._tally = Tally(cfg)
        self._stopped = threading.Event()
        self._asker = Asker(cfg, self._tally, self._stopped)
        self._drawing = threading.Lock()
        self._lock = threading.Lock()
        self._failed_in_a_row = 0
        self._fatal: EndpointError | None = None

    def __enter__(self) -> 'VisionLanguageWriter':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End waits and give the connections back."""
        self._stopped.set()
        self._asker.close()

    def report(self) -> WritingReport:
        """Return what was done and what it cost, up to now."""
        return self._tally.report()

    def write(self, items: Iterable[SentenceItem]) -> Iterator[WrittenSentences]:
        """Yield the sentences of every grasp, in order, while the next ones are being asked for.

        Equal questions are asked once. Leaving the loop early ends the run; what was answered is
        kept. The items may come from a generator: only a few are taken before their turn.

        Raises:
            EndpointError: If no request can succeed, or too many grasps in a row have failed.
        """
        self._stopped.clear()
        self._failed_in_a_row, self._fatal = 0, None
        asked: dict[str, Future[WrittenSentences]] = {}
        waiting: deque[tuple[SentenceItem, Future[WrittenSentences], bool]] = deque()
        with ThreadPoolExecutor(self._cfg.max_parallel) as pool:
            try:
                for item in items:
                    key = self._key(item)
                    again = key in asked
                    if not again:
                        asked[key] = pool.submit(self._answer, item, key)
                    waiting.append((item, asked[key], again))
                    if len(waiting) > _AHEAD * self._cfg.max_parallel:
                        yield self._finished(*waiting.popleft())
                while waiting:
                    yield self._finished(*waiting.popleft())
            except BaseException:
                self._stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _finished(
        self, item: SentenceItem, future: Future[WrittenSentences], again: bool
    ) -> WrittenSentences:
        """Wait for an answer, let the grammar help out where the model failed, and count."""
        answer = future.result()
        if answer.sentences is None and self._cfg.fall_back:
            sentences = write_sentences(item.facts, item.seed)
            answer = WrittenSentences(sentences=sentences, origin='grammar', reason=answer.reason)
        elif answer.sentences is not None and again:
            answer = WrittenSentences(sentences=answer.sentences, origin='cache')
        self._tally.count_grasp(answer.origin)
        return answer

    def _answer(self, item: SentenceItem, key: str) -> WrittenSentences:
        """Look into the cache, else ask; runs in the threads of the pool."""
        known = self._cache.get(key)
        if known is not None:
            return WrittenSentences(sentences=known, origin='cache')
        try:
            sentences = self._ask(item)
        except RequestError as error:
            return WrittenSentences(sentences=None, origin='missing', reason=str(error))
        self._cache.put(key, sentences, model=self._cfg.model)
        return WrittenSentences(sentences=sentences, origin='model')

    def _ask(self, item: SentenceItem) -> Sentences:
        """Ask the model, unless the run has come to its end."""
        if self._fatal is not None:
            raise self._fatal
        try:
            with self._drawing:
                picture_png = item.picture.png()
            sentences = self._asker.ask(item.facts, picture_png)
        except EndpointError as error:
            self._end(error)
            raise
        except RequestError as error:
            self._count_failed(error)
            raise
        with self._lock:
            self._failed_in_a_row = 0
        return sentences

    def _count_failed(self, error: RequestError) -> None:
        with self._lock:
            self._failed_in_a_row += 1
            in_a_row = self._failed_in_a_row
        if in_a_row >= self._cfg.max_failed_in_a_row and self._fatal is None:
            self._end(
                EndpointError(
                    f'{in_a_row} grasps in a row got no sentences from {self._cfg.base_url}, the '
                    f'last because of {error}; what was answered is kept, so the same command '
                    'goes on from here'
                )
            )
        if self._fatal is not None:
            raise self._fatal from error

    def _end(self, error: EndpointError) -> None:
        """Let every thread stop."""
        self._fatal = error
        self._stopped.set()

    def _key(self, item: SentenceItem) -> str:
        return question_key(
            {
                'instruction': INSTRUCTION,
                'question': describe(item.facts),
                'picture': item.picture.digest,
                'model': self._cfg.model,
                'temperature': self._cfg.temperature,
            }
        )
