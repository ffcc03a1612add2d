"""Which cluster the sentence means, from a network that compares views with sentences.

It understands words that no table lists ('something to drink from'). Colour, size and place
stay with the rules of `perception.selection`: they compare clusters, and rules are exact there.
The rules also choose by the name of a category that the network was not trained on.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.checkpoint import cfg_from_json, load_network, shipped_weights
from maskdexgrasp_core.model.frame import model_frame
from maskdexgrasp_core.model.scene_head import KIND, SceneHead, SceneHeadCfg
from maskdexgrasp_core.model.text.encoder import SentenceEncoder
from maskdexgrasp_core.model.text.registry import load_sentence_encoder
from maskdexgrasp_core.outcome import Code
from maskdexgrasp_core.perception.clusters import Cluster, refuse
from maskdexgrasp_core.perception.selection import Indices, select_cluster
from maskdexgrasp_core.perception.sentence import SentenceQuery, parse_sentence
from maskdexgrasp_core.types import Array

DECISION_FACT = 'decision'
"""Among the facts of a file of weights: its `DecisionCfg`."""
CATEGORIES_FACT = 'trained_categories'
"""Among these facts: the categories whose objects it has seen."""
_SEED = 0


@dataclass(frozen=True, kw_only=True)
class DecisionCfg:
    """When a cluster is chosen; calibrated on scenes that training never sees.

    Raises:
        InvalidInputError: If a margin is negative.
    """

    least_logit: float = -4.0
    """If no cluster has as much, the sentence means none of them."""
    margin: float = 1.0
    """Clusters this close to the best compete with it."""
    group_margin: float = 2.0
    """The same if the sentence also gives a size or a place, which then decides among them."""

    def __post_init__(self) -> None:
        if min(self.margin, self.group_margin) < 0.0:
            raise InvalidInputError(f'margins must be >= 0, got {self}')


class LearnedSelector:
    """Chooses a cluster by a `SceneHead`."""

    def __init__(
        self,
        head: SceneHead,
        encoder: SentenceEncoder,
        decision: DecisionCfg | None = None,
        categories: Collection[str] | None = None,
    ) -> None:
        """Build from a trained network and the encoder that it was trained with.

        Args:
            head: The network.
            encoder: Of sentences.
            decision: When a cluster is chosen.
            categories: Those of the vocabulary that it was trained on; None: all.

        Raises:
            InvalidInputError: If it was trained with another encoder.
        """
        if encoder.name != head.cfg.text_encoder:
            raise InvalidInputError(
                f'the network was trained with {head.cfg.text_encoder}, got {encoder.name}'
            )
        self._head, self._encoder = head.eval(), encoder
        self.decision = decision or DecisionCfg()
        self._categories = None if categories is None else frozenset(categories)

    @classmethod
    def load(cls, path: Path | None = None) -> 'LearnedSelector':
        """Load a file of weights; None takes those that ship with the package.

        Raises:
            MissingWeightsError: If there are none.
            InvalidInputError: If the file is not one of such weights.
            EncoderUnavailableError: If the sentence encoder is not installed.
        """
        path = path or shipped_weights(KIND)
        head, header = load_network(path, kind=KIND, cfg_type=SceneHeadCfg, build=SceneHead)
        stored = header.facts.get(DECISION_FACT, {})
        decision = cfg_from_json(DecisionCfg, stored, source=str(path))
        encoder = load_sentence_encoder(head.cfg.text_encoder)
        return cls(head, encoder, decision, header.facts.get(CATEGORIES_FACT))

    def for_every_category(self) -> 'LearnedSelector':
        """Return one that asks the same network also about categories that it never saw."""
        return LearnedSelector(self._head, self._encoder, self.decision)

    def logits(
        self, clusters: Sequence[Cluster], table_heights: Sequence[float], text: str
    ) -> Array:
        """Return how well the sentence describes each cluster (K,), colour, size, place aside.

        Args:
            clusters: K clusters.
            table_heights: z of the table under each [m].
            text: The sentence.
        """
        number = self._head.cfg.num_points
        views = [
            view_points(cluster.points, height, number, np.random.default_rng(_SEED))
            for cluster, height in zip(clusters, table_heights, strict=True)
        ]
        with torch.no_grad():
            scores = self._head(torch.from_numpy(np.stack(views)), self._encoder.encode([text]))
        return np.asarray(scores[:, 0].numpy(), dtype=np.float64)

    def select(
        self,
        clusters: Sequence[Cluster],
        table_heights: Sequence[float],
        text: str,
        camera_position: Array,
    ) -> int:
        """Return the index of the cluster that the sentence means; see `select_cluster`.

        Raises:
            StageError: `TEXT_MATCHES_NOTHING` or `TEXT_IS_AMBIGUOUS`.
        """
        query = parse_sentence(text)

        def described(left: Indices) -> Indices:
            heights = [table_heights[i] for i in left]
            logits = self.logits([clusters[i] for i in left], heights, text)
            return np.asarray(left[self._competing(logits, query, text)])

        return select_cluster(
            clusters,
            table_heights,
            query,
            camera_position,
            described=described if self._can_tell(query) else None,
        )

    def _can_tell(self, query: SentenceQuery) -> bool:
        """Return whether the network has learned what a sentence speaks of, as far as is known."""
        if self._categories is None or not query.category:
            return query.says_what
        return query.category in self._categories

    def _competing(self, logits: Array, query: SentenceQuery, text: str) -> Indices:
        """Return which logits are high enough and near enough to the best."""
        best = float(logits.max())
        if best < self.decision.least_logit:
            reason = (
                f'none of {len(logits)} objects looks like "{text[:60]}": the best scores '
                f'{best:.1f}, at least {self.decision.least_logit:.1f} needed'
            )
            raise refuse(Code.TEXT_MATCHES_NOTHING, reason)
        told_apart = query.size or query.position
        margin = self.decision.group_margin if told_apart else self.decision.margin
        return np.flatnonzero(logits >= best - margin)


def view_points(
    points: Array, table_height: float, number: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return what the network sees of a cluster, (number, 3) [m] in its model frame.

    Args:
        points: (K, 3) [m], base frame, K >= 1.
        table_height: z of the table under it [m].
        number: Points; drawn without repetition if there are enough.
        rng: Decides which.
    """
    order = rng.permutation(len(points))
    picked = points[np.resize(order, number)]
    return (picked - model_frame(picked, table_height)[:3, 3]).astype(np.float32)
