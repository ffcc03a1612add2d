"""Simulation node: stands in for arm, hand, camera and clock of a real cell."""

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node

from maskdexgrasp_core.arm.xarm7 import XARM7
from maskdexgrasp_core.errors import InvalidInputError, MaskDexGraspError
from maskdexgrasp_core.outcome import Stage
from maskdexgrasp_core.sim.scene import Placement
from maskdexgrasp_core.sim.window import WorldWindow
from maskdexgrasp_core.sim.world import World, WorldCfg
from maskdexgrasp_ros import qos, topics
from maskdexgrasp_ros.conversions import outcome_from_msg
from maskdexgrasp_ros.diagnostics import DiagnosticsPublisher
from maskdexgrasp_ros.interfaces import (
    Empty,
    GraspStatus,
    MoveArm,
    MoveHand,
    ResetWorld,
    SetBool,
    StepWorld,
    Trigger,
)
from maskdexgrasp_ros.parameters import CfgParameters
from maskdexgrasp_ros.runner import run_node
from maskdexgrasp_ros.scene_source import object_placements
from maskdexgrasp_ros.sim_camera import SimCameraPublisher
from maskdexgrasp_ros.sim_reports import SimReports
from maskdexgrasp_ros.state_conversions import (
    index_by_name,
    trajectory_from_msg,
)
from maskdexgrasp_ros.world_loop import WorldLoop

_WINDOW_S = 0.04
_MAX_STEPS = 100_000


@dataclass(frozen=True, kw_only=True)
class SimNodeCfg:
    """Parameters of the node."""

    scene: str = field(default='mug', metadata={'read_only': True})
    """Name of the scene to start with; the service `sim/reset` changes it."""
    seed: int = field(default=0, metadata={'read_only': True})
    """Of the objects, their places and the noise of the camera."""
    object_files: str = field(default='', metadata={'read_only': True})
    """Meshes to stand on the table instead of the scene's objects; paths joined by ':'."""
    real_time_factor: float = field(
        default=0.0, metadata={'range': (0.0, 1000.0), 'read_only': True}
    )
    """Simulated over wall time; 0: real time when idle, as fast as possible during a grasp."""
    camera_rate_hz: float = field(default=4.0, metadata={'range': (0.0, 60.0)})
    """Pictures per second of wall time while the robot waits [Hz]; 0: none, they come from
    elsewhere, e.g. a bag."""
    busy_camera_rate_hz: float = field(default=1.0, metadata={'range': (0.0, 60.0)})
    """The same while a grasp is computed or executed: drawing takes time from both [Hz]."""
    depth_encoding: str = field(
        default='16UC1', metadata={'choices': ('16UC1', '32FC1'), 'read_only': True}
    )
    """Depth pictures in millimetres (as the D435 driver) or in metres."""
    headless: bool = field(default=True, metadata={'read_only': True})
    """False opens MuJoCo's window; it needs a display."""


