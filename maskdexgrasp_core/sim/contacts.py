"""Contacts between the hand and objects, read from the physics for diagnosis."""

from dataclasses import dataclass

import mujoco
import numpy as np

from maskdexgrasp_core.types import Array


@dataclass(frozen=True, kw_only=True)
class HandContact:
    """One point where a link of the hand touches an object."""

    link: str
    """Body of the hand."""
    object_name: str
    position: Array
    """(3,) [m], base frame."""
    force: Array
    """(3,) [N] that the hand exerts on the object, base frame."""
    depth_m: float
    """How deep the shapes overlap [m], >= 0."""


def hand_bodies(model: mujoco.MjModel, hand_root: str) -> set[int]:
    """Return the ids of body `hand_root` and of all bodies below it."""
    bodies = {model.body(hand_root).id}
    for body in range(model.nbody):  # parents come before their children
        if model.body_parentid[body] in bodies and body:
            bodies.add(body)
    return bodies


def read_hand_contacts(
    model: mujoco.MjModel, data: mujoco.MjData, hand_root: str, objects: set[int]
) -> list[HandContact]:
    """Return the contacts of the hand's bodies with the bodies `objects`."""
    hand = hand_bodies(model, hand_root)
    found = []
    for index in range(data.ncon):
        contact = data.contact[index]
        first, second = (int(model.geom_bodyid[geom]) for geom in contact.geom)
        if first in hand and second in objects:
            link, target, sign = first, second, 1.0
        elif second in hand and first in objects:
            link, target, sign = second, first, -1.0
        else:
            continue
        wrench = np.zeros(6)
        mujoco.mj_contactForce(model, data, index, wrench)  # on the second body, contact frame
        found.append(
            HandContact(
                link=model.body(link).name,
                object_name=model.body(target).name,
                position=contact.pos.copy(),
                force=sign * contact.frame.reshape(3, 3).T @ wrench[:3],
                depth_m=max(0.0, -float(contact.dist)),
            )
        )
    return found
