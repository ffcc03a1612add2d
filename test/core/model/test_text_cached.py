"""Vectors on disk: asked once, shared between processes, made again when damaged."""

import multiprocessing
from collections.abc import Sequence
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
import torch
from torch import Tensor

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.text.cached import CachedEncoder
from maskdexgrasp_core.model.text.encoder import SentenceEncoder, checked_sentences


class LetterCounts:
    """How often each letter stands in a sentence; keeps what it was asked."""

    dim = 26

    def __init__(self, name: str = 'letters') -> None:
        self.name = name
        self.asked: list[list[str]] = []

    def encode(self, sentences: Sequence[str]) -> Tensor:
        self.asked.append(checked_sentences(sentences))
        counts = [[s.lower().count(chr(97 + n)) for n in range(26)] for s in sentences]
        return torch.nn.functional.normalize(torch.tensor(counts, dtype=torch.float32), dim=-1)


def test_only_what_is_new_is_encoded_and_only_once(tmp_path):
    letters = LetterCounts()
    encoder = CachedEncoder(letters, tmp_path)
    first = encoder.encode(['lift the mug', 'press it', 'lift the mug'])
    again = encoder.encode(['twist', 'press it', 'lift the mug'])
    assert letters.asked == [['lift the mug', 'press it'], ['twist']]
    assert torch.equal(first[0], first[2])
    assert torch.equal(again[1:], first[[1, 0]])
    assert torch.equal(again, LetterCounts().encode(['twist', 'press it', 'lift the mug']))


def test_another_process_finds_the_vectors(tmp_path):
    vectors = CachedEncoder(LetterCounts(), tmp_path).encode(['lift', 'press', 'twist'])
    unasked = LetterCounts()
    encoder = CachedEncoder(unasked, tmp_path)
    assert isinstance(encoder, SentenceEncoder)
    assert (encoder.name, encoder.dim) == ('letters', 26)
    assert torch.equal(encoder.encode(['twist', 'lift', 'press']), vectors[[2, 0, 1]])
    assert unasked.asked == []


def test_encoders_of_another_name_share_no_vectors(tmp_path):
    CachedEncoder(LetterCounts('letters'), tmp_path).encode(['lift'])
    other = LetterCounts('others')
    CachedEncoder(other, tmp_path).encode(['lift'])
    assert other.asked == [['lift']]


@pytest.mark.parametrize('damage', ['flipped', 'cut', 'empty'])
def test_a_damaged_file_is_reported_and_made_again(tmp_path, caplog, damage):
    vectors = CachedEncoder(LetterCounts(), tmp_path).encode(['lift', 'press'])
    CachedEncoder(LetterCounts(), tmp_path).encode(['twist'])
    path = max(tmp_path.glob('letters/*'), key=lambda p: p.stat().st_size)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes({'flipped': content, 'cut': content[:-40], 'empty': b''}[damage])

    letters = LetterCounts()
    encoder = CachedEncoder(letters, tmp_path)
    assert f'{path} is damaged; its sentences are encoded again' in caplog.text
    assert torch.equal(encoder.encode(['lift', 'press', 'twist'])[:2], vectors)
    assert letters.asked == [['lift', 'press']]

    caplog.clear()
    unasked = LetterCounts()
    CachedEncoder(unasked, tmp_path).encode(['lift', 'press', 'twist'])
    assert (caplog.text, unasked.asked) == ('', [])


def test_no_sentences_give_no_vectors(tmp_path):
    encoder = CachedEncoder(LetterCounts(), tmp_path)
    assert encoder.encode([]).shape == (0, 26)
    with pytest.raises(InvalidInputError, match='got one string'):
        encoder.encode('lift')
    assert list(tmp_path.glob('letters/*')) == []


def write_one_by_one(folder: Path, start: Barrier, sentences: list[str]) -> None:
    encoder = CachedEncoder(LetterCounts(), folder)
    start.wait(60)
    for sentence in sentences:
        encoder.encode([sentence])


def test_two_processes_that_write_at_once_lose_nothing(tmp_path):
    fork = multiprocessing.get_context('fork')  # starts without importing torch once more
    start = fork.Barrier(2)
    said = [[f'Lift box {n}{"x" * n}' for n in numbers] for numbers in (range(40), range(20, 60))]
    writers = [
        fork.Process(target=write_one_by_one, args=(tmp_path, start, sentences))
        for sentences in said
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    assert [writer.exitcode for writer in writers] == [0, 0]

    unasked = LetterCounts()
    everything = sorted({*said[0], *said[1]})
    vectors = CachedEncoder(unasked, tmp_path).encode(everything)
    assert unasked.asked == []
    assert torch.equal(vectors, LetterCounts().encode(everything))
