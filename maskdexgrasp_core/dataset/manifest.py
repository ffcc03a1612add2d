"""The manifest of a dataset: what it holds, how it was made, and the checksum of every file.

It is written last and replaced as a whole: a dataset is what its manifest says, and files that
it does not name are not part of it.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from maskdexgrasp_core.atomic_files import write_atomically
from maskdexgrasp_core.dataset.record import FORMS
from maskdexgrasp_core.dataset.schema import (
    COLUMN_NOTES,
    FORMAT_NAME,
    FORMAT_VERSION,
)
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.protocols import DIRECTIONS
from maskdexgrasp_core.frames import SHADOW_ROOT
from maskdexgrasp_core.hands.shadow import SHADOW

MANIFEST_NAME = 'manifest.json'
Json = dict[str, Any]
Entry = TypeVar('Entry', 'BuildEntry', 'DescriptionEntry')


@dataclass(frozen=True, kw_only=True)
class FileEntry:
    """What a file of the dataset must be."""

    sha256: str
    num_bytes: int
    num_rows: int | None = None
    """Of a table; None for a mesh."""


@dataclass(frozen=True, kw_only=True)
class BuildEntry:
    """One run of a builder that added to the dataset."""

    build_id: str
    """Digest of everything that decides the records, so that none is added twice."""
    source: str
    seed: int
    command: str
    """The command line, or '' when a program called the builder."""
    code_version: str
    num_units: int
    num_grasps: int
    seconds: float
    """Sum over the units of their time on one core [s]."""
    yields: list[Json] = field(default_factory=list)
    """For each task and category: units, candidates, grasps, seconds."""
    dropped: dict[str, int] = field(default_factory=dict)
    """Reason -> candidates that gave no record for it."""


@dataclass(frozen=True, kw_only=True)
class DescriptionEntry:
    """One revision that gave grasps other sentences."""

    revision: int
    writer: str
    """'grammar' or 'vlm' (a vision-language model)."""
    model: str
    """As its server calls it; '' for the grammar."""
    seed: int
    command: str
    """As in `BuildEntry`."""
    code_version: str
    num_grasps: int
    """Whose sentences are of this writer."""
    num_failed: int
    """That it was asked for in vain: they kept their sentences."""


@dataclass(frozen=True, kw_only=True)
class SplitRule:
    """How objects were divided."""

    seed: int
    test_categories: tuple[str, ...]
    test_share: float
    """Share of the objects of every other category that are 'test-instances', 0..1."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The content of `manifest.json`."""

    revision: int
    """Counts every change of the dataset, from 1."""
    files: dict[str, FileEntry]
    """Path relative to the folder -> what it must be."""
    counts: dict[str, int]
    """grasps, objects, categories, tasks, texts."""
    builds: tuple[BuildEntry, ...] = ()
    descriptions: tuple[DescriptionEntry, ...] = ()
    """Empty: all sentences are those of the builds."""
    split: SplitRule | None = None
    """None: as the sources said."""

    @property
    def objects_file(self) -> str:
        """Path of the objects table."""
        return f'objects-{self.revision}.parquet'

    @property
    def grasp_files(self) -> list[str]:
        """Paths of the grasp tables, in the order of their rows."""
        return sorted(path for path in self.files if path.startswith('grasps/'))


def file_entry(content: bytes, *, num_rows: int | None = None) -> FileEntry:
    """Return the entry of a file with `content`."""
    digest = hashlib.sha256(content).hexdigest()
    return FileEntry(sha256=digest, num_bytes=len(content), num_rows=num_rows)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest: from here on the dataset is what it says."""
    content = {
        'format': FORMAT_NAME,
        'format_version': FORMAT_VERSION,
        **asdict(manifest),
        **conventions(),
    }
    write_atomically(folder / MANIFEST_NAME, json.dumps(content, indent=1).encode() + b'\n')


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a dataset.

    Raises:
        InvalidInputError: If there is none, or it is damaged or of another version or hand.
    """
    path = folder / MANIFEST_NAME
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except FileNotFoundError as error:
        raise InvalidInputError(_no_manifest(folder)) from error
    except (OSError, ValueError) as error:
        raise InvalidInputError(f'{path} cannot be read: {error}') from error
    try:
        _check_format(content)
        return _from_json(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInputError(f'{path} is damaged: {error!r}') from error


def _no_manifest(folder: Path) -> str:
    if (folder / 'building').is_dir():
        return (
            f'{folder} holds an unfinished build; the command that began it resumes it '
            '(maskdexgrasp dataset build ...)'
        )
    return f'{folder} is not a dataset: it has no {MANIFEST_NAME}'


def _check_format(content: Json) -> None:
    name, version = content['format'], content['format_version']
    if name != FORMAT_NAME or version != FORMAT_VERSION:
        raise ValueError(
            f'format {name!r} version {version}; this code reads {FORMAT_NAME!r} version '
            f'{FORMAT_VERSION}'
        )
    joints = content['hand']['joint_names']
    if tuple(joints) != SHADOW.joint_names:
        raise ValueError(f'joints {joints} are not those of the hand {SHADOW.name!r}')


def _from_json(content: Json) -> Manifest:
    split = content['split']
    for path in content['files']:
        if PurePosixPath(path).is_absolute() or '..' in PurePosixPath(path).parts:
            raise ValueError(f'{path!r} is not a path inside the dataset')
    return Manifest(
        revision=int(content['revision']),
        files={path: FileEntry(**entry) for path, entry in content['files'].items()},
        counts={name: int(count) for name, count in content['counts'].items()},
        builds=tuple(_known_fields(BuildEntry, build) for build in content['builds']),
        descriptions=tuple(
            _known_fields(DescriptionEntry, entry) for entry in content['descriptions']
        ),
        split=None
        if split is None
        else SplitRule(**{**split, 'test_categories': tuple(split['test_categories'])}),
    )


def _known_fields(kind: type[Entry], content: Json) -> Entry:
    return kind(**{entry.name: content[entry.name] for entry in fields(kind)})


def conventions() -> Json:
    """Return what every number of the format means: hand, units, frames, columns."""
    return {
        'hand': {
            'name': SHADOW.name,
            'root_link': SHADOW_ROOT,
            'joint_names': list(SHADOW.joint_names),
            'lower_rad': SHADOW.lower.tolist(),
            'upper_rad': SHADOW.upper.tolist(),
        },
        'units': {'length': 'm', 'angle': 'rad', 'mass': 'kg'},
        'frames': {
            'object': 'z up as the object rests, origin in the middle of its footprint, on the '
                      'table',
            'wrist': f'{SHADOW_ROOT}: +z to the fingers, -y out of the palm, +x to the thumb',
            'pose': 'p_object = rotate(quat_wxyz, p_wrist) + translation',
            'mesh': 'vertices of the GLB files are in the object frame; their root node turns z '
                    'up into the y up of glTF',
        },
        'held_directions': list(DIRECTIONS),
        'text_forms': list(FORMS),
        'columns': COLUMN_NOTES,
    }  # fmt: skip
