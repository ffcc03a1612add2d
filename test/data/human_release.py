"""Writes small releases in the formats of AffordPose and OakInk-Shape, and a MANO file.

Nothing in them is taken from the releases: a hand with the published kinematics is closed around
shapes of our own. `python test/data/human_release.py FOLDER` writes both, for a look at them.
"""

import json
import pickle
import sys
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import trimesh
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.dataset.sources import affordpose_hand
from maskdexgrasp_core.geometry.rotations import matrix_to_quat_wxyz
from maskdexgrasp_core.geometry.signed_distance import GridSignedDistance
from maskdexgrasp_core.geometry.transforms import make_transform, transform_points

Array = NDArray[np.float64]
FINGER_RADIUS_M = 0.007
TIP_RADIUS_M = 0.004
PALM_RADIUS_M = 0.014
Y_UP = Rotation.from_rotvec([-np.pi / 2, 0, 0]).as_matrix()
"""Turns our z-up objects into the y-up meshes of AffordPose."""
MANO_TIPS = (745, 317, 444, 556, 673)


@dataclass(frozen=True, eq=False)
class Hand:
    """A human hand on an object, frame of the object with z up."""

    pose: Array
    """(4, 4) of the palm [m]."""
    dofs: Array
    """(16,) [rad]."""

    @property
    def keypoints(self) -> Array:
        """(21, 3) [m]."""
        return transform_points(self.pose, affordpose_hand.keypoints(self.dofs[None])[0])


def closed_hand(
    mesh: trimesh.Trimesh, *, height: float, azimuth: float, tilt: float = 0.0
) -> Hand:
    """Lay a palm against a shape from the side and bend the fingers until they touch.

    Args:
        mesh: Closed, z up, standing about the z axis [m].
        height: Of the palm [m].
        azimuth: Side from which the palm comes [rad].
        tilt: Turn of the hand about the palm's normal [rad]; at 0 the thumb is up.
    """
    surface = GridSignedDistance.from_mesh(mesh)

    def distance(points: Array) -> Array:
        return surface.distance(torch.as_tensor(points, dtype=torch.float32)).double().numpy()

    outward = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
    up = np.cos(tilt) * np.array([0.0, 0.0, 1.0]) + np.sin(tilt) * np.cross(
        outward, [0.0, 0.0, 1.0]
    )
    rotation = np.stack([np.cross(outward, up), outward, up], axis=1)
    middle = np.array([0.024, 0.002, -0.004])  # of the palm, in its frame

    def pose_at(radius: float) -> Array:
        place = outward * radius + np.array([0.0, 0.0, height])
        return make_transform(rotation, place - rotation @ middle)

    dofs = np.zeros(16)
    palm = _between(affordpose_hand.keypoints(dofs[None])[0][[0, 5, 9, 13, 17]])
    radii = np.arange(0.25, 0.0, -0.002)
    clear = [distance(transform_points(pose_at(r), palm)).min() > PALM_RADIUS_M for r in radii]
    pose = pose_at(float(radii[max(clear.index(False) - 1, 0)] if False in clear else radii[-1]))
    for finger in range(4):
        dofs = _bend(dofs, _finger_postures(finger), finger + 1, pose, distance)
    tips = transform_points(pose, affordpose_hand.keypoints(dofs[None])[0][[8, 12]])
    side = np.cross([0.0, 0.0, 1.0], outward)
    opposite = tips.mean(axis=0) - 2 * (tips.mean(axis=0) @ side) * side
    return Hand(pose, _bend(dofs, _thumb_postures(), 0, pose, distance, opposite))


def _finger_postures(finger: int) -> list[tuple[slice, Array]]:
    columns = slice(3 * finger + 1, 3 * finger + 3)
    steps = np.radians(np.arange(-5.0, 90.0, 5.0))
    return [(columns, np.array([a, b])) for a in steps for b in steps if b > 0.5 * a]


def _thumb_postures() -> list[tuple[slice, Array]]:
    grid = [
        (a, b, c, d)
        for a in np.arange(-10.0, 71.0, 10.0)
        for b in np.arange(-50.0, 26.0, 12.5)
        for c in (0.0, 20.0, 40.0, 60.0)
        for d in (0.0, 25.0, 50.0)
    ]
    return [(slice(12, 16), np.radians(angles)) for angles in grid]


def _bend(
    dofs: Array,
    postures: Sequence[tuple[slice, Array]],
    finger: int,
    pose: Array,
    distance: Callable[[Array], Array],
    target: Array | None = None,
) -> Array:
    """Return the posture that lies closest around the surface with the finger outside of it."""
    tried = np.repeat(dofs[None], len(postures), axis=0)
    for row, (columns, angles) in enumerate(postures):
        tried[row, columns] = angles
    points = affordpose_hand.keypoints(tried)[:, 4 * finger + 1 : 4 * finger + 5]
    chain = np.concatenate([points, (points[:, 1:] + points[:, :-1]) / 2], axis=1)
    gaps = distance(transform_points(pose, chain.reshape(-1, 3))).reshape(len(postures), -1)
    gaps -= np.array([*[FINGER_RADIUS_M] * 3, TIP_RADIUS_M, *[FINGER_RADIUS_M] * 3])
    inside = np.clip(-gaps, 0.0, None)[:, 1:].sum(axis=1)
    cost = np.abs(gaps[:, 3]) + 0.2 * np.abs(gaps[:, 1:3]).sum(axis=1) + 2.0 * inside
    if target is not None:
        cost += 0.5 * np.linalg.norm(transform_points(pose, points[:, 3]) - target, axis=1)
    return tried[int(cost.argmin())]


