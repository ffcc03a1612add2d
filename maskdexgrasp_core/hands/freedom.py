"""The six-motor hand on the arm: thumb rotation, thumb flexion and one motor per finger.

Root `hand_base_link`: fingers along -y, -x out of the palm, -z to the index side. The other six
joints follow their motors (mimic joints of the URDF).
"""

import numpy as np

from maskdexgrasp_core.geometry.urdf import RobotDescription
from maskdexgrasp_core.hands.spec import ContactCandidate, HandSpec
from maskdexgrasp_core.hands.surfaces import finger_pads, inner_spheres, palm_pads

_URDF = 'urdf/freedom_hand.urdf'
_FINGERS = {'index': 'index', 'middle': 'middle', 'ring': 'ring', 'little': 'pinky'}
_THUMB = ('thumb_proximal_base', 'thumb_proximal', 'thumb_intermediate', 'thumb_distal')


def _candidates(description: RobotDescription) -> tuple[ContactCandidate, ...]:
    points = [
        *finger_pads(
            description, 'thumb_distal', 'thumb', (0, 0, 1),
            fractions=(0.3, 0.7, 1.0), with_tip=True, side_fractions=(0.5, 1.0),
        ),
        *finger_pads(
            description, 'thumb_intermediate', 'thumb', (0, 0, 1), fractions=(0.3, 0.8)
        ),
    ]  # fmt: skip
    for part, code in _FINGERS.items():
        points += finger_pads(
            description, f'{code}_intermediate', part, (0, 0, 1),
            fractions=(0.3, 0.55, 0.8, 1.0), with_tip=True, side_fractions=(0.6, 1.0),
        )  # fmt: skip
        points += finger_pads(
            description, f'{code}_proximal', part, (0, 0, 1), fractions=(0.35, 0.75)
        )
    lower = [(-0.02275, y, z) for y in (-0.058, -0.078) for z in (0.0, 0.020)]
    upper = [(-0.0161, y, z) for y in (-0.100, -0.120) for z in (-0.028, -0.010, 0.010, 0.028)]
    points += palm_pads('hand_base_link', [*lower, *upper], (-1, 0, 0))
    return tuple(points)


def _make() -> HandSpec:
    description = RobotDescription(_URDF)
    return HandSpec(
        name='freedom',
        urdf=_URDF,
        root_link='hand_base_link',
        joint_names=description.independent_joints(),
        parts={
            'palm': ('hand_base_link',),
            'thumb': _THUMB,
            **{p: (f'{c}_proximal', f'{c}_intermediate') for p, c in _FINGERS.items()},
        },
        fingertip_links=('thumb_tip', 'index_tip', 'middle_tip', 'ring_tip', 'pinky_tip'),
        palm_point=(-0.0161, -0.105, 0.0),
        palm_normal=(-1.0, 0.0, 0.0),
        contact_candidates=_candidates(description),
        spheres=inner_spheres(description.collisions, max_radius=0.012),
        open_positions=np.array([1.1, 0.0, 0.0, 0.0, 0.0, 0.0]),
        nested_links=(('hand_base_link', 'thumb_proximal'),),
    )


FREEDOM = _make()
"""Six motors in the order thumb rotation, thumb flexion, index, middle, ring, little."""
