"""What chooses the cluster that a sentence means, by name."""

from collections.abc import Callable

from maskdexgrasp_core.errors import UnknownNameError
from maskdexgrasp_core.perception.learned_selection import LearnedSelector
from maskdexgrasp_core.perception.selection import ClusterSelector, RuleSelector

_SELECTORS: dict[str, Callable[[], ClusterSelector]] = {
    'learned': LearnedSelector.load,
    'rules': RuleSelector,
}
SELECTOR_NAMES = tuple(_SELECTORS)
DEFAULT_SELECTOR = 'learned'
"""Name of the selector that is used where none is named."""


def load_selector(name: str = DEFAULT_SELECTOR) -> ClusterSelector:
    """Return the selector called `name`.

    Raises:
        UnknownNameError: If there is none.
        MissingWeightsError: If 'learned' is asked for and no weights are installed.
        InvalidInputError: If those weights cannot be used.
        EncoderUnavailableError: If their sentence encoder is not installed.
    """
    if name not in _SELECTORS:
        raise UnknownNameError('selector', name, list(_SELECTORS))
    return _SELECTORS[name]()
