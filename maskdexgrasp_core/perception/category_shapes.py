"""Draft."""

CATEGORY_SHAPES: dict[str, tuple[tuple[float, float], ...]] = {}
