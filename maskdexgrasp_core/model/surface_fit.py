"""How well each code fits the surface, seen from where the tokens that are known put the hand.

Which finger pose touches an object depends on where the palm is; a network that sees the object
in one frame and the palm as a code has to learn that geometry from examples, and thousands are
not enough. Here it is computed. For the next token of the palm, every code is a palm pose; once
the palm is known, every code of a finger is a finger in its frame. The gaps between their skin
and the surface as seen say how likely the code is, beside what the transformer says of it.

Symbols: G objects, B grasps, T tokens, K codes, L tokens of the palm, F fingers, P points of a
part, Q = 2 * P points that describe a palm, W width, H hidden width.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.code_shapes import CodeShapes
from maskdexgrasp_core.model.surface_field import (
    NUM_GAP_FEATURES,
    Gaps,
    SurfaceField,
    gap_features,
    looked_up,
    measure_gaps,
)
from maskdexgrasp_core.model.token_layout import TokenLayout


@dataclass(frozen=True, kw_only=True)
class SurfaceFitCfg:
    """How closely codes are compared with the surface."""

    points_per_part: int = 12
    """P of each finger and of the palm."""
    resolution: int = 20
    """Cells along each axis of the grid over an object."""
    hidden: int = 32
    """H."""


class _Known(NamedTuple):
    """What the known tokens of grasps say."""

    palms: Tensor
    """Poses of the palm before and after each of its tokens, (B, L + 1, 4, 4); they stay as they
    are from the first masked token on."""
    level: Tensor
    """How many tokens of the palm are known, coarse to fine, (B,) int64."""


class SurfaceFit(nn.Module):
    """Tokens and surfaces -> what is added to the embedding of tokens, and to their logits.

    Args:
        cfg: Settings.
        layout: Of the tokens; every finger has one.
        width: W.
    """

    _palm_motions: Tensor
    """(L, K, 4, 4), see `CodeShapes`; so are the others."""
    _finger_points: Tensor
    _finger_normals: Tensor
    _palm_points: Tensor
    _palm_normals: Tensor

    def __init__(self, cfg: SurfaceFitCfg, layout: TokenLayout, width: int) -> None:
        super().__init__()
        points, hidden, num_codes = cfg.points_per_part, cfg.hidden, layout.codebook_size
        num_palm = layout.num_palm_tokens
        num_fingers = layout.num_tokens - num_palm
        parts = [2 * points] * num_palm + [points] * num_fingers
        sizes = [NUM_GAP_FEATURES * part for part in parts]
        self.resolution, self.points_per_part = cfg.resolution, points
        self.inward = nn.ModuleList(nn.Linear(size, width) for size in sizes)
        self.compare = nn.ModuleList(nn.Linear(size, hidden) for size in sizes)
        self.wanted = nn.ModuleList(nn.Linear(width, hidden, bias=False) for _ in sizes)
        scores = [nn.Linear(hidden, 1, bias=False) for _ in sizes]
        for layer in scores:
            nn.init.zeros_(layer.weight)  # nothing is said before something is learned
        self.score = nn.ModuleList(scores)
        finger_shape = (num_fingers, num_codes, points, 3)
        self.register_buffer('_palm_motions', torch.eye(4).repeat(num_palm, num_codes, 1, 1))
        self.register_buffer('_finger_points', torch.zeros(finger_shape))
        self.register_buffer('_finger_normals', torch.zeros(finger_shape))
        self.register_buffer('_palm_points', torch.zeros(2 * points, 3))
        self.register_buffer('_palm_normals', torch.zeros(2 * points, 3))

    def set(self, shapes: CodeShapes) -> None:
        """Take the shapes of a tokenizer; weights that are loaded bring their own.

        Raises:
            InvalidInputError: If they are of another size.
        """
        for name, values in shapes._asdict().items():
            kept = getattr(self, f'_{name}')
            if values.shape != kept.shape:
                raise InvalidInputError(
                    f'{name} of codes: got the shape {tuple(values.shape)}, expected '
                    f'{tuple(kept.shape)}'
                )
            kept.copy_(values)

    def embed(self, tokens: Tensor, field: SurfaceField) -> Tensor:
        """Return what lies around the parts that are known.

        Args:
            tokens: (B, T) int64, codes or the mask K.
            field: Of G objects.

        Returns:
            (B, T, W): 0 for tokens that are masked, or whose place is not known yet.
        """
        known = self._known(tokens)
        num_palm = len(self._palm_motions)
        objects, is_seen = _objects(tokens, field)
        around = measure_gaps(field, objects, *self._placed_palms(known.palms[:, 1:]))
        codes = tokens[:, num_palm:].clamp(max=self._num_codes - 1)
        fingers = torch.arange(codes.shape[1], device=codes.device)
        shapes = (self._finger_points[fingers, codes], self._finger_normals[fingers, codes])
        placed = _placed(known.palms[:, -1, None], *(shape.flatten(1, 2) for shape in shapes))
        parts = shapes[0].shape[1:3]
        of_fingers = measure_gaps(
            field, objects, *(values.squeeze(2).unflatten(2, parts) for values in placed)
        )
        shown = [
            layer(features)
            for layer, features in zip(
                self.inward,
                (*gap_features(around).unbind(dim=1), *gap_features(of_fingers).unbind(dim=1)),
                strict=True,
            )
        ]
        places = torch.arange(num_palm, device=tokens.device)
        palm_is_known = places < known.level[:, None]
        finger_is_known = (tokens[:, num_palm:] < self._num_codes) & palm_is_known[:, -1:]
        is_known = torch.cat([palm_is_known, finger_is_known], dim=1) & is_seen[:, None]
        return torch.stack(shown, dim=1) * is_known[..., None]

    def logits(
        self, tokens: Tensor, hidden: Tensor, field: SurfaceField, table_penalty: float = 0.0
    ) -> Tensor:
        """Return how well codes fit the surface, and the table, which is the plane z = 0.

        Args:
            tokens: (B, T) int64, codes or the mask K.
            hidden: Of the transformer, (B, T, W).
            field: Of G objects.
            table_penalty: What a code loses for reaching into the table [nat/m]. Of the palm its
                own skin counts, less what later tokens are likely to move it.

        Returns:
            (B, T, K): 0 for tokens that are known, or whose place is not known yet.
        """
        known = self._known(tokens)
        objects, is_seen = _objects(tokens, field)
        steps = self._palm_motions[..., :3, 3].norm(dim=-1).mean(dim=1)
        result = hidden.new_zeros(*tokens.shape, self._num_codes)
        for token, is_next in enumerate(self._is_next(tokens, known).unbind(dim=1)):
            rows = torch.nonzero(is_next & is_seen)[:, 0]
            points, normals = self._every_code(token, known.palms[rows])
            gaps = measure_gaps(field, objects[rows], points, normals)
            wanted = self.wanted[token](hidden[rows, token])[:, None]
            compared = functional.gelu(self._read(token, gaps) + wanted)
            said = self.score[token](compared)[..., 0]
            if table_penalty:
                lowest = points[2, ..., : self.points_per_part].amin(dim=-1)
                reach = (-lowest - steps[token + 1 :].sum()).clamp(min=0.0)
                said = said - table_penalty * reach
            result = result.index_put((rows, rows.new_tensor(token)), said.to(result.dtype))
        return result

    def _read(self, token: int, gaps: Gaps) -> Tensor:
        """Return what gaps say of codes (R, K, H), from a table where nothing is learned."""
        layer = self.compare[token]
        assert isinstance(layer, nn.Linear)
        if torch.is_grad_enabled():
            read: Tensor = layer(gap_features(gaps))
            return read
        return looked_up(gaps, layer.weight, layer.bias)

    @property
    def _num_codes(self) -> int:
        return self._palm_motions.shape[1]

    def _is_next(self, tokens: Tensor, known: _Known) -> Tensor:
        """Return (B, T) bool: the next token of the palm, then the fingers that are masked."""
        num_palm = len(self._palm_motions)
        places = torch.arange(num_palm, device=tokens.device)
        fingers = (tokens[:, num_palm:] == self._num_codes) & (known.level == num_palm)[:, None]
        return torch.cat([places == known.level[:, None], fingers], dim=1)

    def _known(self, tokens: Tensor) -> _Known:
        num_palm = len(self._palm_motions)
        of_palm = tokens[:, :num_palm]
        level = (of_palm < self._num_codes).long().cumprod(dim=1).sum(dim=1)
        pose = torch.eye(4, device=tokens.device).expand(len(tokens), 4, 4)
        poses = [pose]
        with _full_precision(tokens):
            for token in range(num_palm):
                code = of_palm[:, token].clamp(max=self._num_codes - 1)
                moved = pose @ self._palm_motions[token, code]
                pose = torch.where((token < level)[:, None, None], moved, pose)
                poses.append(pose)
        return _Known(torch.stack(poses, dim=1), level)

    def _every_code(self, token: int, palms: Tensor) -> tuple[Tensor, Tensor]:
        """Return points and normals (3, R, K, N) of all codes for palms (R, L + 1, 4, 4)."""
        num_palm = len(self._palm_motions)
        if token < num_palm:
            with _full_precision(palms):
                poses = palms[:, token, None] @ self._palm_motions[token]
            return self._placed_palms(poses)
        shapes = (self._finger_points[token - num_palm], self._finger_normals[token - num_palm])
        points, normals = _placed(palms[:, -1], *(shape.flatten(0, 1) for shape in shapes))
        codes = shapes[0].shape[:2]
        return points.unflatten(-1, codes), normals.unflatten(-1, codes)

    def _placed_palms(self, poses: Tensor) -> tuple[Tensor, Tensor]:
        """Return points and normals (3, ..., Q) of palms at poses (..., 4, 4)."""
        return _placed(poses, self._palm_points, self._palm_normals)


def _placed(poses: Tensor, points: Tensor, normals: Tensor) -> tuple[Tensor, Tensor]:
    """Return points and normals (3, ..., N), components first, at poses (..., 4, 4).

    Those in the frames of the poses are (N, 3), or (B, N, 3) for poses (B, 1, 4, 4).
    """
    with _full_precision(poses):
        rotations = poses[..., :3, :3].movedim(-2, 0)
        origins = poses[..., :3, 3].movedim(-1, 0)[..., None]
        return rotations @ points.mT + origins, rotations @ normals.mT


def _full_precision(like: Tensor) -> torch.autocast:
    """Return a context in which products are not rounded: millimetres matter."""
    return torch.autocast(like.device.type, enabled=False)


def _objects(tokens: Tensor, field: SurfaceField) -> tuple[Tensor, Tensor]:
    """Return the index of the object of each grasp, and whether it is told, each (B,)."""
    each = len(tokens) // len(field.lower)
    objects = torch.arange(len(field.lower), device=tokens.device).repeat_interleave(each)
    return objects, field.is_seen[objects]
