"""Many grasps on one page, best first."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from maskdexgrasp_core.errors import InvalidInputError
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

_TILE = (380, 320)
_MARGIN = 32
_GAP = 18
_HEADING = 84
_CAPTION = 40


def compose_gallery(
    pictures: Sequence[NDArray[np.uint8]],
    captions: Sequence[str],
    *,
    heading: str,
    note: str = '',
    columns: int = 4,
    first_number: int = 1,
) -> Image.Image:
    """Return numbered pictures in rows under a heading.

    Args:
        pictures: (H, W, 3) RGB each, at least one.
        captions: One for each picture.
        heading: Line on top.
        note: Smaller text at its right.
        columns: Pictures in a full row.
        first_number: Of the first picture.

    Raises:
        InvalidInputError: If there are no pictures or the counts differ.
    """
    if not pictures or len(pictures) != len(captions):
        raise InvalidInputError(f'{len(pictures)} pictures and {len(captions)} captions')
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    width, height = _TILE
    page_width = max(2 * _MARGIN + columns * width + (columns - 1) * _GAP, 2 * width)
    page = Image.new(
        'RGB', (page_width, _HEADING + rows * (height + _CAPTION) + _MARGIN // 2), PAPER
    )
    draw = ImageDraw.Draw(page)
    room = page_width - 3 * _MARGIN - round(font(18).getlength(note))
    heading = clip_text(heading, font(28), room)
    draw.text((_MARGIN, 44), heading, INK, font(28), anchor='lm')
    draw.text((page_width - _MARGIN, 45), note, QUIET_INK, font(18), anchor='rm')
    for index, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        left = _MARGIN + index % columns * (width + _GAP)
        top = _HEADING + index // columns * (height + _CAPTION)
        paste_rounded(page, fit(picture, width, height), (left, top), 8)
        middle = top + height + 18
        number = str(first_number + index)
        draw.text((left + 2, middle), number, ACCENT, font(17, bold=True), anchor='lm')
        caption = clip_text(caption, font(16), width - 34)
        draw.text((left + 30, middle), caption, QUIET_INK, font(16), anchor='lm')
    return page
