"""Measures whether the sentence decides: the same object and seed, asked for one part or another.

Run: python benchmarks/bench_sentences.py [--weights DIR | --generator synthesis] [--split S]
         [--view whole|single] [--objects N] [--json FILE]

Objects with grasps on two parts or more are asked for each of them: in words of the training set,
in sentences of new words, and with new words for the part (paraphrases.yaml, checked against every
sentence of the training split). All objects count for grasps that touch nothing. Servos aim where
the generator says (squeeze rule `stored`), as in `maskdexgrasp evaluate`.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from held_out import Posed, learned_generator, posed_grasps, posed_proposals, propose, show
from sentence_figures import Answer, print_report, report_of
from unseen_sentences import TRAINED, WORDINGS, AskedPart, load_paraphrases, sentence_for

from maskdexgrasp_core.cli.console import run_header, write_json
from maskdexgrasp_core.cli.evaluate import DEFAULT_DATA
from maskdexgrasp_core.dataset.reader import Dataset, open_dataset
from maskdexgrasp_core.evaluation.agreement import PartSurfaces
from maskdexgrasp_core.evaluation.evaluator import EvaluationCfg, evaluate_object
from maskdexgrasp_core.evaluation.generated_grasps import View
from maskdexgrasp_core.evaluation.grasp_under_test import (
    GraspUnderTest,
    ObjectUnderTest,
)
from maskdexgrasp_core.evaluation.hand_solid import load_hand_solid
from maskdexgrasp_core.evaluation.link_contacts import find_link_contacts, skin_distances
from maskdexgrasp_core.evaluation.object_surface import ObjectSurface
from maskdexgrasp_core.evaluation.protocols import load_protocol
from maskdexgrasp_core.model.grasp_model import GraspModel
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.outcome import StageError
from maskdexgrasp_core.protocols import GraspGenerator
from maskdexgrasp_core.synthesis.learned_generator import LearnedGenerator
from maskdexgrasp_core.synthesis.registry import default_cfg, load_generator
from maskdexgrasp_core.training.overrides import overridden, parse_changes
from maskdexgrasp_core.training.scenes import SPLIT
from maskdexgrasp_core.types import Array
from maskdexgrasp_core.work_pool import run_units

RAW_HANDS = 32
JUDGE = EvaluationCfg(protocols=(load_protocol('tdg-quick'),), squeeze='stored')


@dataclass(frozen=True, kw_only=True)
class SwapCfg:
    """Who is asked, and how often."""

    generator: str = LearnedGenerator.name
    weights: Path | None = None
    changes: tuple[str, ...] = ()
    """Of the generator's settings, NAME=VALUE."""
    view: View = 'whole'
    sentences: int = 2
    """For each part and wording."""
    num_grasps: int = 8
    seed: int = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class AskedObject:
    """An object and what it can be asked for: one unit of work."""

    object_id: str
    model: ObjectModel
    parts: tuple[AskedPart, ...]
    """Those with grasps in the dataset, one or more."""


def asked_objects(data: Dataset, number: int, seed: int) -> list[AskedObject]:
    """Return objects of a dataset, `number` of them drawn at random; 0: all."""
    tasks: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    columns = (data.grasps.object_ids, data.grasps.parts, data.grasps.tasks)
    for object_id, part, task in zip(*(column.tolist() for column in columns), strict=True):
        tasks[object_id][part].add(task)
    names = sorted(tasks)
    drawn = np.random.default_rng(seed).permutation(len(names))[: number or None]
    return [
        AskedObject(
            object_id=name,
            model=data.objects[name].model,
            parts=tuple(
                AskedPart(
                    category=data.objects[name].category, part=part, tasks=tuple(sorted(mine))
                )
                for part, mine in sorted(tasks[name].items())
            ),
        )
        for name in (names[row] for row in sorted(drawn.tolist()))
    ]


@lru_cache(maxsize=1)
def _asked_generator(cfg: SwapCfg) -> tuple[GraspGenerator, GraspModel | None]:
    """Return who is asked, and the networks behind it if there are any."""
    changes = parse_changes(cfg.changes)
    if cfg.generator == LearnedGenerator.name:
        model = GraspModel.load(cfg.weights)
        return learned_generator(model, changes), model
    settings = overridden(default_cfg(cfg.generator), changes)
    return load_generator(cfg.generator, cfg.weights, settings), None


def questions(item: AskedObject, cfg: SwapCfg) -> list[Answer]:
    """Return what an object is asked, nothing answered: every part in every wording.

    Objects with one part are asked in words of the training set alone.
    """
    wordings = WORDINGS if len(item.parts) > 1 else (TRAINED,)
    asked = [
        Answer(
            object_id=item.object_id, category=part.category, part=part.part,
            wording=wording, number=number,
            text=sentence_for(wording, part, number, cfg.seed),
        )
        for wording in wordings for number in range(cfg.sentences) for part in item.parts
    ]  # fmt: skip
    return [answer for answer in asked if answer.text]


