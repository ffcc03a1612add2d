"""How the tokenizer is trained: hands in the frames that objects are seen in, nothing else."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn

from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.model.checkpoint import CheckpointHeader
from maskdexgrasp_core.model.part_points import point_distances
from maskdexgrasp_core.model.quantizer import codebook_usage
from maskdexgrasp_core.model.tokenizer import GraspTokenizer
from maskdexgrasp_core.model.tokenizer_cfg import TokenizerCfg
from maskdexgrasp_core.training.recipe import Losses, Share
from maskdexgrasp_core.training.scene_batches import SceneBatch
from maskdexgrasp_core.training.scenes import Scenes


class TokenizerObjective(nn.Module):
    """Reconstruction and commitment, as the tokenizer weighs them.

    In full precision always: of a hand's kinematics bfloat16 would leave millimetres.
    """

    def __init__(self, network: GraspTokenizer) -> None:
        super().__init__()
        self.network = network

    def forward(self, hands: HandBatch) -> Losses:
        """Return the losses of hands in the model frame."""
        with torch.autocast(hands.translation.device.type, enabled=False):
            output = self.network(hands)
        figures = {name: value.detach() for name, value in output.losses.items()}
        return Losses(output.total, figures)


class TokenizerRecipe:
    """Trains a tokenizer on the hands of scenes; a `recipe.Recipe`.

    Args:
        cfg: Of the tokenizer.
        scenes: What it is trained and measured on.
    """

    criterion = 'point_error_mm'

    def __init__(self, cfg: TokenizerCfg, scenes: Scenes) -> None:
        self.network = GraspTokenizer(cfg)
        self.objective = TokenizerObjective(self.network)
        self._scenes = scenes
        self.criterion = self.criterion if scenes.held_back else ''

    @property
    def header(self) -> CheckpointHeader:
        """See `Recipe`."""
        cfg = self.network.cfg
        return CheckpointHeader(
            kind='tokenizer',
            preset=cfg.name,
            config=asdict(cfg),
            hand=SHADOW.name,
            joint_names=SHADOW.joint_names,
            facts=self._scenes.facts,
        )

    @property
    def identity(self) -> Mapping[str, Any]:
        """See `Recipe`."""
        return self._scenes.facts

    @property
    def steps_per_epoch(self) -> int:
        """See `Recipe`."""
        return self._scenes.train.num_batches

    def batches(self, epoch: int, share: Share) -> Iterator[HandBatch]:
        """See `Recipe`."""
        for batch in self._scenes.train.epoch(epoch, share):
            yield batch.hands

    def validate(self, network: nn.Module) -> dict[str, float]:
        """See `Recipe`: errors of hands that were encoded and decoded, and use of the codes."""
        assert isinstance(network, GraspTokenizer)
        return tokenizer_figures(network, self._scenes.held_back)


def tokenizer_figures(
    network: GraspTokenizer, held_back: Mapping[str, list[SceneBatch]]
) -> dict[str, float]:
    """Return how well a tokenizer keeps grasps, over all batches.

    Returns:
        `point_error_mm` (mean over all surface points of all parts), the same for each part,
        `translation_mm`, `rotation_deg`, `joints_deg` (means of absolute errors), and for each
        token `usage` (share of its codes that occur) and `perplexity`; of these also the least.
        Nothing where there are no batches.
    """
    device = next(network.parameters()).device
    errors: dict[str, list[Tensor]] = {}
    tokens = []
    for batch in (batch for batches in held_back.values() for batch in batches):
        hands = batch.hands.to(device)
        tokens.append(network.encode(hands))
        found = hand_errors(hands, network.decode(tokens[-1]), network)
        for name, value in found.items():
            errors.setdefault(name, []).append(value)
    if not tokens:
        return {}
    figures = {name: float(torch.cat(values).mean()) for name, values in errors.items()}
    used = codebook_usage(torch.cat(tokens), network.codebook_size)
    for kind, values in (('usage', used.usage), ('perplexity', used.perplexity)):
        figures[f'least_{kind}'] = float(values.min())
        for place, value in enumerate(values.tolist()):
            part = PARTS[network.token_parts[place]]
            figures[f'{kind}/{place}_{part}'] = value
    return figures


def hand_errors(
    hands: HandBatch, decoded: HandBatch, network: GraspTokenizer
) -> dict[str, Tensor]:
    """Return name -> (B,) error of decoded hands, as `tokenizer_figures` names them."""
    of_parts = 1000.0 * point_distances(decoded, hands, network.part_points)
    between = hands.rotation.transpose(1, 2) @ decoded.rotation
    cosine = (between.diagonal(dim1=1, dim2=2).sum(dim=1) - 1.0) / 2.0
    joints = (decoded.joint_positions - hands.joint_positions).abs().mean(dim=1)
    shift = (decoded.translation - hands.translation).norm(dim=1)
    return {
        'point_error_mm': of_parts.mean(dim=1),
        **{f'point_error_mm/{part}': of_parts[:, place] for place, part in enumerate(PARTS)},
        'translation_mm': 1000.0 * shift,
        'rotation_deg': torch.rad2deg(cosine.clamp(-1.0, 1.0).acos()),
        'joints_deg': torch.rad2deg(joints),
    }