def _between(points: Array) -> Array:
    pairs = [(a + b) / 2 for a in points for b in points]
    return np.stack(pairs)


def bottle() -> tuple[trimesh.Trimesh, NDArray[np.int64]]:
    """Return a bottle with a cap [m], z up, and AffordPose's label of each vertex."""
    body = trimesh.creation.cylinder(radius=0.032, height=0.15, sections=32)
    body.apply_translation([0, 0, 0.075])
    cap = trimesh.creation.cylinder(radius=0.018, height=0.03, sections=32)
    cap.apply_translation([0, 0, 0.164])
    mesh = trimesh.util.concatenate([body, cap])
    return mesh, np.repeat([5, 6], [len(body.vertices), len(cap.vertices)])


def affordpose_json(
    hand: Hand, mesh: trimesh.Trimesh, labels: NDArray[np.int64], affordance: str
) -> dict[str, object]:
    """Return the content of one file; mesh and hand have z up, the file y up."""
    turn = make_transform(Y_UP, np.zeros(3))
    pose = turn @ hand.pose
    vertices = np.asarray(mesh.vertices) @ Y_UP.T
    lines = [
        f'v {x:.8f} {y:.8f} {z:.8f} {label}\n'
        for (x, y, z), label in zip(vertices, labels, strict=True)
    ]
    lines += ['f {} {} {}\n'.format(*(face + 1)) for face in np.asarray(mesh.faces)]
    skin = transform_points(turn, hand.keypoints)  # the release has 946 vertices here
    return {
        'rhand_mesh': ['v {:.8f} {:.8f} {:.8f}\n'.format(*point) for point in skin],
        'dofs': hand.dofs.tolist(),
        'rhand_trans': (1000.0 * pose[:3, 3]).tolist(),
        'rhand_quat': matrix_to_quat_wxyz(pose[:3, :3]).tolist(),
        'object_mesh': lines,
        'trans_obj': [0, 0, 0],
        'quat_obj': [1, 0, 0, 0],
        'afford_name': affordance,
        'class_name': 'bottle',
    }


def write_affordpose(root: Path, azimuths: Sequence[float] = (0.3, 2.0)) -> list[Hand]:
    """Write AffordPose/bottle/3415 with wrap-grasps and one twist; return the hands in order."""
    mesh, labels = bottle()
    folder = root / 'AffordPose' / 'bottle' / '3415'
    hands = []
    for affordance, height, sides in (
        ('Twist', 0.13, azimuths[:1]),
        ('Wrap-grasp', 0.08, azimuths),
    ):
        for number, azimuth in enumerate(sides, start=1):
            hands.append(closed_hand(mesh, height=height, azimuth=azimuth))
            path = folder / f'3415_{affordance}' / f'{number}.json'
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(affordpose_json(hands[-1], mesh, labels, affordance)))
    return hands


def mano_rotations(dofs: Array) -> Array:
    """Return the 15 finger rotations of a MANO hand that stands like these angles, (15, 3, 3).

    Each is relative to its parent, and to the hand with all angles at zero.
    """
    locals_ = []
    for finger in (affordpose_hand.FINGERS[index + 1 if index < 4 else 0] for index in range(5)):
        chain, rest = (np.asarray(finger.base_rows) for _ in range(2))
        turns, before = [], np.eye(3)
        for index, joint in enumerate(finger.joints):
            chain = chain @ joint.transforms(dofs[None])[0, :3, :3]
            rest = rest @ joint.transforms(np.zeros((1, 16)))[0, :3, :3]
            if index > 0:
                turned = chain @ np.linalg.inv(rest)
                turns.append(before.T @ turned)
                before = turned
        locals_.append(turns)
    index, middle, ring, little, thumb = locals_
    return np.concatenate([index, middle, little, ring, thumb])


