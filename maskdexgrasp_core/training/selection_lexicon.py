"""Words for telling objects apart: names, uses, kinds, parts; some are kept from training.

What is not listed as true is false, unless it is listed as doubtful: a pot is not called a pan,
but who asks for a pan may get one, so neither training nor tests use that pair.
"""

from dataclasses import dataclass
from typing import Literal

WordUse = Literal['train', 'calibrate', 'test']


@dataclass(frozen=True)
class Words:
    """Ways to say the same thing."""

    seen: tuple[str, ...]
    """For training."""
    held_out: tuple[str, ...]
    """The first is for tests only, the others are for calibration."""

    def of(self, use: WordUse) -> tuple[str, ...]:
        """Return the ways that may be taken for a use."""
        return {'train': self.seen, 'test': self.held_out[:1], 'calibrate': self.held_out[1:]}[use]


def _words(text: str) -> Words:
    """Read 'seen, seen | held out, held out'."""
    seen, _, held_out = text.partition('|')
    return Words(*(tuple(w.strip() for w in part.split(',') if w.strip())
                   for part in (seen, held_out)))  # fmt: skip


NAMES: dict[str, Words] = {
    category: _words(text)
    for category, text in {
        'mug': 'mug, coffee mug, coffee cup | teacup, demitasse',
        'cup': 'cup, drinking glass, paper cup | tumbler, beaker',
        'bottle': 'bottle, water bottle, drink bottle | flask, ketchup',
        'spray_bottle': 'spray bottle, sprayer | window cleaner, atomizer',
        'can': 'can, tin can, soda can | coke, canned beans',
        'box': 'box, carton, cardboard box | parcel, package',
        'ball': 'ball, tennis ball | sphere, baseball',
        'apple': 'apple, ripe apple | granny smith, pome',
        'book': 'book, paperback | novel, textbook',
        'jar': 'jar, jam jar | canister, preserving glass',
        'bowl': 'bowl, soup bowl | basin, soup dish',
        'pan': 'pan, frying pan | skillet, wok',
        'hammer': 'hammer, claw hammer | mallet, gavel',
        'screwdriver': 'screwdriver, phillips screwdriver | screw driver, flathead driver',
        'knife': 'knife, kitchen knife | dagger, carving blade',
        'power_drill': 'power drill, drill | impact driver, hole borer',
        'flashlight': 'flashlight, pocket light | torch, handheld lamp',
        'camera': 'camera, photo camera | dslr, photographic apparatus',
        'marker': 'marker, felt pen, pen | highlighter, pencil',
        'spoon': 'spoon, soup spoon | tablespoon, teaspoon',
        'spatula': 'spatula, pancake turner | egg flipper, kitchen turner',
        'scissors': 'scissors, pair of scissors | shears, paper cutter',
        'teapot': 'teapot, tea pot | porcelain pot for tea, tea server',
        'phone': 'phone, mobile phone | smartphone, iphone',
        'banana': 'banana, ripe banana | plantain, curved tropical fruit',
        'wrench': 'wrench, combination wrench | spanner, nut tightener',
        'pot': 'pot, cooking pot | casserole, stockpot',
        'kettle': 'kettle, tea kettle | water boiler, hot water maker',
        'pitcher': 'pitcher, water pitcher | carafe, ewer',
        'jug': 'jug, milk jug | canteen, detergent container',
        'ladle': 'ladle, soup ladle | dipper, serving scoop',
        'plate': 'plate, dinner plate | platter, saucer',
        'goblet': 'goblet, wine glass | chalice, stemware',
        'pepper_mill': 'pepper mill, salt mill | pepper grinder, spice grinder',
        'cutting_board': 'cutting board, bread board | chopping board, chopping block',
        'rolling_pin': 'rolling pin, baking pin | dough roller, pastry roller',
        'bag': 'bag, shopping bag | handbag, tote',
        'basket': 'basket, wicker basket | hamper, woven carrier',
        'bucket': 'bucket, water bucket | pail, mop pail',
        'suitcase': 'suitcase, travel case | briefcase, luggage',
        'watering_can': 'watering can, garden watering can | sprinkling can, plant waterer',
        'faucet': 'faucet, water faucet | water tap, kitchen tap',
        'door_handle': 'door handle, lever of a door | doorknob, door latch',
        'valve': 'valve, pipe valve | stopcock, shutoff tap',
        'drawer': 'drawer, desk drawer | pull-out tray, sliding tray',
        'padlock': 'padlock, bicycle padlock | lock, bicycle lock',
        'light_bulb': 'light bulb, glowing bulb | lightbulb, incandescent lamp',
        'soap_dispenser': 'soap dispenser, pump bottle | hand soap, liquid soap',
        'buzzer': 'buzzer, game buzzer | desk bell, call button',
        'alarm_clock': 'alarm clock, bedside alarm | clock, timepiece',
        'stapler': 'stapler, desk stapler | staple machine, paper fastener',
        'mouse': 'computer mouse, wireless mouse | mouse, cursor device',
        'laptop': 'laptop, laptop computer | notebook computer, portable computer',
        'hair_dryer': 'hair dryer, blow dryer | hairdryer, hair blower',
        'iron': 'clothes iron, steam iron | flat iron, travel iron',
        'headphones': 'headphones, pair of headphones | headset, earphones',
        'dumbbell': 'dumbbell, hand weight | barbell, gym weight',
        'tape': 'roll of tape, adhesive tape | sticky tape, duct tape',
        'brush': 'brush, paint brush, hairbrush | paintbrush, scrubber',
        'crowbar': 'crowbar, pry bar | wrecking bar, jimmy',
        'pliers': 'pliers, pair of pliers | pincers, nippers',
    }.items()
}
"""Category -> its names."""

