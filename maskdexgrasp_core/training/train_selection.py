"""Recipe of the network that tells which object a sentence means.

Every sentence of a batch meets every view of it: pairs that go together shall score high by
themselves (a sigmoid loss, Zhai et al. 2023), and higher than the others (a contrastive loss).
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import softplus

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.checkpoint import CheckpointHeader
from maskdexgrasp_core.model.object_patches import Patches
from maskdexgrasp_core.model.scene_head import KIND, SceneHead
from maskdexgrasp_core.model.text.encoder import SentenceEncoder
from maskdexgrasp_core.perception.learned_selection import (
    CATEGORIES_FACT,
    DECISION_FACT,
    DecisionCfg,
)
from maskdexgrasp_core.training.recipe import Losses, Share
from maskdexgrasp_core.training.selection_calibration import calibrated, choice_error
from maskdexgrasp_core.training.selection_questions import TOPICS
from maskdexgrasp_core.training.selection_samples import (
    SelectionData,
    score_questions,
    turned_views,
)
from maskdexgrasp_core.training.selection_training import SelectionTraining

_NONE = -1e4
"""Stands for the logit of what is not there; its exponential is 0."""
_CHUNK = 256


class SelectionObjective(nn.Module):
    """The network and its loss."""

    def __init__(self, network: SceneHead) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: tuple[Tensor, Patches, Tensor, Tensor]) -> Losses:
        """Return the losses of views (G, N, 3), their patches, sentences (Q, E), truth (G, Q)."""
        points, patches, text, truth = batch
        return selection_losses(self.network(points, text, patches), truth)


def selection_losses(logits: Tensor, truth: Tensor) -> Losses:
    """Return how well logits tell pairs that go together from those that do not.

    Args:
        logits: (G, Q).
        truth: (G, Q) int8: 1 true, 0 false, -1 doubtful, which counts for nothing.
    """
    true, false = truth == 1, truth == 0
    alone = _mean(softplus(-logits), true) + _mean(softplus(logits), false)
    among_objects = _contrast(logits, true, false, dim=0)
    among_sentences = _contrast(logits, true, false, dim=1)
    figures = {'alone': alone, 'objects': among_objects, 'sentences': among_sentences}
    return Losses(
        total=alone + among_objects + 0.5 * among_sentences,
        figures={name: value.detach() for name, value in figures.items()},
    )


def _contrast(logits: Tensor, true: Tensor, false: Tensor, dim: int) -> Tensor:
    """Return the mean cross entropy of each true pair against all false ones along `dim`."""
    rivals = logits.masked_fill(~false, _NONE).logsumexp(dim=dim, keepdim=True)
    return _mean(softplus(rivals - logits), true)


def _mean(values: Tensor, chosen: Tensor) -> Tensor:
    return (values * chosen).sum() / chosen.sum().clamp_min(1)


class SelectionRecipe:
    """Trains a `SceneHead`; a `recipe.Recipe`."""

    criterion = 'error'

    def __init__(
        self, cfg: SelectionTraining, preset: str, data: SelectionData, encoder: SentenceEncoder
    ) -> None:
        """Make the network and read all sentences.

        Args:
            cfg: Settings.
            preset: Their name.
            data: From `load_selection_data` with these settings.
            encoder: The one that `cfg.network` names.

        Raises:
            InvalidInputError: If it is another encoder, or views are too few for a batch.
        """
        if encoder.name != cfg.network.text_encoder:
            raise InvalidInputError(f'expected {cfg.network.text_encoder}, got {encoder.name}')
        self._cfg, self._preset, self._data = cfg, preset, data
        if self.steps_per_epoch < 1:
            raise InvalidInputError(
                f'{len(data.train.points)} views are less than a batch of {cfg.data.batch_size}'
            )
        self.network = SceneHead(cfg.network)
        self.objective = SelectionObjective(self.network)
        self._text = encoder.encode([sentence.text for sentence in data.sentences])
        self._asked = encoder.encode([question.text for _, question in data.questions])
        points = torch.from_numpy(data.train.points)
        found = [self.network.encoder.find_patches(part) for part in points.split(_CHUNK)]
        centers = torch.cat([patches.centers.short() for patches in found])
        self._patches = Patches(
            centers, torch.cat([patches.neighbors.short() for patches in found])
        )
        self._decision = DecisionCfg()

    @property
    def header(self) -> CheckpointHeader:
        """See `Recipe`; the facts hold what the last validation calibrated."""
        return CheckpointHeader(
            kind=KIND,
            preset=self._preset,
            config=asdict(self._cfg.network),
            facts={
                **self.identity,
                DECISION_FACT: asdict(self._decision),
                CATEGORIES_FACT: list(self._cfg.data.categories),
            },
        )

    @property
    def identity(self) -> Mapping[str, Any]:
        """See `Recipe`."""
        return {'data': asdict(self._cfg.data)}

    @property
    def steps_per_epoch(self) -> int:
        """See `Recipe`."""
        return len(self._data.train.points) // self._cfg.data.batch_size

    def batches(
        self, epoch: int, share: Share
    ) -> Iterator[tuple[Tensor, Patches, Tensor, Tensor]]:
        """See `Recipe`; every process meets its views with sentences of its own."""
        cfg = self._cfg.data
        order = np.random.default_rng([cfg.seed, epoch]).permutation(len(self._data.train.points))
        rng = np.random.default_rng([cfg.seed, epoch, 1 + share.rank])
        for step in range(self.steps_per_epoch):
            rows = order[step * cfg.batch_size : (step + 1) * cfg.batch_size]
            yield self._batch(rows[share.rank :: share.world_size], rng)

    def _batch(
        self, rows: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[Tensor, Patches, Tensor, Tensor]:
        looks = self._data.train.look_of_view[rows]
        columns = self._data.draw_sentences(looks, rng)
        points = torch.from_numpy(self._data.train.points[rows])
        points = turned_views(points, self._cfg.data.scale_spread, rng)
        patches = Patches(*(index[rows].long() for index in self._patches))
        truth = torch.from_numpy(self._data.truth[np.ix_(looks, columns)])
        return points, patches, self._text[columns], truth

    def validate(self, network: nn.Module) -> dict[str, float]:
        """See `Recipe`: how often the best object is the wrong one; sets the thresholds."""
        assert isinstance(network, SceneHead)
        scored = score_questions(network, self._data.validation, self._data.questions, self._asked)
        self._decision = calibrated(scored)
        figures = {'error': choice_error(scored)}
        for topic in TOPICS:
            of_topic = choice_error([s for s in scored if s.question.topic == topic])
            if np.isfinite(of_topic):
                figures[f'error/{topic}'] = of_topic
        return figures
