"""Settings of the tokenizer, and its presets."""

from dataclasses import dataclass, field, replace
from typing import Literal

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.hands.spec import PARTS

PALM_SIZE = 10
"""Numbers that a palm token of layout `chained` is decoded to: pose 9, its own joint 1."""
Layout = Literal['parts', 'chained', 'whole']


@dataclass(frozen=True, kw_only=True)
class EncoderCfg:
    """Turns the surface points of a part into a feature."""

    kind: Literal['pointnet', 'ordered'] = 'ordered'
    """`pointnet`: the same layers for each point, then the maximum over points. `ordered`:
    one perceptron over all coordinates, which can tell the points apart (they are the same
    points of the skin for every hand) and costs a hundredth."""
    widths: tuple[int, ...] = (256,)
    """Widths of the layers; the last is that of the feature."""


@dataclass(frozen=True, kw_only=True)
class QuantizerCfg:
    """A codebook and how it learns."""

    codebook_size: int = 256
    """Number of codes K."""
    code_dim: int = 16
    """Length D of a code."""
    decay: float = 0.99
    """Of the moving averages that the codes follow, in (0, 1)."""
    commitment_weight: float = 0.25
    """beta of the paper, whose value it does not state."""
    reset_below: float = 0.1
    """A code is moved onto a latent of the batch when its average count a step falls below
    this. The usual 1.0 resets nearly all of 256 codes at every step of a batch of 256."""


@dataclass(frozen=True, kw_only=True)
class TokenizerCfg:
    """A tokenizer of grasps."""

    name: str
    """Of the preset that it came from."""
    layout: Layout
    """`parts`: six encoders in the model frame, one decoder for all (the paper). `chained`:
    the palm first, coarse to fine; each finger in the frame of the decoded palm, with its own
    decoder. `whole`: one encoder and decoder for the whole hand, for comparison."""
    levels: tuple[int, ...]
    """Tokens of each part, in the order of `PARTS`; of the whole hand for `whole`."""
    points_per_part: int
    """Surface points of each part that encoders and losses see."""
    encoder: EncoderCfg = field(default_factory=EncoderCfg)
    quantizer: QuantizerCfg = field(default_factory=QuantizerCfg)
    decoder_widths: tuple[int, ...] = (256,)
    """Hidden layers of a decoder."""
    parameter_weight: float = 0.1
    """Of the error of the vector; 1 in the paper. Points of the surface say more about a grasp,
    and fingers that make up for an error of the palm must differ in their joints."""

    def __post_init__(self) -> None:
        groups = 1 if self.layout == 'whole' else len(PARTS)
        if len(self.levels) != groups or min(self.levels) < 1:
            raise InvalidInputError(
                f'levels: got {self.levels}, expected {groups} numbers >= 1 '
                f'for layout {self.layout!r}'
            )

    @property
    def num_tokens(self) -> int:
        """Tokens of a grasp T."""
        return sum(self.levels)

    @property
    def codebook_size(self) -> int:
        """Codes of every codebook K; a mask token may take the id K."""
        return self.quantizer.codebook_size

    @property
    def num_code_features(self) -> int:
        """Length F of what `GraspTokenizer.code_features` says of a code."""
        return self.quantizer.code_dim + (PALM_SIZE if self.layout == 'chained' else 0)

    @property
    def token_parts(self) -> tuple[int, ...]:
        """Index in `PARTS` of the part of each of the T tokens; all 0 for layout `whole`."""
        return tuple(part for part, levels in enumerate(self.levels) for _ in range(levels))


_PAPER = TokenizerCfg(
    name='paper',
    layout='parts',
    levels=(1,) * len(PARTS),
    points_per_part=333,
    encoder=EncoderCfg(kind='pointnet', widths=(64, 128, 1024)),
    quantizer=QuantizerCfg(code_dim=512),
    decoder_widths=(1024, 256, 128, 64),
    parameter_weight=1.0,
)
_BASE = TokenizerCfg(name='base', layout='chained', levels=(4, 1, 1, 1, 1, 1), points_per_part=16)
_TINY = TokenizerCfg(
    name='tiny',
    layout='chained',
    levels=(2, 1, 1, 1, 1, 1),
    points_per_part=8,
    encoder=EncoderCfg(widths=(64,)),
    quantizer=QuantizerCfg(codebook_size=64, code_dim=8, decay=0.95),
    decoder_widths=(64,),
)
_PARTS = replace(_BASE, name='parts', layout='parts', levels=(1,) * len(PARTS))
_WHOLE = replace(_BASE, name='whole', layout='whole', levels=(len(PARTS),))

TOKENIZER_PRESETS: dict[str, TokenizerCfg] = {
    cfg.name: cfg for cfg in (_PAPER, _BASE, _TINY, _PARTS, _WHOLE)
}
"""Settings by name: `paper` is that of the paper, `base` ships, `tiny` is for tests; `parts` and
`whole` compare parts with one code for the whole hand at the cost of `base`, six tokens each."""


def tokenizer_preset(name: str) -> TokenizerCfg:
    """Return the settings called `name`.

    Raises:
        UnknownNameError: If there are none; the text lists those that exist.
    """
    if name not in TOKENIZER_PRESETS:
        raise UnknownNameError('tokenizer preset', name, list(TOKENIZER_PRESETS))
    return TOKENIZER_PRESETS[name]
