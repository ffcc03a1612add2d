"""Arm control node: executes grasps, answers cancel and stop, and publishes the robot's state."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from rclpy.action import ActionClient, ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.node import Node

from maskdexgrasp_core.arm.config import GraspPlannerCfg
from maskdexgrasp_core.arm.executable_plan import ExecutablePlan
from maskdexgrasp_core.arm.grasp_planner import GraspPlanner
from maskdexgrasp_core.arm.xarm7 import XARM7
from maskdexgrasp_core.errors import DriverError
from maskdexgrasp_core.execution.config import ExecutionCfg
from maskdexgrasp_core.execution.executor import GraspExecutor
from maskdexgrasp_core.geometry.urdf import RobotDescription
from maskdexgrasp_core.hands import FREEDOM
from maskdexgrasp_core.outcome import Code, Outcome, Stage
from maskdexgrasp_core.types import Command
from maskdexgrasp_ros import qos, topics
from maskdexgrasp_ros.chain import Chain
from maskdexgrasp_ros.conversions import (
    base_header,
    command_from_msg,
    command_to_msg,
)
from maskdexgrasp_ros.diagnostics import DiagnosticsPublisher
from maskdexgrasp_ros.drivers import RosArmDriver, RosClock, RosHandDriver
from maskdexgrasp_ros.gate import new_command_id, root_id
from maskdexgrasp_ros.grasp_conversions import hand_grasp_to_msg
from maskdexgrasp_ros.grasp_run import GraspRun, RunCfg, RunLink, RunOutcome
from maskdexgrasp_ros.interfaces import (
    Bool,
    Empty,
    ExecuteGrasp,
    GraspCommand,
    GraspStatus,
    HandGrasps,
    JointTrajectory,
    MarkerArray,
    Trigger,
)
from maskdexgrasp_ros.markers import chosen_markers
from maskdexgrasp_ros.parameters import CfgParameters
from maskdexgrasp_ros.robot_state import RobotStatePublisher
from maskdexgrasp_ros.runner import run_node
from maskdexgrasp_ros.state_conversions import trajectory_to_msg
from maskdexgrasp_ros.status import StatusReporter, outcome_of

_NUM_THREADS = 8
"""A running goal, its cancel, stop, states, and answers of the drivers at the same time."""


@dataclass(frozen=True, kw_only=True)
class ArmControlNodeCfg:
    """Parameters of the node."""

    chain_timeout_s: float = field(default=90.0, metadata={'range': (1.0, 3600.0)})
    """Longest wall time of one look, perception, generation and retargeting together [s]."""
    retry_with_new_view: bool = True
    """Look again after a failed attempt, for the object may have moved. A command of the action
    also looks once more where no grasp was found or none fits the hand: other random numbers may
    find one."""
    driver_timeout_s: float = field(
        default=1.0, metadata={'range': (0.05, 30.0), 'read_only': True}
    )
    """Longest wall time for a state or an answer of arm and hand [s]."""
    planner: GraspPlannerCfg = field(default_factory=GraspPlannerCfg, metadata={'read_only': True})
    execution: ExecutionCfg = field(default_factory=ExecutionCfg)


class ArmControlNode(Node):
    """Moves arm and hand.

    Action: execute_grasp. Service: reset. Subscribes: hand_grasps, grasp_status, stop,
    joint_states, arm/state, hand/state. Publishes: grasp_command, grasp_status, stopped,
    planned_trajectory, robot_description, /tf, /tf_static, markers, diagnostics.
    """

    def __init__(self) -> None:
        super().__init__('arm_control')
        self._node_parameters = CfgParameters(self, ArmControlNodeCfg())
        cfg = self._node_parameters.cfg
        self._diagnostics = DiagnosticsPublisher(self, hardware_id='xArm7, Freedom hand')
        self._status = StatusReporter(self, self._diagnostics)
        self._arm = RosArmDriver(self, timeout_s=cfg.driver_timeout_s)
        self._hand = RosHandDriver(self, FREEDOM.joint_names, timeout_s=cfg.driver_timeout_s)
        self._ros_clock = RosClock(self)
        robot = RobotDescription(XARM7.urdf)
        self._planner = GraspPlanner(cfg.planner, XARM7)
        self._chain = Chain()
        self._lock = Lock()
        self._active = ''
        self._is_stopped = False
        self._commands = self.create_publisher(GraspCommand, topics.GRASP_COMMAND, qos.RELIABLE)
        self._markers = self.create_publisher(MarkerArray, topics.MARKERS, qos.RELIABLE)
        self._paths = self.create_publisher(
            JointTrajectory, topics.PLANNED_TRAJECTORY, qos.RELIABLE
        )
        self._stopped = self.create_publisher(Bool, topics.STOPPED, qos.LATCHED)
        self._stopped.publish(Bool(data=False))
        self._state_publisher = RobotStatePublisher(self, robot)
        self._create_endpoints()
        self.get_logger().info('ready')

    def destroy_node(self) -> None:
        """Wake whatever still waits, then end the node."""
        self._ros_clock.close()
        super().destroy_node()

    def _create_endpoints(self) -> None:
        goals, reports = ReentrantCallbackGroup(), MutuallyExclusiveCallbackGroup()
        self._server = ActionServer(
            self,
            ExecuteGrasp,
            topics.EXECUTE_GRASP,
            execute_callback=self._on_execute,
            goal_callback=self._on_goal,
            cancel_callback=lambda _: CancelResponse.ACCEPT,
            callback_group=goals,
        )
        self._front: Any = ActionClient(
            self, ExecuteGrasp, topics.EXECUTE_GRASP, callback_group=goals
        )
        subscribe = self.create_subscription
        subscribe(
            HandGrasps, topics.HAND_GRASPS, self._on_grasps, qos.RELIABLE, callback_group=reports
        )
        subscribe(
            GraspStatus,
            topics.GRASP_STATUS,
            self._chain.hear_status,
            qos.RELIABLE,
            callback_group=reports,
        )
        stops = MutuallyExclusiveCallbackGroup()
        subscribe(Empty, topics.STOP, self._on_stop, qos.RELIABLE, callback_group=stops)
        self.create_service(Trigger, topics.RESET, self._on_reset, callback_group=stops)

    # -- stop and reset ---------------------------------------------------------------------

    def _on_stop(self, _: Empty) -> None:
        self._set_stopped(True)
        for device in (self._arm, self._hand):
            try:
                device.stop()
            except DriverError as error:
                self.get_logger().error(f'stop: {error}')

    def _on_reset(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        try:
            self._arm.reset()
            self._hand.reset()
        except DriverError as error:
            response.message = str(error)
            return response
        self._set_stopped(False)
        response.success = True
        response.message = 'arm and hand may move again'
        return response

    def _set_stopped(self, stopped: bool) -> None:
        self._is_stopped = stopped
        self._stopped.publish(Bool(data=stopped))
        self._diagnostics.set_value('stopped', str(stopped).lower())

    # -- commands ---------------------------------------------------------------------------

    def _on_grasps(self, message: HandGrasps) -> None:
        """Hand grasps that nobody waits for come from a command on the topic: execute them."""
        command_id = message.object.command.command_id
        if self._chain.hear_grasps(message) or root_id(command_id) != command_id:
            return  # waited for, or the late answer to a look of a command that has ended
        goal = ExecuteGrasp.Goal(
            command=message.object.command, grasps=message.grasps, object=message.object
        )
        self._front.send_goal_async(goal)

    def _on_goal(self, goal: ExecuteGrasp.Goal) -> GoalResponse:
        with self._lock:
            active, wanted = self._active, goal.command.command_id
            if not active:
                self._active = wanted or new_command_id()
                return GoalResponse.ACCEPT
        outcome = Outcome(
            stage=Stage.COMMAND, code=Code.BUSY, reason=f'command {active} is being executed'
        )
        if wanted != active:  # a report would end the command that has the same id
            self._status.publish(outcome, wanted, done=True)
        return GoalResponse.REJECT

    def _on_execute(self, handle: ServerGoalHandle) -> ExecuteGrasp.Result:
        try:
            run = self._run(handle)
        except Exception as error:  # a defect must not end the node
            self._status.log_defect(error)
            run = RunOutcome(
                outcome=outcome_of(error, Stage.PLAN), result=None, stage_seconds={}, attempt=0
            )
        with self._lock:
            command_id, self._active = self._active, ''
        self._finish(handle, command_id, run)
        return self._result(run)

    def _run(self, handle: ServerGoalHandle) -> RunOutcome:
        cfg, goal = self._node_parameters.cfg, handle.request
        command = replace(command_from_msg(goal.command), command_id=self._active)

        def report(stage: Stage, detail: str, attempt: int) -> None:
            feedback = ExecuteGrasp.Feedback(stage=stage.value, detail=detail, attempt=attempt)
            handle.publish_feedback(feedback)
            self._status.begin(stage, command.command_id, attempt=attempt)

        report(Stage.COMMAND, command.text[:200], 0)
        run = GraspRun(
            command,
            self._executor_of(cfg.execution),
            self._chain,
            RunLink(
                send=self._send,
                report=report,
                is_cancelled=lambda: bool(handle.is_cancel_requested),
                is_stopped=lambda: self._is_stopped,
            ),
            RunCfg(timeout_s=cfg.chain_timeout_s, look_again=cfg.retry_with_new_view),
        )
        given = None
        if goal.grasps:
            header = goal.object.header
            given = HandGrasps(header=header, object=goal.object, grasps=goal.grasps)
        return run.execute(given)

    def _executor_of(self, cfg: ExecutionCfg) -> GraspExecutor:
        return GraspExecutor(
            self._arm, self._hand, self._ros_clock, self._planner, cfg, on_plan=self._show
        )

    def _show(self, plan: ExecutablePlan) -> None:
        """Publish the chosen grasp and the way to it."""
        stamp = self.get_clock().now().to_msg()
        self._markers.publish(chosen_markers(hand_grasp_to_msg(plan.hand_grasp, stamp)))
        self._paths.publish(trajectory_to_msg(plan.to_approach, base_header(stamp)))

    def _send(self, command: Command) -> None:
        """Publish a command for the chain; it wants a picture taken from now on."""
        header = base_header(self.get_clock().now().to_msg())
        self._commands.publish(command_to_msg(command, header))

    def _finish(self, handle: ServerGoalHandle, command_id: str, run: RunOutcome) -> None:
        outcome = run.outcome
        if outcome.ok:
            handle.succeed()
        elif outcome.code is Code.CANCELLED and handle.is_cancel_requested:
            handle.canceled()
        else:
            handle.abort()
        self._diagnostics.report(outcome)
        for name, seconds in run.stage_seconds.items():
            self._diagnostics.timer.record(name, seconds)
        if not self._chain.has_ended(command_id):
            self._status.publish(
                outcome,
                command_id,
                stage_seconds=run.stage_seconds,
                attempt=run.attempt,
                done=True,
            )

    def _result(self, run: RunOutcome) -> ExecuteGrasp.Result:
        result = ExecuteGrasp.Result(
            code=run.outcome.code.value,
            reason=run.outcome.reason,
            stage_names=list(run.stage_seconds),
            stage_seconds=list(run.stage_seconds.values()),
            attempt=run.attempt,
        )
        if run.result is not None and run.result.hand_grasp is not None:
            stamp = self.get_clock().now().to_msg()
            result.grasp = hand_grasp_to_msg(run.result.hand_grasp, stamp)
        return result


def main(args: Sequence[str] | None = None) -> None:
    """Run the node until it is shut down."""
    run_node(ArmControlNode, args, num_threads=_NUM_THREADS)


if __name__ == '__main__':
    main()
