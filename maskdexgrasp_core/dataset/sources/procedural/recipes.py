"""How a hand takes hold for each task: which contacts it plans and where it comes from."""

from dataclasses import dataclass

from maskdexgrasp_core.synthesis.starts import Approach
from maskdexgrasp_core.synthesis.templates import Template

_SIDE = Approach(
    name='side', share=0.4, pitch_deg=(-5.0, 25.0), yaw_deg=180.0, roll_deg=(-30.0, 120.0)
)
_OBLIQUE = Approach(
    name='oblique', share=0.35, pitch_deg=(25.0, 60.0), yaw_deg=180.0, roll_deg=(-10.0, 130.0)
)
_TOP = Approach(
    name='top', share=0.25, pitch_deg=(60.0, 90.0), yaw_deg=180.0, roll_deg=(-180.0, 180.0)
)
_BELOW = Approach(
    name='below', share=1.0, pitch_deg=(-30.0, 10.0), yaw_deg=180.0, roll_deg=(-120.0, -60.0)
)
_ALL_ROUND = (_SIDE, _OBLIQUE, _TOP)


def _template(name: str, share: float) -> Template:
    tips, inner = _CONTACTS[name]
    return Template(name=name, tips=tips, inner=inner, share=share)


_CONTACTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    'pinch': (('thumb', 'index', 'middle'), ()),
    'tripod': (('thumb', 'thumb', 'index', 'middle'), ()),
    'quad': (('thumb', 'thumb', 'index', 'middle', 'ring'), ()),
    'five': (('thumb', 'index', 'middle', 'ring', 'little'), ()),
    'power': (('thumb', 'index', 'middle', 'ring'), ('palm',)),
    'wrap': (('thumb', 'index', 'middle'), ('palm', 'index', 'middle', 'ring')),
}
"""Kind -> parts that touch with their tips, and parts that touch further in."""


@dataclass(frozen=True, kw_only=True)
class TaskRecipe:
    """What the synthesis looks for when a task is asked."""

    templates: tuple[Template, ...]
    approaches: tuple[Approach, ...] = _ALL_ROUND
    on_table: bool = True
    """Whether every other batch keeps clear of the table that the object rests on; an object
    that is carried from below has left it."""


def _kinds(**shares: float) -> tuple[Template, ...]:
    return tuple(_template(name, share) for name, share in shares.items())


_AROUND_A_HANDLE = _kinds(pinch=0.15, quad=0.3, five=0.15, power=0.2, wrap=0.2)
_ANY = _kinds(pinch=0.2, tripod=0.15, quad=0.2, five=0.15, power=0.15, wrap=0.15)
_FINGERTIPS = _kinds(pinch=0.4, tripod=0.3, quad=0.3)

RECIPES: dict[str, TaskRecipe] = {
    'handle-grasp': TaskRecipe(templates=_AROUND_A_HANDLE),
    'press': TaskRecipe(templates=_FINGERTIPS),
    'lift': TaskRecipe(templates=_ANY),
    'wrap-grasp': TaskRecipe(templates=_kinds(five=0.35, power=0.35, wrap=0.3)),
    'twist': TaskRecipe(templates=_kinds(pinch=0.25, tripod=0.25, quad=0.25, five=0.25)),
    'support': TaskRecipe(
        templates=_kinds(quad=0.25, five=0.35, power=0.25, wrap=0.15),
        approaches=(_BELOW,),
        on_table=False,
    ),
    'pull': TaskRecipe(templates=_FINGERTIPS),
    'lever': TaskRecipe(templates=_AROUND_A_HANDLE),
    'use': TaskRecipe(templates=_AROUND_A_HANDLE),
    'hold': TaskRecipe(templates=_ANY),
    'lift-up': TaskRecipe(
        templates=_kinds(tripod=0.25, quad=0.35, five=0.4), approaches=(_OBLIQUE, _TOP)
    ),
}
"""Task -> recipe."""
