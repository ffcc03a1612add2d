"""CLIP: the library's vectors, read from a cache of the hub; a small network stands in it."""

from pathlib import Path

import pytest
import torch
from huggingface_hub import constants
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPTokenizer, CLIPVisionConfig

from maskdexgrasp_core.model.text import clip
from maskdexgrasp_core.model.text.encoder import EncoderUnavailableError, SentenceEncoder

SENTENCES = ['hold the mug by its handle', '', 'twist', 'press the spray bottle ' * 40]


def small_tokenizer() -> CLIPTokenizer:
    letters = [chr(97 + n) for n in range(26)]
    tokens = [*letters, *(f'{letter}</w>' for letter in letters)]
    tokens += ['<|startoftext|>', '<|endoftext|>']
    return CLIPTokenizer({token: index for index, token in enumerate(tokens)}, [])


def small_clip(tokenizer: CLIPTokenizer) -> CLIPModel:
    text = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        projection_dim=512,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    vision = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=4,
        image_size=32,
        projection_dim=512,
    )
    torch.manual_seed(0)
    config = CLIPConfig(
        text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=512
    )
    return CLIPModel(config).eval()


@pytest.fixture(scope='module')
def cache(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp('hub')
    files = folder / 'models--openai--clip-vit-base-patch32' / 'snapshots' / clip._REVISION
    files.mkdir(parents=True)
    tokenizer = small_tokenizer()
    tokenizer.save_pretrained(files)
    network = small_clip(tokenizer)
    network.config.save_pretrained(files)
    torch.save(network.state_dict(), files / 'pytorch_model.bin')
    return folder


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    monkeypatch.setattr(constants, 'HF_HUB_OFFLINE', True)


def test_vectors_are_those_of_the_library_scaled_to_length_one(cache):
    encoder = clip.ClipEncoder(cache)
    assert isinstance(encoder, SentenceEncoder)
    vectors = encoder.encode(SENTENCES)
    assert vectors.shape == (4, encoder.dim) == (4, 512)
    tokenizer = small_tokenizer()
    network = small_clip(tokenizer)
    tokens = tokenizer(
        SENTENCES, padding=True, truncation=True, max_length=77, return_tensors='pt'
    )
    with torch.no_grad():
        pooled = network.text_model(**tokens).pooler_output
        expected = torch.nn.functional.normalize(network.text_projection(pooled), dim=-1)
    torch.testing.assert_close(vectors, expected, atol=1e-5, rtol=0)
    assert not vectors.requires_grad


def test_a_sentence_has_one_vector_alone_and_beside_longer_ones(cache):
    encoder = clip.ClipEncoder(cache)
    together = encoder.encode(SENTENCES)
    for row, sentence in enumerate(SENTENCES):
        alone = encoder.encode([sentence])[0]
        torch.testing.assert_close(together[row], alone, atol=1e-5, rtol=0)
    assert (together[0] - together[2]).norm() > 0.01


def test_missing_weights_are_named_with_a_cure(tmp_path):
    with pytest.raises(EncoderUnavailableError, match='hf download openai/clip-vit-base-patch32'):
        clip.ClipEncoder(tmp_path)
