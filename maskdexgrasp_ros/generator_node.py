"""Generator node: a segmented object in, Shadow Hand grasps out; loading is a lifecycle step."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import torch
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.lifecycle import LifecycleState as State

from maskdexgrasp_core.errors import MaskDexGraspError
from maskdexgrasp_core.outcome import Code, Outcome, Stage, StageError
from maskdexgrasp_core.protocols import GraspGenerator
from maskdexgrasp_core.synthesis.learned_generator import LearnedGeneratorCfg
from maskdexgrasp_core.synthesis.registry import (
    DEFAULT_GENERATOR,
    load_generator,
    takes_weights,
)
from maskdexgrasp_ros import qos, topics
from maskdexgrasp_ros.diagnostics import DiagnosticsPublisher
from maskdexgrasp_ros.edit_service import EditDefaults, EditService
from maskdexgrasp_ros.grasp_conversions import grasp_set_to_msg, observation_from_msg
from maskdexgrasp_ros.interfaces import (
    GenerateGrasps,
    GraspCandidates,
    MarkerArray,
    SegmentedObject,
)
from maskdexgrasp_ros.markers import candidate_markers
from maskdexgrasp_ros.parameters import CfgParameters
from maskdexgrasp_ros.runner import run_node
from maskdexgrasp_ros.status import StatusReporter, outcome_of
from maskdexgrasp_ros.warm_up import sample_observation

_WARM_UP_S = 0.1


@dataclass(frozen=True, kw_only=True)
class GeneratorNodeCfg:
    """Parameters of the node."""

    generator: str = field(default=DEFAULT_GENERATOR, metadata={'read_only': True})
    """Name of the generator."""
    weights: str = field(default='', metadata={'read_only': True})
    """Folder of tokenizer.safetensors and transformer.safetensors, for the generator `model` and
    for `edit_grasp`; '' takes those that ship."""
    num_grasps: int = field(default=14, metadata={'range': (1, 1000)})
    """Most grasps for one object."""
    time_budget_s: float = field(default=30.0, metadata={'range': (0.1, 600.0)})
    """After this wall time the best grasps so far are taken [s]."""
    fill_up_after: int = field(default=2, metadata={'range': (0, 100), 'read_only': True})
    """After so many batches of the generator `model`, grasps are optimised from scratch where
    fewer pass than are asked for; 0: only where none is sure."""
    last_resort_batches: int = field(default=3, metadata={'range': (1, 100), 'read_only': True})
    """Most batches that are optimised so in either case, until as many grasps pass as are asked
    for."""
    num_threads: int = field(default=1, metadata={'range': (1, 128), 'read_only': True})
    """Threads of torch; more help only where cores are idle."""
    autostart: bool = field(default=True, metadata={'read_only': True})
    """Configure and activate at start; false leaves that to a lifecycle manager."""

    @property
    def weights_folder(self) -> Path | None:
        """Folder of the weights; None: those that ship."""
        return Path(self.weights) if self.weights else None


class GeneratorNode(LifecycleNode):
    """Proposes grasps for what perception found.

    Subscribes: segmented_object. Publishes: grasp_candidates, grasp_status, markers,
    diagnostics. Services: generate_grasps, edit_grasp.
    """

    def __init__(self) -> None:
        super().__init__('generator')
        self._node_parameters = CfgParameters(self, GeneratorNodeCfg())
        self._diagnostics = DiagnosticsPublisher(self)
        self._status = StatusReporter(self, self._diagnostics)
        self._candidates = self.create_publisher(
            GraspCandidates, topics.GRASP_CANDIDATES, qos.RELIABLE
        )
        self._markers = self.create_publisher(MarkerArray, topics.MARKERS, qos.RELIABLE)
        self._generator: GraspGenerator | None = None
        self._is_active = False
        self._lock = Lock()
        if self._node_parameters.cfg.autostart:
            self._start()

    def on_configure(self, state: State) -> TransitionCallbackReturn:
        """Load the generator, let it solve a small problem, and open the endpoints."""
        cfg = self._node_parameters.cfg
        torch.set_num_threads(cfg.num_threads)
        try:
            self._generator = self._load_generator(cfg)
            self._generator.generate(
                sample_observation(), num_grasps=1, seed=0, time_budget_s=_WARM_UP_S
            )
        except MaskDexGraspError as error:
            self.get_logger().error(f'cannot use generator {cfg.generator!r}: {error}')
            return TransitionCallbackReturn.FAILURE
        group = MutuallyExclusiveCallbackGroup()
        self._subscription = self.create_subscription(
            SegmentedObject,
            topics.SEGMENTED_OBJECT,
            self._on_object,
            qos.RELIABLE,
            callback_group=group,
        )
        self._service = self.create_service(
            GenerateGrasps, topics.GENERATE_GRASPS, self._on_request, callback_group=group
        )
        self._edits = EditService(self, self._answer, self._edit_defaults, group)
        return super().on_configure(state)

    def _load_generator(self, cfg: GeneratorNodeCfg) -> GraspGenerator:
        if not takes_weights(cfg.generator):
            return load_generator(cfg.generator)
        settings = LearnedGeneratorCfg(
            fill_up_after=cfg.fill_up_after, last_resort_batches=cfg.last_resort_batches
        )
        return load_generator(cfg.generator, cfg.weights_folder, settings)

    def on_activate(self, state: State) -> TransitionCallbackReturn:
        """Begin to answer."""
        self._is_active = True
        name = self._node_parameters.cfg.generator
        self.get_logger().info(f'ready: {name}')
        return super().on_activate(state)

    def on_deactivate(self, state: State) -> TransitionCallbackReturn:
        """Stop answering; the generator stays loaded."""
        self._is_active = False
        return super().on_deactivate(state)

    def on_cleanup(self, state: State) -> TransitionCallbackReturn:
        """Close the endpoints and free the generator."""
        self.destroy_subscription(self._subscription)
        self.destroy_service(self._service)
        self._edits.close()
        self._generator = None
        return super().on_cleanup(state)

    def _start(self) -> None:
        done = TransitionCallbackReturn.SUCCESS
        if self.trigger_configure() != done or self.trigger_activate() != done:
            self.get_logger().error('not active; correct the parameters, then configure again')

    def _on_object(self, message: SegmentedObject) -> None:
        command = message.command
        self._status.begin(Stage.GENERATE, command.command_id)
        start = time.perf_counter()
        cfg = self._node_parameters.cfg
        candidates, outcome = self._generate(
            message, cfg.num_grasps, command.seed, cfg.time_budget_s
        )
        if outcome.ok:
            self._candidates.publish(candidates)
            self._markers.publish(candidate_markers(candidates))
        self._status.finish(outcome, command.command_id, time.perf_counter() - start)

    def _on_request(
        self, request: GenerateGrasps.Request, response: GenerateGrasps.Response
    ) -> GenerateGrasps.Response:
        cfg = self._node_parameters.cfg
        candidates, outcome = self._generate(
            request.object,
            request.num_grasps or cfg.num_grasps,
            request.seed,
            request.time_budget or cfg.time_budget_s,
        )
        response.candidates = candidates
        response.code, response.reason = outcome.code.value, outcome.reason
        return response

    def _edit_defaults(self) -> EditDefaults:
        cfg = self._node_parameters.cfg
        return EditDefaults(
            num_grasps=cfg.num_grasps, time_budget_s=cfg.time_budget_s, weights=cfg.weights_folder
        )

    def _generate(
        self, message: SegmentedObject, num_grasps: int, seed: int, time_budget_s: float
    ) -> tuple[GraspCandidates, Outcome]:
        def work(generator: GraspGenerator) -> GraspCandidates:
            observation = observation_from_msg(message, Stage.GENERATE)
            grasps = generator.generate(
                observation, num_grasps=num_grasps, seed=seed, time_budget_s=time_budget_s
            )
            return grasp_set_to_msg(grasps, message, message.header.stamp)

        return self._answer(work)

    def _answer(
        self, work: Callable[[GraspGenerator], GraspCandidates]
    ) -> tuple[GraspCandidates, Outcome]:
        """Return what came of some work, or empty candidates and why; a defect is logged."""
        try:
            generator = self._generator
            if generator is None or not self._is_active:
                reason = 'the generator node is not active'
                raise StageError(Stage.GENERATE, Code.NOT_ACTIVE, reason)
            with self._lock:
                candidates = work(generator)
            if not candidates.grasps:
                counts = zip(candidates.dropped_counts, candidates.dropped_reasons, strict=True)
                reasons = ', '.join(f'{number} {reason}' for number, reason in counts)
                reason = f'no grasp is left; dropped: {reasons or "none was made"}'
                raise StageError(Stage.GENERATE, Code.NO_GRASP_FOUND, reason)
        except Exception as error:  # a defect must not end the node
            outcome = outcome_of(error, Stage.GENERATE)
            if outcome.code is Code.INTERNAL_ERROR:
                self._status.log_defect(error)
            return GraspCandidates(), outcome
        return candidates, Outcome(stage=Stage.GENERATE)


def main(args: Sequence[str] | None = None) -> None:
    """Run the node until it is shut down."""
    run_node(GeneratorNode, args)


if __name__ == '__main__':
    main()
