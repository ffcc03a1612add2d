"""How the masked transformer is trained: the tokens of a frozen tokenizer, under conditions."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.model.checkpoint import CheckpointHeader
from maskdexgrasp_core.model.conditions import Conditions, draw_drops
from maskdexgrasp_core.model.masking import MaskingCfg, corrupt_tokens, masked_loss
from maskdexgrasp_core.model.text.encoder import SentenceEncoder
from maskdexgrasp_core.model.tokenizer import GraspTokenizer
from maskdexgrasp_core.model.transformer import MaskedGraspTransformer
from maskdexgrasp_core.training.recipe import Losses, Share
from maskdexgrasp_core.training.scene_batches import SceneBatch
from maskdexgrasp_core.training.scene_training import MaskedCfg, TransformerTraining
from maskdexgrasp_core.training.scenes import Scenes

_VALIDATION_SEED = 20_260_000


class ConditionedBatch(NamedTuple):
    """G scenes with M grasps each, and what is asked for; see `SceneBatch`."""

    points: Tensor
    """(G, N, 3) model frame [m]."""
    hands: HandBatch
    """Of G * M, model frame."""
    tasks: Tensor
    """(G * M,) int64."""
    text: Tensor
    """(G * M, E) sentence embeddings."""

    @property
    def conditions(self) -> Conditions:
        """As the transformer takes them."""
        return Conditions(self.tasks, self.text, self.points)


class MaskedObjective(nn.Module):
    """Negative log-likelihood of masked tokens (MaskDexGrasp)."""

    def __init__(
        self, network: MaskedGraspTransformer, tokenizer: GraspTokenizer, cfg: MaskedCfg
    ) -> None:
        super().__init__()
        self.network = network
        self.tokenizer = tokenizer.eval().requires_grad_(False)
        self.cfg = cfg

    def train(self, mode: bool = True) -> 'MaskedObjective':
        """Change the mode of the transformer; the tokenizer stays as it is."""
        super().train(mode)
        self.tokenizer.eval()
        return self

    def forward(self, batch: ConditionedBatch) -> Losses:
        """Return the loss of a batch, with other tokens and conditions hidden at every call."""
        with torch.autocast(batch.points.device.type, enabled=False):
            tokens = self.tokenizer.encode(batch.hands)
        generator = torch.Generator(tokens.device)
        generator.manual_seed(int(torch.randint(2**62, ())))  # follows torch's own generator
        objects = len(batch.points)
        drops = draw_drops(objects, len(tokens) // objects, self.cfg.drops, generator)
        conditions = self.network.encode_conditions(batch.conditions)
        conditions = self.network.conditions.drop(conditions, drops)
        corrupted = corrupt_tokens(tokens, self.network.layout, self.cfg.masking, generator)
        logits = self.network(corrupted.tokens, conditions)
        loss = masked_loss(
            logits, tokens, corrupted.is_asked, label_smoothing=self.cfg.label_smoothing
        )
        return Losses(loss.nll, {'accuracy': loss.accuracy})


class FrozenTokenizer(NamedTuple):
    """A tokenizer whose tokens are learned, and the digest of its file."""

    network: GraspTokenizer
    digest: str


class TransformerRecipe:
    """Trains a transformer on scenes; a `recipe.Recipe`.

    Args:
        cfg: Settings.
        scenes: What it is trained and measured on.
        tokenizer: Whose tokens it learns.
        encoder: Reads the sentences, all of them, here.
    """

    def __init__(
        self,
        cfg: TransformerTraining,
        scenes: Scenes,
        tokenizer: FrozenTokenizer,
        encoder: SentenceEncoder,
    ) -> None:
        fitted = cfg.network.with_tokenizer(tokenizer.network.cfg).with_text(encoder.dim)
        fitted = fitted.with_points(cfg.scenes.num_points)
        self.network = MaskedGraspTransformer(fitted)
        self.network.describe_codes(tokenizer.network)
        self.objective = MaskedObjective(self.network, tokenizer.network, cfg.masked)
        self.criterion = 'nll' if scenes.held_back else ''
        self._scenes, self._tokenizer = scenes, tokenizer
        self._encoder_name = encoder.name
        self._text = encoder.encode(scenes.sentences).half()  # 100 MB for 130,000

    @property
    def header(self) -> CheckpointHeader:
        """See `Recipe`."""
        cfg = self.network.cfg
        return CheckpointHeader(
            kind='transformer',
            preset=cfg.name,
            config=asdict(cfg),
            hand=SHADOW.name,
            joint_names=SHADOW.joint_names,
            needs={
                'tokenizer': self._tokenizer.digest,
                'sentence_encoder': self._encoder_name,
            },
            facts=self._scenes.facts,
        )

    @property
    def identity(self) -> Mapping[str, Any]:
        """See `Recipe`."""
        return {
            **self._scenes.facts,
            **self.header.needs,
            'masked': asdict(self.objective.cfg),
        }

    @property
    def steps_per_epoch(self) -> int:
        """See `Recipe`."""
        return self._scenes.train.num_batches

    def batches(self, epoch: int, share: Share) -> Iterator[ConditionedBatch]:
        """See `Recipe`."""
        for batch in self._scenes.train.epoch(epoch, share):
            yield self._conditioned(batch)

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Return `nll` [nat] and `accuracy` of masked tokens, and both for each kind of view.

        `nll` is the mean over the kinds of view. Tokens are masked as in training, but shown as
        masks; the masks are the same every time. `nll_all` is that of tokens when all of a grasp
        are masked: what the conditions alone tell.
        """
        assert isinstance(network, MaskedGraspTransformer)
        figures: dict[str, float] = {}
        for kind, batches in self._scenes.held_back.items():
            found = [self._figures(network, batch, place) for place, batch in enumerate(batches)]
            for name in found[0]:
                mean = sum(each[name] for each in found) / len(found)
                figures[f'{name}/{kind}'] = mean
                figures[name] = figures.get(name, 0.0) + mean / len(self._scenes.held_back)
        return figures

    def _figures(
        self, network: MaskedGraspTransformer, scene: SceneBatch, place: int
    ) -> dict[str, float]:
        device = next(network.parameters()).device
        batch = self._conditioned(scene)
        hands = batch.hands.to(device)
        tokens = self._tokenizer.network.encode(hands)
        asked = Conditions(batch.tasks.to(device), batch.text.to(device), batch.points.to(device))
        conditions = network.encode_conditions(asked)
        generator = torch.Generator(device)
        generator.manual_seed(_VALIDATION_SEED + place)
        plain = MaskingCfg(random_prob=0.0, kept_prob=0.0)
        corrupted = corrupt_tokens(tokens, network.layout, plain, generator)
        loss = masked_loss(network(corrupted.tokens, conditions), tokens, corrupted.is_asked)
        everything = network.masked_tokens(len(tokens))
        blind = masked_loss(
            network(everything, conditions), tokens, torch.ones_like(corrupted.is_asked)
        )
        return {
            'nll': float(loss.nll),
            'accuracy': float(loss.accuracy),
            'nll_all': float(blind.nll),
        }

    def _conditioned(self, batch: SceneBatch) -> ConditionedBatch:
        text = self._text[batch.sentences].float()
        return ConditionedBatch(batch.points, batch.hands, batch.tasks, text)
