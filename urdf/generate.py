"""Writes the URDFs of this folder from the numbers in `specs/`.

Run `python urdf/generate.py` after editing a specification; a test compares the committed files
with what this program makes. A capsule becomes a cylinder and two spheres (URDF has no capsule),
named `<shape>_body`, `<shape>_cap0` and `<shape>_cap1` so that a reader can join them again.
"""

import argparse
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import yaml
from numpy.typing import NDArray

FOLDER = Path(__file__).resolve().parent
ROBOTS = ('xarm7', 'freedom_hand', 'shadow_hand_right', 'xarm7_freedom')

Node = dict[str, Any]
"""One mapping of a specification file."""


@dataclass
class Model:
    """Links by name, joints in order, materials by name."""

    name: str
    materials: dict[str, list[float]] = field(default_factory=dict)
    links: dict[str, Node] = field(default_factory=dict)
    joints: list[Node] = field(default_factory=list)


def load_spec(name: str) -> Node:
    """Read `specs/<name>.yaml`."""
    spec: Node = yaml.safe_load((FOLDER / 'specs' / f'{name}.yaml').read_text())
    return spec


def build_model(name: str) -> Model:
    """Return the links and joints of one of `ROBOTS`."""
    spec = load_spec(name)
    if name == 'freedom_hand':
        return _expand_hand(spec)
    if name == 'xarm7_freedom':
        return _mount(spec)
    return Model(spec['robot'], spec['materials'], spec['links'], spec['joints'])


def box_inertia(mass: float, size: NDArray[np.float64]) -> list[float]:
    """Return ixx, ixy, ixz, iyy, iyz, izz [kg m^2] of a solid box about its centre."""
    x, y, z = (size**2).tolist()
    return [mass * (y + z) / 12, 0, 0, mass * (x + z) / 12, 0, mass * (x + y) / 12]


def bounding_size(shapes: Iterable[Node]) -> NDArray[np.float64]:
    """Return the extents [m] of the axis-aligned box around shapes (turned boxes excluded)."""
    corners = []
    for shape in shapes:
        if shape['kind'] == 'box':
            half = np.array(shape['size']) / 2
            corners += [np.array(shape['xyz']) - half, np.array(shape['xyz']) + half]
        else:
            for end in (shape['from'], shape['to']):
                corners += [np.array(end) - shape['radius'], np.array(end) + shape['radius']]
    return np.ptp(np.array(corners), axis=0)


def _add_solid(model: Model, link: str, body: Node, shapes: list[Node]) -> None:
    solid = [s for s in shapes if s.get('use') != 'visual']
    inertia = box_inertia(body['mass'], bounding_size(solid))
    inertial = {'mass': body['mass'], 'com': body['com'], 'inertia': inertia}
    model.links[link] = {'inertial': inertial, 'shapes': shapes}


def _expand_hand(spec: Node) -> Model:
    """Make the links and joints of the six-motor hand from its parameters."""
    model = Model(spec['robot'], spec['materials'])
    _add_solid(model, spec['palm']['link'], spec['palm'], spec['palm']['shapes'])
    thumb = spec['thumb']
    for link in thumb['links']:
        shape = {k: link[k] for k in ('from', 'to', 'material')}
        shape |= {'kind': 'capsule', 'radius': thumb['radius']}
        _add_solid(model, link['name'], link, [shape])
    model.links['thumb_tip'] = {}
    model.joints += thumb['joints']
    for part, finger in spec['fingers'].items():
        _expand_finger(model, spec, part, finger)
    return model


