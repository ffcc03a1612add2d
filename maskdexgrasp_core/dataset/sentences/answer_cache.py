"""Answers that were paid for, one small file each, found by what was asked."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from maskdexgrasp_core.atomic_files import write_atomically
from maskdexgrasp_core.dataset.record import FORMS
from maskdexgrasp_core.dataset.sentences.answers import FourSentences
from maskdexgrasp_core.dataset.sentences.facts import Sentences


def question_key(question: Mapping[str, object]) -> str:
    """Return a hash of all that decides an answer; the same question, the same key."""
    content = json.dumps(question, sort_keys=True, separators=(',', ':'))
    return hashlib.sha256(content.encode()).hexdigest()


class AnswerCache:
    """A folder of answers. Several processes may share it; a file is whole or absent."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> Sentences | None:
        """Return the answer to a question, None if there is none that can be read."""
        try:
            content = json.loads(self._path(key).read_bytes())
            return FourSentences.model_validate(content['sentences']).sentences
        except (OSError, ValueError, TypeError, KeyError, ValidationError):
            return None

    def put(self, key: str, sentences: Sentences, *, model: str) -> None:
        """Keep an answer, with the name of the model that gave it."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {'model': model, 'sentences': dict(zip(FORMS, sentences, strict=True))}
        write_atomically(path, (json.dumps(content, indent=1) + '\n').encode())

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f'{key}.json'