class SimNode(Node):
    """A cell under MuJoCo.

    Publishes: /clock, joint_states, arm/state, hand/state, camera/..., /tf_static,
    sim/object_poses, sim/object_shapes, diagnostics. Subscribes: stop, grasp_status. Services:
    arm/move, hand/move, arm/stop, arm/clear_stop, hand/stop, hand/clear_stop, sim/pause,
    sim/step, sim/reset.
    """

    def __init__(self) -> None:
        super().__init__('sim')
        self._node_parameters = CfgParameters(self, SimNodeCfg())
        cfg = self._node_parameters.cfg
        self._scene, self._files = cfg.scene, _split_paths(cfg.object_files)
        if self._files:
            self._scene = ''
        self._world = World(self._placements(cfg.seed), WorldCfg(home=XARM7.home))
        self._world.settle()
        self._motions = {'arm': 0, 'hand': 0}
        self._stage: Stage | None = None
        self._loop = WorldLoop(
            self._world,
            real_time_factor=cfg.real_time_factor,
            on_tick=lambda samples: self._reports.publish(samples),
            is_busy=self._is_executing,
        )
        self._diagnostics = DiagnosticsPublisher(self, hardware_id='MuJoCo')
        self._reports = SimReports(self, self._loop, self._motions)
        self._create_services()
        self._camera = SimCameraPublisher(
            self, self._loop, seed=cfg.seed, period_s=self._period_s, encoding=cfg.depth_encoding
        )
        self._window = None if cfg.headless else WorldWindow(self._world)
        if self._window is not None:
            self.create_timer(_WINDOW_S, self._window.update)
        self._loop.start()
        self._camera.start()
        self.create_timer(0.5, self._watch)
        names = ', '.join(self._world.object_poses())
        self.get_logger().info(f'ready: scene {cfg.scene} with {names or "nothing"}')

    def destroy_node(self) -> None:
        """End the threads, then the node."""
        self._camera.close()
        self._loop.close()
        if self._window is not None:
            self._window.close()
        super().destroy_node()

    # -- endpoints --------------------------------------------------------------------------

    def _create_services(self) -> None:
        quick, slow = MutuallyExclusiveCallbackGroup(), MutuallyExclusiveCallbackGroup()
        stop = MutuallyExclusiveCallbackGroup()
        for kind, name, answer, group in (
            (MoveArm, topics.ARM_MOVE, self._on_move_arm, quick),
            (MoveHand, topics.HAND_MOVE, self._on_move_hand, quick),
            (Trigger, topics.ARM_STOP, self._trigger(self._world.stop_arm), quick),
            (Trigger, topics.ARM_CLEAR_STOP, self._trigger(self._world.reset_arm), quick),
            (Trigger, topics.HAND_STOP, self._trigger(self._world.stop_hand), quick),
            (Trigger, topics.HAND_CLEAR_STOP, self._trigger(self._world.reset_hand), quick),
            (SetBool, topics.PAUSE_WORLD, self._on_pause, slow),
            (StepWorld, topics.STEP_WORLD, self._on_step, slow),
            (ResetWorld, topics.RESET_WORLD, self._on_reset, slow),
        ):
            self.create_service(kind, name, answer, callback_group=group)
        self.create_subscription(
            Empty, topics.STOP, self._on_stop, qos.RELIABLE, callback_group=stop
        )
        self.create_subscription(
            GraspStatus, topics.GRASP_STATUS, self._on_status, qos.RELIABLE, callback_group=quick
        )

    # -- motions ----------------------------------------------------------------------------

    def _on_move_arm(
        self, request: MoveArm.Request, response: MoveArm.Response
    ) -> MoveArm.Response:
        def start() -> None:
            self._world.start_trajectory(trajectory_from_msg(request.trajectory))

        response.accepted, response.message = self._accept('arm', start)
        response.motion = self._motions['arm']
        return response

    def _on_move_hand(
        self, request: MoveHand.Request, response: MoveHand.Response
    ) -> MoveHand.Response:
        def start() -> None:
            order = index_by_name(request.motor_names, self._world.joints.motors)
            positions, limits = np.array(request.positions), np.array(request.force_limits)
            if not len(positions) == len(limits) == len(request.motor_names):
                raise InvalidInputError('positions and force_limits need one value per motor')
            self._world.move_hand(positions[order], limits[order], request.duration)

        response.accepted, response.message = self._accept('hand', start)
        response.motion = self._motions['hand']
        return response

    def _accept(self, device: str, start: Callable[[], None]) -> tuple[bool, str]:
        """Start a motion and number it, in one step with the states that are published."""
        with self._world.lock:
            try:
                start()
            except MaskDexGraspError as error:
                return False, str(error)
            self._motions[device] += 1
            return True, ''

    def _on_stop(self, _: Empty) -> None:
        self._world.stop_arm()
        self._world.stop_hand()
        self.get_logger().warning('stopped; call the reset service to go on')

    def _trigger(
        self, act: Callable[[], None]
    ) -> Callable[[Trigger.Request, Trigger.Response], Trigger.Response]:
        def answer(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            act()
            response.success = True
            return response

        return answer

    # -- the world --------------------------------------------------------------------------

    def _on_pause(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._loop.pause(request.data)
        response.success = True
        response.message = 'paused' if request.data else 'running'
        return response

    def _on_step(
        self, request: StepWorld.Request, response: StepWorld.Response
    ) -> StepWorld.Response:
        if self._loop.is_paused:
            self._world.step(min(request.steps, _MAX_STEPS))
        response.time = self._loop.now_s
        return response

    def _on_reset(
        self, request: ResetWorld.Request, response: ResetWorld.Response
    ) -> ResetWorld.Response:
        if self._world.arm.is_moving:
            response.message = 'the arm is moving; cancel the command or stop first'
            return response
        before = self._scene, self._files
        try:
            if request.scene or request.object_files:
                self._scene = request.scene
                self._files = [Path(name) for name in request.object_files]
            placements = self._placements(request.seed)
            self._loop.reset(lambda world: world.reset(placements))
            self._world.settle()
        except MaskDexGraspError as error:
            self._scene, self._files = before
            response.message = str(error)
            return response
        self._reports.publish_shapes()
        response.success = True
        response.object_names = list(self._world.object_poses())
        return response

    def _placements(self, seed: int) -> Sequence[Placement]:
        placements, warnings = object_placements(self._scene, seed, self._files)
        for warning in warnings:
            self.get_logger().warning(warning)
        return placements

    # -- reports ----------------------------------------------------------------------------

    def _on_status(self, message: GraspStatus) -> None:
        try:
            stage = outcome_from_msg(message).stage
        except InvalidInputError as error:  # of a foreign sender
            self.get_logger().warning(f'a status was ignored: {error}')
            return
        self._stage = None if message.done else stage

    def _is_executing(self) -> bool:
        return self._stage is not None and self._stage >= Stage.APPROACH

    def _period_s(self) -> float:
        cfg = self._node_parameters.cfg
        busy = self._stage is not None and self._stage > Stage.PERCEIVE
        rate_hz = cfg.busy_camera_rate_hz if busy else cfg.camera_rate_hz
        return 1.0 / rate_hz if rate_hz > 0.0 else math.inf

    def _watch(self) -> None:
        """End the node when one of its threads has failed: half a cell would mislead."""
        for error in (self._loop.error, self._camera.error):
            if error is not None:
                self.get_logger().fatal(f'{type(error).__name__}: {error}')
                raise error


def _split_paths(text: str) -> list[Path]:
    return [Path(name) for name in text.split(os.pathsep) if name]


def main(args: Sequence[str] | None = None) -> None:
    """Run the node until it is shut down."""
    run_node(SimNode, args)


if __name__ == '__main__':
    main()
