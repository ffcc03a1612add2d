"""Settings of the completion network, and its presets."""

from dataclasses import dataclass

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError

KIND = 'completion'
"""Of its weights, in `model.checkpoint`."""
_GROUPS = 8


@dataclass(frozen=True, kw_only=True)
class CompletionCfg:
    """A network, and the box of samples around a view that it was trained on.

    Raises:
        InvalidInputError: If the sizes do not fit each other.
    """

    name: str
    """Of the preset that it came from."""
    cells: int
    """Cells along each axis that the network convolves over."""
    widths: tuple[int, ...]
    """Channels of each level, finest first; every level has half the cells of the one before."""
    blocks: tuple[int, ...]
    """Residual blocks of each level on the way down; on the way up there are as many."""
    fold: int = 3
    """Samples of the box along each axis of a cell; they are channels of the cell."""
    reach_m: float = 0.015
    """Distances are learned up to this [m]; surfaces are all that counts."""
    padding_m: float = 0.008
    """Of the box beyond the visible points [m]."""
    least_step_m: float = 0.00125
    """Samples are at least this far apart [m], so small objects leave a margin in the box."""
    shadow_share: float = 0.35
    """The box reaches into the object's shadow by this share of its height: there may be more of
    it than the camera saw."""

    def __post_init__(self) -> None:
        levels = len(self.widths)
        if levels < 1 or len(self.blocks) != levels or min(*self.blocks, self.fold) < 1:
            raise InvalidInputError(
                f'widths and blocks must name the same levels, with numbers >= 1, got '
                f'{self.widths} and {self.blocks}, fold {self.fold}'
            )
        if any(width < _GROUPS or width % _GROUPS for width in self.widths):
            raise InvalidInputError(f'widths must be multiples of {_GROUPS}, got {self.widths}')
        if self.cells < 1 or self.cells % 2 ** (levels - 1):
            raise InvalidInputError(
                f'cells must be divisible by {2 ** (levels - 1)}, got {self.cells}'
            )
        if min(self.reach_m, self.least_step_m) <= 0.0 or self.padding_m < 0.0:
            raise InvalidInputError('reach_m and least_step_m must be > 0, padding_m >= 0')

    @property
    def resolution(self) -> int:
        """Samples of the box along each axis N."""
        return self.cells * self.fold


_BASE = CompletionCfg(name='base', cells=16, widths=(32, 64, 96), blocks=(1, 2, 2))
_TINY = CompletionCfg(name='tiny', cells=8, widths=(16, 32), blocks=(1, 1))

COMPLETION_PRESETS: dict[str, CompletionCfg] = {cfg.name: cfg for cfg in (_BASE, _TINY)}
"""Settings by name."""


def completion_preset(name: str) -> CompletionCfg:
    """Return the settings called `name`.

    Raises:
        UnknownNameError: If there are none; the text lists those that exist.
    """
    if name not in COMPLETION_PRESETS:
        raise UnknownNameError('completion preset', name, list(COMPLETION_PRESETS))
    return COMPLETION_PRESETS[name]
