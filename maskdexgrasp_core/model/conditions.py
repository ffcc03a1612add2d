"""What a grasp is asked for (task, sentence, object), as tokens; each can be left out.

Symbols: G objects, M grasps of each object, B = G * M grasps in this order, E length of a
sentence embedding, C tokens of an object, W width.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.object_encoder import ObjectEncoder, ObjectEncoderCfg
from maskdexgrasp_core.model.object_patches import Patches
from maskdexgrasp_core.model.surface_field import SurfaceField
from maskdexgrasp_core.tasks import TASKS

NO_TASK = len(TASKS)
"""Index of the task when the sentence alone decides."""


@dataclass(frozen=True, kw_only=True)
class ConditionsCfg:
    """Encoders of the conditions."""

    text_dim: int = 384
    """Length E of a sentence embedding."""
    num_points: int = 1024
    """Points N of a cloud in training. Others are brought to it: where points are denser, their
    patches are smaller."""
    object: ObjectEncoderCfg = field(default_factory=ObjectEncoderCfg)


@dataclass(frozen=True, kw_only=True)
class ConditionDropCfg:
    """How often training leaves conditions out; what is left of 1 keeps them all."""

    all_prob: float = 0.1
    """Everything, for all grasps of an object (the paper's 0.1)."""
    words_prob: float = 0.1
    """Task and sentence of a grasp."""
    task_prob: float = 0.3
    """The task of a grasp: most commands are a sentence alone."""

    def __post_init__(self) -> None:
        if min(self.all_prob, self.words_prob, self.task_prob) < 0 or self.all_prob > 1:
            raise InvalidInputError('all_prob, words_prob and task_prob must be in [0, 1]')
        if self.words_prob + self.task_prob > 1:
            raise InvalidInputError('words_prob and task_prob must be at most 1 together')


class Conditions(NamedTuple):
    """Conditions of B grasps on G objects."""

    task: Tensor
    """Index in `TASKS`, or `NO_TASK`, (B,) int64."""
    text: Tensor
    """Sentence embeddings, (B, E)."""
    points: Tensor
    """Of each object, (G, N, 3) [m] in the model frame; the grasps of an object lie together."""
    patches: Patches | None = None
    """Of these points, if they are known already."""


class ConditionDrops(NamedTuple):
    """True where a condition is left out."""

    task: Tensor
    """(B,) bool."""
    text: Tensor
    """(B,) bool."""
    object: Tensor
    """(G,) bool."""


class ConditionTokens(NamedTuple):
    """Encoded conditions."""

    words: Tensor
    """Task and sentence of each grasp, (B, 2, W)."""
    object: Tensor
    """Of each object, (G, C, W)."""
    field: SurfaceField | None = None
    """Of each object, where the transformer compares codes with surfaces."""

    def repeat(self, num: int) -> 'ConditionTokens':
        """Return the conditions of `num` grasps in the place of each one."""
        return self._replace(words=self.words.repeat_interleave(num, dim=0))

    def followed_by(self, other: 'ConditionTokens') -> 'ConditionTokens':
        """Return the conditions of both batches."""
        fields = [each.field for each in (self, other) if each.field is not None]
        return ConditionTokens(
            torch.cat([self.words, other.words]),
            torch.cat([self.object, other.object]),
            fields[0].followed_by(fields[1]) if fields else None,
        )


def draw_drops(
    num_objects: int, grasps_each: int, cfg: ConditionDropCfg, generator: torch.Generator
) -> ConditionDrops:
    """Draw what a training batch leaves out, on the device of the generator."""
    device = generator.device
    everything = torch.rand(num_objects, generator=generator, device=device) < cfg.all_prob
    share = torch.rand(num_objects * grasps_each, generator=generator, device=device)
    whole_row = everything.repeat_interleave(grasps_each)
    text = (share < cfg.words_prob) | whole_row
    return ConditionDrops((share < cfg.words_prob + cfg.task_prob) | whole_row, text, everything)


class ConditionEncoder(nn.Module):
    """Conditions -> tokens, with a learned token for each that is left out."""

    def __init__(self, cfg: ConditionsCfg, width: int) -> None:
        super().__init__()
        self.task = nn.Embedding(NO_TASK + 1, width)
        self.text = nn.Linear(cfg.text_dim, width)
        self.object = ObjectEncoder(cfg.object, width)
        self.no_text = nn.Parameter(torch.randn(width))
        self.no_object = nn.Parameter(torch.randn(width))
        self._text_dim = cfg.text_dim

    def forward(self, conditions: Conditions) -> ConditionTokens:
        """Encode conditions once, for any number of passes of the transformer.

        Raises:
            InvalidInputError: If shapes do not fit each other.
        """
        self._check(conditions)
        direction = functional.normalize(conditions.text, dim=-1)
        text = self.text(direction * self._text_dim**0.5)
        words = torch.stack([self.task(conditions.task), text], dim=1)
        return ConditionTokens(words, self.object(conditions.points, conditions.patches))

    def drop(self, tokens: ConditionTokens, drops: ConditionDrops) -> ConditionTokens:
        """Return the tokens with learned ones in the place of those that are left out."""
        nothing = torch.stack([self.task.weight[NO_TASK], self.no_text])
        left_out = torch.stack([drops.task, drops.text], dim=1)
        words = torch.where(left_out[..., None], nothing, tokens.words)
        seen = torch.where(drops.object[:, None, None], self.no_object, tokens.object)
        field = tokens.field.hidden(drops.object) if tokens.field is not None else None
        return ConditionTokens(words, seen, field)

    def without_words(self, tokens: ConditionTokens) -> ConditionTokens:
        """Return the tokens without task and sentence."""
        rows = tokens.words.new_ones(len(tokens.words), dtype=torch.bool)
        objects = rows.new_zeros(len(tokens.object))
        return self.drop(tokens, ConditionDrops(rows, rows, objects))

    def without_all(self, tokens: ConditionTokens) -> ConditionTokens:
        """Return the tokens of grasps of which nothing is asked."""
        rows = tokens.words.new_ones(len(tokens.words), dtype=torch.bool)
        objects = rows.new_ones(len(tokens.object))
        return self.drop(tokens, ConditionDrops(rows, rows, objects))

    def _check(self, conditions: Conditions) -> None:
        batch, objects = len(conditions.task), len(conditions.points)
        if conditions.text.shape != (batch, self._text_dim):
            raise InvalidInputError(
                f'text: got {tuple(conditions.text.shape)}, expected ({batch}, {self._text_dim})'
            )
        if objects == 0 or batch % objects:
            raise InvalidInputError(f'{batch} grasps do not divide among {objects} objects')
