"""What the codes of a tokenizer say, shown to the transformer.

Codes are places in a space of poses, and a network that only knows their numbers has to find out
which of them are alike from how often they occur. Here it sees what each code stands for, and its
logits are functions of that, beside what it learns of each code alone.
"""

import torch
from torch import Tensor, nn

from maskdexgrasp_core.errors import InvalidInputError


class CodeFeatures(nn.Module):
    """Maps features of codes to the width of the network, and back to logits.

    Symbols: B grasps, T tokens, K codes, F features of a code, W width.

    Args:
        num_tokens: T.
        num_codes: K.
        num_features: F.
        width: W.
    """

    _features: Tensor
    """(T, K + 1, F); the last row, of the mask, is zero."""

    def __init__(self, num_tokens: int, num_codes: int, num_features: int, width: int) -> None:
        super().__init__()
        scale = num_features**-0.5
        self.inward = nn.Parameter(torch.randn(num_tokens, num_features, width) * scale)
        self.outward = nn.Parameter(
            torch.randn(num_tokens, width, num_features) * scale * width**-0.5
        )
        self.register_buffer('_features', torch.zeros(num_tokens, num_codes + 1, num_features))

    def set(self, features: Tensor) -> None:
        """Take the features (T, K, F) of a tokenizer; weights that are loaded bring their own.

        Raises:
            InvalidInputError: If they are of another shape.
        """
        if features.shape != self._features[:, :-1].shape:
            raise InvalidInputError(
                f'features of codes: got the shape {tuple(features.shape)}, expected '
                f'{tuple(self._features[:, :-1].shape)}'
            )
        self._features[:, :-1] = features

    def embed(self, tokens: Tensor) -> Tensor:
        """Return what tokens (B, T), codes or the mask K, stand for: (B, T, W)."""
        places = torch.arange(tokens.shape[1], device=tokens.device)
        return torch.einsum('btf,tfw->btw', self._features[places, tokens], self.inward)

    def logits(self, hidden: Tensor) -> Tensor:
        """Return how well each code fits (B, T, W): (B, T, K)."""
        wanted = torch.einsum('btw,twf->btf', hidden, self.outward)
        return torch.einsum('btf,tkf->btk', wanted, self._features[:, :-1])
