"""Scores how well sentences describe objects, each seen in one view.

Points and sentences are embedded apart, so that an object's tokens meet a sentence only in a
product: a word like 'handle' may look at the patch with the handle, one like 'bottle' at the
whole. The logits are meant for a sigmoid: each says by itself whether both go together.

Symbols: G objects, Q sentences, N points, C tokens of an object, W width, D shared dimension,
E length of a sentence vector.
"""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.model.object_encoder import ObjectEncoder, ObjectEncoderCfg
from maskdexgrasp_core.model.object_patches import Patches

KIND = 'selection'
"""Of its files of weights."""
_FIRST_SCALE, _FIRST_BIAS, _FIRST_SHARPNESS = 10.0, -3.0, 10.0


@dataclass(frozen=True, kw_only=True)
class SceneHeadCfg:
    """Settings of the scoring network.

    Raises:
        InvalidInputError: If a size is not positive or the view has too few points for patches.
    """

    encoder: ObjectEncoderCfg = field(
        default_factory=lambda: ObjectEncoderCfg(
            num_patches=32, patch_size=16, point_widths=(48, 96), num_layers=2, num_heads=4
        )
    )
    width: int = 96
    """W of the object's tokens."""
    shared_dim: int = 128
    """D in which objects and sentences are compared."""
    num_points: int = 512
    """N points of a view that are looked at."""
    text_encoder: str = 'all-minilm-l6-v2'
    """Name of the encoder whose sentence vectors it was trained with."""
    text_dim: int = 384
    """E of that encoder."""
    text_hidden: int = 0
    """Width of a hidden layer for sentences; 0 leaves one linear map, which keeps near what the
    encoder puts near."""
    text_dropout: float = 0.1
    """Share of the numbers of a sentence vector that training leaves out."""

    def __post_init__(self) -> None:
        sizes = (self.width, self.shared_dim, self.num_points, self.text_dim)
        if min(sizes) < 1 or self.text_hidden < 0 or not 0.0 <= self.text_dropout < 1.0:
            raise InvalidInputError(f'scene head: a size is out of range: {self}')
        if self.num_points < max(self.encoder.num_patches, self.encoder.patch_size):
            raise InvalidInputError(
                f'scene head: {self.num_points} points for {self.encoder.num_patches} patches of '
                f'{self.encoder.patch_size}'
            )


_TINY = SceneHeadCfg(
    encoder=ObjectEncoderCfg(
        num_patches=12, patch_size=12, point_widths=(16, 32), num_layers=1, num_heads=2
    ),
    width=32,
    shared_dim=32,
    num_points=128,
)
SCENE_HEAD_PRESETS: dict[str, SceneHeadCfg] = {'base': SceneHeadCfg(), 'tiny': _TINY}
"""Settings by name."""


def scene_head_preset(name: str) -> SceneHeadCfg:
    """Return the settings called `name`.

    Raises:
        UnknownNameError: If there are none; the text lists those that exist.
    """
    if name not in SCENE_HEAD_PRESETS:
        raise UnknownNameError('selection preset', name, list(SCENE_HEAD_PRESETS))
    return SCENE_HEAD_PRESETS[name]


class SceneHead(nn.Module):
    """Views of objects and sentence vectors -> one logit for each pair."""

    def __init__(self, cfg: SceneHeadCfg) -> None:
        super().__init__()
        self.cfg = cfg
        self.encoder = ObjectEncoder(cfg.encoder, cfg.width)
        self.object_map = nn.Linear(cfg.width, cfg.shared_dim)
        hidden = cfg.text_hidden
        layers: list[nn.Module] = [nn.Dropout(cfg.text_dropout)]
        if hidden:
            layers += [nn.Linear(cfg.text_dim, hidden), nn.GELU()]
        self.text_map = nn.Sequential(*layers, nn.Linear(hidden or cfg.text_dim, cfg.shared_dim))
        self.log_scale = nn.Parameter(torch.tensor(math.log(_FIRST_SCALE)))
        self.log_sharpness = nn.Parameter(torch.tensor(math.log(_FIRST_SHARPNESS)))
        self.bias = nn.Parameter(torch.tensor(_FIRST_BIAS))

    def forward(self, points: Tensor, text: Tensor, patches: Patches | None = None) -> Tensor:
        """Score every object for every sentence.

        Args:
            points: Views (G, N, 3) [m], each in its model frame.
            text: Sentence vectors (Q, E).
            patches: What `encoder.find_patches` gave for these points, turned or not.

        Returns:
            Logits (G, Q).
        """
        return self.score(self.embed_objects(points, patches), self.embed_text(text))

    def embed_objects(self, points: Tensor, patches: Patches | None = None) -> Tensor:
        """Return unit vectors (G, C, D) of views (G, N, 3) [m] in their model frames."""
        return normalize(self.object_map(self.encoder(points, patches)), dim=-1)

    def embed_text(self, text: Tensor) -> Tensor:
        """Return unit vectors (Q, D) of sentence vectors (Q, E)."""
        return normalize(self.text_map(text), dim=-1)

    def score(self, objects: Tensor, sentences: Tensor) -> Tensor:
        """Return logits (G, Q) of embedded objects (G, C, D) and sentences (Q, D).

        The tokens of an object count by how well they agree with the sentence.
        """
        likeness = torch.einsum('gcd,qd->gqc', objects, sentences)
        weights = (self.log_sharpness.exp() * likeness).softmax(dim=-1)
        return self.log_scale.exp() * (weights * likeness).sum(dim=-1) + self.bias
