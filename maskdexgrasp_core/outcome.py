"""Stages of a grasp and the one table of codes with which a stage says why it gave up.

`msg/GraspStatus.msg` repeats these numbers for ROS users; a test holds the two together.
Codes come in ranges by stage (see `Code`); a code is never reused for another meaning.
"""

from dataclasses import dataclass
from enum import IntEnum

from maskdexgrasp_core.errors import MaskDexGraspError


class Stage(IntEnum):
    """Where in the chain a command is; the order is the order of execution."""

    COMMAND = 0
    PERCEIVE = 1
    GENERATE = 2
    RETARGET = 3
    PLAN = 4
    APPROACH = 5
    CLOSE = 6
    LIFT = 7
    HOLD = 8
    PLACE = 9
    HOME = 10


class Code(IntEnum):
    """Why a stage ended.

    0 success; 1-99 command; 100-199 perception; 200-299 generation; 300-399 retargeting;
    400-499 planning; 500-599 execution; 600-699 drivers; 900-999 internal.
    """

    OK = 0

    EMPTY_TEXT = 1
    TEXT_TOO_LONG = 2
    UNKNOWN_TASK = 3
    BUSY = 4
    CANCELLED = 5
    STOPPED = 6
    TIMEOUT = 7
    INVALID_COMMAND = 8

    NO_CLOUD = 100
    STALE_CLOUD = 101
    EMPTY_CROP = 102
    BAD_CLOUD = 103
    WRONG_FRAME = 104
    NO_OBJECT = 105
    TEXT_MATCHES_NOTHING = 106
    TEXT_IS_AMBIGUOUS = 107
    OBJECT_TOO_SMALL = 108
    OBJECT_TOO_LARGE = 109
    CLOUD_TOO_LARGE = 110

    NO_GRASP_FOUND = 200
    BAD_SHAPE = 202
    NO_WEIGHTS = 203
    NOT_ACTIVE = 204

    RETARGETING_FAILED = 300

    UNREACHABLE = 400
    IN_COLLISION = 401
    NO_PATH = 402

    HAND_STALLED_EARLY = 500
    NOTHING_GRASPED = 501
    OBJECT_SLIPPED = 502
    TRACKING_ERROR = 503

    DRIVER_FAULT = 600
    DRIVER_NOT_CONNECTED = 601
    STATE_IS_STALE = 602

    INTERNAL_ERROR = 900


CURES: dict[Code, str] = {
    Code.OK: 'nothing to do',
    Code.EMPTY_TEXT: 'say what to hold, e.g. "pick up the mug by its handle"',
    Code.TEXT_TOO_LONG: 'shorten the sentence to at most 1000 characters',
    Code.UNKNOWN_TASK: 'leave the task empty or use one of the eleven task names',
    Code.BUSY: 'wait for the running command to end, or cancel it',
    Code.CANCELLED: 'send the command again when ready',
    Code.STOPPED: 'make the cell safe, then call the reset service',
    Code.TIMEOUT: 'look at the stage times; raise the limit of the slow stage',
    Code.INVALID_COMMAND: 'correct the field that the reason names',
    Code.NO_CLOUD: 'start the camera and check the topic name with `ros2 topic hz`',
    Code.STALE_CLOUD: 'check the camera rate and that all clocks agree (use_sim_time)',
    Code.EMPTY_CROP: 'check the crop box and the camera pose against the table',
    Code.BAD_CLOUD: 'publish x, y and z as 32 or 64 bit floats with finite values',
    Code.WRONG_FRAME: 'set header.frame_id and publish its transform to the base frame',
    Code.NO_OBJECT: 'put the object on the table inside the crop box',
    Code.TEXT_MATCHES_NOTHING: 'name an object that is on the table',
    Code.TEXT_IS_AMBIGUOUS: 'add a colour, a size or a place (left, nearest, largest)',
    Code.OBJECT_TOO_SMALL: 'move the object into view; it shows too few points',
    Code.OBJECT_TOO_LARGE: 'the hand spans about 90 mm; choose a smaller object',
    Code.CLOUD_TOO_LARGE: 'lower the camera resolution or raise max_points',
    Code.NO_GRASP_FOUND: 'move the object away from others, or raise the time budget',
    Code.BAD_SHAPE: 'check the segmented cloud in RViz; the shape could not be completed',
    Code.NO_WEIGHTS: 'train the networks, or name the folder of their files in `weights`',
    Code.NOT_ACTIVE: 'activate the node: `ros2 lifecycle set /generator activate`',
    Code.RETARGETING_FAILED: 'ask for more candidates; none fits the six-motor hand',
    Code.UNREACHABLE: 'move the object closer to the middle of the table',
    Code.IN_COLLISION: 'give the object more free space',
    Code.NO_PATH: 'clear obstacles around the object, or raise the planning time',
    Code.HAND_STALLED_EARLY: 'something blocks the fingers; clear it and try again',
    Code.NOTHING_GRASPED: 'the fingers closed without contact; check the camera pose',
    Code.OBJECT_SLIPPED: 'ask for another part, or raise the finger force limits',
    Code.TRACKING_ERROR: 'the arm lags its trajectory; lower the speed scale',
    Code.DRIVER_FAULT: 'read the device error in the log, clear it, call reset',
    Code.DRIVER_NOT_CONNECTED: 'power the device and check its address',
    Code.STATE_IS_STALE: 'joint states stopped arriving; check the driver node',
    Code.INTERNAL_ERROR: 'this is a defect: please report it with the log',
}
"""What a user can do about each code, one line each."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a stage or a whole command ended; contradictory states are refused."""

    stage: Stage
    code: Code = Code.OK
    reason: str = ''
    """A sentence with the numbers that decided; empty only on success."""

    def __post_init__(self) -> None:
        if self.code is not Code.OK and not self.reason:
            raise ValueError(f'a failure needs a reason (stage {self.stage.name})')

    @property
    def ok(self) -> bool:
        """Whether the stage reached its goal."""
        return self.code is Code.OK

    @property
    def cure(self) -> str:
        """What the user can do about it."""
        return CURES[self.code]


class StageError(MaskDexGraspError):
    """Carries an expected failure out of nested core code to the edge of its stage."""

    def __init__(self, stage: Stage, code: Code, reason: str) -> None:
        super().__init__(f'{stage.name.lower()}: {code.name}: {reason}')
        self.outcome = Outcome(stage=stage, code=code, reason=reason)
