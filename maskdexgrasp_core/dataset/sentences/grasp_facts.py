"""What the sentences of a grasp of a dataset may say."""

from collections.abc import Sequence

from maskdexgrasp_core.dataset.record import GraspRecord
from maskdexgrasp_core.dataset.sentences.facts import APPROACHES, SentenceFacts


def facts_of(grasp: GraspRecord, *, object_parts: Sequence[str], color_name: str) -> SentenceFacts:
    """Return what a sentence may say of a grasp; of its texts nothing is taken.

    Args:
        grasp: The grasp.
        object_parts: Names of the parts of its object; of a single one nothing is said.
        color_name: Of its object, '' when unknown.
    """
    return SentenceFacts(
        task=grasp.task,
        category=grasp.category,
        part=grasp.part if len(object_parts) > 1 else '',
        color_name=color_name,
        fingers=grasp.fingers,
        approach=grasp.approach if grasp.approach in APPROACHES else '',
    )
