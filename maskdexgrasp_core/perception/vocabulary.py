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
    'spoon': ('spoon', 'ladle'),
    'spatula': ('spatula', 'turner'),
    'scissors': ('scissors', 'shears'),
    'teapot': ('teapot', 'kettle', 'pitcher', 'jug'),
    'phone': ('phone', 'smartphone', 'mobile phone', 'remote', 'remote control'),
    'banana': ('banana',),
    'wrench': ('wrench', 'spanner'),
    'toothbrush': ('toothbrush', 'brush'),
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
    'handle': ('handle', 'grip', 'shaft', 'haft', 'handles'),
    'rim': ('rim', 'edge', 'lip', 'brim'),
    'lid': ('lid', 'cover'),
    'cap': ('cap', 'stopper', 'cork'),
    'neck': ('neck',),
    'head': ('head', 'nozzle', 'trigger', 'lens', 'tip', 'bit', 'chuck'),
    'blade': ('blade',),
    'body': ('body', 'wall', 'barrel', 'belly'),
    'top': ('top', 'upper part', 'upper end'),
    'bottom': ('bottom', 'base', 'foot', 'lower part'),
}

PLAIN_PARTS: tuple[str, ...] = ('top', 'bottom', 'edge', 'base', 'back', 'tip', 'bit')
"""Part words that count only after a preposition ('by the top'), being common otherwise."""
