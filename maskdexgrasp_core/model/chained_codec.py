"""Part tokens that follow each other: the palm coarse to fine, then fingers in its frame.

Six free part poses in the model frame tell the pose of the wrist six times. Here only the tokens
of the palm do. Each of its levels looks at the palm from where the levels before it have put the
hand, so that what is left to code is a small motion. Each finger is coded as the decoded palm
sees it: its token says how it bends, corrects in part for the error of the palm, and has a
decoder of its own, so that an edit of one finger leaves the others exactly where they are.
"""

from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from maskdexgrasp_core.geometry.rotations import matrix_to_rot6d, rot6d_to_matrix
from maskdexgrasp_core.geometry.transforms import make_transform
from maskdexgrasp_core.hands.spec import PARTS
from maskdexgrasp_core.model.hand_vector import LENGTH_SCALE
from maskdexgrasp_core.model.part_points import PART_JOINTS, unplace_points
from maskdexgrasp_core.model.pointnet import perceptron
from maskdexgrasp_core.model.quantizer import PartQuantizer, Quantized
from maskdexgrasp_core.model.shared_codec import Coded, PartEncoder, Pose
from maskdexgrasp_core.model.tokenizer_cfg import PALM_SIZE, TokenizerCfg

_POSE_SIZE = 9
"""Translation 3, rot6d 6."""
_NO_TURN = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
"""rot6d of the identity."""
_JOINT_ORDER = np.argsort([index for part in PARTS for index in PART_JOINTS[part]]).tolist()
"""Where each joint stands when the joints are laid out part by part."""


class _Step(NamedTuple):
    output: Tensor
    """(B, S) what the decoder says."""
    quantized: Quantized


class _Stage(nn.Module):
    """Encoder, codebooks and decoder of a part, or of one level of the palm."""

    def __init__(self, cfg: TokenizerCfg, levels: int, output_size: int) -> None:
        super().__init__()
        self._encoder = PartEncoder(cfg, cfg.points_per_part)
        self._quantizer = PartQuantizer(cfg.quantizer, levels)
        last = nn.Linear(cfg.decoder_widths[-1], output_size)
        nn.init.zeros_(last.weight)  # a stage begins by leaving things as they are
        nn.init.zeros_(last.bias)
        hidden = perceptron([cfg.quantizer.code_dim, *cfg.decoder_widths])
        self._decoder = nn.Sequential(hidden, nn.GELU(), last)

    def forward(self, points: Tensor, *, learn: bool) -> _Step:
        quantized: Quantized = self._quantizer(self._encoder(points), learn=learn)
        return _Step(self._decoder(quantized.codes), quantized)

    def decode(self, tokens: Tensor) -> Tensor:
        output: Tensor = self._decoder(self._quantizer.codes(tokens))
        return output

    def describe(self) -> Tensor:
        """Return every code beside what the decoder makes of it, (L, K, D + S)."""
        vectors = self._quantizer.vectors()
        return torch.cat([vectors, self._decoder(vectors)], dim=-1)


class _Palm(NamedTuple):
    """The palm as far as it is decoded."""

    pose: Pose
    joints: Tensor
    """Joints of the palm, scaled as in `hand_vector`."""

    @staticmethod
    def at_origin(num_hands: int, like: Tensor) -> '_Palm':
        rotation = torch.eye(3, dtype=like.dtype, device=like.device).expand(num_hands, 3, 3)
        joints = like.new_zeros(num_hands, len(PART_JOINTS['palm']))
        return _Palm(Pose(like.new_zeros(num_hands, 3), rotation), joints)

    def moved(self, output: Tensor) -> '_Palm':
        """Apply what a stage says: a motion in the palm's own frame and a change of joints."""
        shift = LENGTH_SCALE * output[:, :3]
        turn = rot6d_to_matrix(output[:, 3:_POSE_SIZE] + output.new_tensor(_NO_TURN))
        translation, rotation = self.pose
        pose = Pose(translation + (rotation @ shift[..., None])[..., 0], rotation @ turn)
        return _Palm(pose, self.joints + output[:, _POSE_SIZE:])

    def sees(self, points: Tensor) -> Tensor:
        """Return points (B, G, P, 3) of the model frame in the palm's frame, without gradient."""
        return unplace_points(points, *(field.detach() for field in self.pose))


