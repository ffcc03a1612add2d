"""Grasps of a generator for conditions: what it is shown, and its answers in the object's frame.

The generator sees an object on the table of the cell, turned at random, and a sentence. `whole`
shows it the true shape; `single` shows one noisy picture of a D435 where that of the cell stands,
of the object alone, and completes it. Truth is for scoring only.
"""

import time
import zlib
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import trimesh

from maskdexgrasp_core.cell import CELL
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.evaluator import EvaluationCfg, evaluate_object
from maskdexgrasp_core.evaluation.grasp_under_test import (
    ConditionResult,
    GraspOutcome,
    GraspUnderTest,
    ObjectUnderTest,
)
from maskdexgrasp_core.evaluation.rehearsed_generator import RehearsedGenerator
from maskdexgrasp_core.geometry.point_cloud import deproject
from maskdexgrasp_core.geometry.transforms import invert_transform
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.objects.placement import table_pose
from maskdexgrasp_core.outcome import Code, Stage, StageError
from maskdexgrasp_core.perception.completion import DEFAULT_COMPLETION, load_completion
from maskdexgrasp_core.perception.parts import find_part
from maskdexgrasp_core.perception.raycast_view import look_at_pose, render_view
from maskdexgrasp_core.perception.sentence import parse_sentence
from maskdexgrasp_core.protocols import GraspGenerator, ShapeCompletion
from maskdexgrasp_core.sim.camera_model import CameraCfg
from maskdexgrasp_core.synthesis.generator import GeneratorCfg
from maskdexgrasp_core.synthesis.registry import DEFAULT_GENERATOR, load_generator
from maskdexgrasp_core.types import (
    Array,
    Command,
    GraspSet,
    ObjectObservation,
    ObservedCloud,
)

View = Literal['whole', 'single']
_NUM_POINTS = 2000
_COMPLETION_POINTS = 5000
_MIN_HEIGHT_M = 0.004
"""Of points that count as the object's: those nearer to the table are taken for the table."""
_MIN_POINTS = 50
_COLOR = (200, 120, 60)


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A request for grasps of one object."""

    key: str
    """Unique among the conditions of one run; decides all randomness together with the seed."""
    task: str
    part: str
    """Part that counts as asked when grasps are scored; the generator reads the sentence only."""
    text: str


@dataclass(frozen=True, kw_only=True)
class GenerationCfg:
    """Who proposes what.

    Raises:
        InvalidInputError: If no grasp is asked for, or the view is not known.
    """

    generator: str = DEFAULT_GENERATOR
    weights: Path | None = None
    """Folder of weights for a generator that has learned; None: those that ship."""
    settings: GeneratorCfg | None = None
    """Of the generator; None: its defaults."""
    view: View = 'whole'
    completion: str = DEFAULT_COMPLETION
    """Closes the side that a single view does not show."""
    num_grasps: int = 8
    """Grasps that are asked for each condition."""
    num_rehearsed: int = 0
    """The best so many are tried in physics on the shape that was shown, and ordered by that;
    0: none."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.num_rehearsed < 0:
            raise InvalidInputError(f'num_rehearsed must be >= 0, got {self.num_rehearsed}')
        if self.num_grasps < 1 or self.view not in ('whole', 'single'):
            raise InvalidInputError(f'expected grasps >= 1 and view whole or single, got {self}')


@dataclass(frozen=True, kw_only=True, eq=False)
class ObjectRequest:
    """An object and the conditions that ask for its grasps: one unit of work."""

    object_id: str
    category: str
    model: ObjectModel
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class ObjectAnswers:
    """Everything that came of one `ObjectRequest`."""

    outcomes: tuple[GraspOutcome, ...]
    conditions: tuple[ConditionResult, ...]


def evaluate_request(
    request: ObjectRequest, generation: GenerationCfg, cfg: EvaluationCfg
) -> ObjectAnswers:
    """Let the generator answer every condition of an object, and measure the answers.

    Raises:
        UnknownNameError: If the generator is not known.
    """
    grasps: list[GraspUnderTest] = []
    results = []
    for condition in request.conditions:
        made, result = _answer(request, condition, generation)
        grasps += made
        results.append(result)
    item = ObjectUnderTest(
        object_id=request.object_id,
        category=request.category,
        model=request.model,
        grasps=tuple(grasps),
    )
    return ObjectAnswers(outcomes=tuple(evaluate_object(item, cfg)), conditions=tuple(results))


