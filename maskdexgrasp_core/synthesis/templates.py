"""Contact templates: which parts of a hand a grasp means to touch with."""

from dataclasses import dataclass

import torch
from torch import Tensor

from maskdexgrasp_core.energies.total import ContactPlan
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands.spec import HandSpec


@dataclass(frozen=True, kw_only=True)
class Template:
    """A kind of grasp."""

    name: str
    tips: tuple[str, ...]
    """Parts that touch with their last link."""
    inner: tuple[str, ...] = ()
    """Parts that touch with a link before the last one, or the palm itself."""
    share: float
    """Share of the samples that use it, > 0."""


TEMPLATES: tuple[Template, ...] = (
    Template(name='pinch', tips=('thumb', 'index', 'middle'), share=0.3),
    Template(name='tripod', tips=('thumb', 'thumb', 'index', 'middle'), share=0.2),
    Template(name='quad', tips=('thumb', 'thumb', 'index', 'middle', 'ring'), share=0.25),
    Template(name='five', tips=('thumb', 'index', 'middle', 'ring', 'little'), share=0.1),
    Template(
        name='power',
        tips=('thumb', 'index', 'middle', 'ring'),
        inner=('palm',),
        share=0.15,
    ),
)
"""Thumb against two to four fingers; none without the thumb."""


@dataclass(frozen=True)
class PlannedBatch:
    """Contacts of a batch of grasps."""

    plan: ContactPlan
    template: Tensor
    """Index into the templates, shape (B,)."""


def plan_contacts(
    spec: HandSpec,
    num: int,
    generator: torch.Generator,
    dtype: torch.dtype,
    templates: tuple[Template, ...] = TEMPLATES,
) -> PlannedBatch:
    """Draw contact candidates for `num` grasps; templates come in fixed shares, in order.

    Args:
        spec: The hand.
        num: Number of grasps, >= 1.
        generator: Of the randomness.
        dtype: Of the weights.
        templates: Kinds of grasps.

    Raises:
        InvalidInputError: If the hand has no candidate that a template asks for.
    """
    shares = torch.tensor([template.share for template in templates], dtype=torch.float64)
    bounds = torch.cumsum(shares / shares.sum(), 0)
    place = (torch.arange(num, dtype=torch.float64) + 0.5) / num
    template_index = torch.bucketize(place, bounds).clamp_max(len(templates) - 1)
    width = max(len(template.tips) + len(template.inner) for template in templates)
    index = torch.zeros(num, width, dtype=torch.long)
    weights = torch.zeros(num, width, dtype=dtype)
    for kind, template in enumerate(templates):
        rows = (template_index == kind).nonzero()[:, 0]
        slots = [(part, True) for part in template.tips]
        slots += [(part, False) for part in template.inner]
        for column, (part, is_tip) in enumerate(slots):
            choices = _choices(spec, part, is_tip)
            drawn = torch.randint(len(choices), (len(rows),), generator=generator)
            index[rows, column] = choices[drawn]
            weights[rows, column] = 1.0
    return PlannedBatch(ContactPlan(index, weights), template_index)


def _choices(spec: HandSpec, part: str, is_tip: bool) -> Tensor:
    """Return the candidates of `part` on its last link, or on the links before it."""
    last = spec.parts[part][-1]
    found = [
        i
        for i, candidate in enumerate(spec.contact_candidates)
        if candidate.part == part and ((candidate.link == last) == is_tip or part == 'palm')
    ]
    if not found:
        raise InvalidInputError(f'hand {spec.name!r} has no contact candidate on {part!r}')
    return torch.tensor(found)
