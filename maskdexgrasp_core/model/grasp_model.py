"""Tokenizer, transformer and sentence encoder as one: a request in, hands out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.hands.hand_batch import HandBatch, transform_hands
from maskdexgrasp_core.hands.spec import PARTS, check_parts
from maskdexgrasp_core.model.checkpoint import (
    CheckpointHeader,
    load_network,
    read_checkpoint,
    shipped_weights,
)
from maskdexgrasp_core.model.conditions import (
    NO_TASK,
    ConditionDrops,
    Conditions,
    ConditionTokens,
)
from maskdexgrasp_core.model.frame import model_frame
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
_POINTS_SEED = 0


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
        tokenizer_file, transformer_file = _weight_files(folder)
        tokenizer, header = load_network(
            tokenizer_file, kind='tokenizer', cfg_type=TokenizerCfg, build=GraspTokenizer
        )
        transformer, needing = load_network(
            transformer_file,
            kind='transformer',
            cfg_type=TransformerCfg,
            build=MaskedGraspTransformer,
        )
        _require_pair(header, needing, tokenizer_file.parent)
        return cls(
            tokenizer, transformer, load_sentence_encoder(needing.needs['sentence_encoder'])
        )

    @torch.no_grad()
    def encode(self, request: GraspRequest) -> EncodedRequest:
        """Encode a request once, for any number of candidates.

        Raises:
            InvalidInputError: If there are no points, or some are not finite.
            UnknownNameError: If the task is not known.
        """
        if request.task and request.task not in TASKS:
            raise UnknownNameError('task', request.task, list(TASKS))
        T_base_model = model_frame(request.points, request.table_height)
        seen = request.points - T_base_model[:3, 3]
        points = torch.as_tensor(
            resampled(seen, self.transformer.cfg.conditions.num_points), dtype=torch.float32
        )
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
        check_parts(parts)
        drawn = torch.tensor([PARTS[part] in parts for part in self.tokenizer.token_parts])
        known = proposals.tokens.masked_fill(drawn, self.transformer.layout.mask_token_id)
        conditions = encoded.tokens.repeat(len(known))
        tokens = self.transformer.sample(conditions, known, cfg, generator)
        before = transform_hands(encoded.T_base_model.inverse(), proposals.hands)
        kept = [part for part in PARTS if part not in parts]
        after = self.tokenizer.decode_fixed(tokens, before, kept)
        return Proposals(transform_hands(encoded.T_base_model, after), tokens)


def check_weights(folder: Path | None) -> None:
    """Refuse the files that `GraspModel.load` would refuse, without building networks.

    Args:
        folder: That holds both files; None takes the weights that ship.

    Raises:
        MissingWeightsError: If one is not there.
        InvalidInputError: If one is damaged, or the transformer needs another tokenizer.
    """
    tokenizer, transformer = _weight_files(folder)
    _require_pair(
        read_checkpoint(tokenizer, kind='tokenizer').header,
        read_checkpoint(transformer, kind='transformer').header,
        tokenizer.parent,
    )


def _weight_files(folder: Path | None) -> tuple[Path, Path]:
    """Return the files of tokenizer and transformer."""
    if folder is None:
        return shipped_weights('tokenizer'), shipped_weights('transformer')
    return folder / 'tokenizer.safetensors', folder / 'transformer.safetensors'


def _require_pair(
    tokenizer: CheckpointHeader, transformer: CheckpointHeader, folder: Path
) -> None:
    if transformer.needs.get('tokenizer') != tokenizer.digest:
        raise InvalidInputError(
            f'the transformer in {folder} was trained with another tokenizer than the one beside '
            'it; take both from the same training'
        )


def resampled(points: Array, number: int) -> Array:
    """Return `number` of the points (N, 3): some, or all of them about equally often."""
    order = np.random.default_rng(_POINTS_SEED).permutation(len(points))
    return points[np.resize(order, number)]
