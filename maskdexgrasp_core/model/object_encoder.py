"""Turns the points of an object into tokens: one for the whole, one for each local patch.

Patches look alike on objects of different kinds (a rim, a rod, an edge), which is what carries
over to kinds that were never seen; each knows where it lies in the model frame.

Symbols: G objects, N points, P patches, S points of a patch, C = 1 + P tokens, W width.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.object_patches import Patches, find_patches, take_points
from maskdexgrasp_core.model.pointnet import PointNet

_CLOUD_SCALE_M = 0.1
_PATCH_SCALE_M = 0.02
_WAVELENGTHS_M = (0.8, 0.4, 0.2, 0.1, 0.05)
"""Of the sines that tell places apart, from the size of a scene to that of a finger."""


@dataclass(frozen=True, kw_only=True)
class ObjectEncoderCfg:
    """How an object is seen."""

    num_patches: int = 64
    """P; 0 gives one PointNet over the whole cloud and one token (the paper)."""
    patch_size: int = 32
    """Points S of a patch."""
    point_widths: tuple[int, ...] = (64, 128)
    """Layers of the PointNet; the last is its feature."""
    num_layers: int = 2
    """Transformer layers among the tokens, that a patch may know what it is a part of."""
    num_heads: int = 8
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.num_patches < 0 or self.patch_size < 1 or not self.point_widths:
            raise InvalidInputError(
                f'object encoder: got {self.num_patches} patches of {self.patch_size} points '
                f'with layers {self.point_widths}'
            )


class ObjectEncoder(nn.Module):
    """Points of a surface or of a view -> tokens."""

    def __init__(self, cfg: ObjectEncoderCfg, width: int) -> None:
        super().__init__()
        self.cfg = cfg
        self.pointnet = PointNet(3, cfg.point_widths)
        feature = cfg.point_widths[-1]
        self.whole = nn.Linear(feature, width)
        self.norm = nn.LayerNorm(width)
        if cfg.num_patches:
            self.patch = nn.Linear(feature, width)
            self.place = nn.Sequential(
                nn.Linear(3 + 6 * len(_WAVELENGTHS_M), width), nn.GELU(), nn.Linear(width, width)
            )
            layer = nn.TransformerEncoderLayer(
                width,
                cfg.num_heads,
                dim_feedforward=2 * width,
                dropout=cfg.dropout,
                activation='gelu',
                batch_first=True,
                norm_first=True,
            )
            self.context = nn.TransformerEncoder(layer, cfg.num_layers, enable_nested_tensor=False)

    @property
    def num_tokens(self) -> int:
        """C."""
        return 1 + self.cfg.num_patches

    def forward(self, points: Tensor, patches: Patches | None = None) -> Tensor:
        """Encode clouds.

        Args:
            points: (G, N, 3) [m] in the model frame, N >= P and S.
            patches: What `find_patches` gave for these points, turned or not; None looks for
                them now.

        Returns:
            (G, C, W): the token of the whole first.
        """
        if not self.cfg.num_patches:
            feature = self.pointnet(points / _CLOUD_SCALE_M)
            return self.norm(self.whole(feature))[:, None]
        patches = patches or self.find_patches(points)
        centers = take_points(points, patches.centers)
        local = take_points(points, patches.neighbors) - centers[:, :, None]
        features = self.pointnet((local / _PATCH_SCALE_M).flatten(0, 1))
        features = features.reshape(*centers.shape[:2], -1)
        whole = self.whole(features.amax(dim=1))
        tokens = self.patch(features) + self.place(_place_features(centers))
        return self.norm(self.context(torch.cat([whole[:, None], tokens], dim=1)))

    def find_patches(self, points: Tensor) -> Patches:
        """Return the patches of clouds (G, N, 3) [m] in any frame; keep them for each view."""
        return find_patches(points, self.cfg.num_patches, self.cfg.patch_size)


def _place_features(positions: Tensor) -> Tensor:
    """Return positions (..., 3) [m] as scaled coordinates and waves, (..., 3 + 6 F)."""
    wavelengths = torch.tensor(_WAVELENGTHS_M, dtype=positions.dtype, device=positions.device)
    phase = (2 * math.pi * positions[..., None] / wavelengths).flatten(start_dim=-2)
    return torch.cat([positions / _CLOUD_SCALE_M, phase.sin(), phase.cos()], dim=-1)
