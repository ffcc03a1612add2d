"""What sentences changed: answers to sentences, and their figures with intervals.

- Share on a part: of the contacts of a posed hand, links nearer than 1 cm as for Q1, the mean over
  the hands that have any.
- Gain: a part's share is higher when it is asked for than, on average, when the others of the
  object are, in the same wording, with the same number and seed.
- Pressed: share of the contacts on the asked part once the hand has closed in physics, and obeyed:
  sentences of which half of them or more are where it says (docs/evaluation.md).
- Touching nothing: no contact once the hand has closed; far: no link within 1 cm before.
"""

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from unseen_sentences import WORDINGS

from maskdexgrasp_core.evaluation.agreement import PartSurfaces
from maskdexgrasp_core.evaluation.grasp_under_test import GraspOutcome
from maskdexgrasp_core.evaluation.intervals import Rate, estimate_mean
from maskdexgrasp_core.types import Array

NOT_TOUCHING = 'no contact after closing'
"""Reason of a hold check."""
KINDS = ('raw', 'finished')
Json = dict[str, Any]


@dataclass(kw_only=True)
class Answer:
    """What came of one sentence about one object."""

    object_id: str
    category: str
    part: str
    """That was asked for."""
    wording: str
    number: int
    """Answers to different parts with one number belong together."""
    text: str
    failure: str = ''
    """Why there was nothing to see, '' if there was."""
    rules_see_part: bool = False
    """Whether the word rules of perception found the part and told the generator."""
    raw: dict[str, float] = field(default_factory=dict)
    """Part -> mean share of hands as decoded; empty if none touches."""
    finished: dict[str, float] = field(default_factory=dict)
    """The same of finished grasps."""
    num_far: int = 0
    """Finished grasps with no link near the object."""
    num_finished: int = 0
    num_not_touching: int = 0
    """Finished grasps that touch nothing once they have closed."""
    pressed: list[float] = field(default_factory=list)
    """Shares of the contacts after closing, of the grasps that have any."""
    obeyed: list[bool] = field(default_factory=list)
    """Of the same grasps, where the sentence names a part in a known word."""

    def see(
        self, kind: str, names: Sequence[str], parts: PartSurfaces, contacts: Sequence[Array]
    ) -> None:
        """Write down where posed hands are.

        Args:
            kind: Of hands, one of `KINDS`.
            names: Of the parts that the object is asked for.
            parts: Of the object.
            contacts: Of each hand, (C, 3) in the frame of the object [m].
        """
        near = [points for points in contacts if len(points)]
        if near:
            shares = {n: np.mean([parts.share_on(n, points) for points in near]) for n in names}
            setattr(self, kind, {name: float(share) for name, share in shares.items()})
        if kind == 'finished':
            self.num_finished, self.num_far = len(contacts), len(contacts) - len(near)

    def press(self, outcomes: Sequence[GraspOutcome]) -> None:
        """Write down what the evaluator says of the finished grasps."""
        self.num_not_touching = sum(one.holds[0].reason == NOT_TOUCHING for one in outcomes)
        shares = (one.part_share for one in outcomes)
        self.pressed = [share for share in shares if math.isfinite(share)]
        self.obeyed = [one.agrees for one in outcomes if one.agrees is not None]


def report_of(answers: Sequence[Answer]) -> Json:
    """Return the figures by wording, and the grasps that touch nothing by category."""
    swaps = {}
    for wording in WORDINGS:
        mine = [answer for answer in answers if answer.wording == wording]
        swaps[wording] = {kind: swap_figures(mine, kind) for kind in KINDS} | _pressed(mine)
    groups: dict[str, list[Answer]] = {'all': list(answers)}
    for answer in sorted(answers, key=lambda answer: answer.category):
        groups.setdefault(answer.category, []).append(answer)
    floating = {name: _floating(group) for name, group in groups.items()}
    return {
        'swaps': swaps,
        'floating': floating,
        'failures': sum(bool(answer.failure) for answer in answers),
        'answers': [asdict(answer) for answer in answers],
    }


