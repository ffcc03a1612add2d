"""Protocols of the hold check: what "the grasp succeeds" means, with every number in one place.

The field has no one definition of Suc. Each protocol here is named after the code that published
it and says where it departs. Forces act on the object in the six directions of its own frame.
"""

from dataclasses import dataclass, replace
from typing import Literal

from maskdexgrasp_core.errors import UnknownNameError

DIRECTIONS: tuple[str, ...] = ('+x', '-x', '+y', '-y', '+z', '-z')
"""Of the load, in the object's frame, in the order of every `held` array."""
GRAVITY = 9.81
"""[m/s^2]."""
REST_S = 0.1
"""[s]; see `HoldProtocol.rest_motion_m`."""


@dataclass(frozen=True, kw_only=True)
class HoldProtocol:
    """One way to try whether a hand holds an object."""

    name: str
    timestep_s: float = 0.004
    friction: float = 0.6
    """Sliding friction coefficient of the object with everything."""
    torsional_friction_m: float = 0.02
    """Twisting torque over normal force [m]."""
    impratio: float = 10.0
    contact_time_constant_s: float = 0.008
    """First number of solref; MuJoCo asks for two time steps at least."""
    contact_impedance: tuple[float, float] = (0.9, 0.95)
    """First two numbers of solimp."""
    mass_kg: float | None = 0.1
    """Of the object; None: `density` times its volume."""
    density: float = 500.0
    """[kg/m^3], where `mass_kg` is None."""
    load_per_weight: float = 1.0
    """Load in each direction, in multiples of the weight."""
    kp: float = 3.0
    """Stiffness of the servo of every joint [N m / rad]."""
    damping: float = 0.2
    """Of every joint [N m s / rad]."""
    torque_limit_nm: float = 3.0
    """Of every servo [N m]."""
    starts_open: bool = False
    """Begin at the mirror image of the squeeze, as far open as the squeeze is closed."""
    ramp_s: float = 0.25
    """Time from the grasp to the squeeze [s]."""
    settle_s: float = 0.25
    """Time at the squeeze before the load [s]."""
    hold_s: float = 1.0
    """Time under load in each direction [s]."""
    rest_motion_m: float = 0.0
    """An object that moves less than this in `REST_S` under load counts as held until the end
    [m]; 0: the whole time is simulated."""
    max_start_penetration_m: float = 0.01
    """Deeper overlap of hand and object at the start fails [m]."""
    max_shift_m: float = 0.05
    """Further motion of the object's centre fails [m]; infinite: only contact counts."""
    max_turn_deg: float = 15.0
    """Further turning of the object fails [deg]; infinite: only contact counts."""
    verdict: Literal['all', 'any'] = 'all'
    """How many of the directions a success needs."""
    max_penetration_m: float = float('inf')
    """Grasps deeper than this in the object fail, however well they hold [m]."""

    def scaled_time(self, *, timestep: float, hold: float) -> 'HoldProtocol':
        """Return the protocol with time step and hold time multiplied by factors > 0."""
        return replace(self, timestep_s=self.timestep_s * timestep, hold_s=self.hold_s * hold)


PROTOCOLS: dict[str, HoldProtocol] = {
    protocol.name: protocol
    for protocol in (
        HoldProtocol(name='tdg'),
        HoldProtocol(name='tdg-quick', rest_motion_m=0.0003),
        HoldProtocol(name='tdg-any', verdict='any'),
        HoldProtocol(name='tdg-5mm', max_penetration_m=0.005),
        HoldProtocol(
            name='dexgraspbench',
            kp=5.0,
            damping=0.1,
            starts_open=True,
            ramp_s=0.8,
            settle_s=0.0,
            hold_s=2.0,
            load_per_weight=10.0 / GRAVITY,
        ),
        HoldProtocol(
            name='dexgraspnet',
            friction=3.0,
            mass_kg=None,
            kp=20.0,
            ramp_s=0.25,
            settle_s=0.0,
            hold_s=1.67,
            max_shift_m=float('inf'),
            max_turn_deg=float('inf'),
        ),
        HoldProtocol(
            name='ugg',
            friction=3.0,
            mass_kg=None,
            kp=20.0,
            ramp_s=0.25,
            settle_s=0.0,
            hold_s=1.67,
            max_shift_m=float('inf'),
            max_turn_deg=float('inf'),
            verdict='any',
            max_penetration_m=0.005,
        ),
    )
}
"""Name -> protocol.

- `tdg`: ours; `tdg-any`, `tdg-5mm` are its lenient and its penetration-limited form;
  `tdg-quick`, which the dataset's labels passed, stops early where nothing moves any more.
- `dexgraspbench`: mu 0.6, 0.1 kg, 1 N in six directions for 2 s, 5 cm and 15 deg, from the open
  hand over the grasp to the squeeze (JYChen18/DexGraspBench, tabletop excluded).
- `dexgraspnet`, `ugg`: mu 3, 500 kg/m^3, gravity from six sides for 1.67 s, contact at the end
  counts (PKU-EPIC/DexGraspNet; Jiaxin-Lu/ugg with its 5 mm limit and any-of-six). Their servo
  (PhysX, kp 1000, kd 0) has no counterpart in MuJoCo: 20 N m/rad stand for a stiff hand.
"""


def load_protocol(name: str) -> HoldProtocol:
    """Return the protocol called `name`.

    Raises:
        UnknownNameError: If there is none; the message lists those that exist.
    """
    if name not in PROTOCOLS:
        raise UnknownNameError('protocol', name, list(PROTOCOLS))
    return PROTOCOLS[name]