def _answer(
    request: ObjectRequest, condition: Condition, cfg: GenerationCfg
) -> tuple[list[GraspUnderTest], ConditionResult]:
    generator = _generator(cfg.generator, cfg.weights, cfg.settings)
    if cfg.num_rehearsed:
        generator = RehearsedGenerator(generator, cfg.num_rehearsed)
    rng = np.random.default_rng([cfg.seed, zlib.crc32(condition.key.encode())])
    T_base_object = table_pose(*CELL.table_center, float(rng.uniform(0.0, 2.0 * np.pi)))
    seed = int(rng.integers(2**31))
    truth = request.model.solid.copy().apply_transform(T_base_object)
    made, failure = GraspSet(grasps=()), ''
    began = time.perf_counter()
    try:
        observation = observe(truth, condition.text, cfg.view, rng, completion=cfg.completion)
        made = generator.generate(observation, num_grasps=cfg.num_grasps, seed=seed)
        failure = '' if made.grasps else Code.NO_GRASP_FOUND.name
    except StageError as error:
        failure = error.outcome.code.name
    result = ConditionResult(
        key=condition.key,
        object_id=request.object_id,
        category=request.category,
        num_grasps=len(made.grasps),
        seconds=time.perf_counter() - began,
        failure=failure,
        dropped=dict(made.dropped),
        made_by=Counter(grasp.generator for grasp in made.grasps),
    )
    return _under_test(made, condition, invert_transform(T_base_object)), result


def _under_test(
    made: GraspSet, condition: Condition, T_object_base: Array
) -> list[GraspUnderTest]:
    return [
        GraspUnderTest(
            key=f'{condition.key}-{rank:03d}',
            T_object_wrist=T_object_base @ grasp.T_base_wrist,
            joint_positions=np.asarray(grasp.joint_positions, dtype=float),
            squeeze_positions=grasp.squeeze_positions,
            task=condition.task,
            part=condition.part,
            texts=(condition.text,),
            condition=condition.key,
            rank=rank,
        )
        for rank, grasp in enumerate(made.grasps)
    ]


def observe(
    truth: trimesh.Trimesh,
    text: str,
    view: View,
    rng: np.random.Generator,
    *,
    completion: str = DEFAULT_COMPLETION,
) -> ObjectObservation:
    """Return what the generator is shown of an object on the table.

    Args:
        truth: True solid of the object, base frame [m].
        text: The sentence.
        view: The whole shape, or one picture that is completed.
        rng: Of samples and noise.
        completion: Name of what completes a picture.

    Raises:
        UnknownNameError: If there is no such completion.
        StageError: If the picture shows too little or cannot be completed.
    """
    cloud, shape = _whole(truth, rng) if view == 'whole' else _single(truth, rng, completion)
    query = parse_sentence(text)
    part_points = find_part(shape, query.part, CELL.table_height, category=query.category)
    return ObjectObservation(
        cloud=cloud,
        shape=shape,
        label=query.label,
        part=query.part,
        part_points=part_points,
        table_height=CELL.table_height,
        command=Command(command_id='evaluate', text=text),
    )


def _whole(
    truth: trimesh.Trimesh, rng: np.random.Generator
) -> tuple[ObservedCloud, trimesh.Trimesh]:
    points = np.asarray(trimesh.sample.sample_surface(truth, _NUM_POINTS, seed=rng)[0])
    camera = np.array(CameraCfg().position)
    return ObservedCloud(points=points, colors=None, camera_position=camera), truth


def _single(
    truth: trimesh.Trimesh, rng: np.random.Generator, completion: str
) -> tuple[ObservedCloud, trimesh.Trimesh]:
    camera = CameraCfg()
    position = np.array(camera.position)
    T_base_camera = look_at_pose(position, np.array(camera.target))
    frame, seen = render_view([(truth, _COLOR)], T_base_camera, rng=rng)
    points = deproject(frame.depth_m, frame.intrinsics, T_base_camera)
    mine = (seen.ravel() == 0) & (frame.depth_m.ravel() > 0.0)
    mine &= points[:, 2] > CELL.table_height + _MIN_HEIGHT_M
    visible: Array = rng.permutation(points[mine])
    if len(visible) < _MIN_POINTS:
        reason = f'the camera sees {len(visible)} points of the object'
        raise StageError(Stage.PERCEIVE, Code.OBJECT_TOO_SMALL, reason)
    cloud = ObservedCloud(
        points=visible[:_COMPLETION_POINTS], colors=None, camera_position=position
    )
    shape = _completion(completion).complete(cloud, CELL.table_height)
    shown = ObservedCloud(points=visible[:_NUM_POINTS], colors=None, camera_position=position)
    return shown, shape


@lru_cache(maxsize=2)
def _generator(name: str, weights: Path | None, settings: GeneratorCfg | None) -> GraspGenerator:
    return load_generator(name, weights, settings)


@lru_cache(maxsize=2)
def _completion(name: str) -> ShapeCompletion:
    return load_completion(name)