def _expand_finger(model: Model, spec: Node, part: str, finger: Node) -> None:
    common, palm = spec['finger'], spec['palm']
    radius, prefix, knuckle = common['radius'], finger['prefix'], np.array(finger['knuckle'])
    proximal, middle, tip = (f'{prefix}_{n}' for n in ('proximal', 'intermediate', 'tip'))
    z = common['centre_z']
    lower = {'kind': 'capsule', 'radius': radius, 'material': 'slate'}
    lower |= {'from': [0, 0, z['proximal']], 'to': [*knuckle[:2].tolist(), z['proximal']]}
    end = [finger['tip'][0], finger['tip'][1] - radius, z['intermediate']]
    upper = lower | {'from': [0, 0, z['intermediate']], 'to': end, 'material': part}
    body = {'mass': common['proximal_mass'], 'com': common['proximal_com']}
    _add_solid(model, proximal, body, [lower])
    _add_solid(model, middle, finger, [upper])
    model.links[tip] = {}
    drive = {k: common[k] for k in ('velocity', 'effort', 'damping')} | {'axis': [0, 0, 1]}
    base = {'parent': palm['link'], 'child': proximal, 'xyz': finger['base']}
    base |= {'rpy': [finger['roll'], 0, 0], 'lower': common['lower'], 'upper': common['upper']}
    coupling = dict(common['coupling'])
    limits = {k: coupling.pop(k) for k in ('lower', 'upper')}
    coupled = {'parent': proximal, 'child': middle, 'xyz': finger['knuckle'], **limits}
    coupled |= {'mimic': {'joint': f'{prefix}_proximal_joint', **coupling}}
    model.joints += [
        {'name': f'{prefix}_proximal_joint', **base, **drive},
        {'name': f'{prefix}_intermediate_joint', **coupled, **drive},
        {'name': f'{prefix}_tip_joint', 'type': 'fixed', 'parent': middle, 'child': tip}
        | {'xyz': finger['tip']},
    ]


def _mount(spec: Node) -> Model:
    """Join arm, adapter and hand."""
    arm, hand, adapter = build_model(spec['arm']), build_model(spec['hand']), spec['adapter']
    materials = {**arm.materials, **hand.materials, **adapter['materials']}
    model = Model(spec['robot'], materials, {**arm.links}, [*arm.joints])
    shape = {'kind': 'cylinder', 'from': [0, 0, 0], 'to': [0, 0, adapter['length']]}
    shape |= {'radius': adapter['radius'], 'material': 'adapter'}
    body = {'mass': adapter['mass'], 'com': [0, 0, adapter['length'] / 2]}
    _add_solid(model, adapter['link'], body, [shape])
    hand_root = load_spec(spec['hand'])['palm']['link']
    fixed = {'type': 'fixed', 'parent': adapter['parent'], 'child': adapter['link']}
    seat = {'type': 'fixed', 'parent': adapter['link'], 'child': hand_root}
    seat |= {'xyz': [0, 0, adapter['length']], 'rpy': adapter['hand_rpy']}
    model.joints += [{'name': 'adapter_joint', **fixed}, {'name': 'hand_joint', **seat}]
    model.joints += hand.joints
    model.links |= hand.links
    return model


def _text(values: float | Iterable[float]) -> str:
    listed = [values] if isinstance(values, int | float) else list(values)
    return ' '.join(_shortest(_tidy(value)) for value in listed)


def _shortest(value: float) -> str:
    """Return the shortest text that reads back as the same number; whole numbers lose the '.0'."""
    return repr(value + 0.0).removesuffix('.0')


def _tidy(value: float) -> float:
    """Drop the last bits, which differ between processors; right angles keep all of them."""
    rounded = float(f'{value:.10g}')
    quarter = round(value / (np.pi / 2))
    return float(quarter * (np.pi / 2)) if abs(value - quarter * (np.pi / 2)) < 1e-12 else rounded


def _pieces(shape: Node) -> list[tuple[str, list[float], list[float], str, dict[str, Any]]]:
    """Split a shape into URDF primitives: name suffix, xyz, rpy, tag, attributes."""
    kind = shape['kind']
    if kind == 'box':
        return [('', shape['xyz'], shape.get('rpy', [0, 0, 0]), 'box', {'size': shape['size']})]
    radius = {'radius': shape['radius']}
    if kind == 'sphere':
        return [('', shape['xyz'], [0, 0, 0], 'sphere', radius)]
    start, end = np.array(shape['from'], float), np.array(shape['to'], float)
    length = float(np.linalg.norm(end - start))
    x, y, z = ((end - start) / length).tolist()
    rpy = [0.0, float(np.arctan2(np.hypot(x, y), z)), float(np.arctan2(y, x)) if x or y else 0.0]
    size = {**radius, 'length': length}
    body = ('', ((start + end) / 2).tolist(), rpy, 'cylinder', size)
    if kind == 'cylinder':
        return [body]
    caps = [
        (f'_cap{i}', p.tolist(), [0.0] * 3, 'sphere', radius) for i, p in enumerate((start, end))
    ]
    return [('_body', *body[1:]), *caps]


