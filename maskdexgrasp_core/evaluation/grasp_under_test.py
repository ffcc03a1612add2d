"""What is evaluated, and what was found of it: plain data that passes between processes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from maskdexgrasp_core.hands.grasp_check import array_problem, pose_problem
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.hands.spec import HandSpec
from maskdexgrasp_core.objects.model import ObjectModel
from maskdexgrasp_core.types import Array


@dataclass(frozen=True, kw_only=True, eq=False)
class GraspUnderTest:
    """One grasp of the Shadow Hand and what it was asked for."""

    key: str
    """Unique among the grasps of one run."""
    T_object_wrist: Array
    """(4, 4) pose of the hand's root in the object frame [m]."""
    joint_positions: Array
    """(22,) [rad]."""
    squeeze_positions: Array | None = None
    """(22,) [rad] servo targets that came with the grasp; None: it has none."""
    task: str = ''
    part: str = ''
    """Part of the object that was asked; '' when none was."""
    texts: tuple[str, ...] = ()
    """Sentences that describe what was asked, the first that names a part counts."""
    condition: str = ''
    """Grasps of equal conditions answer the same request."""
    rank: int = 0
    """0 is the first that the generator gave for its condition."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ObjectUnderTest:
    """An object and its grasps: one unit of work."""

    object_id: str
    category: str
    model: ObjectModel
    grasps: tuple[GraspUnderTest, ...]


@dataclass(frozen=True, kw_only=True)
class Hold:
    """What one protocol says of one grasp."""

    held: tuple[bool, ...]
    """Six, in the order of `protocols.DIRECTIONS`."""
    success: bool
    """By the protocol's own verdict."""
    reason: str
    """Why it is no success, else ''."""


@dataclass(frozen=True, kw_only=True, eq=False)
class GraspOutcome:
    """Everything measured of one grasp. A refused grasp holds nowhere and has no geometry."""

    grasp: GraspUnderTest
    object_id: str
    category: str
    holds: tuple[Hold, ...]
    """One for each protocol of the run."""
    refused: str = ''
    """Why the pose cannot be evaluated, '' when it was."""
    q1: float = float('nan')
    valid_q1: float = float('nan')
    penetration_m: float = float('nan')
    """Pen of the given pose: the object's surface inside the hand."""
    hand_depth_m: float = float('nan')
    self_depth_m: float = float('nan')
    num_links: int = 0
    """Links that touch after closing, under the first protocol."""
    part_share: float = float('nan')
    """Share of those contacts on the asked part; NaN when none is asked, the object has but
    one, or nothing touches."""
    agrees: bool | None = None
    """With the sentence, see `agreement`; None when no part is named or nothing touches."""


@dataclass(frozen=True, kw_only=True)
class ConditionResult:
    """How a generator answered a request for grasps of one object."""

    key: str
    object_id: str
    category: str
    num_grasps: int
    seconds: float
    """Wall time from the picture to the grasps [s]."""
    failure: str = ''
    """Why there is no grasp, '' when there is one."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Reason -> candidates that the generator dropped for it."""
    made_by: Mapping[str, int] = field(default_factory=dict)
    """Name of a generator -> grasps that it made: one may use another as its last resort."""


def refusal(grasp: GraspUnderTest, spec: HandSpec = SHADOW) -> str:
    """Return why a grasp cannot be evaluated, '' if it can."""
    problem = pose_problem('T_object_wrist', grasp.T_object_wrist, grasp.joint_positions, spec)
    if problem or grasp.squeeze_positions is None:
        return problem
    return array_problem('squeeze_positions', grasp.squeeze_positions, (spec.num_joints,))
