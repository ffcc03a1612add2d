"""Objects as GLB files: what an `ObjectModel` holds, in a form that any 3D tool opens.

The scene is a tree: one root node with the name of the object, below it one node with a mesh for
each part ('body', 'handle' ...), whose primitives are the convex pieces of the part. Weight,
friction, colours and affordances stand in the `extras` of the nodes. glTF has y up, the object
frame z up: the root node carries that turn and nothing below it does, so that viewers show the
object upright, and vertices read as they stand are in the object frame [m].

The pieces of a part share one array of vertices, which is why such a file is written here and
not by a mesh library: a mug of 33 pieces takes less than 12 kB.
"""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.objects.model import ObjectModel, Part

_MAGIC, _VERSION, _JSON, _BINARY = b'glTF', 2, 0x4E4F534A, 0x004E4942
_FLOAT = 5126
_INDEX_TYPES: dict[int, type[np.unsignedinteger[Any]]] = {
    5121: np.uint8, 5123: np.uint16, 5125: np.uint32,
}  # fmt: skip
"""glTF component type -> numpy type of vertex indices."""
_VERTEX_BUFFER, _INDEX_BUFFER = 34962, 34963
_Z_UP_TO_Y_UP = (-(0.5**0.5), 0.0, 0.0, 0.5**0.5)
"""Quaternion xyzw (as glTF wants it) of the root node."""
_GENERATOR = 'maskdexgrasp'
Tree = dict[str, Any]
"""A JSON object of a glTF file."""


def object_to_glb(model: ObjectModel) -> bytes:
    """Return the content of a GLB file; the same model gives the same bytes."""
    welded = [_weld(part) for part in model.parts]
    vertices = np.concatenate([points for points, _ in welded])
    component = _index_component(max(len(points) for points, _ in welded))
    faces = [
        np.ravel(piece).astype(_INDEX_TYPES[component]) for _, pieces in welded for piece in pieces
    ]
    indices = np.concatenate(faces)
    binary = _padded(vertices.tobytes() + indices.tobytes(), b'\0')
    tree: Tree = {
        'asset': {'version': '2.0', 'generator': _GENERATOR},
        'scene': 0,
        'scenes': [{'nodes': [0]}],
        **_nodes(model),
        'materials': [_material(part) for part in model.parts],
        'accessors': _accessors(welded, component),
        'bufferViews': [
            {'buffer': 0, 'byteLength': vertices.nbytes, 'target': _VERTEX_BUFFER},
            {
                'buffer': 0,
                'byteOffset': vertices.nbytes,
                'byteLength': indices.nbytes,
                'target': _INDEX_BUFFER,
            },
        ],
        'buffers': [{'byteLength': len(binary)}],
    }
    text = _padded(json.dumps(tree, separators=(',', ':')).encode(), b' ')
    header = struct.pack('<4sII', _MAGIC, _VERSION, 12 + 8 + len(text) + 8 + len(binary))
    return b''.join(
        [header, struct.pack('<II', len(text), _JSON), text,
         struct.pack('<II', len(binary), _BINARY), binary]
    )  # fmt: skip


def object_from_glb(content: bytes, *, name: str) -> ObjectModel:
    """Return the model that `object_to_glb` wrote; vertices are exact to float32.

    Args:
        content: Of the file.
        name: For error messages.

    Raises:
        InvalidInputError: If the content is cut, damaged, or not such a file.
    """
    try:
        tree, binary = _chunks(content)
        return _model(tree, binary)
    except (
        AttributeError, IndexError, KeyError, TypeError, ValueError, struct.error,
        InvalidInputError,
    ) as error:  # fmt: skip
        raise InvalidInputError(f'{name} is not an object file: {error!r}') from error


def geometry_bytes(content: bytes) -> bytes:
    """Return vertices and faces of a GLB file as bytes: equal for objects of the same shape.

    Raises:
        InvalidInputError: If it is not such a file.
    """
    try:
        return _chunks(content)[1]
    except (ValueError, struct.error) as error:
        raise InvalidInputError(f'not an object file: {error!r}') from error