def ask(item: AskedObject, cfg: SwapCfg) -> list[Answer]:
    """Let the generator answer all questions about an object, and measure what comes."""
    surface, parts = ObjectSurface.of_model(item.model), PartSurfaces(item.model)
    names = [part.part for part in item.parts]
    answers = questions(item, cfg)
    grasps: list[GraspUnderTest] = []
    for key, answer in enumerate(answers):
        hands = _hands(item.model, answer, cfg)
        for kind, posed in hands.posed.items():
            answer.see(kind, names, parts, _contacts(surface, posed))
        grasps += _under_test(hands, answer, str(key))
    pressed = evaluate_object(
        ObjectUnderTest(
            object_id=item.object_id, category=item.parts[0].category, model=item.model,
            grasps=tuple(grasps),
        ),
        JUDGE,
    )  # fmt: skip
    for key, answer in enumerate(answers):
        answer.press([one for one in pressed if one.grasp.condition == str(key)])
    return answers


class _Hands(NamedTuple):
    """What came of a question."""

    posed: dict[str, Posed]
    """Hands that are 'raw' and 'finished', as far as there are any."""
    squeeze_positions: Sequence[Array | None]
    """(22,) [rad] servo targets of each finished one."""


def _hands(model: ObjectModel, answer: Answer, cfg: SwapCfg) -> _Hands:
    """Return raw and finished hands; where there are none, write down why."""
    generator, networks = _asked_generator(cfg)
    seed = cfg.seed * 1000 + answer.number
    try:
        shown = show(model, answer.text, cfg.view, seed)
        made = generator.generate(shown.observation, num_grasps=cfg.num_grasps, seed=seed)
    except StageError as error:
        answer.failure = error.outcome.code.name
        return _Hands({}, ())
    answer.rules_see_part = len(shown.observation.part_points) > 0
    found = {}
    if networks is not None and isinstance(generator, LearnedGenerator):
        proposals = propose(networks, shown, RAW_HANDS, generator.cfg, seed)
        found['raw'] = posed_proposals(proposals, shown)
    if made.grasps:
        found['finished'] = posed_grasps(made.grasps, shown)
    return _Hands(found, [grasp.squeeze_positions for grasp in made.grasps])


def _contacts(surface: ObjectSurface, posed: Posed) -> list[Array]:
    """Return the contacts of each hand, (C, 3) in the frame of the object [m]."""
    solid = load_hand_solid()
    hands = solid.place(*posed)
    found = find_link_contacts(solid, hands, skin_distances(hands, surface), surface)
    return [contacts.points for contacts in found]


def _under_test(hands: _Hands, answer: Answer, condition: str) -> list[GraspUnderTest]:
    """Return the finished hands as the evaluation takes them."""
    if 'finished' not in hands.posed:
        return []
    finished = zip(*hands.posed['finished'], hands.squeeze_positions, strict=True)
    return [
        GraspUnderTest(
            key=f'{condition}-{row}', T_object_wrist=pose, joint_positions=joints,
            squeeze_positions=squeeze, part=answer.part, texts=(answer.text,), condition=condition,
        )
        for row, (pose, joints, squeeze) in enumerate(finished)
    ]  # fmt: skip


def main() -> None:
    """Print the tables; write everything as JSON where asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--generator', default=LearnedGenerator.name)
    parser.add_argument('--weights', type=Path, help='folder of both networks; default: shipped')
    parser.add_argument('--set', dest='changes', action='append', default=[], metavar='NAME=VALUE')
    parser.add_argument('--data', type=Path, default=DEFAULT_DATA)
    parser.add_argument('--split', default='test-instances')
    parser.add_argument('--view', choices=('whole', 'single'), default='whole')
    parser.add_argument('--objects', type=int, default=0, help='drawn at random; 0: all')
    parser.add_argument('--sentences', type=int, default=2, help='for each part and wording')
    parser.add_argument('--num-grasps', type=int, default=8)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--workers', type=int, default=1)
    parser.add_argument('--json', type=Path)
    args = parser.parse_args()
    whole = open_dataset(args.data)
    training = {text for texts in whole.select(split=SPLIT).grasps.texts for text in texts}
    load_paraphrases().require_unseen(training)
    items = asked_objects(whole.select(split=args.split), args.objects, args.seed)
    cfg = SwapCfg(
        generator=args.generator, weights=args.weights, changes=tuple(args.changes),
        view=args.view, sentences=args.sentences, num_grasps=args.num_grasps, seed=args.seed,
    )  # fmt: skip
    header = run_header(args.seed)
    print(f'{header["machine"]}, seed {args.seed}, {args.split}, view {args.view}')
    answers: list[Answer] = []
    for found in run_units(partial(ask, cfg=cfg), items, workers=args.workers):
        answers += found
    report = report_of(answers)
    print_report(report)
    if args.json:
        write_json(args.json, {**header, 'arguments': vars(args), **report})


if __name__ == '__main__':
    main()
