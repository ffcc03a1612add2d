"""Which part each token of a grasp belongs to, and which of them come first."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TokenLayout:
    """What the transformer and its sampler need to know of a tokenizer."""

    token_parts: tuple[int, ...]
    """Part of each of the T tokens; tokens of one part come coarse to fine."""
    codebook_size: int
    """K; the id of the mask token is K."""

    @property
    def num_tokens(self) -> int:
        """T."""
        return len(self.token_parts)

    @property
    def mask_token_id(self) -> int:
        """The id that no code has."""
        return self.codebook_size

    @property
    def coarser(self) -> tuple[int, ...]:
        """Index of the next coarser token of the same part, for each token; -1 for none."""
        return tuple(
            max((j for j in range(i) if self.token_parts[j] == part), default=-1)
            for i, part in enumerate(self.token_parts)
        )

    @property
    def num_finer(self) -> tuple[int, ...]:
        """How many finer tokens of the same part there are, for each token."""
        return tuple(
            self.token_parts[i + 1 :].count(part) for i, part in enumerate(self.token_parts)
        )