def read_object(path: Path) -> ObjectModel:
    """Return the object of a file.

    Raises:
        InvalidInputError: If the file is missing or damaged.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidInputError(f'{path} cannot be read: {error.strerror}') from error
    return object_from_glb(content, name=path.name)


def _weld(part: Part) -> tuple[NDArray[np.float32], list[NDArray[np.int64]]]:
    """Return the different vertices (V, 3) of a part and the faces (F, 3) of each piece."""
    rows: list[NDArray[np.float32]] = []
    known: dict[bytes, int] = {}
    faces = []
    for piece in part.pieces:
        places: list[int] = []
        taken: set[int] = set()
        for vertex in np.asarray(piece.vertices, dtype=np.float32):
            place = known.get(vertex.tobytes(), -1)
            if place < 0 or place in taken:  # a piece keeps its number of vertices
                place = known[vertex.tobytes()] = len(rows)
                rows.append(vertex)
            taken.add(place)
            places.append(place)
        faces.append(np.array(places)[np.asarray(piece.faces)])
    return np.array(rows), faces


def _index_component(num_vertices: int) -> int:
    for component, kind in _INDEX_TYPES.items():
        if num_vertices <= np.iinfo(kind).max:  # the largest index is reserved
            return component
    raise InvalidInputError(f'{num_vertices} vertices are too many for one part')


def _nodes(model: ObjectModel) -> Tree:
    """Return the lists of nodes and meshes: accessors are the parts, then all their pieces."""
    num_parts = len(model.parts)
    nodes: list[Tree] = []
    meshes: list[Tree] = []
    accessor = num_parts
    for number, part in enumerate(model.parts):
        extras = {'color': list(part.color), 'mass_kg': part.mass_kg}
        nodes.append({'name': part.name, 'mesh': number, 'extras': extras})
        primitives = [
            {'attributes': {'POSITION': number}, 'indices': accessor + index, 'material': number}
            for index in range(len(part.pieces))
        ]
        meshes.append({'primitives': primitives})
        accessor += len(part.pieces)
    root = {
        'name': model.name,
        'rotation': list(_Z_UP_TO_Y_UP),
        'children': list(range(1, 1 + num_parts)),
        'extras': {
            'category': model.category,
            'mass_kg': model.mass_kg,
            'friction': model.friction,
            'color_name': model.color_name,
            'affordances': model.affordances,
        },
    }
    return {'nodes': [root, *nodes], 'meshes': meshes}


def _material(part: Part) -> Tree:
    color = np.asarray(part.color)
    linear = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
    base = [*np.round(linear, 4).tolist(), 1]
    return {'pbrMetallicRoughness': {'baseColorFactor': base, 'metallicFactor': 0}}


def _accessors(
    welded: list[tuple[NDArray[np.float32], list[NDArray[np.int64]]]], component: int
) -> list[Tree]:
    accessors: list[Tree] = []
    offset = 0
    for points, _ in welded:
        accessors.append(
            {
                'bufferView': 0,
                'byteOffset': offset,
                'componentType': _FLOAT,
                'count': len(points),
                'type': 'VEC3',
                'min': _short(points.min(0)),
                'max': _short(points.max(0)),
            }
        )
        offset += points.nbytes
    offset = 0
    width = np.dtype(_INDEX_TYPES[component]).itemsize
    for faces in (faces for _, pieces in welded for faces in pieces):
        accessors.append(
            {
                'bufferView': 1,
                'byteOffset': offset,
                'componentType': component,
                'count': faces.size,
                'type': 'SCALAR',
            }
        )
        offset += faces.size * width
    return accessors


def _short(values: NDArray[np.float32]) -> list[float]:
    """Return the numbers with the fewest digits that are these float32 values."""
    return [float(str(value)) for value in values]


def _padded(content: bytes, filler: bytes) -> bytes:
    return content + filler * (-len(content) % 4)


def _chunks(content: bytes) -> tuple[Tree, bytes]:
    magic, version, length = struct.unpack_from('<4sII', content)
    if (magic, version) != (_MAGIC, _VERSION) or length != len(content):
        raise ValueError(f'{len(content)} bytes, header {magic!r} {version} {length}')
    size, kind = struct.unpack_from('<II', content, 12)
    text = content[20 : 20 + size]
    binary_size, binary_kind = struct.unpack_from('<II', content, 20 + size)
    if (kind, binary_kind) != (_JSON, _BINARY):
        raise ValueError('its chunks are not JSON and binary')
    start = 28 + size
    if start + binary_size != length:
        raise ValueError(f'{binary_size} bytes announced, {length - start} there')
    return json.loads(text), content[start:]


def _model(tree: Tree, binary: bytes) -> ObjectModel:
    root = tree['nodes'][tree['scenes'][tree['scene']]['nodes'][0]]
    extras = root['extras']
    return ObjectModel(
        name=root['name'],
        category=extras['category'],
        parts=tuple(_part(tree, binary, tree['nodes'][child]) for child in root['children']),
        mass_kg=extras['mass_kg'],
        friction=extras['friction'],
        color_name=extras['color_name'],
        affordances=dict(extras['affordances']),
    )


def _part(tree: Tree, binary: bytes, node: Tree) -> Part:
    red, green, blue = node['extras']['color']
    primitives = tree['meshes'][node['mesh']]['primitives']
    return Part(
        name=node['name'],
        pieces=tuple(_piece(tree, binary, primitive) for primitive in primitives),
        color=(red, green, blue),
        mass_kg=node['extras']['mass_kg'],
    )


def _piece(tree: Tree, binary: bytes, primitive: Tree) -> trimesh.Trimesh:
    points = _array(tree, binary, primitive['attributes']['POSITION']).reshape(-1, 3)
    used, faces = np.unique(_array(tree, binary, primitive['indices']), return_inverse=True)
    vertices = points[used].astype(np.float64)
    return trimesh.Trimesh(vertices=vertices, faces=faces.reshape(-1, 3), process=False)


def _array(tree: Tree, binary: bytes, number: int) -> NDArray[Any]:
    accessor = tree['accessors'][number]
    view = tree['bufferViews'][accessor['bufferView']]
    kind = accessor['componentType']
    dtype = np.dtype(np.float32 if kind == _FLOAT else _INDEX_TYPES[kind])
    count = accessor['count'] * (3 if accessor['type'] == 'VEC3' else 1)
    offset = view.get('byteOffset', 0) + accessor['byteOffset']
    return np.frombuffer(binary, dtype=dtype, count=count, offset=offset)
