"""One grasp and one object of a dataset, as every source gives them and every reader gets them.

The object frame is that of `objects.model.ObjectModel`: z up as the object rests, origin in the
middle of its footprint at the height of the table. The hand is `hands.shadow.SHADOW`; its joint
vectors are in the order of `SHADOW.joint_names`.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.protocols import DIRECTIONS
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.types import Array

FORMS: tuple[str, ...] = ('basic', 'present', 'progressive', 'passive')
"""Of the sentences in `GraspRecord.texts`."""
SPLITS: tuple[str, ...] = ('train', 'test-instances', 'test-categories')
"""Seen objects, unseen objects of seen categories, objects of unseen categories."""
NUM_JOINTS = 22


@dataclass(frozen=True, kw_only=True, eq=False)
class GraspChecks:
    """What the physics check measured in the settled pose."""

    held: tuple[bool, ...]
    """Whether the object stayed in the hand under a load in each of `protocols.DIRECTIONS`."""
    penetration_m: float
    """Deepest overlap of hand and object [m], >= 0."""
    num_contacts: int
    """Links of the hand that touch the object."""
    part_share: float
    """Share of the contacts that lie on the asked part, 0..1; NaN when no part is asked or the
    object has only one."""
    q1: float
    """Radius of the ball inside the wrench hull (Ferrari-Canny); NaN when not computed."""
    table_gap_m: float
    """Height of the lowest point of the settled hand above the plane on which the object rests
    [m], negative where the hand would be in the table; NaN when the source knows no table."""

    def __post_init__(self) -> None:
        if len(self.held) != len(DIRECTIONS):
            raise InvalidInputError(
                f'held: got {len(self.held)} values, expected one for each of {DIRECTIONS}'
            )
        if math.isinf(self.table_gap_m):
            raise InvalidInputError('table_gap_m is infinite; NaN says that no table is known')


@dataclass(frozen=True, kw_only=True, eq=False)
class GraspRecord:
    """A grasp of one object for one task, checked and described.

    Raises:
        InvalidInputError: If an array has the wrong shape or is not finite, or a sentence is
            missing.
    """

    grasp_id: str
    """Unique in the dataset."""
    object_id: str
    category: str
    source: str
    """Name of the source, as `sources.protocol.GraspSource.name`."""
    task: str
    """One of `tasks.TASKS`."""
    part: str
    """Part of the object that the task asks to hold; '' when the source does not tell."""
    T_object_wrist: Array
    """(4, 4) pose of `frames.SHADOW_ROOT` in the object frame [m]."""
    joint_positions: Array
    """(22,) [rad], settled on the object."""
    squeeze_positions: Array
    """(22,) [rad], servo targets that hold it."""
    fingers: tuple[str, ...]
    """Parts of the hand in contact, of `hands.spec.PARTS`."""
    approach: str
    """Where the hand comes from, along the mean of palm and fingers: one of
    `sentences.APPROACHES`."""
    texts: tuple[str, str, str, str]
    """The same content in each of `FORMS`."""
    checks: GraspChecks | None = None
    """None: not checked in physics."""

    def __post_init__(self) -> None:
        shapes: dict[str, tuple[int, ...]] = {
            'T_object_wrist': (4, 4),
            'joint_positions': (NUM_JOINTS,),
            'squeeze_positions': (NUM_JOINTS,),
        }
        for name, expected in shapes.items():
            value = getattr(self, name)
            if value.shape != expected:
                raise InvalidInputError(
                    f'{self.grasp_id}: {name} has shape {value.shape}, expected {expected}'
                )
            if not np.isfinite(value).all():
                raise InvalidInputError(f'{self.grasp_id}: {name} is not finite')
        if len(self.texts) != len(FORMS):
            raise InvalidInputError(
                f'{self.grasp_id}: {len(self.texts)} sentences, expected one for each of {FORMS}'
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class ObjectRecord:
    """An object of a dataset: what the tables say of it, and its shape."""

    object_id: str
    """Unique in the dataset; letters, digits, '_', '-' and '.' only, as it names a file."""
    category: str
    source: str
    """Name of the source, as `sources.protocol.GraspSource.name`."""
    color_name: str
    """Word for the colour of the main part; '' when unknown."""
    mass_kg: float
    friction: float
    parts: tuple[str, ...]
    """Names of the parts of `model`, in its order."""
    model: ObjectModel
    affordances: dict[str, str] = field(default_factory=dict)
    """Task -> name of the part that serves it."""
    split: str = 'train'
    """One of `SPLITS`."""

    @classmethod
    def from_model(cls, model: ObjectModel, *, source: str, object_id: str = '') -> 'ObjectRecord':
        """Return the record of a model; its name is the id unless one is given."""
        return cls(
            object_id=object_id or model.name,
            category=model.category,
            source=source,
            color_name=model.color_name,
            mass_kg=model.mass_kg,
            friction=model.friction,
            parts=tuple(part.name for part in model.parts),
            model=model,
            affordances=dict(model.affordances),
        )
