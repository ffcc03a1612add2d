"""The service `edit_grasp`: single parts of a grasp are drawn anew."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands.grasp_check import check_grasp
from maskdexgrasp_core.hands.spec import check_parts
from maskdexgrasp_core.outcome import Outcome, Stage
from maskdexgrasp_core.perception.rewording import reword
from maskdexgrasp_core.perception.sentence import check_seed
from maskdexgrasp_core.protocols import GraspGenerator
from maskdexgrasp_core.types import ObjectObservation
from maskdexgrasp_ros import topics
from maskdexgrasp_ros.cloud_conversions import points_to_msg
from maskdexgrasp_ros.conversions import command_to_msg, finite_array, require_base_frame
from maskdexgrasp_ros.grasp_conversions import (
    grasp_from_msg,
    grasp_set_to_msg,
    observation_from_msg,
)
from maskdexgrasp_ros.interfaces import EditGrasp, GraspCandidates, SegmentedObject

if TYPE_CHECKING:
    from maskdexgrasp_core.synthesis.editing import GraspEditor

Answer = Callable[[Callable[[GraspGenerator], GraspCandidates]], tuple[GraspCandidates, Outcome]]
"""Lets some work be done beside a generator; returns what came of it, or why nothing did."""


@dataclass(frozen=True, kw_only=True)
class EditDefaults:
    """What counts where a request leaves it open."""

    num_grasps: int
    time_budget_s: float
    weights: Path | None
    """Folder of the networks where the generator has none; None: those that ship."""


class EditService:
    """Offers `edit_grasp` on a node; the networks load at the first request that can be met."""

    def __init__(
        self,
        node: Node,
        answer: Answer,
        defaults: Callable[[], EditDefaults],
        group: CallbackGroup,
    ) -> None:
        """Open the service.

        Args:
            node: That offers it.
            answer: Guards the work: it says why none is done.
            defaults: Returns what is configured now.
            group: One request at a time: an exclusive group.
        """
        self._node, self._answer, self._defaults = node, answer, defaults
        self._editor: GraspEditor | None = None
        self._service = node.create_service(
            EditGrasp, topics.EDIT_GRASP, self._on_request, callback_group=group
        )

    def close(self) -> None:
        """Close the service and free the networks."""
        self._node.destroy_service(self._service)
        self._editor = None

    def _on_request(
        self, request: EditGrasp.Request, response: EditGrasp.Response
    ) -> EditGrasp.Response:
        response.candidates, outcome = self._answer(partial(self._edit, request))
        response.code, response.reason = outcome.code.value, outcome.reason
        return response

    def _edit(self, request: EditGrasp.Request, generator: GraspGenerator) -> GraspCandidates:
        """Return edited grasps; whatever is wrong with the request is raised."""
        check_parts(request.parts)
        check_seed(request.seed)
        (time_budget_s,) = finite_array('time_budget', [request.time_budget])
        if time_budget_s < 0.0:
            raise InvalidInputError(f'time_budget is {time_budget_s} s; expected 0 or more')
        require_base_frame(request.grasp.header, Stage.GENERATE)
        grasp = grasp_from_msg(request.grasp)
        check_grasp(grasp)
        found = observation_from_msg(request.object, Stage.GENERATE)
        observation = reword(found, text=request.text, task=request.task)
        defaults = self._defaults()
        edited = self._loaded(generator, defaults.weights).edit(
            observation,
            grasp,
            request.parts,
            num_grasps=request.num_grasps or defaults.num_grasps,
            seed=request.seed,
            time_budget_s=float(time_budget_s) or defaults.time_budget_s,
        )
        observed = _reworded(request.object, observation)
        return grasp_set_to_msg(edited, observed, observed.header.stamp)

    def _loaded(self, generator: GraspGenerator, weights: Path | None) -> 'GraspEditor':
        if self._editor is None:
            from maskdexgrasp_core.synthesis.editing import GraspEditor  # takes seconds

            self._node.get_logger().info('loading the networks that edit grasps')
            self._editor = GraspEditor.beside(generator, weights)
        return self._editor


def _reworded(message: SegmentedObject, observation: ObjectObservation) -> SegmentedObject:
    """Return the message with the command and the asked part of its new observation."""
    if observation.command is not None:
        message.command = command_to_msg(observation.command, message.command.header)
    message.label, message.part = observation.label, observation.part
    message.part_points = points_to_msg(observation.part_points, message.header)
    return message
