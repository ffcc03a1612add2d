"""Grasps from three sides each, many on one page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands.mesh import hand_mesh
from maskdexgrasp_core.hands.spec import HandSpec
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.types import Array
from maskdexgrasp_core.viewer.studio import PaintedMesh, StudioCfg, paint_faces, render_views
from maskdexgrasp_core.viewer.typography import (
    ACCENT,
    INK,
    PAPER,
    QUIET_INK,
    clip_text,
    fit,
    font,
    paste_rounded,
)

_VIEW = StudioCfg(width=520, height=440, margin=0.04)
_AZIMUTHS_DEG = (215.0, 335.0, 95.0)
"""A third of a turn apart: whatever touches the object is seen from one side at least."""
_TILE = (260, 220)
_MARGIN = 32
_GAP = 6
_ROW_GAP = 22
_HEADING = 84
_CAPTION = 62


@dataclass(frozen=True, kw_only=True)
class Triptych:
    """Pictures of one grasp and the words below them."""

    pictures: Sequence[NDArray[np.uint8]]
    """Three, (H, W, 3) RGB each."""
    title: str
    note: str = ''
    """Smaller line below the title."""


def draw_three_views(
    model: ObjectModel, hand: HandSpec, T_object_root: Array, joint_positions: Array
) -> list[NDArray[np.uint8]]:
    """Return three (H, W, 3) RGB pictures of a grasp, without table.

    Args:
        model: The object, in its own frame and colours.
        hand: Whose shapes are drawn.
        T_object_root: (4, 4) pose of the hand's root in the object frame.
        joint_positions: (J,) [rad], in the hand's order.

    Raises:
        DriverError: If OpenGL is missing on this machine.
    """
    painted = [
        PaintedMesh(mesh=piece, rgba=(*part.color, 1.0))
        for part in model.parts
        for piece in part.pieces
    ]
    painted += paint_faces(hand_mesh(hand, T_object_root, joint_positions))
    views = [replace(_VIEW, azimuth_deg=azimuth) for azimuth in _AZIMUTHS_DEG]
    return render_views(painted, ground_height=None, cfgs=views)


def compose_triptychs(
    items: Sequence[Triptych], *, heading: str, note: str = '', columns: int = 2
) -> Image.Image:
    """Return numbered grasps under a heading, three pictures each.

    Raises:
        InvalidInputError: If there is nothing to show, or one has not three pictures.
    """
    if not items or any(len(item.pictures) != len(_AZIMUTHS_DEG) for item in items):
        raise InvalidInputError('every grasp needs three pictures, and there must be one grasp')
    columns = min(columns, len(items))
    rows = -(-len(items) // columns)
    block = len(_AZIMUTHS_DEG) * (_TILE[0] + _GAP) - _GAP
    page_width = 2 * _MARGIN + columns * (block + _MARGIN) - _MARGIN
    step = _TILE[1] + _CAPTION + _ROW_GAP
    page = Image.new('RGB', (page_width, _HEADING + rows * step), PAPER)
    draw = ImageDraw.Draw(page)
    room = page_width - 3 * _MARGIN - round(font(18).getlength(note))
    draw.text((_MARGIN, 44), clip_text(heading, font(28), room), INK, font(28), anchor='lm')
    draw.text((page_width - _MARGIN, 45), note, QUIET_INK, font(18), anchor='rm')
    for index, item in enumerate(items):
        left = _MARGIN + index % columns * (block + _MARGIN)
        _place(page, item, index + 1, (left, _HEADING + index // columns * step))
    return page


def _place(page: Image.Image, item: Triptych, number: int, at: tuple[int, int]) -> None:
    draw = ImageDraw.Draw(page)
    left, top = at
    block = len(item.pictures) * (_TILE[0] + _GAP) - _GAP
    for index, picture in enumerate(item.pictures):
        paste_rounded(page, fit(picture, *_TILE), (left + index * (_TILE[0] + _GAP), top), 8)
    line = top + _TILE[1] + 20
    draw.text((left + 2, line), str(number), ACCENT, font(17, bold=True), anchor='lm')
    title = clip_text(item.title, font(17), block - 40)
    draw.text((left + 36, line), title, INK, font(17), anchor='lm')
    note = clip_text(item.note, font(15), block - 40)
    draw.text((left + 36, line + 24), note, QUIET_INK, font(15), anchor='lm')
