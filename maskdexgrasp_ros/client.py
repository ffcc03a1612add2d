"""A client of a running graph: sends commands, watches what happens, scores the lift."""

import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import rclpy
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter

from maskdexgrasp_core.errors import DriverError
from maskdexgrasp_core.types import Command
from maskdexgrasp_ros import qos, topics
from maskdexgrasp_ros.command_call import Answer, CommandCaller, Ending
from maskdexgrasp_ros.graph_listener import Feedback, GraphListener, Seen
from maskdexgrasp_ros.interfaces import Empty, ResetWorld, Trigger
from maskdexgrasp_ros.scoring import LiftScore

_POLL_S = 0.05

__all__ = ['CommandResult', 'Feedback', 'GraspClient', 'Seen']


@dataclass(frozen=True, kw_only=True)
class CommandResult(Ending):
    """How a command ended, and what the simulator saw."""

    score: LiftScore
    """True height and time, from the simulator."""
    lifted_object: str
    """Name of the object that was held longest, or ''."""
    total_s: float
    """Wall time from sending to the result [s]."""
    first_motion_s: float | None
    """Wall time from sending to the first motion [s]; None if nothing moved."""


class GraspClient:
    """Talks to a graph from one node that is spun in the background; a context manager.

    `rclpy.init` is called by `start` if nobody has; set `graph_environment()` before.

    Args:
        namespace: Of the graph.
        use_sim_time: Whether the graph lives in simulated time.
        watch_camera: Whether the graph counts as ready only once it sends pictures.
    """

    def __init__(
        self, *, namespace: str = '', use_sim_time: bool = True, watch_camera: bool = True
    ) -> None:
        self._own_context = not rclpy.ok()
        if self._own_context:
            rclpy.init(args=[])
        sim_time = Parameter('use_sim_time', Parameter.Type.BOOL, use_sim_time)
        self.node = Node(
            'maskdexgrasp_client', namespace=namespace, parameter_overrides=[sim_time]
        )
        self._watch_camera = watch_camera
        self._listener = GraphListener(self.node, watch_camera=watch_camera)
        self._create_endpoints()
        self._executor = MultiThreadedExecutor(num_threads=4)
        self._executor.add_node(self.node)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._spin, name='client', daemon=True)
        self._thread.start()

    def __enter__(self) -> 'GraspClient':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the background thread and the node."""
        self._closed.set()
        self._executor.shutdown(timeout_sec=2.0)
        self._thread.join(timeout=2.0)
        self.node.destroy_node()
        if self._own_context:
            rclpy.try_shutdown()

    @property
    def seen(self) -> Seen:
        """What was heard of the present or last command."""
        return self._listener.seen

    # -- readiness --------------------------------------------------------------------------

    def missing(self, *, use_sim: bool = True) -> list[str]:
        """Return what of the graph cannot be reached yet; empty when all is ready."""
        lacks = []
        if not self._caller.is_ready():
            lacks.append(f'action {topics.EXECUTE_GRASP}')
        if use_sim and not self._reset_world.service_is_ready():
            lacks.append(f'service {topics.RESET_WORLD}')
        if not self._reset.service_is_ready():
            lacks.append(f'service {topics.RESET}')
        for name in (topics.GRASP_COMMAND, topics.SEGMENTED_OBJECT, topics.GRASP_CANDIDATES):
            readers = self.node.get_subscriptions_info_by_topic(self.node.resolve_topic_name(name))
            if not [r for r in readers if r.node_name != self.node.get_name()]:
                lacks.append(f'a reader of {name}')
        if self._watch_camera and self._listener.pictures.newest() is None:
            lacks.append(f'a picture on {topics.DEPTH_IMAGE}')
        return lacks

    def wait_ready(
        self,
        timeout_s: float,
        *,
        use_sim: bool = True,
        check: Callable[[], None] | None = None,
    ) -> None:
        """Return when every node answers.

        Args:
            timeout_s: Wall time [s].
            use_sim: Whether the simulator is part of the graph.
            check: Called often; may raise, e.g. `GraphProcesses.check`.

        Raises:
            DriverError: If something is still missing; the text lists what.
        """
        deadline = time.monotonic() + timeout_s
        while lacks := self.missing(use_sim=use_sim):
            if check is not None:
                check()
            if time.monotonic() > deadline:
                raise DriverError(f'not ready after {timeout_s:.0f} s: {", ".join(lacks)}')
            time.sleep(_POLL_S)

    # -- the world --------------------------------------------------------------------------

    def reset_world(
        self, scene: str = '', seed: int = 0, object_files: Sequence[Path] = ()
    ) -> list[str]:
        """Put the simulated world back to its start and return the names of its objects.

        Args:
            scene: Name of a scene, '<set>:<object>', or '' for the present one.
            seed: Of places and of what the scene leaves open.
            object_files: Meshes that stand on the table besides; with scene '' alone.

        Raises:
            DriverError: If the simulator refuses; the text says why.
        """
        request = ResetWorld.Request(scene=scene, seed=seed)
        request.object_files = [str(Path(path).resolve()) for path in object_files]
        response = self._call(self._reset_world, request, 60.0)
        if not response.success:
            raise DriverError(response.message)
        self._listener.lifts.clear()
        return list(response.object_names)

    def now_s(self) -> float:
        """Return the time of the graph [s]."""
        return float(self.node.get_clock().now().nanoseconds) * 1e-9

    # -- commands ---------------------------------------------------------------------------

    def execute(
        self,
        command: Command,
        on_feedback: Feedback | None = None,
        *,
        timeout_s: float = 180.0,
        settle_s: float = 0.0,
    ) -> CommandResult:
        """Run a command through the action and wait for its end.

        Args:
            command: What to do; `command_id` must be new.
            on_feedback: Told about every stage, also those before the robot moves.
            timeout_s: The command is cancelled after this wall time [s].
            settle_s: Time of the graph to go on scoring after the result [s].

        Raises:
            DriverError: If the graph does not answer.
        """
        self._listener.begin(command.command_id, on_feedback)
        began = time.perf_counter()
        ending = self._caller.call(command, timeout_s)
        total_s = time.perf_counter() - began
        self._let_pass(settle_s)
        name, score = self._listener.lifts.best()
        moved_at = self._listener.moved_at
        return CommandResult(
            **vars(ending),
            score=score,
            lifted_object=name if score.lifted else '',
            total_s=total_s,
            first_motion_s=None if moved_at is None else moved_at - began,
        )

    def cancel(self) -> None:
        """Ask the running command to end; `execute` then returns with CANCELLED."""
        self._caller.cancel()

    def stop(self) -> None:
        """Halt the robot at once; it stays latched until `reset`."""
        self._stop.publish(Empty())

    def reset(self) -> None:
        """Clear the latch of `stop`.

        Raises:
            DriverError: If the arm's node refuses; the text says why.
        """
        response = self._call(self._reset, Trigger.Request(), 5.0)
        if not response.success:
            raise DriverError(response.message)

    # -- inside -----------------------------------------------------------------------------

    def _create_endpoints(self) -> None:
        node, group = self.node, ReentrantCallbackGroup()
        self._caller = CommandCaller(node, self._listener, group)
        self._reset_world: Any = node.create_client(
            ResetWorld, topics.RESET_WORLD, callback_group=group
        )
        self._reset: Any = node.create_client(Trigger, topics.RESET, callback_group=group)
        self._stop = node.create_publisher(Empty, topics.STOP, qos.RELIABLE)

    def _spin(self) -> None:
        while not self._closed.is_set() and rclpy.ok():
            try:
                self._executor.spin()
            except ExternalShutdownException:
                return
            except Exception:  # of one callback: the others must still hear how it ends
                if not self._closed.wait(_POLL_S):
                    self.node.get_logger().error(f'defect: {traceback.format_exc()}')

    def _let_pass(self, duration_s: float) -> None:
        until_s, deadline = self.now_s() + duration_s, time.monotonic() + duration_s + 2.0
        while self.now_s() < until_s and time.monotonic() < deadline:
            time.sleep(_POLL_S)

    def _call(self, client: Any, request: Any, timeout_s: float) -> Any:
        if not client.wait_for_service(5.0):
            raise DriverError(f'nobody offers the service {client.srv_name}')
        response = Answer(client.call_async(request)).wait(timeout_s)
        if response is None:
            raise DriverError(f'{client.srv_name} did not answer in {timeout_s:.0f} s')
        return response
