"""The Shadow Dexterous Hand, right: the hand in which grasps are generated.

Root `rh_palm`: +z towards the fingers, -y out of the palm, +x to the thumb and index side.
Names of links and joints are those of the MuJoCo Menagerie model.
"""

import numpy as np

from maskdexgrasp_core.geometry.urdf import RobotDescription, Shape
from maskdexgrasp_core.hands.spec import ContactCandidate, HandSpec, Sphere, Vector
from maskdexgrasp_core.hands.surfaces import finger_pads, inner_spheres, palm_pads

_URDF = 'urdf/shadow_hand_right.urdf'
_FINGERS = {'index': 'ff', 'middle': 'mf', 'ring': 'rf', 'little': 'lf'}


_PALM_BLOCKS: tuple[tuple[Vector, Vector, float], ...] = (
    ((-0.002, 0.0, 0.038), (0.036, 0.024, 0.098), 1.35),
    ((0.0315, -0.0085, 0.001), (0.021, 0.027, 0.024), 1.35),
    ((0.029, 0.0, 0.082), (0.026, 0.024, 0.010), 2.0),
    ((0.0265, -0.001, 0.070), (0.022, 0.014, 0.014), 1.35),
    ((0.029, 0.0085, 0.037), (0.026, 0.007, 0.048), 3.0),
    ((-0.030, 0.0, 0.009), (0.020, 0.024, 0.040), 1.35),
)
"""Centre, size [m] and sphere spacing of blocks inside the palm.

The palm's own boxes include thin plates that lie against others; filling each alone would take
450 small spheres.
"""


def _spheres(description: RobotDescription) -> tuple[Sphere, ...]:
    fingers = [s for s in description.collisions if s.link != 'rh_palm']
    spheres = list(inner_spheres(fingers, max_radius=0.012))
    for center, size, spacing in _PALM_BLOCKS:
        pose = np.eye(4)
        pose[:3, 3] = center
        block = Shape(
            link='rh_palm', kind='box', size=size, T_link_shape=pose, rgba=(0.0, 0.0, 0.0, 1.0)
        )
        spheres += inner_spheres([block], max_radius=0.012, spacing=spacing)
    return tuple(spheres)


def _finger_links(code: str) -> tuple[str, ...]:
    names = ('knuckle', 'proximal', 'middle', 'distal')
    return tuple(f'rh_{code}{n}' for n in names)


def _candidates(description: RobotDescription) -> tuple[ContactCandidate, ...]:
    points = [
        *finger_pads(
            description, 'rh_thdistal', 'thumb', (1, 0, 0),
            fractions=(0.2, 0.5, 0.8), with_tip=True, side_fractions=(0.3, 0.75),
        ),
        *finger_pads(description, 'rh_thmiddle', 'thumb', (0, -1, 0), fractions=(0.0, 0.6)),
    ]  # fmt: skip
    for part, code in _FINGERS.items():
        points += finger_pads(
            description, f'rh_{code}distal', part, (1, 0, 0),
            fractions=(0.2, 0.5, 0.8), with_tip=True, side_fractions=(0.3, 0.75),
        )  # fmt: skip
        points += finger_pads(
            description, f'rh_{code}middle', part, (1, 0, 0), fractions=(0.25, 0.75)
        )
        points += finger_pads(
            description, f'rh_{code}proximal', part, (1, 0, 0), fractions=(0.4, 0.85)
        )
    skin = [(x, -0.012, z) for x in (-0.010, 0.006) for z in (0.022, 0.042, 0.062, 0.080)]
    points += palm_pads('rh_palm', [*skin, (0.029, -0.012, 0.082)], (0, -1, 0))
    points += palm_pads('rh_lfmetacarpal', [(0.002, -0.012, z) for z in (0.02, 0.045)], (0, -1, 0))
    return tuple(points)


def _make() -> HandSpec:
    description = RobotDescription(_URDF)
    finger = (0.0, 0.1, 0.1, 0.1)
    return HandSpec(
        name='shadow',
        urdf=_URDF,
        root_link='rh_palm',
        joint_names=description.independent_joints(),
        parts={
            'palm': ('rh_palm', 'rh_lfmetacarpal'),
            'thumb': tuple(f'rh_th{n}' for n in ('base', 'proximal', 'hub', 'middle', 'distal')),
            **{part: _finger_links(code) for part, code in _FINGERS.items()},
        },
        fingertip_links=('rh_thtip', 'rh_fftip', 'rh_mftip', 'rh_rftip', 'rh_lftip'),
        palm_point=(0.006, -0.012, 0.060),
        palm_normal=(0.0, -1.0, 0.0),
        contact_candidates=_candidates(description),
        spheres=_spheres(description),
        open_positions=np.array([*finger * 3, 0.0, *finger, 0.0, 1.1, 0.0, 0.0, 0.1]),
        nested_links=(
            ('rh_thmiddle', 'rh_thproximal'),
            *((f'rh_{code}proximal', 'rh_palm') for code in ('ff', 'mf', 'rf')),
            ('rh_lfmetacarpal', 'rh_lfproximal'),
        ),
    )


SHADOW = _make()
"""22 joints, one per degree of freedom."""
