"""The variants of the model that `ablations.py` compares: what is changed, and nothing else.

Changes are those of `--set` of `maskdexgrasp train` and `maskdexgrasp evaluate`.
"""

from dataclasses import dataclass

from maskdexgrasp_core.hands.spec import PARTS

BASE = 'base'
CODE_DIM = 16
"""Of the preset `base`, whose codebooks stand for those of the paper with 256 codes of 512."""


@dataclass(frozen=True, kw_only=True)
class NetworkVariant:
    """A pair of networks to train."""

    name: str
    tokenizer: tuple[str, ...] = ()
    """Changes of its training."""
    transformer: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A row of the table."""

    name: str
    network: str = ''
    """Of `NETWORKS`; '' takes the given weights, or `BASE` if none are given."""
    settings: tuple[str, ...] = ()
    """Changes of the generator."""
    completion: str = ''
    """Closes what one view does not show; '': the view is the one asked for, and the usual
    completion closes it."""


def _codebook(codes: int) -> NetworkVariant:
    """Return codebooks of the paper's table, K codes of length 2 K, our length being D K / 256."""
    changes = (
        f'network.quantizer.codebook_size={codes}',
        f'network.quantizer.code_dim={CODE_DIM * codes // 256}',
    )
    return NetworkVariant(name=f'codebook {codes}x{2 * codes}', tokenizer=changes)


def _layout(name: str, levels: tuple[int, ...]) -> NetworkVariant:
    changes = (f'network.layout={name}', f'network.levels={list(levels)}', f'network.name={name}')
    return NetworkVariant(name=name, tokenizer=changes)


NETWORKS: dict[str, NetworkVariant] = {
    variant.name: variant
    for variant in (
        NetworkVariant(name=BASE),
        _layout('parts', (1,) * len(PARTS)),
        _layout('whole', (len(PARTS),)),
        _codebook(128),
        _codebook(512),
        NetworkVariant(name='no surface fit', transformer=('network.surface_fit=null',)),
    )
}
"""`base` codes the palm coarse to fine; `parts` are six tokens as in the paper; `whole` is one
VQ-VAE for the whole hand, of six tokens too. The paper's 256x512 is `base`. `no surface fit` does
not compare codes with the surface; `parts` and `whole` cannot."""

_ALL_GUIDED = 'sampling.guided_iterations=null'
_UNREFINED, _UNRANKED = 'finishing.num_steps=0', 'finishing.ranking.enabled=false'

VARIANTS: tuple[Variant, ...] = (
    *(Variant(name=name, network=name) for name in NETWORKS),
    Variant(name='as it is'),
    *(Variant(name=f'T = {t}', settings=(f'sampling.num_iterations={t}',)) for t in (3, 4, 5, 6)),
    Variant(name='all passes guided', settings=(_ALL_GUIDED,)),
    *(
        Variant(name=f's = {s}', settings=(f'sampling.guidance_scale={s}', _ALL_GUIDED))
        for s in range(7)
    ),
    Variant(name='no refinement', settings=(_UNREFINED,)),
    Variant(name='no ranking', settings=(_UNRANKED,)),
    Variant(name='raw decoder output', settings=(_UNREFINED, _UNRANKED)),
    *(Variant(name=f'one view: {how}', completion=how) for how in ('learned', 'union', 'visible')),
)
"""In the order of the table. Rows that mean the same are measured once."""