def mano_entries() -> dict[str, object]:
    """Return a hand in MANO's form: 778 vertices of which joints and tips alone mean anything."""
    rng = np.random.default_rng(0)
    points = affordpose_hand.keypoints(np.zeros((1, 16)))[0]
    fingers = {name: points[4 * i + 1 : 4 * i + 5] for i, name in enumerate('timrl')}
    joints = np.concatenate([points[:1], *(fingers[name][:3] for name in 'imlrt')])
    template = rng.normal(scale=0.05, size=(778, 3))
    template[:16] = joints
    template[list(MANO_TIPS)] = [fingers[name][3] for name in 'timrl']
    weights = np.full((778, 16), 1.0 / 16)
    weights[list(MANO_TIPS)] = np.eye(16)[[15, 3, 6, 12, 9]]
    shapes = rng.normal(scale=0.001, size=(778, 3, 10))
    parents = [4294967295, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14]
    return {
        'v_template': template,
        'shapedirs': shapes,
        'posedirs': np.zeros((778, 3, 135)),
        'weights': weights,
        'J_regressor': sparse.csc_matrix(np.eye(16, 778)),
        'kintree_table': np.array([parents, range(16)], dtype=np.int64),
        'f': np.zeros((1538, 3), dtype=np.uint32),
        'hands_mean': np.zeros(45),
        'bs_type': 'lrotmin',
    }


def write_mano(path: Path, entries: dict[str, object] | None = None) -> None:
    """Write a file as Python 2 with chumpy and scipy did: `shapedirs` is a chumpy selection."""
    modules = {name: types.ModuleType(name) for name in ('chumpy', 'chumpy.ch')}
    modules['chumpy.reordering'] = types.ModuleType('chumpy.reordering')
    leaf = type('Ch', (), {'__module__': 'chumpy.ch'})
    selection = type('Select', (), {'__module__': 'chumpy.reordering'})
    modules['chumpy.ch'].Ch = leaf  # type: ignore[attr-defined]
    modules['chumpy.reordering'].Select = selection  # type: ignore[attr-defined]
    known = dict(sys.modules)
    content = dict(entries or mano_entries())
    shapes = np.asarray(content['shapedirs'])
    numbers, chosen = leaf(), selection()
    numbers.__dict__.update(x=shapes.ravel()[::-1].copy(), _dirty_vars=set(), _itr=None)
    order = np.arange(shapes.size)[::-1]
    chosen.__dict__.update(a=numbers, idxs=order, preferred_shape=shapes.shape)
    content['shapedirs'] = chosen
    sys.modules.update(modules)
    try:
        path.write_bytes(pickle.dumps(content, protocol=2))
    finally:
        for name in modules:
            sys.modules.pop(name)
        sys.modules.update({name: known[name] for name in modules if name in known})


def mano_parameters(hand: Hand, encoding: int) -> dict[str, Array]:
    """Return the content of `hand_param.pkl` with 48 or 64 numbers for the pose."""
    rotations = np.concatenate([hand.pose[None, :3, :3], mano_rotations(hand.dofs)])
    turned = Rotation.from_matrix(rotations)
    pose = turned.as_rotvec() if encoding == 48 else turned.as_quat(scalar_first=True)
    return {
        'pose': pose.ravel().astype(np.float32) if encoding == 48 else pose.astype(np.float32),
        'shape': np.zeros(10, dtype=np.float32),
        'tsl': hand.keypoints[0].astype(np.float32),
    }


def write_oakshape(root: Path) -> list[Hand]:
    """Write a release with two bottles, three recorded grasps, one of them also moved.

    The mesh lies off its origin; grasps are in the frame of its centre, as in the release.
    """
    shape = root / 'shape'
    mesh, _ = bottle()
    centre = np.asarray(mesh.bounds).mean(axis=0)
    meta = shape / 'metaV2'
    meta.mkdir(parents=True)
    (meta / 'object_id.json').write_text(json.dumps({'A16012': {'name': 'bottle_real'}}))
    (meta / 'virtual_object_id.json').write_text(json.dumps({'s16101': {'name': 'bottle_1'}}))
    for folder in ('OakInkObjectsV2/bottle_real/align', 'OakInkVirtualObjectsV2/bottle_1/align'):
        (shape / folder).mkdir(parents=True)
        mesh.export(shape / folder / 'model_align.obj')
    (shape / 'OakInkObjectsV2/bottle_real/align/scan.obj').write_text('v 0 0 0\n')
    release = shape / 'oakink_shape_v2' / 'bottle' / 'A16012'
    hands = []
    for grasp, intent, people, azimuth, encoding in (
        ('0cc013118e', '0001', '0005', 0.3, 48),
        ('1cc013118e', '0003', '0007', 2.0, 64),
        ('2cc013118e', '0004', '0007_0008', 3.0, 48),
    ):
        hand = closed_hand(mesh, height=0.08, azimuth=azimuth)
        centred = Hand(make_transform(hand.pose[:3, :3], hand.pose[:3, 3] - centre), hand.dofs)
        hands.append(centred)
        folder = release / grasp
        places = [folder, folder / 's16101'] if grasp.startswith('1') else [folder]
        for place in places:
            place.mkdir(parents=True)
            parameters = mano_parameters(centred, encoding)
            (place / 'hand_param.pkl').write_bytes(pickle.dumps(parameters, protocol=4))
        source = f'pass1/A16012_{intent}_{people}/2021-09-26-19-59-58'
        (folder / 'source.txt').write_text(source)
    return hands


if __name__ == '__main__':
    out = Path(sys.argv[1])
    write_affordpose(out)
    write_oakshape(out / 'OakInk')
    write_mano(out / 'MANO_RIGHT.pkl')
