"""What a vision-language model is told about a picture of a grasp.

The paper lets a model write from action, object and a picture with the object blue and the hand
pink (MaskDexGrasp, Sec. C); its wording is not public, so this one is ours.
"""

from collections.abc import Mapping

from maskdexgrasp_core.dataset.sentences.facts import (
    FROM_BELOW,
    FROM_SIDE,
    FROM_TOP,
    SentenceFacts,
)
from maskdexgrasp_core.dataset.sentences.nouns import finger_phrases, named_part, plain_words

MARKER_COLORS = ('blue', 'pink')
"""Of object and hand in the picture; they say nothing about the real object."""

INSTRUCTION = """\
You write captions for a data set of robot grasps. The picture shows one grasp, rendered from two
sides: the object is painted blue and the hand pink, whatever their real colours are.

Describe this grasp in four English sentences that say the same in four grammatical forms:
  "basic"        an order, beginning with its verb: "Lift the kettle by its handle."
  "present"      third person, simple present: "The hand lifts the kettle by its handle."
  "progressive"  third person, "is" or "are" and the -ing form: "The hand is lifting the ..."
  "passive"      the object or its part is the subject: "The kettle is lifted by its handle."

Rules:
- Use the given names of object, action and part; name the part in every sentence if one is given.
- Say what the picture shows of the grasp (which fingers touch, from where the hand comes), but
  only if you are sure of it; nothing may contradict the given facts.
- Do not mention the picture, the rendering, or the colours blue and pink; mention the real colour
  only if it is given.
- One sentence for each form, 5 to 30 words, plain ASCII, ending with a full stop.

Answer with one JSON object with exactly the keys "basic", "present", "progressive" and "passive",
and with nothing else."""

_ACTIONS: Mapping[str, str] = {
    'handle-grasp': 'grasp it by the handle',
    'press': 'press it',
    'lift': 'lift it',
    'wrap-grasp': 'wrap the hand around it',
    'twist': 'twist it',
    'support': 'support it',
    'pull': 'pull it',
    'lever': 'work it like a lever',
    'use': 'take it in order to use it',
    'hold': 'hold it',
    'lift-up': 'lift it up',
}
_APPROACHES: Mapping[str, str] = {
    FROM_TOP: 'above',
    FROM_SIDE: 'the side',
    FROM_BELOW: 'below',
}


def describe(facts: SentenceFacts) -> str:
    """Return the facts of one grasp as lines for the model."""
    category = plain_words(facts.category)
    fingers = finger_phrases(tuple(facts.fingers))
    known = {
        'Object': category,
        'Action': _ACTIONS[facts.task],
        'Part of the object': named_part(category, facts.part),
        'Real colour': plain_words(facts.color_name),
        'Touching': fingers[0].text if fingers else '',
        'The hand comes from': _APPROACHES.get(facts.approach, ''),
    }
    return '\n'.join(f'{name}: {value}' for name, value in known.items() if value)
