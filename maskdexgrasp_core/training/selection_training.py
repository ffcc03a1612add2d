"""Settings of the training that tells objects apart by sentences, and their presets."""

from dataclasses import dataclass

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.model.scene_head import SceneHeadCfg, scene_head_preset
from maskdexgrasp_core.objects import CATEGORIES
from maskdexgrasp_core.training.loop_cfg import LoopCfg


@dataclass(frozen=True, kw_only=True)
class SelectionDataCfg:
    """Which scenes and sentences are learned from.

    Raises:
        InvalidInputError: If a number is out of its range or a category unknown.
    """

    held_out_categories: tuple[str, ...] = (
        'teapot', 'jug', 'spatula', 'pliers', 'goblet', 'hair_dryer', 'camera', 'door_handle',
        'suitcase', 'pepper_mill',
    )  # fmt: skip
    """Never seen and never named in training; those of the split test-categories."""
    train_seeds: tuple[int, int] = (100, 140)
    """First member of each category, and the one after the last."""
    validation_seeds: tuple[int, int] = (900, 920)
    num_scenes: int = 1000
    num_validation_scenes: int = 120
    repeats: int = 6
    """Sentences for each name or other phrase."""
    batch_size: int = 96
    """Views; as many sentences come with them, and some more."""
    scale_spread: float = 0.06
    """Views are enlarged or shrunk by up to this share."""
    seed: int = 0

    def __post_init__(self) -> None:
        unknown = [name for name in self.held_out_categories if name not in CATEGORIES]
        if unknown:
            raise UnknownNameError('category', unknown[0], list(CATEGORIES))
        if min(self.num_scenes, self.num_validation_scenes, self.repeats) < 1:
            raise InvalidInputError(f'numbers of scenes and repeats must be >= 1, got {self}')
        if self.batch_size < 2 or not 0.0 <= self.scale_spread < 1.0:
            raise InvalidInputError(f'batch_size >= 2 and scale_spread in [0, 1), got {self}')

    @property
    def categories(self) -> tuple[str, ...]:
        """Those that are not held out."""
        return tuple(name for name in CATEGORIES if name not in self.held_out_categories)


@dataclass(frozen=True, kw_only=True)
class SelectionTraining:
    """A network and how it is trained."""

    network: SceneHeadCfg
    loop: LoopCfg
    data: SelectionDataCfg


_LOOPS = {
    'base': LoopCfg(epochs=28, learning_rate=2e-3, weight_decay=0.05, ema_decay=0.998,
                    validate_every=4),
    'tiny': LoopCfg(epochs=3, learning_rate=4e-3, ema_decay=0.9),
}  # fmt: skip
_DATA = {
    'base': SelectionDataCfg(),
    'tiny': SelectionDataCfg(num_scenes=50, num_validation_scenes=25, repeats=2, batch_size=48),
}


def selection_training(preset: str) -> SelectionTraining:
    """Return the settings called `preset`.

    Raises:
        UnknownNameError: If there are none; the text lists those that exist.
    """
    network = scene_head_preset(preset)
    return SelectionTraining(network=network, loop=_LOOPS[preset], data=_DATA[preset])