LOOK_ALIKE_NAMES: dict[str, str] = {
    'mug': 'cup goblet', 'cup': 'mug goblet can jar', 'goblet': 'cup mug',
    'bottle': 'spray_bottle jug soap_dispenser pepper_mill', 'spray_bottle': 'soap_dispenser',
    'can': 'jar cup watering_can', 'jar': 'can pot cup', 'box': 'suitcase drawer book',
    'ball': 'apple light_bulb', 'apple': 'ball', 'book': 'laptop box cutting_board',
    'bowl': 'plate pot cup pan', 'plate': 'bowl cutting_board', 'pan': 'pot bowl',
    'pot': 'pan teapot bowl jar', 'kettle': 'teapot pitcher', 'teapot': 'kettle pot',
    'pitcher': 'jug mug kettle teapot', 'jug': 'pitcher bottle', 'ladle': 'spoon',
    'spoon': 'ladle spatula', 'spatula': 'spoon ladle', 'wrench': 'pliers',
    'pliers': 'wrench scissors', 'scissors': 'pliers', 'crowbar': 'wrench',
    'power_drill': 'screwdriver', 'screwdriver': 'power_drill', 'bag': 'suitcase basket',
    'basket': 'bag bucket', 'bucket': 'basket pot', 'suitcase': 'bag box',
    'watering_can': 'pitcher jug can', 'faucet': 'valve', 'valve': 'faucet',
    'door_handle': 'faucet valve padlock', 'soap_dispenser': 'bottle spray_bottle',
    'buzzer': 'alarm_clock', 'alarm_clock': 'buzzer', 'flashlight': 'light_bulb',
    'light_bulb': 'flashlight', 'phone': 'laptop', 'laptop': 'book phone', 'camera': 'phone',
    'drawer': 'box', 'knife': 'spatula scissors', 'hammer': 'wrench crowbar',
    'cutting_board': 'plate book', 'brush': 'spatula marker', 'marker': 'brush',
}  # fmt: skip
"""Category -> categories that somebody might call by its names."""


@dataclass(frozen=True)
class Property:
    """Something that is said of several categories."""

    words: Words
    true_of: frozenset[str]
    """Categories, or names of parts."""
    doubtful_of: frozenset[str]


def _property(text: str, true_of: str, doubtful_of: str = '') -> Property:
    return Property(_words(text), frozenset(true_of.split()), frozenset(doubtful_of.split()))


_LIQUID = 'bottle can bowl mug cup goblet pitcher jug teapot kettle bucket watering_can pot'

