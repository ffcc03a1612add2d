"""Words that a sentence may use, by meaning. The first word of each line is the label."""

CATEGORIES: dict[str, tuple[str, ...]] = {
    'mug': ('mug', 'coffee cup', 'teacup', 'coffee mug'),
    'cup': ('cup', 'glass', 'tumbler', 'beaker'),
    'bottle': ('bottle', 'flask', 'shampoo', 'ketchup'),
    'spray_bottle': ('spray bottle', 'sprayer', 'spray', 'spray_bottle', 'cleaner'),
    'can': ('can', 'tin', 'soda', 'coke', 'tin can', 'soda can', 'soup can'),
    'box': ('box', 'carton', 'package', 'packet', 'parcel', 'brick', 'cube', 'block', 'milk'),
    'ball': ('ball', 'sphere', 'tennis ball', 'baseball'),
    'apple': ('apple',),
    'book': ('book', 'notebook'),
    'jar': ('jar', 'pot of jam', 'canister', 'jam'),
    'bowl': ('bowl', 'dish', 'basin'),
    'pan': ('pan', 'frying pan', 'skillet', 'saucepan'),
    'hammer': ('hammer', 'mallet'),
    'screwdriver': ('screwdriver', 'screw driver'),
    'knife': ('knife', 'cutter', 'dagger'),
    'power_drill': ('drill', 'power drill', 'electric drill', 'power_drill', 'cordless drill'),
    'flashlight': ('flashlight', 'torch', 'flash light', 'lamp'),
    'camera': ('camera', 'photo camera'),
    'marker': ('marker', 'pen', 'pencil', 'felt pen', 'highlighter'),
    'spoon': ('spoon',),
    'spatula': ('spatula', 'turner'),
    'scissors': ('scissors', 'shears'),
    'teapot': ('teapot',),
    'phone': ('phone', 'smartphone', 'mobile phone', 'remote', 'remote control'),
    'banana': ('banana',),
    'wrench': ('wrench', 'spanner'),
    'toothbrush': ('toothbrush',),
    'pot': ('pot', 'cooking pot', 'casserole'),
    'kettle': ('kettle', 'tea kettle'),
    'pitcher': ('pitcher', 'carafe'),
    'jug': ('jug', 'milk jug', 'detergent', 'detergent bottle', 'handle bottle', 'handle_bottle'),
    'ladle': ('ladle', 'soup ladle'),
    'plate': ('plate', 'saucer', 'platter'),
    'goblet': ('goblet', 'wine glass', 'chalice'),
    'pepper_mill': ('pepper mill', 'pepper_mill', 'pepper grinder', 'salt mill'),
    'cutting_board': ('cutting board', 'cutting_board', 'chopping board'),
    'rolling_pin': ('rolling pin', 'rolling_pin'),
    'bag': ('bag', 'handbag', 'shopping bag', 'purse'),
    'basket': ('basket', 'hamper'),
    'bucket': ('bucket', 'pail'),
    'suitcase': ('suitcase', 'briefcase', 'toolbox'),
    'watering_can': ('watering can', 'watering_can'),
    'faucet': ('faucet', 'water tap'),
    'door_handle': ('door handle', 'door_handle'),
    'valve': ('valve', 'ball valve'),
    'drawer': ('drawer',),
    'padlock': ('padlock', 'lock'),
    'light_bulb': ('light bulb', 'light_bulb', 'bulb'),
    'soap_dispenser': ('soap dispenser', 'soap_dispenser', 'dispenser', 'hand soap', 'soap'),
    'buzzer': ('buzzer', 'desk bell', 'bell'),
    'alarm_clock': ('alarm clock', 'alarm_clock', 'clock'),
    'stapler': ('stapler',),
    'mouse': ('mouse', 'computer mouse'),
    'laptop': ('laptop', 'notebook computer'),
    'hair_dryer': ('hair dryer', 'hair_dryer', 'hairdryer', 'blow dryer'),
    'iron': ('iron', 'flat iron', 'travel iron'),
    'headphones': ('headphones', 'headphone', 'headset', 'earphones', 'earphone'),
    'dumbbell': ('dumbbell',),
    'tape': ('tape', 'roll of tape', 'adhesive tape'),
    'brush': ('brush', 'hairbrush', 'paintbrush', 'paint brush', 'dish brush'),
    'crowbar': ('crowbar', 'pry bar'),
    'pliers': ('pliers',),
}

COLORS: dict[str, tuple[str, ...]] = {
    'red': ('red', 'crimson', 'scarlet'),
    'orange': ('orange',),
    'yellow': ('yellow', 'golden'),
    'green': ('green', 'lime'),
    'blue': ('blue', 'cyan', 'navy', 'teal', 'turquoise'),
    'purple': ('purple', 'violet', 'magenta'),
    'pink': ('pink',),
    'brown': ('brown', 'beige', 'wooden'),
    'black': ('black', 'dark'),
    'white': ('white',),
    'gray': ('gray', 'grey', 'silver', 'metallic', 'steel'),
}

SIZES: dict[str, tuple[str, ...]] = {
    'largest': ('largest', 'biggest', 'large', 'big', 'bigger', 'larger'),
    'smallest': ('smallest', 'small', 'little', 'tiny', 'smaller', 'littlest'),
    'tallest': ('tallest', 'tall', 'highest', 'taller', 'high'),
    'shortest': ('shortest', 'short', 'lowest', 'shorter', 'flattest', 'flat'),
    'longest': ('longest', 'long', 'longer'),
}

POSITIONS: dict[str, tuple[str, ...]] = {
    'left': ('left', 'leftmost', 'left most'),
    'right': ('right', 'rightmost', 'right most'),
    'nearest': ('nearest', 'closest', 'near', 'front', 'nearer', 'closer'),
    'farthest': ('farthest', 'furthest', 'far', 'back', 'rear', 'farther', 'rearmost'),
    'middle': ('middle', 'center', 'centre', 'central'),
}
"""From the robot's point of view: +y of the base frame is left, small x is near."""

PARTS: dict[str, tuple[str, ...]] = {
    'handle': ('handle', 'grip', 'shaft', 'haft', 'handles', 'strap'),
    'rim': ('rim', 'edge', 'lip', 'brim'),
    'lid': ('lid', 'cover'),
    'cap': ('cap', 'stopper', 'cork'),
    'neck': ('neck',),
    'head': ('head', 'nozzle', 'trigger', 'lens', 'tip', 'bit', 'chuck', 'pump'),
    'blade': ('blade',),
    'body': ('body', 'wall', 'barrel', 'belly'),
    'top': ('top', 'upper part', 'upper end'),
    'bottom': ('bottom', 'base', 'foot', 'lower part'),
    'knob': ('knob',),
    'button': ('button',),
    'lever': ('lever',),
    'arm': ('arm',),
    'stem': ('stem', 'stalk'),
    'shackle': ('shackle',),
    'band': ('band', 'headband'),
    'screen': ('screen', 'display'),
}

PLAIN_PARTS: tuple[str, ...] = ('top', 'bottom', 'edge', 'base', 'back', 'tip', 'bit', 'arm')
"""Part words that count only after a preposition ('by the top'), being common otherwise."""

PLAIN_WORDS: frozenset[str] = frozenset(
    word
    for words in (
        'a an any the this that which there it its them one ones',
        'object objects thing things item items',
        'i me my we us you your robot hand table side please just now then',
        'can could do is are need want will would like let',
        'bring catch fetch give get grab grasp hold lift move pass pick place put raise take',
        'and at by down for from in of off on onto or over to up with',
    )
    for word in words.split()
)
"""Words that say nothing about what the object is."""
