"""Tokenizer, transformer and sentence encoder as one: a request in, hands out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.model.checkpoint import load_network, shipped_weights
from maskdexgrasp_core.model.conditions import (
    NO_TASK,
    ConditionDrops,
    Conditions,
    ConditionTokens,
)
from maskdexgrasp_core.model.frame import model_frame
from maskdexgrasp_core.model.hand_batch import HandBatch, transform_hands
from maskdexgrasp_core.model.sampling import SamplingCfg
from maskdexgrasp_core.model.text.encoder import SentenceEncoder
from maskdexgrasp_core.model.text.registry import load_sentence_encoder
from maskdexgrasp_core.model.tokenizer import GraspTokenizer
from maskdexgrasp_core.model.tokenizer_cfg import TokenizerCfg
from maskdexgrasp_core.model.transformer import MaskedGraspTransformer
from maskdexgrasp_core.model.transformer_cfg import TransformerCfg
from maskdexgrasp_core.tasks import TASKS
from maskdexgrasp_core.types import Array

_KEPT_SENTENCES = 256


@dataclass(frozen=True, kw_only=True)
class GraspRequest:
    """What grasps are asked for."""

    points: Array
    """Of the object, a whole surface or what one view shows, (N, 3) [m], base frame."""
    table_height: float
    """z of the table, base frame [m]."""
    text: str
    """The sentence; '' leaves it open."""
    task: str = ''
    """One of `tasks.TASKS`; '' when the sentence decides."""


class EncodedRequest(NamedTuple):
    """A request as the transformer sees it; made once for any number of candidates."""

    T_base_model: Tensor
    """(4, 4) float32, pose of the model frame in the base frame."""
    tokens: ConditionTokens
    """Of one grasp on one object."""


class Proposals(NamedTuple):
    """Hands of B candidates and the tokens that they came from."""

    hands: HandBatch
    """Base frame."""
    tokens: Tensor
    """(B, T) int64."""


class GraspModel:
    """Proposes hands for requests, and changes parts of given hands.

    Args:
        tokenizer: Turns tokens into hands.
        transformer: Draws tokens of that tokenizer.
        encoder: Reads the sentences; the one that the transformer was trained with.

    Raises:
        InvalidInputError: If they do not fit each other.
    """

    def __init__(
        self,
        tokenizer: GraspTokenizer,
        transformer: MaskedGraspTransformer,
        encoder: SentenceEncoder,
    ) -> None:
        layout = transformer.layout
        if (layout.token_parts, layout.codebook_size) != (
            tokenizer.token_parts,
            tokenizer.codebook_size,
        ):
            raise InvalidInputError('the transformer was made for the tokens of another tokenizer')
        if transformer.cfg.conditions.text_dim != encoder.dim:
            raise InvalidInputError(
                f'the transformer reads sentences of {transformer.cfg.conditions.text_dim} '
                f'numbers, {encoder.name} gives {encoder.dim}'
            )
        self.tokenizer = tokenizer.eval()
        self.transformer = transformer.eval()
        self._read = lru_cache(maxsize=_KEPT_SENTENCES)(lambda text: encoder.encode([text]))

    @classmethod
    def load(cls, folder: Path | None = None) -> 'GraspModel':
        """Return the model of `tokenizer.safetensors` and `transformer.safetensors`.

        Args:
            folder: That holds both; None takes the weights that ship.

        Raises:
            MissingWeightsError: If one is not there.
            InvalidInputError: If one is damaged, or the transformer needs another tokenizer.
            EncoderUnavailableError: If the sentence encoder is not on this machine.
        """

        def path(kind: str) -> Path:
            return shipped_weights(kind) if folder is None else folder / f'{kind}.safetensors'

        tokenizer, header = load_network(
            path('tokenizer'), kind='tokenizer', cfg_type=TokenizerCfg, build=GraspTokenizer
        )
        transformer, needing = load_network(
            path('transformer'),
            kind='transformer',
            cfg_type=TransformerCfg,
            build=MaskedGraspTransformer,
        )
        if needing.needs.get('tokenizer') != header.digest:
            raise InvalidInputError(
                f'{path("transformer")} was trained with another tokenizer than '
                f'{path("tokenizer")}; take both from the same training'
            )
        return cls(
            tokenizer, transformer, load_sentence_encoder(needing.needs['sentence_encoder'])
        )

    @torch.no_grad()
    def encode(self, request: GraspRequest) -> EncodedRequest:
        """Encode a request once, for any number of candidates.

        Raises:
            InvalidInputError: If points are too few or not finite.
            UnknownNameError: If the task is not known.
        """
        if request.task and request.task not in TASKS:
            raise UnknownNameError('task', request.task, list(TASKS))
        T_base_model = model_frame(request.points, request.table_height)
        points = torch.as_tensor(request.points - T_base_model[:3, 3], dtype=torch.float32)
        task = TASKS.index(request.task) if request.task else NO_TASK
        tokens = self.transformer.encode_conditions(
            Conditions(torch.tensor([task]), self._read(request.text), points[None])
        )
        if not request.text:
            said, unsaid = torch.zeros(1, dtype=torch.bool), torch.ones(1, dtype=torch.bool)
            drops = ConditionDrops(task=said, text=unsaid, object=said)
            tokens = self.transformer.conditions.drop(tokens, drops)
        return EncodedRequest(torch.as_tensor(T_base_model, dtype=torch.float32), tokens)

    def propose(
        self, encoded: EncodedRequest, num: int, cfg: SamplingCfg, generator: torch.Generator
    ) -> Proposals:
        """Draw `num` hands.

        Args:
            encoded: The request.
            num: B, >= 1.
            cfg: How tokens are drawn.
            generator: Of the randomness.
        """
        known = self.transformer.masked_tokens(num)
        tokens = self.transformer.sample(encoded.tokens.repeat(num), known, cfg, generator)
        return Proposals(
            transform_hands(encoded.T_base_model, self.tokenizer.decode(tokens)), tokens
        )

    def tokens_of(self, encoded: EncodedRequest, hands: HandBatch) -> Tensor:
        """Return the tokens (B, T) of hands of the base frame, on the object of a request."""
        return self.tokenizer.encode(transform_hands(encoded.T_base_model.inverse(), hands))

    def edit(
        self,
        encoded: EncodedRequest,
        proposals: Proposals,
        parts: Sequence[str],
        cfg: SamplingCfg,
        generator: torch.Generator,
    ) -> Proposals:
        """Draw parts of hands anew; the tokens of the others stay, and so does their surface.

        Args:
            encoded: What is asked now, on the same object.
            proposals: The hands before, base frame, and their tokens.
            parts: Names of `PARTS` that are drawn anew.
            cfg: How tokens are drawn.
            generator: Of the randomness.

        Raises:
            InvalidInputError: If a name is not of `PARTS`, or there is none.
        """
        if not parts or set(parts) - set(PARTS):
            raise InvalidInputError(f'parts to edit: got {list(parts)}, known: {", ".join(PARTS)}')
        drawn = torch.tensor([PARTS[part] in parts for part in self.tokenizer.token_parts])
        known = proposals.tokens.masked_fill(drawn, self.transformer.layout.mask_token_id)
        conditions = encoded.tokens.repeat(len(known))
        tokens = self.transformer.sample(conditions, known, cfg, generator)
        before = transform_hands(encoded.T_base_model.inverse(), proposals.hands)
        kept = [part for part in PARTS if part not in parts]
        after = self.tokenizer.decode_fixed(tokens, before, kept)
        return Proposals(transform_hands(encoded.T_base_model, after), tokens)
