"""Grasps to tokens and back: the part-aware VQ-VAE (MaskDexGrasp, Sec. B)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.model.chained_codec import ChainedCodec
from maskdexgrasp_core.model.code_shapes import CodeShapes
from maskdexgrasp_core.model.hand_vector import LENGTH_SCALE, hand_vector, hands_of_vector
from maskdexgrasp_core.model.kept_parts import hold_parts
from maskdexgrasp_core.model.part_points import (
    PART_JOINTS,
    PartPoints,
    place_points,
    points_and_normals,
)
from maskdexgrasp_core.model.shared_codec import Coded, SharedDecoderCodec
from maskdexgrasp_core.model.tokenizer_cfg import TokenizerCfg

_CONSTANT = 1e-6
"""Features that vary less over the codes say nothing."""


class TokenizerOutput(NamedTuple):
    """What a pass through the tokenizer gives."""

    hands: HandBatch
    """The hands decoded from the tokens, in the model frame."""
    tokens: Tensor
    """(B, T) int64."""
    losses: dict[str, Tensor]
    """Terms of the loss by name, scalars, weights included."""
    total: Tensor
    """Their sum, scalar."""


class GraspTokenizer(nn.Module):
    """Turns hands of the model frame into T tokens and back.

    Args:
        cfg: Its settings.
    """

    def __init__(self, cfg: TokenizerCfg) -> None:
        super().__init__()
        self.cfg = cfg
        self.part_points = PartPoints(cfg.points_per_part)
        self._codec = ChainedCodec(cfg) if cfg.layout == 'chained' else SharedDecoderCodec(cfg)

    @property
    def num_tokens(self) -> int:
        """Tokens of a grasp T."""
        return self.cfg.num_tokens

    @property
    def codebook_size(self) -> int:
        """Codes of every codebook K; the transformer's mask token has the id K."""
        return self.cfg.codebook_size

    @property
    def token_parts(self) -> tuple[int, ...]:
        """Index in `PARTS` of the part of each of the T tokens."""
        return self.cfg.token_parts

    def forward(self, hands: HandBatch) -> TokenizerOutput:
        """Encode and decode hands of the model frame; in training, codebooks follow the latents.

        The loss is that of the paper: the length of the error of the vector, the distances of
        the surface points of each part, and the commitment of latents to codes. Moving averages
        take the place of its codebook term. `chained` adds the distances of all points when the
        hand moves rigidly with the palm of each coarse level.
        """
        in_root = self.part_points.in_root(hands.joint_positions)
        points = place_points(in_root, hands.translation, hands.rotation)
        coded: Coded = self._codec(points, learn=self.training)
        decoded = hands_of_vector(coded.vector)
        error = (coded.vector - hand_vector(hands)).norm(dim=1).mean()
        coarse = [place_points(in_root, *pose) for pose in coded.coarse_poses]
        losses = {
            'parameters': self.cfg.parameter_weight * error,
            'points': _distance_of_parts(self.part_points(decoded), points),
            'commitment': self.cfg.quantizer.commitment_weight * coded.commitment,
        }
        if coarse:
            losses['coarse'] = torch.stack([_distance_of_parts(c, points) for c in coarse]).sum()
        return TokenizerOutput(
            decoded, coded.tokens, losses, torch.stack([*losses.values()]).sum()
        )

    @torch.no_grad()
    def encode(self, hands: HandBatch) -> Tensor:
        """Return the tokens (B, T) int64 of hands in the model frame; learns nothing."""
        with _evaluating(self):
            coded: Coded = self._codec(self.part_points(hands), learn=False)
        return coded.tokens

    @torch.no_grad()
    def decode(self, tokens: Tensor) -> HandBatch:
        """Return the hands of tokens (B, T), in the model frame.

        Raises:
            InvalidInputError: If the shape is wrong or an id is not of a codebook.
        """
        if tokens.ndim != 2 or tokens.shape[1] != self.num_tokens:
            got = tuple(tokens.shape)
            raise InvalidInputError(f'tokens: got {got}, expected (B, {self.num_tokens})')
        if ((tokens < 0) | (tokens >= self.codebook_size)).any():
            raise InvalidInputError(
                f'tokens must be from 0 to {self.codebook_size - 1}; masked ones must be sampled '
                'before they are decoded'
            )
        return hands_of_vector(self._codec.decode(tokens))

    @torch.no_grad()
    def code_features(self) -> Tensor:
        """Return what each code of each token stands for, (T, K, F).

        Its vector and, where a token is decoded by itself, what it is decoded to; each number
        has mean 0 and, unless it is always the same, variance 1 over the codes of a token.
        """
        features = self._codec.describe()
        spread = features.std(dim=1, keepdim=True)
        centred = features - features.mean(dim=1, keepdim=True)
        return torch.where(spread > _CONSTANT, centred / spread, torch.zeros(()))

    @torch.no_grad()
    def code_shapes(self, points_per_part: int) -> CodeShapes:
        """Return what the codes look like, with P points on the skin of each part.

        Raises:
            InvalidInputError: If the layout is not `chained`, or a finger has several tokens.
        """
        if not isinstance(self._codec, ChainedCodec) or max(self.cfg.levels[1:]) > 1:
            raise InvalidInputError(
                'only codes of layout chained, with one token for each finger, have shapes'
            )
        every_code = torch.arange(self.codebook_size)[:, None].expand(-1, self.num_tokens)
        joints = hands_of_vector(self._codec.decode(every_code)).joint_positions
        of_palm = list(PART_JOINTS['palm'])
        joints[:, of_palm] = joints[:, of_palm].mean(dim=0)
        skin = points_and_normals(joints, points_per_part)
        points, normals = (each.transpose(0, 1).contiguous() for each in skin)  # (6, K, P, 3)
        fingers = points[1:]
        mean_code = (fingers - fingers.mean(dim=1, keepdim=True)).norm(dim=-1).mean(-1).argmin(1)
        index = torch.arange(len(fingers))
        whole = [
            torch.cat([each[0, 0], each[1:][index, mean_code].flatten(0, 1)[:: len(fingers)]])
            for each in (points, normals)
        ]
        return CodeShapes(self._codec.palm_motions(), fingers, normals[1:], *whole)

    def decode_fixed(
        self, tokens: Tensor, keep: HandBatch, kept_parts: Sequence[str]
    ) -> HandBatch:
        """Decode edited tokens while the kept parts stay where they are.

        Args:
            tokens: (B, T), of which those of the kept parts are those of `keep`.
            keep: The hands before the edit, model frame.
            kept_parts: Names of `PARTS` whose surface must not move.

        Returns:
            Hands whose kept parts are where those of `keep` are: exactly when the palm is among
            them, else within a few millimetres; the other parts are near what the tokens say.

        Raises:
            InvalidInputError: If a name is not of `PARTS`, or the layout is `whole`.
        """
        if self.cfg.layout == 'whole':
            raise InvalidInputError('tokens of the whole hand cannot be edited part by part')
        return hold_parts(self.decode(tokens), keep, kept_parts, self.part_points)


def _distance_of_parts(points: Tensor, others: Tensor) -> Tensor:
    """Return the mean distance of points (B, 6, P, 3), summed over the parts, in 0.1 m."""
    return (points - others).norm(dim=-1).mean(dim=(0, 2)).sum() / LENGTH_SCALE


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    """Put a module into evaluation mode for a while."""
    was_training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(was_training)
