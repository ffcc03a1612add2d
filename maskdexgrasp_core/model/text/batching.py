"""Runs a text network over many sentences."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

_BATCH_SIZE = 64

TextNetwork = Callable[[Tensor, Tensor], Tensor]
"""Token ids (B, L) int64 and which of them are not padding (B, L) bool -> vectors (B, E)."""


@torch.no_grad()
def encode_tokens(
    network: TextNetwork, token_ids: Sequence[Sequence[int]], *, dim: int, pad_id: int
) -> Tensor:
    """Run a network in batches of sentences of like length, so that little is padded.

    Args:
        network: What turns tokens into vectors.
        token_ids: Of N sentences, each at least one token.
        dim: Length E of the vectors.
        pad_id: Token that fills up the shorter sentences of a batch.

    Returns:
        Vectors (N, E) in the order of the sentences.
    """
    vectors = torch.empty(len(token_ids), dim)
    by_length = sorted(range(len(token_ids)), key=lambda row: len(token_ids[row]))
    for start in range(0, len(by_length), _BATCH_SIZE):
        rows = by_length[start : start + _BATCH_SIZE]
        batch = [torch.tensor(token_ids[row]) for row in rows]
        lengths = torch.tensor([len(ids) for ids in batch])
        ids = pad_sequence(batch, batch_first=True, padding_value=pad_id)
        vectors[rows] = network(ids, torch.arange(ids.shape[1]) < lengths[:, None])
    return vectors
