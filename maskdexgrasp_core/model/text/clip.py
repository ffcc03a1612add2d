"""The text tower of CLIP ViT-B/32, the paper's sentence encoder.

Radford et al. 2021. Its weights (605 MB) are not in any Python package: they come from the
Hugging Face hub once and stay in its cache.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import normalize

from maskdexgrasp_core.model.text.batching import encode_tokens
from maskdexgrasp_core.model.text.encoder import EncoderUnavailableError, checked_sentences

if TYPE_CHECKING:
    from transformers import CLIPTextModelWithProjection, CLIPTokenizer

_HUB_NAME = 'openai/clip-vit-base-patch32'
_REVISION = '3d74acf9a28c67741b2f4f2ea7635f0aaf6f0268'
_MAX_TOKENS = 77
_PAD_ID = 0
"""Any: it stands behind the end of the sentence, which looks back only."""


class ClipEncoder:
    """Sentences to vectors with the text tower of CLIP ViT-B/32: 512 numbers, English."""

    name = 'clip-vit-b-32'
    dim = 512

    def __init__(self, cache_folder: Path | None = None) -> None:
        """Load the weights from the cache of the hub, or else from the hub.

        Args:
            cache_folder: Of the hub's files; None takes the usual one (`HF_HOME`).

        Raises:
            EncoderUnavailableError: If the weights are in neither.
        """
        self._tokenizer, self._network = _load(cache_folder)

    def encode(self, sentences: Sequence[str]) -> Tensor:
        """Return unit vectors (N, 512) of N sentences; see `SentenceEncoder`."""
        texts = checked_sentences(sentences)
        token_ids = [
            self._tokenizer(text, truncation=True, max_length=_MAX_TOKENS)['input_ids']
            for text in texts
        ]
        return encode_tokens(self._embed, token_ids, dim=self.dim, pad_id=_PAD_ID)

    def _embed(self, token_ids: Tensor, is_token: Tensor) -> Tensor:
        embedded = self._network(input_ids=token_ids, attention_mask=is_token.to(torch.int64))
        return normalize(embedded.text_embeds, dim=-1)


def _load(
    cache_folder: Path | None,
) -> 'tuple[CLIPTokenizer, CLIPTextModelWithProjection]':
    from transformers import CLIPTextModelWithProjection, CLIPTokenizer  # takes seconds

    failure: OSError | None = None
    for only_cache in (True, False):  # with weights in the cache, nothing goes to the network
        source = {
            'revision': _REVISION,
            'cache_dir': cache_folder,
            'local_files_only': only_cache,
        }
        try:
            tokenizer = CLIPTokenizer.from_pretrained(_HUB_NAME, **source)
            network = CLIPTextModelWithProjection.from_pretrained(
                _HUB_NAME, use_safetensors=False, **source
            )
        except OSError as error:
            failure = error
        else:
            return tokenizer, network.eval().requires_grad_(False)
    raise EncoderUnavailableError(
        f'the weights of {ClipEncoder.name} are neither in the cache nor to be had from the hub; '
        f'where there is a network, run: hf download {_HUB_NAME} --revision {_REVISION}, and '
        f'copy the folder that HF_HOME names'
    ) from failure
