"""The words of the offline writer: verbs with their forms, tasks, purposes, nouns.

Not used on purpose, because `perception.sentence` would read a part, a place or an object into
them: to grip, to handle, to cup, 'from the top', 'closer', 'back', 'can'.
"""

from dataclasses import dataclass

from maskdexgrasp_core.dataset.sentences.facts import FROM_BELOW, FROM_SIDE, FROM_TOP


@dataclass(frozen=True)
class Verb:
    """A verb in the forms that the four sentences need."""

    base: str
    third: str
    progressive: str
    participle: str
    particle: str = ''
    """What follows it: 'up' of 'pick up', 'steady' of 'hold steady'."""

    @property
    def particle_moves(self) -> bool:
        """Whether the particle may also stand behind the object: 'pick the mug up'."""
        return self.particle in ('up', 'down', 'off')

    @property
    def particle_last(self) -> bool:
        """Whether the particle always stands behind the object: 'hold the mug steady'."""
        return self.particle == 'steady'


_FORMS: dict[str, tuple[str, str, str]] = {
    'clasp': ('clasps', 'clasping', 'clasped'),
    'close': ('closes', 'closing', 'closed'),
    'curl': ('curls', 'curling', 'curled'),
    'drag': ('drags', 'dragging', 'dragged'),
    'enclose': ('encloses', 'enclosing', 'enclosed'),
    'encircle': ('encircles', 'encircling', 'encircled'),
    'fold': ('folds', 'folding', 'folded'),
    'grab': ('grabs', 'grabbing', 'grabbed'),
    'grasp': ('grasps', 'grasping', 'grasped'),
    'hold': ('holds', 'holding', 'held'),
    'lift': ('lifts', 'lifting', 'lifted'),
    'move': ('moves', 'moving', 'moved'),
    'operate': ('operates', 'operating', 'operated'),
    'pick': ('picks', 'picking', 'picked'),
    'pinch': ('pinches', 'pinching', 'pinched'),
    'press': ('presses', 'pressing', 'pressed'),
    'prop': ('props', 'propping', 'propped'),
    'pull': ('pulls', 'pulling', 'pulled'),
    'push': ('pushes', 'pushing', 'pushed'),
    'raise': ('raises', 'raising', 'raised'),
    'rotate': ('rotates', 'rotating', 'rotated'),
    'seize': ('seizes', 'seizing', 'seized'),
    'squeeze': ('squeezes', 'squeezing', 'squeezed'),
    'steady': ('steadies', 'steadying', 'steadied'),
    'support': ('supports', 'supporting', 'supported'),
    'take': ('takes', 'taking', 'taken'),
    'tug': ('tugs', 'tugging', 'tugged'),
    'turn': ('turns', 'turning', 'turned'),
    'twist': ('twists', 'twisting', 'twisted'),
    'unscrew': ('unscrews', 'unscrewing', 'unscrewed'),
    'use': ('uses', 'using', 'used'),
    'work': ('works', 'working', 'worked'),
    'wrap': ('wraps', 'wrapping', 'wrapped'),
}
"""Base form -> third person, progressive, participle."""


def verb(phrase: str) -> Verb:
    """Return the verb of 'pick up': the first word is conjugated, the rest stays."""
    base, _, particle = phrase.partition(' ')
    return Verb(base, *_FORMS[base], particle)


_TAKING = ('grasp', 'grab', 'hold', 'take', 'clasp', 'seize')

ON_OBJECT: dict[str, tuple[str, ...]] = {
    'handle-grasp': _TAKING,
    'press': ('press', 'push', 'press down', 'push down'),
    'lift': ('lift', 'raise', 'pick up'),
    'wrap-grasp': ('grasp', 'clasp', 'hold', 'grab'),
    'twist': ('twist', 'turn', 'rotate'),
    'support': ('support', 'steady', 'hold up', 'prop up'),
    'pull': ('pull', 'tug', 'drag'),
    'lever': ('operate', 'move', 'work'),
    'use': _TAKING,
    'hold': ('hold', 'grasp', 'clasp', 'hold steady'),
    'lift-up': ('lift up', 'pick up', 'raise up'),
}
"""Task -> verbs whose object is the whole thing: 'lift the mug by its handle'."""

