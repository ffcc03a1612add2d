"""OakInk-Shape (Yang et al., CVPR 2022) as a source: "OakShape" of the paper.

62,000 grasps, recorded or moved to alike objects. Those of the intent "handover" are left out
and counted. Hands are MANO parameters, so the user's own MANO file is needed. A unit is an object
with all grasps on it.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from maskdexgrasp_core.dataset.record import ObjectRecord
from maskdexgrasp_core.dataset.sources.human_checks import MakeCheck
from maskdexgrasp_core.dataset.sources.human_grasps import (
    ConversionCfg,
    HumanGrasp,
    HumanGraspConverter,
)
from maskdexgrasp_core.dataset.sources.mano import ManoHand, find_mano, load_mano
from maskdexgrasp_core.dataset.sources.oakshape_file import (
    HANDOVER,
    INTENT_TASKS,
    ObjectFolders,
    read_hand,
    read_intent,
)
from maskdexgrasp_core.dataset.sources.protocol import BuiltUnit, WorkUnit
from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.geometry.transforms import transform_points
from maskdexgrasp_core.objects.labelled_mesh import (
    LabelledMesh,
    PlacedObject,
    place_labelled_mesh,
)
from maskdexgrasp_core.types import Array

NAME = 'oakshape'
PART = 'body'
"""The release's meshes name no parts: the object is one, and grasps ask for none."""
WORDS: dict[str, str] = {
    'cameras': 'camera',
    'fryingpan': 'frying_pan',
    'gamecontroller': 'game_controller',
    'lightbulb': 'light_bulb',
    'squeezable': 'squeeze_bottle',
    'wineglass': 'wine_glass',
}
"""Folder of a category -> category, where the folder is no word for one thing."""
_DEPTH_OF_MOVED = 5
"""Parts of <category>/<source id>/<grasp>/<target id>/hand_param.pkl."""


@dataclass(frozen=True, kw_only=True)
class OakShapeSource:
    """Reads a copy of the release that the user has downloaded.

    Raises:
        InvalidInputError: If `root` is no such folder, or MANO cannot be found.
    """

    root: Path
    """`$OAKINK_DIR`, or its folder `shape`."""
    mano: Path | None = None
    """`MANO_RIGHT.pkl` or its folder; None: the environment variable `MASKDEXGRASP_MANO`."""
    skip_bad_files: bool = False
    """Count damaged files and go on, instead of raising."""
    conversion: ConversionCfg = field(default_factory=ConversionCfg)
    make_check: MakeCheck | None = None
    """Makes the physics check of an object; None leaves the grasps unchecked."""

    def __post_init__(self) -> None:
        if not self._release.is_dir():
            raise InvalidInputError(f'no folder oakink_shape_v2 of OakInk in {self._shape}')
        find_mano(self.mano)

    @property
    def name(self) -> str:
        """Of the source."""
        return NAME

    @property
    def _shape(self) -> Path:
        inner = self.root / 'shape'
        return inner if inner.is_dir() else self.root

    @property
    def _release(self) -> Path:
        return self._shape / 'oakink_shape_v2'

    @cached_property
    def _hand(self) -> ManoHand:
        return load_mano(find_mano(self.mano))

    @cached_property
    def _objects(self) -> ObjectFolders:
        return ObjectFolders.read(self._shape)

    @cached_property
    def _files(self) -> dict[str, tuple[Path, ...]]:
        """Unit -> its hand files: '<category>/<object id>'."""
        release = self._release
        found: dict[str, list[Path]] = defaultdict(list)
        for pattern in ('*/*/*/hand_param.pkl', '*/*/*/*/hand_param.pkl'):
            for path in release.glob(pattern):
                category, source_id, _, *target = path.relative_to(release).parts[:-1]
                found[f'{category}/{target[0] if target else source_id}'].append(path)
        return {key: tuple(sorted(found[key])) for key in sorted(found)}

    def units(self) -> Sequence[WorkUnit]:
        """Return one unit for each object, by category and id.

        Raises:
            InvalidInputError: If there are no grasp files below `root`.
        """
        if not self._files:
            raise InvalidInputError(
                f'no files <category>/<object>/<grasp>/hand_param.pkl in {self._shape}'
            )
        return [
            WorkUnit(
                key=key,
                object_id=f'{NAME}-{key.split("/")[1]}',
                category=_category(key.split('/')[0]),
                num_candidates=len(files),
                complete=True,
            )
            for key, files in self._files.items()
        ]

    def build(self, unit: WorkUnit, seed: int) -> BuiltUnit:
        """Return the grasps of one object.

        Raises:
            UnknownNameError: If `unit` is not one of `units()`.
            InvalidInputError: If a file is damaged and `skip_bad_files` is not set.
        """
        if unit.key not in self._files:
            raise UnknownNameError('unit', unit.key, list(self._files))
        dropped: Counter[str] = Counter()
        notes: list[str] = []
        grasps = self._read(unit, dropped, notes)
        placed = self._placed(unit, notes) if grasps else None
        if placed is None:
            dropped['object cannot be used'] += len(grasps)
            return BuiltUnit(object_record=None, dropped=dict(+dropped), notes=notes)
        target = ObjectRecord.from_model(placed.model, source=NAME)
        human = [
            HumanGrasp(
                grasp_id=grasp_id,
                task=task,
                part='',
                keypoints=transform_points(placed.T_object_mesh, keypoints),
            )
            for grasp_id, task, keypoints in grasps
        ]
        made = HumanGraspConverter(self.conversion, self.make_check).convert(target, human, seed)
        dropped.update(made.dropped)
        return BuiltUnit(
            object_record=target, grasps=made.records, dropped=dict(dropped), notes=notes
        )

    def _read(
        self, unit: WorkUnit, dropped: Counter[str], notes: list[str]
    ) -> list[tuple[str, str, Array]]:
        """Return id, task and keypoints (21, 3) [m] of the good grasps that are no handover."""
        grasps = []
        for path in self._files[unit.key]:
            is_moved = len(path.relative_to(self._release).parts) == _DEPTH_OF_MOVED
            recording = path.parent.parent if is_moved else path.parent
            try:
                intent = read_intent(recording / 'source.txt')
                if intent == HANDOVER:
                    dropped['handover'] += 1
                    continue
                hand = read_hand(path)
            except InvalidInputError as error:
                if not self.skip_bad_files:
                    raise
                dropped['bad file'] += 1
                notes.append(str(error))
                continue
            points = self._hand.keypoints(hand.rotations[None], hand.shapes[None])[0] + hand.wrist
            grasps.append((f'{unit.object_id}-{recording.name}', INTENT_TASKS[intent], points))
        return grasps

    def _placed(self, unit: WorkUnit, notes: list[str]) -> PlacedObject | None:
        try:
            mesh = self._objects.mesh(unit.key.split('/')[1])
            placed = place_labelled_mesh(
                LabelledMesh(
                    name=unit.object_id,
                    category=unit.category,
                    mesh=mesh,
                    vertex_parts=np.full(len(mesh.vertices), PART),
                    affordances=dict.fromkeys(INTENT_TASKS.values(), PART),
                )
            )
        except InvalidInputError as error:
            if not self.skip_bad_files:
                raise
            notes.append(str(error))
            return None
        notes += placed.warnings
        return placed


def _category(folder: str) -> str:
    return WORDS.get(folder, folder)
