"""What a run of the vision-language writer did and cost."""

import threading
from collections import Counter
from dataclasses import dataclass, field

from maskdexgrasp_core.dataset.sentences.chat import Reply, RequestError
from maskdexgrasp_core.dataset.sentences.model_cfg import ModelCfg


@dataclass(frozen=True, kw_only=True)
class WritingReport:
    """Counts of a run, up to now."""

    num_from_model: int
    """Grasps whose sentences the model wrote in this run."""
    num_from_cache: int
    """Grasps whose sentences were paid for before, or for an equal grasp of this run."""
    num_from_grammar: int
    """Grasps that the model failed on and the offline grammar described."""
    num_missing: int
    """Grasps that have no sentences."""
    num_requests: int
    input_tokens: int
    output_tokens: int
    cost: float | None
    """In the currency of the prices; None when no prices are known."""
    failures: dict[str, int] = field(default_factory=dict)
    """Value of a `FailureKind` -> failed requests; one grasp may have several."""
    examples: dict[str, str] = field(default_factory=dict)
    """Value of a `FailureKind` -> what was wrong the last time."""


class Tally:
    """Counts for many threads."""

    def __init__(self, cfg: ModelCfg) -> None:
        self._cfg = cfg
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    def count_request(self) -> None:
        """Count a request that is being sent."""
        self._count('requests')

    def count_grasp(self, origin: str) -> None:
        """Count a grasp that is done; `origin` is that of `WrittenSentences`."""
        self._count(origin)

    def count_tokens(self, reply: Reply) -> None:
        """Count what a reply cost, whether it can be used or not."""
        with self._lock:
            self._counts['input'] += reply.input_tokens
            self._counts['output'] += reply.output_tokens

    def count_failure(self, error: RequestError) -> None:
        """Count a request that gave no sentences."""
        with self._lock:
            self._failures[error.kind.value] += 1
            self._examples[error.kind.value] = error.detail

    def report(self) -> WritingReport:
        """Return the counts up to now."""
        with self._lock:
            counts = self._counts
            return WritingReport(
                num_from_model=counts['model'],
                num_from_cache=counts['cache'],
                num_from_grammar=counts['grammar'],
                num_missing=counts['missing'],
                num_requests=counts['requests'],
                input_tokens=counts['input'],
                output_tokens=counts['output'],
                cost=self._cost(counts['input'], counts['output']),
                failures=dict(self._failures),
                examples=dict(self._examples),
            )

    def _count(self, what: str) -> None:
        with self._lock:
            self._counts[what] += 1

    def _cost(self, input_tokens: int, output_tokens: int) -> float | None:
        prices = self._cfg.price_per_million_input, self._cfg.price_per_million_output
        if prices == (None, None):
            return None
        return (input_tokens * (prices[0] or 0) + output_tokens * (prices[1] or 0)) / 1e6
