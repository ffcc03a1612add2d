"""Sentence vectors kept on disk, so that no sentence is encoded twice."""

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load, save
from torch import Tensor

from maskdexgrasp_core.atomic_files import write_atomically
from maskdexgrasp_core.model.text.encoder import SentenceEncoder, checked_sentences

_SUFFIX = '.safetensors'
_LOG = logging.getLogger(__name__)


class CachedEncoder:
    """A sentence encoder with a memory that outlives the process.

    Each call writes the vectors that were not known into one new file, whose name is the hash
    of its content. So processes may share a folder: none changes a file of another, and a
    damaged file is found, reported and made again.
    """

    def __init__(self, encoder: SentenceEncoder, folder: Path) -> None:
        """Read what is known.

        Args:
            encoder: Encodes the sentences that are not.
            folder: Of the vectors of any number of encoders; made if it is not there.
        """
        self.name, self.dim = encoder.name, encoder.dim
        self._encoder = encoder
        self._folder = folder / encoder.name
        self._folder.mkdir(parents=True, exist_ok=True)
        self._vectors: dict[bytes, Tensor] = {}
        for path in sorted(self._folder.glob(f'*{_SUFFIX}')):
            self._vectors.update(_read(path))

    def encode(self, sentences: Sequence[str]) -> Tensor:
        """Return unit vectors (N, E) of N sentences; see `SentenceEncoder`."""
        texts = checked_sentences(sentences)
        keys = [self._key(text) for text in texts]
        new = {
            key: text for key, text in zip(keys, texts, strict=True) if key not in self._vectors
        }
        if new:
            vectors = self._encoder.encode(list(new.values()))
            self._write(list(new), vectors)
            self._vectors.update(zip(new, vectors, strict=True))
        return (
            torch.stack([self._vectors[key] for key in keys]) if keys else torch.empty(0, self.dim)
        )

    def _key(self, sentence: str) -> bytes:
        return hashlib.sha256(f'{self.name}\n{sentence}'.encode()).digest()

    def _write(self, keys: list[bytes], vectors: Tensor) -> None:
        stacked = torch.frombuffer(bytearray(b''.join(keys)), dtype=torch.uint8)
        content = save({'keys': stacked.reshape(len(keys), -1), 'vectors': vectors.contiguous()})
        write_atomically(self._folder / f'{hashlib.sha256(content).hexdigest()}{_SUFFIX}', content)


def _read(path: Path) -> dict[bytes, Tensor]:
    """Return the vectors of a file by key; none, and a line in the log, if it is damaged."""
    try:
        content = path.read_bytes()
    except OSError as error:
        _LOG.warning('%s cannot be read (%s); its sentences are encoded again', path, error)
        return {}
    if hashlib.sha256(content).hexdigest() != path.stem:
        _LOG.warning('%s is damaged; its sentences are encoded again', path)
        path.unlink(missing_ok=True)
        return {}
    stored = load(content)
    keys = (key.numpy().tobytes() for key in stored['keys'])
    return dict(zip(keys, stored['vectors'], strict=True))
