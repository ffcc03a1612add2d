"""A page of pictures of the best, the middle and the worst grasps of an evaluation."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from PIL import Image

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.grasp_under_test import GraspOutcome
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.viewer.triptych import Triptych, compose_triptychs, draw_three_views


class Example(NamedTuple):
    """A grasp that is shown."""

    kind: str
    """'best', 'median' or 'worst'."""
    outcome: GraspOutcome


def pick_examples(outcomes: Sequence[GraspOutcome], each: int) -> list[Example]:
    """Return at most `each` best, median and worst grasps, one of each kind in turn.

    Grasps are ordered by directions held under the first protocol, then by Q1, then by shallow
    penetration; refused grasps are not shown, and none is shown twice.
    """
    shown = [outcome for outcome in outcomes if not outcome.refused]
    ranked = sorted(shown, key=_quality, reverse=True)
    each = min(each, -(-len(ranked) // 3))
    middle = max(each, (len(ranked) - each) // 2)
    rest = ranked[each:]
    worst = rest[::-1][: min(each, max(0, len(rest) - each))] if len(rest) > each else []
    kinds = {'best': ranked[:each], 'median': ranked[middle : middle + each], 'worst': worst}
    return [
        Example(kind, members[index])
        for index in range(each)
        for kind, members in kinds.items()
        if index < len(members)
    ]


def draw_page(
    examples: Sequence[Example], models: Mapping[str, ObjectModel], *, heading: str, note: str
) -> Image.Image:
    """Return the page: three views of each grasp, with what was measured.

    Args:
        examples: From `pick_examples`.
        models: Id -> object, of every object that is shown.
        heading: Line on top.
        note: Smaller text at its right.

    Raises:
        InvalidInputError: If there is nothing to show.
        DriverError: If OpenGL is missing on this machine.
    """
    if not examples:
        raise InvalidInputError('every grasp was refused: there is nothing to draw')
    items = [
        Triptych(
            pictures=draw_three_views(
                models[example.outcome.object_id],
                SHADOW,
                example.outcome.grasp.T_object_wrist,
                example.outcome.grasp.joint_positions,
            ),
            title=f'{example.kind} · {example.outcome.grasp.key}',
            note=_note(example.outcome),
        )
        for example in examples
    ]
    return compose_triptychs(items, heading=heading, note=note, columns=3)


def _quality(outcome: GraspOutcome) -> tuple[int, float, float, str]:
    held = sum(outcome.holds[0].held)
    return held, outcome.q1, -outcome.penetration_m, outcome.grasp.key


def _note(outcome: GraspOutcome) -> str:
    words = [
        outcome.grasp.task,
        outcome.grasp.part,
        f'{sum(outcome.holds[0].held)}/6 held',
        f'Q1 {outcome.q1:.2f}',
        f'Pen {1000.0 * outcome.penetration_m:.1f} mm',
        outcome.holds[0].reason,
    ]
    return ' · '.join(filter(None, words))
