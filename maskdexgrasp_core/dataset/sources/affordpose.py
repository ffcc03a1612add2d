"""AffordPose (Jian et al., ICCV 2023) as a source: 26,000 human grasps of 641 objects.

Folders as in the release: AffordPose/<class>/<object id>/<object id>_<Affordance>/<k>.json.
A unit is an object with all of its files.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maskdexgrasp_core.dataset.record import ObjectRecord
from maskdexgrasp_core.dataset.sources.affordpose_file import (
    LABEL_TASKS,
    UNLABELLED,
    AffordPoseGrasp,
    parse_mesh,
    read_grasp,
)
from maskdexgrasp_core.dataset.sources.human_checks import MakeCheck
from maskdexgrasp_core.dataset.sources.human_grasps import (
    ConversionCfg,
    HumanGrasp,
    HumanGraspConverter,
)
from maskdexgrasp_core.dataset.sources.protocol import BuiltUnit, WorkUnit
from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.geometry.transforms import transform_points
from maskdexgrasp_core.objects.labelled_mesh import (
    LabelledMesh,
    PlacedObject,
    place_labelled_mesh,
)

NAME = 'affordpose'
PARTS: dict[int, str] = {
    UNLABELLED: 'rest',
    1: 'handle', 3: 'button', 4: 'lid', 5: 'body', 6: 'cap', 7: 'base', 8: 'handle', 9: 'lever',
}  # fmt: skip
"""Label -> word for the part. The release names affordances only; the words are ours."""
CLASS_PARTS: dict[tuple[str, int], str] = {
    ('dispenser', 3): 'pump',
    ('faucet', 6): 'knob',
    ('jar', 6): 'lid',
    ('keyboard', 3): 'key',
    ('laptop', 4): 'screen',
}
"""(Class, label) -> word, where another one is right."""


@dataclass(frozen=True, kw_only=True)
class AffordPoseSource:
    """Reads a copy of the release that the user has downloaded.

    Raises:
        InvalidInputError: If `root` is no such folder.
    """

    root: Path
    """The folder `AffordPose` of the release, or the one that holds it."""
    skip_bad_files: bool = False
    """Count damaged files and go on, instead of raising."""
    conversion: ConversionCfg = field(default_factory=ConversionCfg)
    make_check: MakeCheck | None = None
    """Makes the physics check of an object; None leaves the grasps unchecked."""

    def __post_init__(self) -> None:
        if not self.root.is_dir():
            raise InvalidInputError(f'no folder {self.root} with the release of AffordPose')

    @property
    def name(self) -> str:
        """Of the source."""
        return NAME

    def units(self) -> Sequence[WorkUnit]:
        """Return one unit for each object, by class and number.

        Raises:
            InvalidInputError: If there are no grasp files below `root`.
        """
        units = []
        for folder in sorted(self._release().glob('*/*'), key=_natural):
            count = sum(1 for _ in folder.glob('*/*.json'))
            if count:
                category = _category(folder.parent.name)
                units.append(
                    WorkUnit(
                        key=f'{folder.parent.name}/{folder.name}',
                        object_id=f'{NAME}-{category}-{folder.name}',
                        category=category,
                        num_candidates=count,
                        complete=True,
                    )
                )
        if not units:
            raise InvalidInputError(
                f'no files <class>/<object>/<object>_<Affordance>/<k>.json below {self.root}'
            )
        return units

    def build(self, unit: WorkUnit, seed: int) -> BuiltUnit:
        """Return the grasps of one object.

        Raises:
            UnknownNameError: If `unit` is not one of `units()`.
            InvalidInputError: If a file is damaged and `skip_bad_files` is not set.
        """
        folder = self._release() / unit.key
        if not folder.is_dir():
            raise UnknownNameError('unit', unit.key, [known.key for known in self.units()])
        dropped: Counter[str] = Counter()
        notes: list[str] = []
        files = self._read(folder, dropped, notes)
        if others := _drop_other_meshes(files):
            dropped['another mesh than most files of the object'] = others
        placed = self._placed(unit, *next(iter(files.items())), notes) if files else None
        if placed is None:
            dropped['object cannot be used'] += len(files)
            return BuiltUnit(object_record=None, dropped=dict(+dropped), notes=notes)
        target = ObjectRecord.from_model(placed.model, source=NAME)
        grasps = [
            HumanGrasp(
                grasp_id=f'{unit.object_id}-{file.task}-{path.stem}',
                task=file.task,
                part=placed.model.affordances.get(file.task, ''),
                keypoints=transform_points(placed.T_object_mesh, file.keypoints),
            )
            for path, file in files.items()
        ]
        converter = HumanGraspConverter(self.conversion, self.make_check)
        made = converter.convert(target, grasps, seed)
        dropped.update(made.dropped)
        return BuiltUnit(
            object_record=target, grasps=made.records, dropped=dict(dropped), notes=notes
        )

    def _release(self) -> Path:
        inner = self.root / 'AffordPose'
        return inner if inner.is_dir() else self.root

    def _read(
        self, folder: Path, dropped: Counter[str], notes: list[str]
    ) -> dict[Path, AffordPoseGrasp]:
        """Return the good files."""
        files: dict[Path, AffordPoseGrasp] = {}
        for path in sorted(folder.glob('*/*.json'), key=_natural):
            try:
                files[path] = read_grasp(path)
            except InvalidInputError as error:
                if not self.skip_bad_files:
                    raise
                dropped['bad file'] += 1
                notes.append(str(error))
        return files

    def _placed(
        self, unit: WorkUnit, path: Path, file: AffordPoseGrasp, notes: list[str]
    ) -> PlacedObject | None:
        """Return the object of a file's mesh, or None if it cannot be used."""
        try:
            placed = place_labelled_mesh(_labelled_mesh(unit, file))
        except InvalidInputError as error:
            message = f'{path}: {error}'
            if not self.skip_bad_files:
                raise InvalidInputError(message) from error
            notes.append(message)
            return None
        notes += placed.warnings
        return placed


def _drop_other_meshes(files: dict[Path, AffordPoseGrasp]) -> int:
    """Keep the files whose mesh most share; return how many were dropped."""
    by_mesh: dict[str, list[Path]] = defaultdict(list)
    for path, file in files.items():
        by_mesh[file.mesh_digest].append(path)
    usual = max(by_mesh.values(), key=len, default=[])
    others = [path for path in files if path not in usual]
    for path in others:
        del files[path]
    return len(others)


def _labelled_mesh(unit: WorkUnit, file: AffordPoseGrasp) -> LabelledMesh:
    mesh, labels = parse_mesh(file.mesh_lines)
    words = _part_words(unit.key.split('/')[0], labels)
    return LabelledMesh(
        name=unit.object_id,
        category=unit.category,
        mesh=mesh,
        vertex_parts=np.array([words[label] for label in labels.tolist()]),
        affordances={LABEL_TASKS[label]: word for label, word in words.items() if label},
        up='y',
    )


def _part_words(class_name: str, labels: NDArray[np.int64]) -> dict[int, str]:
    present = sorted(set(labels.tolist()))
    return {label: CLASS_PARTS.get((class_name, label), PARTS[label]) for label in present}


def _category(class_name: str) -> str:
    return class_name.lower().replace('-', '_')


def _natural(path: Path) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts '2.json' before '10.json'."""
    return tuple(
        (0, int(part.split('.')[0]), part) if part.split('.')[0].isdecimal() else (1, 0, part)
        for part in path.parts
    )
