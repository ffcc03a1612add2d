"""Retargeting node: Shadow Hand grasps in, stages of the real hand out."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from rclpy.node import Node

from maskdexgrasp_core.arm.grasp_planner import GraspPlanner
from maskdexgrasp_core.outcome import Code, Outcome, Stage, StageError
from maskdexgrasp_core.protocols import Retargeter
from maskdexgrasp_core.retargeting.checked import CheckCfg, CheckedRetargeter
from maskdexgrasp_core.retargeting.hand_retargeter import load_retargeter
from maskdexgrasp_core.sim.rehearsal import GraspRehearsal
from maskdexgrasp_ros import qos, topics
from maskdexgrasp_ros.diagnostics import DiagnosticsPublisher
from maskdexgrasp_ros.grasp_conversions import (
    grasp_set_from_msg,
    hand_grasps_to_msg,
    observation_from_msg,
)
from maskdexgrasp_ros.interfaces import GraspCandidates, HandGrasps
from maskdexgrasp_ros.parameters import CfgParameters
from maskdexgrasp_ros.runner import run_node
from maskdexgrasp_ros.status import StatusReporter, outcome_of
from maskdexgrasp_ros.warm_up import sample_grasps, sample_observation


@dataclass(frozen=True, kw_only=True)
class RetargetingNodeCfg:
    """Parameters of the node."""

    retargeter: str = field(default='fitted', metadata={'read_only': True})
    """Name of the rule that maps the Shadow Hand to the real one."""
    rehearse: bool = field(default=True, metadata={'read_only': True})
    """Pass on only grasps that the arm can execute and that held in a rehearsal in physics."""
    num_wanted: int = field(default=2, metadata={'range': (1, 64), 'read_only': True})
    """Grasps that held in the rehearsal, to stop at."""
    stop_when_sure: bool = field(default=True, metadata={'read_only': True})
    """Stop at the first grasp that also held with every position error and hardly slipped; the
    next view gives new ones should it fail."""
    time_budget_s: float = field(default=20.0, metadata={'range': (0.1, 120.0), 'read_only': True})
    """Time to check grasps [s]; doubled while nothing has held."""


class RetargetingNode(Node):
    """Maps candidates to the real hand.

    Subscribes: grasp_candidates. Publishes: hand_grasps, grasp_status, diagnostics.
    """

    def __init__(self) -> None:
        super().__init__('retargeting')
        cfg = CfgParameters(self, RetargetingNodeCfg()).cfg
        torch.set_num_threads(1)  # small batches: more threads only get in each other's way
        self._retargeter: Retargeter = load_retargeter(cfg.retargeter)
        self._retargeter.retarget(sample_grasps(), sample_observation())
        if cfg.rehearse:
            self._retargeter = CheckedRetargeter(
                self._retargeter,
                rehearse=GraspRehearsal,
                objections=GraspPlanner().objections,
                cfg=CheckCfg(
                    num_wanted=cfg.num_wanted,
                    stop_when_sure=cfg.stop_when_sure,
                    time_budget_s=cfg.time_budget_s,
                ),
            )
        self._diagnostics = DiagnosticsPublisher(self)
        self._status = StatusReporter(self, self._diagnostics)
        self._hand_grasps = self.create_publisher(HandGrasps, topics.HAND_GRASPS, qos.RELIABLE)
        self.create_subscription(
            GraspCandidates, topics.GRASP_CANDIDATES, self._on_candidates, qos.RELIABLE
        )
        self.get_logger().info(f'ready: {self._retargeter.name}')

    def _on_candidates(self, message: GraspCandidates) -> None:
        command_id = message.object.command.command_id
        self._status.begin(Stage.RETARGET, command_id)
        start = time.perf_counter()
        try:
            self._hand_grasps.publish(self._retarget(message))
            outcome = Outcome(stage=Stage.RETARGET)
        except Exception as error:  # a defect must not end the node
            outcome = outcome_of(error, Stage.RETARGET)
            if outcome.code is Code.INTERNAL_ERROR:
                self._status.log_defect(error)
        self._status.finish(outcome, command_id, time.perf_counter() - start)

    def _retarget(self, message: GraspCandidates) -> HandGrasps:
        observation = observation_from_msg(message.object, Stage.RETARGET)
        candidates = grasp_set_from_msg(message)
        grasps, dropped = self._retargeter.retarget(candidates, observation)
        if grasps:
            residuals = [1e3 * grasp.residual_m for grasp in grasps]
            text = f'{min(residuals):.1f} to {max(residuals):.1f}'
            self._diagnostics.set_value('residual [mm]', text)
            return hand_grasps_to_msg(grasps, dropped, message.object, message.header.stamp)
        reasons = ', '.join(f'{count} {reason}' for reason, count in dropped.items())
        reason = f'none of {len(candidates.grasps)} grasps fits the hand: {reasons or "no grasp"}'
        is_far = dropped.get('out of reach', 0) > sum(dropped.values()) / 2
        code = Code.UNREACHABLE if is_far else Code.RETARGETING_FAILED
        raise StageError(Stage.RETARGET, code, reason)


def main(args: Sequence[str] | None = None) -> None:
    """Run the node until it is shut down."""
    run_node(RetargetingNode, args)


if __name__ == '__main__':
    main()