USES: tuple[Property, ...] = (
    _property('drink from, sip coffee from, drink water out of | have some juice from, '
              'take a sip from', 'mug cup goblet', _LIQUID),
    _property('pour from, pour a drink from | fill cups from, pour water out of',
              'teapot kettle pitcher jug', f'{_LIQUID} pan spray_bottle'),
    _property('cut with, slice with | chop something with, divide something with',
              'knife scissors', 'pliers spatula crowbar'),
    _property('cook in, cook food in | prepare a hot meal in, make dinner in', 'pan pot',
              'bowl kettle teapot bucket'),
    _property('fry eggs in, fry fish in | sear a steak in', 'pan', 'pot'),
    _property('brew tea in, serve tea from | steep tea leaves in', 'teapot',
              'kettle pitcher mug cup pot'),
    _property('boil water in, heat water in | get water hot in', 'kettle', 'pot pan teapot'),
    _property('eat soup with, stir tea with | eat cereal with', 'spoon', 'ladle spatula'),
    _property('serve soup with, scoop soup with | dish out stew with', 'ladle', 'spoon bowl'),
    _property('flip pancakes with, turn eggs over with | turn a burger with', 'spatula', 'pan'),
    _property('eat from, put food on | have dinner from', 'plate bowl',
              'cutting_board pan pot cup mug can jar'),
    _property('write with, draw with | take notes with, sign a letter with', 'marker',
              'phone laptop brush'),
    _property('drive nails with, hit a nail with | pound something with', 'hammer', 'crowbar'),
    _property('turn screws with, tighten a screw with | fasten a screw with', 'screwdriver',
              'power_drill'),
    _property('turn bolts with, tighten a nut with | loosen a bolt with', 'wrench', 'pliers'),
    _property('drill holes with, bore a hole with | make a hole in the wall with',
              'power_drill', 'screwdriver'),
    _property('bend wire with, pinch a wire with | pull a splinter out with', 'pliers', 'wrench'),
    _property('pry boards apart with, force a door open with | lever a crate open with',
              'crowbar', 'screwdriver hammer'),
    _property('light up a room with, shine light with | see at night with', 'flashlight',
              'light_bulb phone'),
    _property('take pictures with, photograph people with | shoot a photo with', 'camera',
              'phone laptop'),
    _property('read, read a story in | study from', 'book', 'phone laptop'),
    _property('make a call with, call someone with | ring a friend with', 'phone',
              'headphones buzzer'),
    _property('browse the web on, type a text on | write emails on', 'laptop', 'phone mouse'),
    _property('click with, move the cursor with | scroll a page with', 'mouse', 'laptop phone'),
    _property('listen to music with, wear over the ears | hear songs with', 'headphones',
              'phone laptop'),
    _property('dry hair with, blow hot air with | style wet hair with', 'hair_dryer', 'brush'),
    _property('smooth shirts with, press clothes with | get wrinkles out of trousers with',
              'iron', ''),
    _property('spray with, spray a cleaner with | mist something with', 'spray_bottle',
              'watering_can soap_dispenser'),
    _property('wash hands with, get soap from | clean my hands with', 'soap_dispenser',
              'faucet spray_bottle'),
    _property('water plants with, water the flowers with | give the garden water with',
              'watering_can', 'bucket jug pitcher spray_bottle kettle'),
    _property('carry things in, transport groceries in | put my shopping in, bring things home in',
              'bag basket', 'bucket suitcase box drawer'),
    _property('pack clothes in for a trip, travel with | take on a journey', 'suitcase', 'bag'),
    _property('throw, play catch with | bounce', 'ball', 'apple'),
    _property('eat, have as a snack | bite into', 'apple banana', 'can jar'),
    _property('peel before eating, peel | unpeel', 'banana', 'apple'),
    _property('grind pepper with, season food with | add pepper with', 'pepper_mill', ''),
    _property('roll dough with, flatten dough with | roll out pastry with', 'rolling_pin',
              'bottle'),
    _property('chop vegetables on, cut bread on | slice onions on', 'cutting_board', 'plate'),
    _property('keep jam in, preserve fruit in | keep pickles in', 'jar', 'can pot bottle box'),
    _property('lock a gate with, lock a bicycle with | secure a locker with', 'padlock',
              'door_handle'),
    _property('open a door with, push down to enter a room | let myself into a room with',
              'door_handle', 'crowbar padlock'),
    _property('turn water on with, let water run from | get water in the kitchen from', 'faucet',
              'valve watering_can pitcher'),
    _property('staple paper with, fasten sheets together with | bind pages together with',
              'stapler', 'tape'),
    _property('stick things together with, seal a parcel with | wrap a present with', 'tape',
              'stapler'),
    _property('exercise with, lift for training | train my muscles with', 'dumbbell', 'ball'),
    _property('tell the time with, wake up with | be woken in the morning by', 'alarm_clock',
              'phone laptop'),
    _property('press in a quiz, hit when I know the answer | signal with', 'buzzer',
              'alarm_clock phone flashlight'),
    _property('brush with, scrub with | sweep dust with', 'brush', ''),
    _property('screw into a lamp, put into a lamp socket | replace a burnt-out lamp with',
              'light_bulb', 'flashlight'),
    _property('close a pipe with, stop the flow in a pipe with | shut off the gas with', 'valve',
              'faucet'),
)  # fmt: skip
"""What one does with an object; 'something to ...' goes before the words."""