def _origin(parent: ET.Element, node: Node) -> None:
    xyz, rpy = node.get('xyz', [0, 0, 0]), node.get('rpy', [0, 0, 0])
    ET.SubElement(parent, 'origin', xyz=_text(xyz), rpy=_text(rpy))


def _write_shape(link: ET.Element, tag: str, name: str, shape: Node) -> None:
    for suffix, xyz, rpy, kind, sizes in _pieces(shape):
        element = ET.SubElement(link, tag, name=f'{name}{suffix}')
        _origin(element, {'xyz': xyz, 'rpy': rpy})
        geometry = ET.SubElement(element, 'geometry')
        ET.SubElement(geometry, kind, {k: _text(v) for k, v in sizes.items()})
        if tag == 'visual':
            ET.SubElement(element, 'material', name=shape['material'])


def _write_link(robot: ET.Element, name: str, node: Node) -> None:
    link = ET.SubElement(robot, 'link', name=name)
    inertial = node.get('inertial')
    if inertial:
        element = ET.SubElement(link, 'inertial')
        _origin(element, {'xyz': inertial['com']})
        ET.SubElement(element, 'mass', value=_text(inertial['mass']))
        keys = ('ixx', 'ixy', 'ixz', 'iyy', 'iyz', 'izz')
        values = zip(keys, inertial['inertia'], strict=True)
        ET.SubElement(element, 'inertia', {k: _text(v) for k, v in values})
    for i, shape in enumerate(node.get('shapes', ())):
        _write_shape(link, 'visual', f'{name}_visual{i}', shape)
    for i, shape in enumerate(node.get('shapes', ())):
        if shape.get('use') != 'visual':
            _write_shape(link, 'collision', f'{name}_collision{i}', shape)


def _write_joint(robot: ET.Element, node: Node) -> None:
    kind = node.get('type', 'revolute')
    joint = ET.SubElement(robot, 'joint', name=node['name'], type=kind)
    _origin(joint, node)
    ET.SubElement(joint, 'parent', link=node['parent'])
    ET.SubElement(joint, 'child', link=node['child'])
    if kind == 'fixed':
        return
    ET.SubElement(joint, 'axis', xyz=_text(node['axis']))
    limit = {k: _text(node[k]) for k in ('lower', 'upper', 'effort', 'velocity')}
    ET.SubElement(joint, 'limit', limit)
    friction = _text(node.get('friction', 0.0))
    ET.SubElement(joint, 'dynamics', damping=_text(node['damping']), friction=friction)
    if 'mimic' in node:
        source = {'joint': node['mimic']['joint']}
        numbers = {k: _text(node['mimic'][k]) for k in ('multiplier', 'offset')}
        ET.SubElement(joint, 'mimic', source | numbers)


def to_urdf(model: Model) -> str:
    """Return the URDF of a model as indented text.

    The `<mujoco>` element keeps fixed links and visual shapes when MuJoCo reads the file.
    """
    robot = ET.Element('robot', name=model.name)
    compiler = {'fusestatic': 'false', 'discardvisual': 'false', 'balanceinertia': 'false'}
    ET.SubElement(ET.SubElement(robot, 'mujoco'), 'compiler', compiler)
    for name, rgba in model.materials.items():
        material = ET.SubElement(robot, 'material', name=name)
        ET.SubElement(material, 'color', rgba=_text(rgba))
    for name, node in model.links.items():
        _write_link(robot, name, node)
    for joint in model.joints:
        _write_joint(robot, joint)
    ET.indent(robot)
    header = f'<?xml version="1.0"?>\n<!-- Made by generate.py from specs/{model.name}.yaml. -->\n'
    return header + ET.tostring(robot, encoding='unicode') + '\n'


def main() -> None:
    """Write every URDF into this folder, or elsewhere with --out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', type=Path, default=FOLDER, help='folder to write into')
    out = parser.parse_args().out
    for name in ROBOTS:
        (out / f'{name}.urdf').write_text(to_urdf(build_model(name)))


if __name__ == '__main__':
    main()
