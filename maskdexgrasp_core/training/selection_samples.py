"""Views, sentences and what is true, drawn for batches; questions about scenes, scored."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from maskdexgrasp_core.model.frame import yaw_transforms
from maskdexgrasp_core.model.scene_head import SceneHead
from maskdexgrasp_core.training.selection_calibration import ScoredQuestion
from maskdexgrasp_core.training.selection_data import Views, load_views, random_orders
from maskdexgrasp_core.training.selection_questions import (
    COLOR,
    PLACE,
    TOPICS,
    Question,
    Thing,
    ask,
)
from maskdexgrasp_core.training.selection_sentences import (
    ABSENT_THING,
    ANYTHING,
    CATEGORY,
    KIND,
    PART,
    USE,
    Sentence,
    training_sentences,
)
from maskdexgrasp_core.training.selection_training import SelectionDataCfg

_DOUBTFUL = -1
_CHUNK = 256
_TOPIC_SHARES = {CATEGORY: 0.5, USE: 0.3, PART: 0.1, KIND: 0.1}
"""How often the sentence that a view brings into its batch is of each topic."""
_BESIDE = 4
"""For each so many sentences of views there is one that fits all objects or none."""
_TWIN_SHARE = 0.3
Report = Callable[[str, int, int], None]
"""Called with what is being made, how much of it is done, and of how much."""


@dataclass(frozen=True, eq=False)
class SelectionData:
    """Everything that training and validation read."""

    train: Views
    validation: Views
    sentences: tuple[Sentence, ...]
    questions: tuple[tuple[int, Question], ...]
    """Scene of `validation` and what is asked about it."""

    @cached_property
    def truth(self) -> NDArray[np.int8]:
        """(looks, sentences): 1 true, 0 false, -1 doubtful; looks as in `train`."""
        columns = {
            meaning: [_code(meaning.true_of(look)) for look in self.train.looks]
            for meaning in {sentence.meaning for sentence in self.sentences}
        }
        return np.array([columns[s.meaning] for s in self.sentences], dtype=np.int8).T

    @cached_property
    def _of_look(self) -> list[dict[str, NDArray[np.int64]]]:
        """Topic -> sentences that are true of each look, where there are any."""
        topics = np.array([sentence.meaning.topic for sentence in self.sentences])
        found = [
            {topic: np.flatnonzero((row == 1) & (topics == topic)) for topic in _TOPIC_SHARES}
            for row in self.truth
        ]
        return [{topic: at for topic, at in each.items() if len(at)} for each in found]

    @cached_property
    def _beside(self) -> NDArray[np.int64]:
        topics = [sentence.meaning.topic for sentence in self.sentences]
        return np.flatnonzero(np.isin(topics, (ANYTHING, ABSENT_THING)))

    def draw_sentences(
        self, looks: NDArray[np.int64], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Return indices of sentences: one that is true of each look, then some of all or none.

        Args:
            looks: (B,) indices into the looks of `train`.
            rng: Decides.
        """
        drawn = []
        for look in looks:
            true = self._of_look[look]
            shares = np.array([_TOPIC_SHARES[topic] for topic in true])
            topic = list(true)[rng.choice(len(shares), p=shares / shares.sum())]
            drawn.append(rng.choice(true[topic]))
        beside = rng.choice(self._beside, size=max(1, len(looks) // _BESIDE))
        return np.concatenate([np.array(drawn, dtype=np.int64), beside])


def _code(true: bool | None) -> int:
    return _DOUBTFUL if true is None else int(true)


def load_selection_data(
    cfg: SelectionDataCfg,
    num_points: int,
    folder: Path,
    *,
    workers: int = 1,
    report: Report = lambda what, done, of: None,
) -> SelectionData:
    """Render or read the scenes, and write the sentences.

    Args:
        cfg: Settings.
        num_points: Of each view.
        folder: Where views are kept.
        workers: Processes that render.
        report: Told how far it is.
    """
    views = {}
    for what, seeds, count, twins in (
        ('scenes', cfg.train_seeds, cfg.num_scenes, 0.0),
        ('held-out scenes', cfg.validation_seeds, cfg.num_validation_scenes, _TWIN_SHARE),
    ):
        orders = random_orders(
            cfg.categories, range(*seeds), count=count, seed=cfg.seed, twin_share=twins
        )
        views[what] = load_views(
            orders,
            num_points,
            folder,
            workers=workers,
            on_progress=partial(report, what),
        )
    train, validation = views['scenes'], views['held-out scenes']
    sentences = training_sentences(cfg.categories, train.looks, repeats=cfg.repeats, seed=cfg.seed)
    return SelectionData(
        train=train,
        validation=validation,
        sentences=tuple(sentences),
        questions=_questions(validation, cfg),
    )


def _questions(views: Views, cfg: SelectionDataCfg) -> tuple[tuple[int, Question], ...]:
    """Ask one question of each topic about each scene, in words kept for calibration."""
    rng = random.Random(cfg.seed)
    found = []
    for scene in np.unique(views.scene_of_view):
        looks = views.look_of_view[views.scene_of_view == scene]
        things = [Thing(views.looks[look]) for look in looks]
        for topic in TOPICS:
            if topic not in (COLOR, PLACE):
                question = ask(topic, things, rng, targets=cfg.categories, use='calibrate')
                if question is not None:
                    found.append((int(scene), question))
    return tuple(found)


@torch.no_grad()
def score_questions(
    network: SceneHead, views: Views, questions: Sequence[tuple[int, Question]], text: Tensor
) -> list[ScoredQuestion]:
    """Return what a network says to questions about scenes.

    Args:
        network: In evaluation mode.
        views: Of the scenes.
        questions: With their scenes.
        text: Sentence vectors of the questions (Q, E).
    """
    device = network.bias.device
    parts = torch.from_numpy(views.points).split(_CHUNK)
    objects = torch.cat([network.embed_objects(part.to(device)) for part in parts])
    logits = network.score(objects, network.embed_text(text.to(device))).cpu().numpy()
    return [
        ScoredQuestion(question, logits[views.scene_of_view == scene, column].astype(float))
        for column, (scene, question) in enumerate(questions)
    ]


def turned_views(points: Tensor, scale_spread: float, rng: np.random.Generator) -> Tensor:
    """Return views (B, N, 3) turned about z, mirrored and scaled at random, each on its own.

    Patches of the views hold afterwards too.
    """
    number = len(points)
    turns = yaw_transforms(torch.from_numpy(rng.uniform(-np.pi, np.pi, number)).float())
    scale = np.tile(rng.uniform(1 - scale_spread, 1 + scale_spread, (number, 1)), 3)
    scale[:, 1] *= rng.choice([-1.0, 1.0], number)
    changed = points * torch.from_numpy(scale).float()[:, None]
    return changed @ turns[:, :3, :3].transpose(1, 2)