KINDS: tuple[Property, ...] = (
    _property('tool, hand tool | piece of workshop equipment, thing from the toolbox',
              'hammer screwdriver power_drill wrench pliers crowbar',
              'knife scissors flashlight brush stapler tape spatula rolling_pin'),
    _property('fruit, piece of fruit | healthy snack', 'apple banana', ''),
    _property('drinking vessel, piece of drinkware | vessel for beverages', 'mug cup goblet',
              _LIQUID),
    _property('cooking vessel, piece of cookware | thing that goes on the stove', 'pan pot',
              'kettle teapot bowl ladle spatula'),
    _property('kitchen utensil, cooking utensil | thing from the cutlery drawer',
              'spoon spatula ladle',
              'knife rolling_pin pepper_mill cutting_board pan pot bowl plate scissors mug cup '
              'kettle teapot pitcher jug jar goblet'),
    _property('electronic device, piece of electronics | gadget',
              'camera phone laptop headphones mouse',
              'power_drill hair_dryer iron alarm_clock flashlight buzzer light_bulb'),
    _property('piece of office equipment, stationery item | thing from the desk', 'stapler marker',
              'tape book scissors mouse laptop phone buzzer alarm_clock drawer headphones'),
    _property('piece of baggage, bag for things | thing to travel with', 'bag suitcase',
              'basket bucket box'),
    _property('piece of plumbing, plumbing part | thing that a plumber installs', 'faucet valve',
              'wrench pliers'),
    _property('piece of tableware, dish | thing to set the table with', 'plate bowl',
              'mug cup goblet teapot pitcher spoon knife pan pot jug'),
)  # fmt: skip
"""Kinds of objects; 'a' or 'the' goes before the words."""

PART_WORDS: tuple[Property, ...] = (
    _property('handle, handle to hold it by | haft, grip to carry it by', 'handle',
              'grip lever strap shaft arm shackle band hook front head'),
    _property('lid, lid on top | cover to take off', 'lid', 'cap cover knob head'),
    _property('cap, screw cap | stopper', 'cap', 'lid head neck nozzle'),
    _property('spout, spout for pouring | pouring beak', 'spout', 'nozzle head rim neck'),
    _property('blade, sharp blade | cutting edge', 'blade', 'bit tip'),
    _property('trigger, trigger for the finger | lever to squeeze', 'trigger', 'button'),
    _property('button, push button | knob to press', 'button',
              'switch shutter keys trigger head battery knob'),
    _property('screen, touch screen | display', 'screen', 'display lens dial glass'),
    _property('neck, narrow neck | slim throat', 'neck', 'stem'),
    _property('bristles, many bristles | stiff hairs', 'bristles', ''),
    _property('lens, round lens | glass optics', 'lens', 'screen glass'),
    _property('lever, lever to turn | arm to swing', 'lever', 'arm handle trigger'),
)  # fmt: skip
"""Names of parts; 'the thing with a' goes before the words. True and doubtful are parts."""
DOUBTFUL_PARTS: dict[str, frozenset[str]] = {
    'lid': frozenset(('can', 'box')), 'spout': frozenset(('faucet', 'pitcher', 'soap_dispenser')),
    'button': frozenset(('mouse', 'hair_dryer', 'camera', 'phone', 'laptop', 'power_drill')),
}  # fmt: skip
"""Part -> categories where having it is a matter of words."""

ABSENT = _words(
    'sofa, bicycle, guitar, umbrella, shoe, hat, pillow, chair, violin, car, towel, dog, '
    'trumpet, skateboard, piano, tree, shirt, blanket, table, television, backpack, curtain, '
    'surfboard, globe, kite, helmet, tent, boat, mirror, rug | sock, drum, wheelbarrow, '
    'teddy bear, necktie, ladder, toaster, glove, printer, saxophone, carpet, scarf'
)
"""Things that are never there."""

ASKING = Words(
    seen=(
        'pick up {it}', 'grasp {it}', 'take {it}', 'give me {it}', 'lift {it}', 'grab {it}',
        '{it}', 'hand me {it}', 'please take {it}', 'hold {it}', 'bring me {it}', 'get {it}',
    ),
    held_out=(
        'could you pass {it} to me', 'I would like to have {it}', 'fetch {it}', 'reach for {it}',
        'I need {it} now',
    ),
)  # fmt: skip
"""Sentences around a noun phrase."""
GENERIC = ('thing', 'object', 'item', 'one')
"""Nouns that fit everything."""
PRONOUNS = ('it', 'this', 'that')
SIZES = ('big', 'small', 'largest', 'smallest', 'tall', 'little')
PLACES = ('on the left', 'on the right', 'in the middle', 'in front', 'at the back',
          'closest to you', 'farthest away')  # fmt: skip
