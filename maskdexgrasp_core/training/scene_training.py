"""Settings of the trainings on grasps, and their presets."""

from dataclasses import dataclass, field

from maskdexgrasp_core.errors import UnknownNameError
from maskdexgrasp_core.model.conditions import ConditionDropCfg
from maskdexgrasp_core.model.masking import MaskingCfg
from maskdexgrasp_core.model.text.clip import ClipEncoder
from maskdexgrasp_core.model.text.minilm import MiniLmEncoder
from maskdexgrasp_core.model.tokenizer_cfg import TokenizerCfg, tokenizer_preset
from maskdexgrasp_core.model.transformer_cfg import TransformerCfg, transformer_preset
from maskdexgrasp_core.training.loop_cfg import LoopCfg
from maskdexgrasp_core.training.object_views import ViewsCfg
from maskdexgrasp_core.training.scene_batches import SceneCfg


@dataclass(frozen=True, kw_only=True)
class SceneTraining:
    """What tokenizer and transformer have in common."""

    loop: LoopCfg
    scenes: SceneCfg
    views: ViewsCfg = field(default_factory=ViewsCfg)
    held_back_share: float = 0.05
    """Of the objects, for the figures of every epoch."""
    max_objects: int = 0
    """Objects of the training split that are used, taken at random; 0: all."""
    min_table_gap_m: float | None = None
    """Grasps whose hand reaches below this height above the table on which their object rests
    are left out [m]; None: all are used. A third of the shipped grasps, most of flat objects,
    would be in the table."""


@dataclass(frozen=True, kw_only=True)
class TokenizerTraining(SceneTraining):
    """A tokenizer and how it is trained."""

    network: TokenizerCfg


@dataclass(frozen=True, kw_only=True)
class MaskedCfg:
    """What the transformer is not shown."""

    masking: MaskingCfg = field(default_factory=MaskingCfg)
    drops: ConditionDropCfg = field(default_factory=ConditionDropCfg)
    label_smoothing: float = 0.0
    """Share of the target that is spread over all codes, [0, 1)."""


@dataclass(frozen=True, kw_only=True)
class TransformerTraining(SceneTraining):
    """A transformer and how it is trained."""

    network: TransformerCfg
    """What it says of tokens and sentences gives way to what tokenizer and encoder say."""
    masked: MaskedCfg = field(default_factory=MaskedCfg)
    sentence_encoder: str = MiniLmEncoder.name
    """Of those in `model.text.registry`."""


_FEW_VIEWS = ViewsCfg(num_views=2, num_points=256, num_surface_points=256)

TOKENIZER_TRAININGS: dict[str, TokenizerTraining] = {
    'paper': TokenizerTraining(
        network=tokenizer_preset('paper'),
        loop=LoopCfg(epochs=200, learning_rate=5e-4),
        scenes=SceneCfg(num_scenes=32, grasps_per_scene=8),
    ),
    'base': TokenizerTraining(
        network=tokenizer_preset('base'),
        loop=LoopCfg(epochs=150, learning_rate=1e-3),
        scenes=SceneCfg(num_scenes=64, grasps_per_scene=4, num_points=512),
    ),
    'tiny': TokenizerTraining(
        network=tokenizer_preset('tiny'),
        loop=LoopCfg(epochs=4, learning_rate=3e-3),
        scenes=SceneCfg(num_scenes=8, grasps_per_scene=4, num_points=128),
        views=_FEW_VIEWS,
        held_back_share=0.2,
        max_objects=16,
    ),
}
"""Preset -> settings. Epochs and batch of `paper` are the paper's; it is silent on the rest."""

TRANSFORMER_TRAININGS: dict[str, TransformerTraining] = {
    'paper': TransformerTraining(
        network=transformer_preset('paper'),
        loop=LoopCfg(epochs=500, learning_rate=2e-4),
        scenes=SceneCfg(num_scenes=16, grasps_per_scene=8),
        sentence_encoder=ClipEncoder.name,
    ),
    'base': TransformerTraining(
        network=transformer_preset('base'),
        loop=LoopCfg(epochs=16, learning_rate=1e-3, weight_decay=0.05, ema_decay=0.999),
        scenes=SceneCfg(num_scenes=8, grasps_per_scene=16, num_points=1024),
    ),
    'tiny': TransformerTraining(
        network=transformer_preset('tiny'),
        loop=LoopCfg(epochs=4, learning_rate=2e-3, ema_decay=0.9),
        scenes=SceneCfg(num_scenes=4, grasps_per_scene=8, num_points=128),
        views=_FEW_VIEWS,
        held_back_share=0.2,
        max_objects=16,
    ),
}
"""Preset -> settings. Epochs and batch of `paper` are the paper's; it is silent on the rest."""


def tokenizer_training(preset: str) -> TokenizerTraining:
    """Return settings by name.

    Raises:
        UnknownNameError: If there are none; the text lists those that exist.
    """
    if preset not in TOKENIZER_TRAININGS:
        raise UnknownNameError('tokenizer preset', preset, list(TOKENIZER_TRAININGS))
    return TOKENIZER_TRAININGS[preset]


def transformer_training(preset: str) -> TransformerTraining:
    """Return settings by name.

    Raises:
        UnknownNameError: If there are none; the text lists those that exist.
    """
    if preset not in TRANSFORMER_TRAININGS:
        raise UnknownNameError('transformer preset', preset, list(TRANSFORMER_TRAININGS))
    return TRANSFORMER_TRAININGS[preset]
