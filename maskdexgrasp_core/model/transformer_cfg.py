"""Settings of the masked transformer, and its presets."""

from dataclasses import dataclass, field, replace

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.model.conditions import ConditionsCfg
from maskdexgrasp_core.model.object_encoder import ObjectEncoderCfg
from maskdexgrasp_core.model.surface_fit import SurfaceFitCfg
from maskdexgrasp_core.model.token_layout import TokenLayout
from maskdexgrasp_core.model.tokenizer_cfg import TokenizerCfg, tokenizer_preset


@dataclass(frozen=True, kw_only=True)
class TransformerCfg:
    """A bidirectional transformer over the tokens of a grasp and its conditions."""

    name: str
    """Of the preset that it came from."""
    token_parts: tuple[int, ...]
    """Of the tokenizer: part of each token."""
    codebook_size: int
    """Of the tokenizer: K."""
    width: int
    """W."""
    num_layers: int
    num_heads: int
    feedforward: int
    """Width of the hidden layer of each block."""
    cross_attention: bool
    """True: tokens look at the object by a second attention, whose keys are computed once for
    all grasps of an object. False: the object's tokens stand in the sequence (the paper)."""
    num_code_features: int = 0
    """Of the tokenizer: F, what each code says; 0 tells the network only which code it is (the
    paper)."""
    surface_fit: SurfaceFitCfg | None = None
    """How codes are compared with the surface; None: not at all (the paper). Needs the tokens of
    layout `chained`. Fingers are then drawn once the palm is."""
    dropout: float = 0.1
    """Of the output of every attention and perceptron."""
    conditions: ConditionsCfg = field(default_factory=ConditionsCfg)

    def __post_init__(self) -> None:
        if self.width % self.num_heads:
            raise InvalidInputError(f'width {self.width} is no multiple of {self.num_heads} heads')

    @property
    def layout(self) -> TokenLayout:
        """Of the tokens."""
        palm_first = self.surface_fit is not None
        return TokenLayout(self.token_parts, self.codebook_size, palm_first)

    def with_tokenizer(self, cfg: TokenizerCfg) -> 'TransformerCfg':
        """Return these settings for the tokens of another tokenizer."""
        return replace(
            self,
            token_parts=cfg.token_parts,
            codebook_size=cfg.codebook_size,
            num_code_features=cfg.num_code_features if self.num_code_features else 0,
            surface_fit=self.surface_fit if cfg.layout == 'chained' else None,
        )

    def with_points(self, num_points: int) -> 'TransformerCfg':
        """Return these settings for clouds of another number of points."""
        return replace(self, conditions=replace(self.conditions, num_points=num_points))

    def with_text(self, text_dim: int) -> 'TransformerCfg':
        """Return these settings for sentence embeddings of another length."""
        return replace(self, conditions=replace(self.conditions, text_dim=text_dim))


_PAPER = TransformerCfg(
    name='paper',
    token_parts=tokenizer_preset('paper').token_parts,
    codebook_size=tokenizer_preset('paper').codebook_size,
    width=512,
    num_layers=9,
    num_heads=16,
    feedforward=2048,
    cross_attention=False,
    conditions=ConditionsCfg(
        text_dim=512,
        object=ObjectEncoderCfg(num_patches=0, point_widths=(64, 128, 1024)),
    ),
)
_BASE = TransformerCfg(
    name='base',
    token_parts=tokenizer_preset('base').token_parts,
    codebook_size=tokenizer_preset('base').codebook_size,
    width=256,
    num_layers=4,
    num_heads=8,
    feedforward=512,
    cross_attention=True,
    num_code_features=tokenizer_preset('base').num_code_features,
    surface_fit=SurfaceFitCfg(),
)
_TINY = TransformerCfg(
    name='tiny',
    token_parts=tokenizer_preset('tiny').token_parts,
    codebook_size=tokenizer_preset('tiny').codebook_size,
    width=64,
    num_layers=2,
    num_heads=4,
    feedforward=128,
    cross_attention=True,
    num_code_features=tokenizer_preset('tiny').num_code_features,
    surface_fit=SurfaceFitCfg(points_per_part=4, resolution=12, hidden=8),
    dropout=0.0,
    conditions=ConditionsCfg(
        object=ObjectEncoderCfg(
            num_patches=16, patch_size=24, point_widths=(32, 64), num_layers=1, num_heads=4
        )
    ),
)

TRANSFORMER_PRESETS: dict[str, TransformerCfg] = {cfg.name: cfg for cfg in (_PAPER, _BASE, _TINY)}
"""Settings by name."""


def transformer_preset(name: str) -> TransformerCfg:
    """Return the settings called `name`.

    Raises:
        UnknownNameError: If there are none; the text lists those that exist.
    """
    if name not in TRANSFORMER_PRESETS:
        raise UnknownNameError('transformer preset', name, list(TRANSFORMER_PRESETS))
    return TRANSFORMER_PRESETS[name]
