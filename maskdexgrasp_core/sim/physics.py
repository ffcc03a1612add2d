"""Numbers of the physics: solver, contacts and actuators.

They decide whether a grasp holds: with the defaults an object creeps about 0.4 mm in 2.5 s in
the closed hand; with MuJoCo's own (impratio 1, contact solref 0.02) it creeps tens of
millimetres or falls.
"""

from dataclasses import dataclass, field

MAX_FRICTION = 0.8
"""Largest sliding friction that any contact with an object may have."""


@dataclass(frozen=True, kw_only=True)
class ArmGainsCfg:
    """Position servos of the arm, joint1 to joint7."""

    kp: tuple[float, ...] = (4000.0, 4000.0, 3000.0, 3000.0, 2000.0, 1500.0, 1500.0)
    """Stiffness [N m / rad]."""
    damping_ratio: float = 1.0
    """Of each servo with the inertia at the zero pose; 1 is critical."""
    force_limits: tuple[float, ...] = (50.0, 50.0, 30.0, 30.0, 30.0, 20.0, 20.0)
    """[N m]."""
    armature: float = 0.1
    """Reflected rotor inertia [kg m^2]."""
    damping: float = 1.0
    """Viscous friction [N m s / rad]."""


@dataclass(frozen=True, kw_only=True)
class MotorGainsCfg:
    """Position servo of one hand motor; it carries the joints that follow it by mimic."""

    kp: float
    """Stiffness [N m / rad]."""
    kv: float
    """Damping [N m s / rad]."""
    force_limit: float
    """Largest torque at the motor joint [N m]; a command may ask for less."""


@dataclass(frozen=True, kw_only=True)
class HandGainsCfg:
    """Servos of the hand: compliant fingers, a stiff thumb (as non-backdrivable drives have)."""

    finger: MotorGainsCfg = field(
        default_factory=lambda: MotorGainsCfg(kp=5.0, kv=0.15, force_limit=2.0)
    )
    thumb: MotorGainsCfg = field(
        default_factory=lambda: MotorGainsCfg(kp=40.0, kv=0.6, force_limit=6.0)
    )
    armature: float = 0.001
    """[kg m^2]; far less makes the mimic chain unstable at 2 ms."""
    damping: float = 0.02
    """[N m s / rad]."""


@dataclass(frozen=True, kw_only=True)
class PhysicsCfg:
    """Solver, contacts and gains of one world."""

    timestep_s: float = 0.002
    impratio: float = 100.0
    """Friction over normal impedance in the elliptic cones; 10 holds, 100 creeps less."""
    iterations: int = 20
    """Of the Newton solver, at most."""
    contact_time_constant_s: float = 0.004
    """First number of the contacts' solref; at least two time steps."""
    contact_impedance: tuple[float, float] = (0.95, 0.99)
    """First two numbers of the contacts' solimp."""
    equality_time_constant_s: float = 0.004
    """First number of the mimic constraints' solref."""
    torsional_friction_m: float = 0.003
    """Ratio of twisting torque to normal force [m]: a small fingertip patch."""
    robot_friction: float = 0.3
    """Sliding friction of robot against table and itself; objects bring their own."""
    arm: ArmGainsCfg = field(default_factory=ArmGainsCfg)
    hand: HandGainsCfg = field(default_factory=HandGainsCfg)
