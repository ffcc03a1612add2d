"""Changes single parts of a grasp under a new sentence; the other parts stay."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from maskdexgrasp_core.errors import InvalidInputError, MaskDexGraspError
from maskdexgrasp_core.hands.grasp_check import check_grasp
from maskdexgrasp_core.hands.hand_batch import HandBatch
from maskdexgrasp_core.hands.kinematics import HandKinematics
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.hands.spec import PARTS, check_parts
from maskdexgrasp_core.model.grasp_model import GraspModel, GraspRequest, Proposals
from maskdexgrasp_core.model.part_points import PART_JOINTS, PartPoints, point_distances
from maskdexgrasp_core.outcome import Code, Stage, StageError
from maskdexgrasp_core.protocols import GraspGenerator
from maskdexgrasp_core.synthesis.finishing import GraspFinisher
from maskdexgrasp_core.synthesis.learned_generator import (
    LearnedGenerator,
    LearnedGeneratorCfg,
    request_of,
)
from maskdexgrasp_core.synthesis.refinement import Movable
from maskdexgrasp_core.synthesis.scene import make_scene
from maskdexgrasp_core.types import Grasp, GraspSet, ObjectObservation

_POINTS_PER_PART = 64
KEPT_MOTION = 'kept_parts_moved_m'
"""Name of the score that says how far points of the kept parts moved on average [m]."""
EDITED_MOTION = 'edited_parts_moved_m'
"""The same of the parts that were drawn anew [m]."""
_MIN_DIFFERENCE_M = 0.002
"""Edited parts whose skins are nearer on average are the same to a user."""


class GraspEditor:
    """Draws chosen parts of a grasp anew by the masked transformer."""

    def __init__(
        self, cfg: LearnedGeneratorCfg | None = None, *, model: GraspModel | None = None
    ) -> None:
        """Load the weights.

        Args:
            cfg: Settings; those of the generator.
            model: The networks; None takes the weights that ship.

        Raises:
            MissingWeightsError: If there are none.
        """
        self.cfg = cfg or LearnedGeneratorCfg()
        self._model = model or GraspModel.load()
        self._finisher = GraspFinisher(HandKinematics(SHADOW, torch.float32), self.cfg.finishing)
        self._points = PartPoints(_POINTS_PER_PART)

    @classmethod
    def load(
        cls, weights: Path | None = None, cfg: LearnedGeneratorCfg | None = None
    ) -> 'GraspEditor':
        """Return the editor with the weights of a folder.

        Args:
            weights: Folder of `tokenizer.safetensors` and `transformer.safetensors`; None takes
                those that ship.
            cfg: Settings; those of the generator.

        Raises:
            StageError: With `Code.NO_WEIGHTS` if they are missing or cannot be used.
        """
        try:
            return cls(cfg, model=GraspModel.load(weights))
        except MaskDexGraspError as error:
            raise StageError(Stage.GENERATE, Code.NO_WEIGHTS, str(error)) from error

    @classmethod
    def beside(cls, generator: GraspGenerator, weights: Path | None) -> 'GraspEditor':
        """Return an editor that shares the networks of a learned generator.

        Args:
            generator: In use already.
            weights: As in `load`, for a generator that has no networks.

        Raises:
            StageError: As `load`.
        """
        if isinstance(generator, LearnedGenerator):
            return cls(generator.cfg, model=generator.model)
        return cls.load(weights)

    def edit(
        self,
        observation: ObjectObservation,
        grasp: Grasp,
        parts: Sequence[str],
        *,
        num_grasps: int,
        seed: int,
        time_budget_s: float | None = None,
    ) -> GraspSet:
        """Return grasps that differ from a given one in some parts, best first.

        Refinement moves the edited fingers only, so the kept parts stay where decoding left
        them; how far that is from where they were is the score `KEPT_MOTION`. Of candidates
        whose edited parts hardly differ the best is returned.

        Args:
            observation: The object, with the sentence and task that count now.
            grasp: The one to change; of the Shadow Hand, on this object.
            parts: Names of `PARTS` that are drawn anew.
            num_grasps: How many to return at most.
            seed: Of the randomness.
            time_budget_s: Return the best so far after this wall time [s]; None: no limit.

        Raises:
            InvalidInputError: If a part is unknown, none is named, `num_grasps` is not
                positive, or the grasp is no pose of the Shadow Hand.
            StageError: With `Code.BAD_SHAPE` if the shape has no inside.
        """
        check_parts(parts)
        if num_grasps < 1:
            raise InvalidInputError(f'num_grasps must be positive, got {num_grasps}')
        deadline = None if time_budget_s is None else time.monotonic() + time_budget_s
        scene = make_scene(observation, self.cfg.grid)
        one = hands_of_grasp(grasp)
        drawn = self._drawn(request_of(observation), one, parts, seed)
        dropped: Counter[str] = Counter()
        made = self._finisher.finish(
            drawn,
            scene,
            observation.part_points,
            dropped,
            movable=_movable(parts),
            deadline_s=deadline,
        )
        different = self._distinct(made, parts, dropped)
        if len(different) > num_grasps:
            dropped['more than asked for'] += len(different) - num_grasps
        measured = (self._with_motion(new, one, parts) for new in different[:num_grasps])
        named = (replace(new, generator='model', seed=seed) for new in measured)
        return GraspSet(grasps=tuple(named), dropped=dict(dropped))

    def _drawn(
        self, request: GraspRequest, one: HandBatch, parts: Sequence[str], seed: int
    ) -> Proposals:
        """Return a batch of hands that differ from a given one in some parts."""
        encoded = self._model.encode(request)
        before = one.select(torch.zeros(self.cfg.batch_size, dtype=torch.int64))
        given = Proposals(before, self._model.tokens_of(encoded, before))
        # what is asked now has to tell on whatever is drawn, not on the palm alone
        sampling = replace(self.cfg.sampling, guided_iterations=None)
        generator = torch.Generator().manual_seed(seed)
        return self._model.edit(encoded, given, parts, sampling, generator)

    def _distinct(
        self, grasps: Sequence[Grasp], parts: Sequence[str], dropped: Counter[str]
    ) -> list[Grasp]:
        """Return grasps, best first, without those whose edited parts a better one has, too."""
        edited = [part in parts for part in PARTS]
        kept: list[Grasp] = []
        skins: list[Tensor] = []  # of the kept, (E, P, 3) each
        for grasp in grasps:
            skin = self._points(hands_of_grasp(grasp))[0, edited]
            if any((skin - other).norm(dim=-1).mean() < _MIN_DIFFERENCE_M for other in skins):
                dropped['near-duplicate'] += 1
                continue
            kept.append(grasp)
            skins.append(skin)
        return kept

    def _with_motion(self, new: Grasp, before: HandBatch, parts: Sequence[str]) -> Grasp:
        moved = point_distances(hands_of_grasp(new), before, self._points)[0]
        edited = torch.tensor([part in parts for part in PARTS])
        motions = {
            KEPT_MOTION: float(moved[~edited].mean()) if not edited.all() else 0.0,
            EDITED_MOTION: float(moved[edited].mean()),
        }
        return replace(new, scores={**new.scores, **motions})


def hands_of_grasp(grasp: Grasp) -> HandBatch:
    """Return a grasp as a batch of one hand, base frame.

    Raises:
        InvalidInputError: As `check_grasp`.
    """
    check_grasp(grasp)
    pose = np.asarray(grasp.T_base_wrist)
    values = (pose[:3, 3], pose[:3, :3], grasp.joint_positions)
    return HandBatch(*(torch.as_tensor(value, dtype=torch.float32)[None] for value in values))


def _movable(parts: Sequence[str]) -> Movable | None:
    """Return the joints of the edited parts; everything when nothing is kept."""
    if set(parts) == set(PARTS):
        return None
    joints = torch.zeros(SHADOW.num_joints, dtype=torch.bool)
    for part in parts:
        joints[list(PART_JOINTS[part])] = True
    return Movable(wrist=False, joints=joints)
