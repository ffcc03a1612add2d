"""Measure how often the right object is chosen among 3 to 6: rules against the network.

Usage: python benchmarks/bench_selection.py [weights or -] [scenes] [seed]

Objects are members that training never saw; 'new categories' are categories that it never saw
either (those that the file of weights names as held out). Sentences are in words that training
never had, but for 'name', 'colour and name' and 'place and name'. 'right' is the object meant,
or a refusal where several objects fit or none; 'wrong' is another object. 'learned' is what
perception uses: the network, and rules for names of categories that it never saw.
"""

import platform
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import torch

from maskdexgrasp_core.evaluation.intervals import Rate
from maskdexgrasp_core.model.checkpoint import read_header, shipped_weights
from maskdexgrasp_core.model.scene_head import KIND
from maskdexgrasp_core.objects import CATEGORIES
from maskdexgrasp_core.outcome import StageError
from maskdexgrasp_core.perception.learned_selection import LearnedSelector
from maskdexgrasp_core.perception.selection import ClusterSelector, RuleSelector
from maskdexgrasp_core.training.selection_data import SeenScene, random_orders, see_scene
from maskdexgrasp_core.training.selection_questions import TOPICS, Question, Thing, ask

_SEEDS = range(2000, 2040)
"""Members that neither the network nor the table of the rules was fitted to."""
_TWIN_SHARE = 0.4
Tally = dict[tuple[str, str], dict[str, list[str]]]
"""(Group, topic) -> method -> 'right', 'wrong' or 'refused' of each question."""


def questions(
    scene: SeenScene, new: tuple[str, ...], rng: random.Random
) -> Iterator[tuple[str, Question]]:
    """Yield one question of each topic and group, as far as the scene allows them."""
    things = [
        Thing(seen.look, seen.color_name, float(seen.cluster.centre[1])) for seen in scene.objects
    ]
    seen_in_training = tuple(name for name in CATEGORIES if name not in new)
    for group, targets in (('new members', seen_in_training), ('new categories', new)):
        for topic in TOPICS:
            question = ask(topic, things, rng, targets=targets)
            if question is not None:
                yield group, question


def judged(selector: ClusterSelector, scene: SeenScene, question: Question) -> str:
    """Return 'right', 'wrong' or 'refused'."""
    clusters = [seen.cluster for seen in scene.objects]
    heights = [seen.table_height for seen in scene.objects]
    chosen: int | None
    try:
        chosen = selector.select(clusters, heights, question.text, scene.camera_position)
    except StageError:
        chosen = None
    if chosen == question.answer:
        return 'right'
    return 'refused' if chosen is None else 'wrong'


def main() -> None:
    """Print one line for each group and topic."""
    given = sys.argv[1] if len(sys.argv) > 1 else '-'
    path = shipped_weights(KIND) if given == '-' else Path(given)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    torch.set_num_threads(1)
    new = tuple(read_header(path).facts['data']['held_out_categories'])
    learned = LearnedSelector.load(path)
    methods: dict[str, ClusterSelector] = {
        'rules': RuleSelector(),
        'network': learned.for_every_category(),
        'learned': learned,
    }
    tally: Tally = defaultdict(lambda: defaultdict(list))
    seconds: dict[str, float] = defaultdict(float)
    rng = random.Random(seed)
    for order in random_orders(
        tuple(CATEGORIES), _SEEDS, count=count, seed=seed, twin_share=_TWIN_SHARE
    ):
        scene = see_scene(order)
        if len(scene.objects) < 2:
            continue
        for group, question in questions(scene, new, rng):
            for name, selector in methods.items():
                began = time.process_time()
                tally[group, question.topic][name].append(judged(selector, scene, question))
                seconds[name] += time.process_time() - began
    print(f'{platform.processor() or platform.machine()}, {count} scenes, seed {seed}, {path}')
    print_table(tally, list(methods))
    asked = sum(len(found['rules']) for found in tally.values())
    for name in methods:
        print(f'{name}: {1000 * seconds[name] / max(asked, 1):.0f} ms of CPU a sentence')


def print_table(tally: Tally, names: list[str]) -> None:
    """Print right answers with their 95 % interval, and wrong choices, in percent."""
    heads = ''.join(f'{name + " right":>22s}{"wrong":>7s}' for name in names)
    print(f'{"objects":18s}{"asked for":18s}{"n":>5s}{heads}')
    for (group, topic), found in sorted(
        tally.items(), key=lambda item: (item[0][0], TOPICS.index(item[0][1]))
    ):
        line = f'{group:18s}{topic:18s}{len(found[names[0]]):5d}'
        for name in names:
            right = Rate(successes=found[name].count('right'), total=len(found[name]))
            low, high = right.interval
            wrong = 100 * found[name].count('wrong') / len(found[name])
            line += f'{100 * right.value:11.0f} ({100 * low:.0f} to {100 * high:.0f})'.rjust(22)
            line += f'{wrong:7.0f}'
        print(line)


if __name__ == '__main__':
    main()
