"""Reads robot descriptions (URDF): joints, limits, mimic rules and primitive shapes."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytorch_kinematics
import torch
import trimesh
from scipy.spatial.transform import Rotation

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.resources import resource_path
from maskdexgrasp_core.types import Array


@dataclass(frozen=True, kw_only=True)
class Mimic:
    """A coupled joint follows `multiplier * source + offset`."""

    source: str
    multiplier: float
    offset: float
    """[rad]"""


@dataclass(frozen=True, kw_only=True)
class Joint:
    """One joint of the tree; limits are zero for fixed joints."""

    name: str
    kind: str
    """'revolute' or 'fixed'."""
    parent: str
    child: str
    axis: Array
    """(3,) unit vector in the child frame."""
    lower: float
    upper: float
    """[rad]"""
    velocity: float
    """[rad/s]"""
    effort: float
    """[N m]"""
    mimic: Mimic | None


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A primitive in the frame of its link: the axis of cylinders and capsules is local z."""

    link: str
    kind: str
    """'box', 'sphere', 'cylinder' or 'capsule'."""
    size: tuple[float, ...]
    """Box: three edge lengths; sphere: radius; cylinder, capsule: radius, axis length [m]."""
    T_link_shape: Array
    """(4, 4)"""
    rgba: tuple[float, float, float, float]

    def mesh(self) -> trimesh.Trimesh:
        """Return a closed mesh in the frame of the link [m]."""
        if self.kind == 'box':
            mesh = trimesh.creation.box(extents=self.size)
        elif self.kind == 'sphere':
            mesh = trimesh.creation.icosphere(subdivisions=2, radius=self.size[0])
        elif self.kind == 'cylinder':
            mesh = trimesh.creation.cylinder(radius=self.size[0], height=self.size[1], sections=32)
        else:
            mesh = trimesh.creation.capsule(
                radius=self.size[0], height=self.size[1], count=[20, 20]
            )
            # The library puts the lower end of the axis at the origin in some versions.
            mesh.apply_translation([0.0, 0.0, -mesh.bounds.mean(axis=0)[2]])
        mesh.apply_transform(self.T_link_shape)
        return mesh


class RobotDescription:
    """A parsed URDF file.

    Args:
        relative: Path below the share folder, e.g. 'urdf/xarm7.urdf'.
    """

    def __init__(self, relative: str) -> None:
        self.path: Path = resource_path(relative)
        self._root = ET.parse(self.path).getroot()
        self.name: str = self._root.attrib['name']
        self.links: tuple[str, ...] = tuple(e.attrib['name'] for e in self._root.findall('link'))
        self.joints: dict[str, Joint] = {
            e.attrib['name']: _read_joint(e) for e in self._root.findall('joint')
        }
        """By name, in the order of the file."""

    @cached_property
    def collisions(self) -> tuple[Shape, ...]:
        """Solid shapes, in the order of the file."""
        return _read_shapes(self._root, 'collision')

    @cached_property
    def visuals(self) -> tuple[Shape, ...]:
        """Coloured shapes, in the order of the file."""
        return _read_shapes(self._root, 'visual')

    @property
    def root_link(self) -> str:
        """The one link that is no joint's child."""
        children = {joint.child for joint in self.joints.values()}
        return next(link for link in self.links if link not in children)

    def independent_joints(self) -> tuple[str, ...]:
        """Return the names of moving joints that follow no other, in the order of the file."""
        joints = self.joints.values()
        return tuple(j.name for j in joints if j.kind != 'fixed' and j.mimic is None)

    def limits(self, names: tuple[str, ...]) -> tuple[Array, Array]:
        """Return lower and upper limits, each (len(names),) [rad].

        Raises:
            InvalidInputError: If a name is not a joint of this robot.
        """
        unknown = [n for n in names if n not in self.joints]
        if unknown:
            known = ', '.join(self.joints)
            raise InvalidInputError(f'unknown joints {unknown} of {self.name}; known: {known}')
        chosen = [self.joints[n] for n in names]
        return np.array([j.lower for j in chosen]), np.array([j.upper for j in chosen])

    def chain(self, dtype: torch.dtype) -> pytorch_kinematics.chain.Chain:
        """Return the kinematic tree of pytorch_kinematics with all frames."""
        return pytorch_kinematics.build_chain_from_urdf(self._tree_xml()).to(dtype=dtype)

    def _tree_xml(self) -> bytes:
        """Return links and joints alone: the library's parser warns about everything else."""
        tree = ET.Element('robot', name=self.name)
        for link in self.links:
            ET.SubElement(tree, 'link', name=link)
        tree.extend(self._root.findall('joint'))
        return ET.tostring(tree)


def _numbers(text: str | None, default: str = '0 0 0') -> Array:
    return np.array([float(v) for v in (text or default).split()])


def _read_joint(element: ET.Element) -> Joint:
    limit, axis, mimic = (element.find(tag) for tag in ('limit', 'axis', 'mimic'))
    value = {} if limit is None else limit.attrib
    follow = None
    if mimic is not None:
        follow = Mimic(
            source=mimic.attrib['joint'],
            multiplier=float(mimic.get('multiplier', 1.0)),
            offset=float(mimic.get('offset', 0.0)),
        )
    parent, child = element.find('parent'), element.find('child')
    if parent is None or child is None:
        raise InvalidInputError(f'joint {element.get("name")} lacks its parent or child')
    return Joint(
        name=element.attrib['name'],
        kind=element.attrib['type'],
        parent=parent.attrib['link'],
        child=child.attrib['link'],
        axis=_numbers(None if axis is None else axis.get('xyz'), '1 0 0'),
        mimic=follow,
        **{k: float(value.get(k, 0.0)) for k in ('lower', 'upper', 'velocity', 'effort')},
    )


def _read_shapes(root: ET.Element, tag: str) -> tuple[Shape, ...]:
    colors = {
        m.attrib['name']: tuple(_numbers(c.get('rgba')).tolist())
        for m in root.findall('material')
        if (c := m.find('color')) is not None
    }
    shapes = []
    for link in root.findall('link'):
        for element in link.findall(tag):
            name = element.get('name', '')
            if name.endswith(('_cap0', '_cap1')):
                continue  # joined with its `_body` into one capsule
            shapes.append(_read_shape(link.attrib['name'], element, name, colors))
    return tuple(shapes)


def _read_shape(
    link: str, element: ET.Element, name: str, colors: dict[str, tuple[float, ...]]
) -> Shape:
    geometry, material = element.find('geometry'), element.find('material')
    if geometry is None or geometry[0].tag not in ('box', 'cylinder', 'sphere'):
        raise InvalidInputError(f'shape {name!r} of link {link} is not a primitive')
    attributes = geometry[0].attrib
    kind = 'capsule' if name.endswith('_body') else geometry[0].tag
    keys = {'box': ['size'], 'sphere': ['radius']}.get(kind, ['radius', 'length'])
    size = tuple(float(v) for k in keys for v in attributes[k].split())
    origin = element.find('origin')
    pose = np.eye(4)
    if origin is not None:
        pose[:3, :3] = Rotation.from_euler('xyz', _numbers(origin.get('rpy'))).as_matrix()
        pose[:3, 3] = _numbers(origin.get('xyz'))
    red, green, blue, alpha = colors.get(
        '' if material is None else material.attrib['name'], (0.7, 0.7, 0.7, 1.0)
    )
    rgba = (red, green, blue, alpha)
    return Shape(link=link, kind=kind, size=size, T_link_shape=pose, rgba=rgba)