def swap_figures(answers: Sequence[Answer], kind: str) -> Json:
    """Return shares when asked and when not, and how often a part gained.

    Args:
        answers: Of one wording.
        kind: Of hands, one of `KINDS`.
    """
    together: dict[tuple[str, int], list[Answer]] = defaultdict(list)
    for answer in answers:
        together[answer.object_id, answer.number].append(answer)
    asked, others, objects = [], [], []
    for (object_id, _), group in together.items():
        for answer in group:
            own: Mapping[str, float] = getattr(answer, kind)
            rest = [getattr(other, kind) for other in group if other is not answer]
            elsewhere = [shares[answer.part] for shares in rest if shares]
            if own and elsewhere:
                asked.append(own[answer.part])
                others.append(float(np.mean(elsewhere)))
                objects.append(object_id)
    gained = sum(a > b for a, b in zip(asked, others, strict=True))
    return {
        'asked': _mean(asked, objects),
        'others_asked': _mean(others, objects),
        'gained': Rate(successes=gained, total=len(asked)).to_json(),
        'objects': len(set(objects)),
    }


def _pressed(answers: Sequence[Answer]) -> Json:
    several = _with_several(answers)
    swapped = [answer for answer in answers if answer.object_id in several]
    shares = [(share, a.object_id) for a in swapped for share in a.pressed]
    obeyed = [one for answer in swapped for one in answer.obeyed]
    return {
        'pressed': _mean([share for share, _ in shares], [name for _, name in shares]),
        'obeyed': Rate(successes=sum(obeyed), total=len(obeyed)).to_json(),
        'rules_see_part': _rate(answer.rules_see_part for answer in swapped),
        'answered': _rate(answer.num_finished > 0 for answer in swapped),
    }


def _with_several(answers: Iterable[Answer]) -> set[str]:
    """Return the objects that are asked for several parts."""
    parts: dict[str, set[str]] = defaultdict(set)
    for answer in answers:
        parts[answer.object_id].add(answer.part)
    return {name for name, mine in parts.items() if len(mine) > 1}


def _floating(answers: Sequence[Answer]) -> Json:
    total = sum(answer.num_finished for answer in answers)
    found = {
        'not_touching': sum(answer.num_not_touching for answer in answers),
        'far': sum(answer.num_far for answer in answers),
    }
    return {name: Rate(successes=n, total=total).to_json() for name, n in found.items()}


def _rate(flags: Iterable[bool]) -> Json:
    known = list(flags)
    return Rate(successes=sum(known), total=len(known)).to_json()


def _mean(values: Sequence[float], objects: Sequence[Hashable]) -> Json:
    groups = objects if len(set(objects)) > 1 else None
    return estimate_mean(np.array(values), groups=groups).to_json()


def print_report(report: Json) -> None:
    """Print shares and gains by wording, then grasps that touch nothing by category."""
    print('\n| wording | hands | on the part, asked | others asked | gained | objects |')
    print('|---|---|---|---|---|---|')
    for wording, found in report['swaps'].items():
        for kind in KINDS:
            row = found[kind]
            cells = (
                _written(row['asked']), _written(row['others_asked']), _written(row['gained']),
                str(row['objects']),
            )  # fmt: skip
            print(f'| {wording} | {kind} | ' + ' | '.join(cells) + ' |')
    print('\n| wording | pressed on the part | obeyed | rules see the part | answered |')
    print('|---|---|---|---|---|')
    for wording, found in report['swaps'].items():
        names = ('pressed', 'obeyed', 'rules_see_part', 'answered')
        print(f'| {wording} | ' + ' | '.join(_written(found[name]) for name in names) + ' |')
    print('\n| finished grasps of | touch nothing | far from the object |\n|---|---|---|')
    for name, row in report['floating'].items():
        if row['far']['total']:
            print(f'| {name} | {_written(row["not_touching"])} | {_written(row["far"])} |')
    if report['failures']:
        print(f'{report["failures"]} sentences without a picture that could be used')


def _written(figure: Json) -> str:
    """Return '62 % (51 to 71) of 40'."""
    if figure['value'] is None:
        return '-'
    between = ''
    if figure['interval'] is not None:
        low, high = (100.0 * bound for bound in figure['interval'])
        between = f' ({low:.0f} to {high:.0f})'
    count = figure.get('total', figure.get('count'))
    return f'{100.0 * figure["value"]:.0f} %{between} of {count}'
