"""What a builder of datasets asks of a source of grasps.

A source lists units of work cheaply, and builds any of them on its own. Both the source and its
units can be pickled, and a unit gives the same records whichever process builds it, so units may
run in any order on any machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from maskdexgrasp_core.dataset.record import GraspRecord, ObjectRecord


@dataclass(frozen=True, kw_only=True)
class WorkUnit:
    """A part of a source that is built at once: the grasps of one object, or some of them."""

    key: str
    """Unique within the source and the same in every run; what a resumed build skips by."""
    object_id: str
    """Of the object; units of the same object give equal `ObjectRecord`s."""
    category: str
    task: str = ''
    """One of `tasks.TASKS`; '' when the unit holds several."""
    num_candidates: int = 0
    """Grasps that the unit looks at, before any is dropped; 0 when unknown."""
    complete: bool = False
    """Whether the source has no other grasps of this object and task: a dataset that has some
    refuses the unit before anything is built. Other units are refused when they are finished, if
    ids of their grasps are there."""


@dataclass(frozen=True, kw_only=True, eq=False)
class BuiltUnit:
    """What came of one unit."""

    object_record: ObjectRecord | None
    """None when the object itself cannot be used; the reason is in `dropped`."""
    grasps: Sequence[GraspRecord] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Reason -> number of candidates that gave no record for it."""
    notes: Sequence[str] = ()
    """Sentences for the log: files that were bad, what was changed on a mesh."""


@runtime_checkable
class GraspSource(Protocol):
    """A source of grasps that can be pickled."""

    @property
    def name(self) -> str:
        """What its records call their source: procedural, affordpose, oakshape, or another."""

    def units(self) -> Sequence[WorkUnit]:
        """Return every unit, in the same order in every run.

        Raises:
            InvalidInputError: If the source's data cannot be found.
        """

    def build(self, unit: WorkUnit, seed: int) -> BuiltUnit:
        """Return the records of one unit; the same unit and seed give the same records.

        Args:
            unit: One of `units()`.
            seed: >= 0; what is drawn depends on it and on `unit.key` only.

        Raises:
            InvalidInputError: If the data of the unit is damaged and the source was not asked to
                skip such data.
        """
