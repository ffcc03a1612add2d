"""The hands: what they are made of, where their surfaces touch, how they move."""

from maskdexgrasp_core.hands.freedom import FREEDOM
from maskdexgrasp_core.hands.kinematics import HandKinematics, HandPoints
from maskdexgrasp_core.hands.mesh import hand_mesh
from maskdexgrasp_core.hands.registry import HANDS, load_hand
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.hands.spec import PARTS, ContactCandidate, HandSpec, Sphere

__all__ = [
    'FREEDOM',
    'HANDS',
    'PARTS',
    'SHADOW',
    'ContactCandidate',
    'HandKinematics',
    'HandPoints',
    'HandSpec',
    'Sphere',
    'hand_mesh',
    'load_hand',
]
