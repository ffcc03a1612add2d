"""The masked transformer: which code does each masked token of a grasp have?

Symbols: G objects, M grasps of each, B = G * M grasps, T tokens of a grasp, K codes, C tokens of
an object, S tokens of a sequence, W width.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.code_features import CodeFeatures
from maskdexgrasp_core.model.conditions import ConditionEncoder, Conditions, ConditionTokens
from maskdexgrasp_core.model.sampling import SamplingCfg, TokenSampler
from maskdexgrasp_core.model.surface_field import surface_field
from maskdexgrasp_core.model.surface_fit import SurfaceFit
from maskdexgrasp_core.model.tokenizer import GraspTokenizer
from maskdexgrasp_core.model.transformer_cfg import TransformerCfg

_BESIDE_FEATURES = 0.3
"""Size of learned vectors of codes at the start, beside 1 of what the codes say."""


class Attention(nn.Module):
    """Scaled dot-product attention with several heads."""

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.result = nn.Linear(width, width)
        self._num_heads = num_heads

    def forward(self, asking: Tensor, asked: Tensor) -> Tensor:
        """Return what `asking` (B, S, W) finds in `asked` (B, C, W): (B, S, W)."""
        keys, values = self.key_value(asked).chunk(2, dim=-1)
        query = self._heads(self.query(asking))
        found = functional.scaled_dot_product_attention(
            query, self._heads(keys), self._heads(values)
        )
        result: Tensor = self.result(found.transpose(1, 2).flatten(start_dim=2))
        return result

    def _heads(self, values: Tensor) -> Tensor:
        return values.unflatten(-1, (self._num_heads, -1)).transpose(1, 2)


class Block(nn.Module):
    """Attention among the tokens, attention to the object (optional), perceptron.

    Each adds to its input and sees it normalised (pre-norm).
    """

    def __init__(self, cfg: TransformerCfg) -> None:
        super().__init__()
        self.self_norm = nn.LayerNorm(cfg.width)
        self.self_attention = Attention(cfg.width, cfg.num_heads)
        if cfg.cross_attention:
            self.cross_norm = nn.LayerNorm(cfg.width)
            self.cross_attention = Attention(cfg.width, cfg.num_heads)
        self.perceptron = nn.Sequential(
            nn.LayerNorm(cfg.width),
            nn.Linear(cfg.width, cfg.feedforward),
            nn.GELU(),
            nn.Linear(cfg.feedforward, cfg.width),
        )
        self._dropout = cfg.dropout

    def forward(self, sequence: Tensor, conditions: ConditionTokens | None) -> Tensor:
        """Return the sequence (B, S, W) after it looked at itself and at the conditions.

        Args:
            sequence: Tokens, (B, S, W).
            conditions: Of B grasps, for blocks with cross-attention; None where they stand in
                the sequence.
        """
        asked = seen = self.self_norm(sequence)
        if conditions is not None:
            asked = torch.cat([conditions.words, seen], dim=1)
        sequence = sequence + self._drop(self.self_attention(seen, asked))
        if conditions is not None:
            asking = self.cross_norm(sequence).reshape(len(conditions.object), -1, asked.shape[-1])
            found = self.cross_attention(asking, conditions.object)
            sequence = sequence + self._drop(found.reshape(sequence.shape))
        return sequence + self._drop(self.perceptron(sequence))

    def _drop(self, values: Tensor) -> Tensor:
        """Drop channels, the same for all tokens of a grasp: 10 times faster on a CPU."""
        dropped = functional.dropout1d(values.transpose(1, 2), self._dropout, self.training)
        return dropped.transpose(1, 2)


class MaskedGraspTransformer(nn.Module):
    """Tokens of grasps, some masked, and their conditions -> logits of every token."""

    _first_code: Tensor
    """Row of the first code of each token in `codes`, (T,)."""

    def __init__(self, cfg: TransformerCfg) -> None:
        super().__init__()
        self.cfg = cfg
        self.layout = cfg.layout
        num_tokens, num_codes = self.layout.num_tokens, self.layout.codebook_size
        self.conditions = ConditionEncoder(cfg.conditions, cfg.width)
        self.codes = nn.Embedding(num_tokens * (num_codes + 1), cfg.width)
        self.features = (
            CodeFeatures(num_tokens, num_codes, cfg.num_code_features, cfg.width)
            if cfg.num_code_features
            else None
        )
        self.fit = SurfaceFit(cfg.surface_fit, self.layout, cfg.width) if cfg.surface_fit else None
        self.places = nn.Parameter(torch.randn(num_tokens, cfg.width))
        self.blocks = nn.ModuleList(Block(cfg) for _ in range(cfg.num_layers))
        self.norm = nn.LayerNorm(cfg.width)
        self.heads = nn.Parameter(torch.randn(num_tokens, cfg.width, num_codes) * cfg.width**-0.5)
        if self.features is not None:  # what is learned of each code alone comes second
            nn.init.normal_(self.codes.weight, std=_BESIDE_FEATURES)
            nn.init.normal_(self.heads, std=_BESIDE_FEATURES * cfg.width**-0.5)
        self.register_buffer(
            '_first_code', torch.arange(num_tokens) * (num_codes + 1), persistent=False
        )

    def encode_conditions(self, conditions: Conditions) -> ConditionTokens:
        """Encode conditions once; see `ConditionEncoder`."""
        encoded: ConditionTokens = self.conditions(conditions)
        if self.fit is None:
            return encoded
        return encoded._replace(field=surface_field(conditions.points, self.fit.resolution))

    def forward(
        self, tokens: Tensor, conditions: ConditionTokens, *, table_penalty: float = 0.0
    ) -> Tensor:
        """Return the logits of every token.

        Args:
            tokens: (B, T) int64, codes 0 ... K - 1 or K for the mask.
            conditions: Of B grasps.
            table_penalty: As in `SurfaceFit.logits`.

        Returns:
            (B, T, K).

        Raises:
            InvalidInputError: If there are not as many conditions as grasps.
        """
        if len(conditions.words) != len(tokens):
            raise InvalidInputError(
                f'{len(tokens)} rows of tokens with conditions of {len(conditions.words)} grasps'
            )
        hidden = self.codes(tokens + self._first_code) + self.places
        if self.features is not None:
            hidden = hidden + self.features.embed(tokens)
        if self.fit is not None and conditions.field is not None:
            hidden = hidden + self.fit.embed(tokens, conditions.field)
        looked_at: ConditionTokens | None = conditions
        if not self.cfg.cross_attention:
            each = len(tokens) // len(conditions.object)
            seen = conditions.object.repeat_interleave(each, dim=0)
            hidden, looked_at = torch.cat([seen, conditions.words, hidden], dim=1), None
        for block in self.blocks:
            hidden = block(hidden, looked_at)
        grasp = self.norm(hidden[:, -self.layout.num_tokens :])
        logits = torch.einsum('btw,twk->btk', grasp, self.heads)
        if self.features is not None:
            logits = logits + self.features.logits(grasp)
        if self.fit is not None and conditions.field is not None:
            logits = logits + self.fit.logits(tokens, grasp, conditions.field, table_penalty)
        return logits

    def describe_codes(self, tokenizer: GraspTokenizer) -> None:
        """Take what the codes of a tokenizer stand for and what they look like.

        To be done once, before training; the file of the weights holds it.

        Raises:
            InvalidInputError: If the tokenizer is not that of the settings.
        """
        if self.features is not None:
            self.features.set(tokenizer.code_features())
        if self.fit is not None:
            self.fit.set(tokenizer.code_shapes(self.fit.points_per_part))

    @torch.no_grad()
    def sample(
        self,
        conditions: ConditionTokens,
        known: Tensor,
        cfg: SamplingCfg,
        generator: torch.Generator,
    ) -> Tensor:
        """Draw the masked tokens of `known` (B, T) under the conditions of B grasps.

        The network should be in evaluation mode.

        Args:
            conditions: Encoded once, `ConditionTokens.repeat`ed for the candidates of each.
            known: (B, T) int64, codes, or the mask token where one is to be drawn.
            cfg: How to draw; guidance passes both halves through the network as one batch.
            generator: Of the random numbers.

        Returns:
            (B, T) int64 without any mask token.

        Raises:
            InvalidInputError: As `TokenSampler.sample` and `forward` do.
        """
        told_by_rows = {len(known): conditions}
        if cfg.guides(1):
            encoder = self.conditions
            leave_out = (
                encoder.without_all if cfg.unconditional == 'all' else encoder.without_words
            )
            told_by_rows[2 * len(known)] = conditions.followed_by(leave_out(conditions))

        def logits_of(tokens: Tensor) -> Tensor:
            return self._logits_of_rows(tokens, told_by_rows[len(tokens)], cfg.table_penalty)

        return TokenSampler(self.layout, cfg).sample(logits_of, known, generator)

    def _logits_of_rows(
        self, tokens: Tensor, conditions: ConditionTokens, table_penalty: float
    ) -> Tensor:
        """Return the logits of `forward`; rows of an object that are all equal are computed once.

        They are in the first pass, when all is masked.
        """
        each = max(1, len(tokens) // len(conditions.object))
        one_each = tokens[::each], conditions.words[::each]
        if not (
            torch.equal(one_each[0].repeat_interleave(each, dim=0), tokens)
            and torch.equal(one_each[1].repeat_interleave(each, dim=0), conditions.words)
        ):
            logits: Tensor = self(tokens, conditions, table_penalty=table_penalty)
            return logits
        conditions = conditions._replace(words=one_each[1])
        logits = self(one_each[0], conditions, table_penalty=table_penalty)
        return logits.repeat_interleave(each, dim=0)

    def masked_tokens(self, batch: int) -> Tensor:
        """Return (batch, T) tokens that are all masked."""
        shape = (batch, self.layout.num_tokens)
        return self.places.new_full(shape, self.layout.mask_token_id, dtype=torch.int64)
