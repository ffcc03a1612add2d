"""Records of the grasps that a source has made, described by the offline grammar."""

from dataclasses import dataclass, replace

from maskdexgrasp_core.dataset.record import GraspChecks, GraspRecord, ObjectRecord
from maskdexgrasp_core.dataset.sentences.grammar import sentence_seed, write_sentences
from maskdexgrasp_core.dataset.sentences.grasp_facts import facts_of
from maskdexgrasp_core.dataset.sources.held_grasp import approach_of
from maskdexgrasp_core.evaluation.hold_check import HandGraspPose

_NO_TEXTS = ('', '', '', '')


@dataclass(frozen=True, kw_only=True, eq=False)
class MadeGrasp:
    """A grasp before it is described; its fields are as in `GraspRecord`."""

    grasp_id: str
    task: str
    part: str
    pose: HandGraspPose
    fingers: tuple[str, ...]
    checks: GraspChecks | None


def describe_grasp(target: ObjectRecord, made: MadeGrasp, seed: int) -> GraspRecord:
    """Return the record of a grasp of `target`, with sentences drawn by the seed and its id."""
    record = GraspRecord(
        grasp_id=made.grasp_id,
        object_id=target.object_id,
        category=target.category,
        source=target.source,
        task=made.task,
        part=made.part,
        T_object_wrist=made.pose.T_object_wrist,
        joint_positions=made.pose.joint_positions,
        squeeze_positions=made.pose.squeeze_positions,
        fingers=made.fingers,
        approach=approach_of(made.pose.T_object_wrist),
        texts=_NO_TEXTS,
        checks=made.checks,
    )
    facts = facts_of(record, object_parts=target.parts, color_name=target.color_name)
    return replace(record, texts=write_sentences(facts, sentence_seed(seed, made.grasp_id)))