class ChainedCodec(nn.Module):
    """Codes a hand part after part.

    Args:
        cfg: Settings with layout `chained`.
    """

    def __init__(self, cfg: TokenizerCfg) -> None:
        super().__init__()
        self._token_counts = [1] * cfg.levels[0] + list(cfg.levels[1:])
        palm = [_Stage(cfg, 1, PALM_SIZE) for _ in range(cfg.levels[0])]
        fingers = [
            _Stage(cfg, levels, len(PART_JOINTS[part]))
            for part, levels in zip(PARTS[1:], cfg.levels[1:], strict=True)
        ]
        self._palm = cast(list[_Stage], nn.ModuleList(palm))
        self._fingers = cast(list[_Stage], nn.ModuleList(fingers))

    def forward(self, points: Tensor, *, learn: bool) -> Coded:
        """Code surface points (B, 6, P, 3) [m] of the model frame."""
        palm = _Palm.at_origin(len(points), points)
        poses: list[Pose] = []
        steps: list[_Step] = []
        for stage in self._palm:
            steps.append(stage(palm.sees(points[:, :1])[:, 0], learn=learn))
            palm = palm.moved(steps[-1].output)
            poses.append(palm.pose)
        seen = palm.sees(points[:, 1:]).unbind(dim=1)
        fingers = [stage(s, learn=learn) for stage, s in zip(self._fingers, seen, strict=True)]
        quantized = [step.quantized for step in steps + fingers]
        return Coded(
            vector=_pack(palm, [step.output for step in fingers]),
            tokens=torch.cat([q.tokens for q in quantized], dim=1),
            commitment=torch.stack([q.commitment for q in quantized]).sum(),
            coarse_poses=tuple(poses[:-1]),
        )

    def decode(self, tokens: Tensor) -> Tensor:
        """Return the vectors (B, 31) of tokens (B, T)."""
        of_stages = tokens.split(self._token_counts, dim=1)
        palm_stages = cast('list[_Stage]', [*self._palm])
        fingers = cast('list[_Stage]', [*self._fingers])
        num_palm = len(palm_stages)
        palm = _Palm.at_origin(len(tokens), palm_stages[0].decode(of_stages[0]))
        for stage, of_stage in zip(palm_stages, of_stages[:num_palm], strict=True):
            palm = palm.moved(stage.decode(of_stage))
        of_fingers = zip(fingers, of_stages[num_palm:], strict=True)
        return _pack(palm, [stage.decode(of_stage) for stage, of_stage in of_fingers])

    def palm_motions(self) -> Tensor:
        """Return where every code of the palm moves it in its own frame, (L, K, 4, 4)."""
        motions = []
        for stage in cast('list[_Stage]', [*self._palm]):
            moves = stage.describe()[0, :, -PALM_SIZE:]
            translation, rotation = _Palm.at_origin(len(moves), moves).moved(moves).pose
            motions.append(make_transform(rotation, translation))
        return torch.stack(motions)

    def describe(self) -> Tensor:
        """Return what every code of every token says, padded with zeros, (T, K, F)."""
        stages = cast('list[_Stage]', [*self._palm, *self._fingers])
        said = [stage.describe() for stage in stages]
        longest = max(each.shape[-1] for each in said)
        return torch.cat([functional.pad(each, (0, longest - each.shape[-1])) for each in said])


def _pack(palm: _Palm, fingers: list[Tensor]) -> Tensor:
    """Return vectors (B, 31) as of `hand_vector`; `fingers` are scaled joints of each finger."""
    joints = torch.cat([palm.joints, *fingers], dim=1)[:, _JOINT_ORDER]
    translation, rotation = palm.pose
    return torch.cat([translation / LENGTH_SCALE, matrix_to_rot6d(rotation), joints], dim=1)
