"""Another sentence for an object that has been found already."""

from dataclasses import replace

from maskdexgrasp_core.perception.parts import find_part
from maskdexgrasp_core.perception.sentence import check_command, parse_sentence
from maskdexgrasp_core.perception.vocabulary import CATEGORIES
from maskdexgrasp_core.tasks import TASK_PARTS
from maskdexgrasp_core.types import Command, ObjectObservation


def reword(observation: ObjectObservation, *, text: str, task: str) -> ObjectObservation:
    """Return an object with what is wanted of it now; the part that is asked is found anew.

    Args:
        observation: The object and its command so far.
        text: New sentence; '' keeps the old one.
        task: New task; '' leaves it to a new sentence, or keeps the old one with the old sentence.

    Raises:
        StageError: As `sentence.check_command`, if there is anything new.
    """
    if not text and not task:
        return observation
    before = observation.command or Command(command_id='', text='')
    command = replace(before, text=text or before.text, task=task)
    check_command(command)
    query = parse_sentence(command.text)
    label = query.category or observation.label
    part = query.part or TASK_PARTS.get(task, '')
    points = find_part(
        observation.shape,
        part,
        observation.table_height,
        category=label if label in CATEGORIES else '',
        seed=command.seed,
    )
    return replace(observation, command=command, label=label, part=part, part_points=points)
