"""Objects of a test split as a generator sees them, and its hands in the frame of the object.

Shared by the benchmarks of the model.
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.evaluation.generated_grasps import View, observe
from maskdexgrasp_core.geometry.transforms import invert_transform
from maskdexgrasp_core.model.grasp_model import GraspModel, Proposals
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.objects.placement import table_pose
from maskdexgrasp_core.synthesis.learned_generator import (
    LearnedGenerator,
    LearnedGeneratorCfg,
    request_of,
)
from maskdexgrasp_core.training.overrides import overridden
from maskdexgrasp_core.types import Array, Grasp, ObjectObservation


class Shown(NamedTuple):
    """An object on the table."""

    observation: ObjectObservation
    T_object_base: Array
    """(4, 4) pose of the base frame in the frame of the object."""


class Posed(NamedTuple):
    """N hands in the frame of their object."""

    Ts_object_wrist: Array
    """(N, 4, 4) [m]."""
    joint_positions: Array
    """(N, 22) [rad]."""


def show(model: ObjectModel, text: str, view: View, seed: int) -> Shown:
    """Put an object on the table and look at it; place and picture do not depend on the text.

    Args:
        model: The object.
        text: The sentence.
        view: As `maskdexgrasp evaluate` has it.
        seed: Of turn, samples and noise, together with the name of the object.

    Raises:
        StageError: If a picture shows too little, or cannot be completed.
    """
    rng = np.random.default_rng([seed, zlib.crc32(model.name.encode())])
    T_base_object = table_pose(*CELL.table_center, float(rng.uniform(0.0, 2.0 * np.pi)))
    truth = model.solid.copy().apply_transform(T_base_object)
    return Shown(observe(truth, text, view, rng), invert_transform(T_base_object))


def learned_generator(model: GraspModel, changes: Mapping[str, Any]) -> LearnedGenerator:
    """Return the generator `model`.

    Args:
        model: The networks.
        changes: Of its settings by name, such as 'sampling.temperature'.

    Raises:
        UnknownNameError: If there is no such setting.
    """
    return LearnedGenerator(overridden(LearnedGeneratorCfg(), changes), model=model)


def propose(
    model: GraspModel, shown: Shown, num: int, cfg: LearnedGeneratorCfg, seed: int
) -> Proposals:
    """Draw hands as the decoder gives them, base frame."""
    encoded = model.encode(request_of(shown.observation))
    generator = torch.Generator().manual_seed(seed)
    return model.propose(encoded, num, cfg.sampling, generator)


def posed_proposals(proposals: Proposals, shown: Shown) -> Posed:
    """Return proposed hands in the frame of the object."""
    hands = proposals.hands
    Ts_base_wrist = hands.poses().double().numpy()
    return Posed(shown.T_object_base @ Ts_base_wrist, hands.joint_positions.double().numpy())


def posed_grasps(grasps: Sequence[Grasp], shown: Shown) -> Posed:
    """Return finished grasps, one or more, in the frame of the object."""
    poses = np.stack([grasp.T_base_wrist for grasp in grasps])
    return Posed(
        shown.T_object_base @ poses, np.stack([grasp.joint_positions for grasp in grasps])
    )
