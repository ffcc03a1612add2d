"""The one place where hands are found by name."""

from maskdexgrasp_core.errors import UnknownNameError
from maskdexgrasp_core.hands.freedom import FREEDOM
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.hands.spec import HandSpec

HANDS: dict[str, HandSpec] = {spec.name: spec for spec in (SHADOW, FREEDOM)}
"""Every hand by name."""


def load_hand(name: str) -> HandSpec:
    """Return the hand called `name`.

    Raises:
        UnknownNameError: If there is none; the text lists those that exist.
    """
    if name not in HANDS:
        raise UnknownNameError('hand', name, list(HANDS))
    return HANDS[name]