ON_PART: dict[str, tuple[str, ...]] = {
    'handle-grasp': ('grasp', 'grab', 'hold', 'clasp'),
    'press': ('press', 'push', 'press down', 'push down', 'press on', 'push on'),
    'wrap-grasp': ('grasp', 'clasp', 'enclose', 'encircle'),
    'twist': ('twist', 'turn', 'rotate'),
    'support': ('support', 'steady', 'hold up'),
    'pull': ('pull', 'tug', 'pull on', 'tug on'),
    'lever': ('operate', 'work', 'move', 'push'),
    'use': ('grasp', 'grab', 'hold', 'clasp'),
    'hold': ('hold', 'grasp', 'clasp'),
}
"""Task -> verbs whose object is the part: 'twist the lid of the jar'. Lifting has none: who
lifts the lid does not lift the jar."""

ON_CERTAIN_PARTS: dict[tuple[str, str], tuple[str, ...]] = {
    ('press', 'trigger'): ('squeeze',),
    ('twist', 'cap'): ('unscrew',),
    ('pull', 'lid'): ('pull off',),
    ('pull', 'cap'): ('pull off',),
}
"""(Task, part) -> verbs besides those of `ON_PART`."""

ROUND_VERBS = ('wrap', 'close', 'fold', 'curl')
"""'Wrap the fingers around ...'; 'curl' is for fingers alone, the others also for the hand."""
MANY_FINGERED = ('clasp', 'enclose', 'encircle')
"""Verbs that one finger cannot do."""
PINCHING_TASKS = ('handle-grasp', 'hold', 'use')
"""Tasks that are a pinch when just the thumb and one or two fingers touch."""
BETWEEN_TASKS = ('handle-grasp', 'hold', 'use', 'lift', 'lift-up', 'twist', 'pull', 'wrap-grasp')
"""Tasks whose sentence may say 'between the thumb and two fingers'."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


OPERABLE = _words(
    'button cap chuck cork crank dial door drawer head key knob latch lens lever lid nozzle '
    'pedal plunger pump shutter stopper strap switch tab trigger valve wheel'
)
"""Parts that are twisted, pulled or worked themselves, not the object with them."""
SLENDER = _words('barrel body cap grip haft handle knob lid neck pole rod shaft spout stem strap')
"""Parts that fingers close around."""
CLASPED_NOUNS = _words('cap handle knob lid rim trigger')
"""Parts that name the object in front of them: 'the mug handle'."""
WHOLE_WORDS = frozenset(('', 'body', 'whole', 'object', 'all'))
"""Part names that may mean all of the object."""
SOLID = _words(
    'apple ball banana baseball block book box brick bulb carton cube cylinder dice die donut egg '
    'lemon lime object orange peach pear plum potato sphere sponge tape tomato'
)
"""Last words of categories whose body is the object itself."""
PRYING = _words(
    'chisel crowbar fork hammer knife screwdriver shovel spade spanner spatula spoon wrench'
)
"""Things that are levers as a whole; of others, a lever or handle is worked."""
PAIRED = _words(
    'binoculars clippers earphones eyeglasses glasses goggles headphones pincers pliers scissors '
    'shears sunglasses tongs tweezers'
)
"""Plural words for one thing: 'the scissors are', 'a pair of scissors is'."""
SINGULAR_IN_S = _words('bus canvas chassis compass gas glass lens wineglass')
SPELLING: dict[str, str] = {'fryingpan': 'frying pan', 'wineglass': 'wine glass'}
"""Names of data sets that are written otherwise."""

AGENTS = ('the hand', 'the robot hand', 'the robotic hand', 'a robot hand', 'the dexterous hand',
          'the robot', 'a robot')  # fmt: skip
"""Who acts in the present and progressive forms."""
AGENTS_WITHOUT_HAND = ('the robot', 'a robot')

APPROACH_PHRASES: dict[str, tuple[str, ...]] = {
    FROM_TOP: ('from above', 'from overhead'),
    FROM_SIDE: ('from the side', 'from one side'),
    FROM_BELOW: ('from below', 'from underneath'),
}

_STILL, _MOVED = ('firmly', 'securely', 'carefully'), ('carefully', 'firmly', 'steadily')
ADVERBS: dict[str, tuple[str, ...]] = {
    task: _STILL if task in ('handle-grasp', 'wrap-grasp', 'support', 'use', 'hold') else _MOVED
    for task in ON_OBJECT
}
"""True of every grasp that held."""

RESULTS: dict[str, tuple[str, ...]] = {
    'lift': ('into the air', 'upward'),
    'lift-up': ('into the air',),
}
"""Task -> where the object goes."""

PURPOSES: dict[str, tuple[str, ...]] = {
    'handle-grasp': ('to move {it}', 'to carry {it}'),
    'lift': ('to move {it}', 'to carry {it} away'),
    'lift-up': ('to move {it}', 'to carry {it} away'),
    'wrap-grasp': ('to move {it}', 'to carry {it}'),
    'support': ('to keep {it} from falling', 'to keep {it} level'),
    'hold': ('to keep {it} in place', 'to keep {it} from falling'),
    'use': ('to use {it}', 'for use', ', ready for use'),
}
"""Task -> purposes that suit every object."""

PART_PURPOSES: dict[tuple[str, str], tuple[str, ...]] = {
    ('twist', 'lid'): ('to open {it}',),
    ('twist', 'cap'): ('to open {it}',),
    ('pull', 'lid'): ('to open {it}',),
    ('pull', 'cap'): ('to open {it}',),
}
"""(Task, part) -> purposes; {it} is the object."""

PRESS_PURPOSES: dict[str, tuple[str, ...]] = {
    'alarm clock': ('to stop {it}',),
    'camera': ('to take a picture',),
    'flashlight': ('to turn {it} on',),
    'mouse': ('to click',),
    'power drill': ('to start {it}',),
    'soap dispenser': ('to get some soap',),
    'spray bottle': ('to spray',),
    'stapler': ('to staple some sheets',),
}
"""Category -> what pressing its part does."""

PRY_PURPOSES = ('to pry with {it}', 'to pry something loose', 'for prying')

USES: dict[str, tuple[str, ...]] = {
    'apple': ('to eat {it}',),
    'ball': ('to throw {it}', 'to play with {it}'),
    'banana': ('to eat {it}', 'to peel {it}'),
    'book': ('to read {it}',),
    'bottle': ('to pour from {it}', 'to drink from {it}'),
    'bowl': ('to eat from {it}', 'to serve food'),
    'brush': ('to brush with {it}',),
    'camera': ('to take a picture', 'to photograph something'),
    'can': ('to drink from {it}',),
    'crowbar': ('to pry with {it}', 'to lift a plank'),
    'cup': ('to drink from {it}', 'to pour from {it}'),
    'door handle': ('to open the door', 'to enter'),
    'dumbbell': ('to exercise', 'to train with {it}'),
    'faucet': ('to let water run', 'to fill a sink'),
    'flashlight': ('to light the way', 'to see at night'),
    'fork': ('to eat with {it}',),
    'goblet': ('to drink from {it}',),
    'hair dryer': ('to dry hair', 'to blow hot air'),
    'hammer': ('to drive a nail', 'to hammer a nail'),
    'headphones': ('to listen to music',),
    'iron': ('to smooth a shirt',),
    'jug': ('to pour from {it}',),
    'kettle': ('to pour hot water', 'to pour from {it}'),
    'key': ('to unlock a door',),
    'knife': ('to cut with {it}', 'to slice bread'),
    'ladle': ('to serve soup', 'to scoop with {it}'),
    'marker': ('to write with {it}', 'to draw a line'),
    'mug': ('to drink from {it}', 'to drink some coffee'),
    'pan': ('to cook with {it}', 'to fry an egg'),
    'pen': ('to write with {it}',),
    'phone': ('to make a call', 'to send a message'),
    'pitcher': ('to pour from {it}',),
    'pliers': ('to bend a wire', 'to pull out a nail'),
    'power drill': ('to drill a hole', 'to drill with {it}'),
    'rolling pin': ('to roll out dough',),
    'scissors': ('to cut paper', 'to cut with {it}'),
    'screwdriver': ('to drive a screw', 'to tighten a screw'),
    'soap dispenser': ('to get some soap',),
    'spatula': ('to flip a pancake', 'to flip food with {it}'),
    'spoon': ('to stir with {it}', 'to eat with {it}'),
    'spray bottle': ('to spray with {it}',),
    'stapler': ('to staple some sheets',),
    'teapot': ('to pour tea', 'to pour from {it}'),
    'toothbrush': ('to clean teeth',),
    'valve': ('to stop the flow',),
    'watering can': ('to water the plants', 'to pour from {it}'),
    'wine glass': ('to drink from {it}',),
    'wrench': ('to tighten a nut', 'to turn a bolt'),
}
"""Category -> what it is for."""
