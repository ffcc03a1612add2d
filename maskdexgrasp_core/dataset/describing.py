"""Gives the grasps of a dataset other sentences, as its next revision."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from maskdexgrasp_core.dataset.columns import grasps_from_table
from maskdexgrasp_core.dataset.folder_lock import locked_folder
from maskdexgrasp_core.dataset.manifest import DescriptionEntry, Manifest, read_manifest
from maskdexgrasp_core.dataset.reader import Dataset, ObjectShelf, open_dataset
from maskdexgrasp_core.dataset.record import GraspRecord
from maskdexgrasp_core.dataset.schema import GRASP_SCHEMA, TEXT_COLUMNS
from maskdexgrasp_core.dataset.sentences import sentence_seed
from maskdexgrasp_core.dataset.sentences.facts import Sentences
from maskdexgrasp_core.dataset.sentences.grasp_facts import facts_of
from maskdexgrasp_core.dataset.sentences.writing import SentenceItem, SentenceWriter
from maskdexgrasp_core.dataset.table_files import grasp_tables
from maskdexgrasp_core.dataset.writer import replace_sentences

if TYPE_CHECKING:
    from maskdexgrasp_core.dataset.sentences.rendered_picture import RenderedGrasp

_DISTRIBUTION = 'maskdexgrasp'


@dataclass(frozen=True, kw_only=True)
class DescribeCfg:
    """Which grasps are described, and what the manifest says of it."""

    writer: str
    """'grammar' or 'vlm'."""
    model: str = ''
    """Of the writer 'vlm'."""
    seed: int = 0
    """Of the grammar, and of the choice of grasps."""
    limit: int = 0
    """Describe so many grasps, chosen at random; a larger limit adds to them. 0: all."""
    command: str = ''
    """Command line, for the manifest."""


@dataclass(frozen=True, kw_only=True)
class DescribeProgress:
    """How far a run is."""

    wanted: int
    origins: Mapping[str, int]
    """One of `sentences.writing.ORIGINS` -> grasps; 'missing' are those that failed."""
    reason: str = ''
    """Why the last grasp failed; '' when it did not."""

    @property
    def done(self) -> int:
        """Grasps that were tried."""
        return sum(self.origins.values())


ProgressCallback = Callable[[DescribeProgress], None]


def describe_dataset(
    folder: Path,
    writer: SentenceWriter,
    cfg: DescribeCfg,
    on_progress: ProgressCallback = lambda progress: None,
) -> Manifest:
    """Let a writer describe grasps anew, and make that the next revision of their dataset.

    Nothing on the disk changes before the last grasp was tried; a grasp that the writer failed on
    keeps its sentences. Every other column stays as it is.

    Args:
        folder: Of the dataset.
        writer: Who writes.
        cfg: Which grasps.
        on_progress: Called once at the start and after every grasp.

    Returns:
        The manifest; that of the revision before when no sentence has changed.

    Raises:
        DatasetBusyError: If another process is writing the folder.
        InvalidInputError: If the folder holds no dataset.
    """
    read_manifest(folder)  # no lock where there is no dataset
    with locked_folder(folder):
        data = open_dataset(folder)
        description = _Description(data, writer, cfg, on_progress)
        parts = description.write()
        if not parts:
            return data.manifest
        return replace_sentences(folder, data.manifest, parts, description.entry())


class _GraspPicture:
    """The picture of a grasp, for writers that look at one; its object is read only then."""

    def __init__(self, objects: ObjectShelf, grasp: GraspRecord) -> None:
        self._objects = objects
        self._grasp = grasp

    @cached_property
    def _rendered(self) -> 'RenderedGrasp':
        # Only a writer that looks needs OpenGL.
        from maskdexgrasp_core.dataset.sentences.rendered_picture import RenderedGrasp

        return RenderedGrasp(
            model=self._objects[self._grasp.object_id].model,
            T_object_wrist=self._grasp.T_object_wrist,
            joint_positions=self._grasp.joint_positions,
        )

    @property
    def digest(self) -> str:
        return self._rendered.digest

    def png(self) -> bytes:
        return self._rendered.png()


class _Description:
    """One run over the tables of a dataset."""

    def __init__(
        self,
        data: Dataset,
        writer: SentenceWriter,
        cfg: DescribeCfg,
        on_progress: ProgressCallback,
    ) -> None:
        self._data = data
        self._writer = writer
        self._cfg = cfg
        self._on_progress = on_progress
        total = len(data.grasps)
        self._chosen = np.zeros(total, dtype=bool)
        order = np.random.default_rng(cfg.seed).permutation(total)
        self._chosen[order[: cfg.limit or total]] = True
        self._origins: Counter[str] = Counter()

    def entry(self) -> DescriptionEntry:
        """Return what the manifest says of the run."""
        return DescriptionEntry(
            revision=self._data.manifest.revision + 1,
            writer=self._cfg.writer,
            model=self._cfg.model,
            seed=self._cfg.seed,
            command=self._cfg.command,
            code_version=metadata.version(_DISTRIBUTION),
            num_grasps=self._origins.total() - self._origins['missing'],
            num_failed=self._origins['missing'],
        )

    def write(self) -> dict[str, pa.Table]:
        """Return the tables in which a sentence is another, by their present path."""
        self._report('')
        changed = {}
        first = 0
        for file in grasp_tables(self._data.folder, self._data.manifest):
            table = file.read()
            rows = np.flatnonzero(self._chosen[first : first + table.num_rows])
            first += table.num_rows
            new = self._describe(table, rows)
            if not new.equals(table):
                changed[file.path] = new
        return changed

    def _describe(self, table: pa.Table, rows: NDArray[np.int64]) -> pa.Table:
        """Return a table of grasps in which those of `rows` are described anew."""
        texts = [table[name].to_pylist() for name in TEXT_COLUMNS]
        grasps = grasps_from_table(table.take(pa.array(rows)))
        for row, sentences in zip(rows.tolist(), self._sentences(grasps), strict=True):
            for column, text in zip(texts, sentences or (), strict=False):
                column[row] = text
        for name, column in zip(TEXT_COLUMNS, texts, strict=True):
            place = table.schema.get_field_index(name)
            field = GRASP_SCHEMA.field(name)
            table = table.set_column(place, field, pa.array(column, field.type))
        return table

    def _sentences(self, grasps: list[GraspRecord]) -> Iterator[Sentences | None]:
        """Yield the new sentences of each grasp, None where there are none."""
        for written in self._writer.write(self._item(grasp) for grasp in grasps):
            self._origins[written.origin] += 1
            self._report(written.reason if written.sentences is None else '')
            yield written.sentences

    def _item(self, grasp: GraspRecord) -> SentenceItem:
        row = self._data.object_row(grasp.object_id)
        return SentenceItem(
            facts=facts_of(grasp, object_parts=row['parts'], color_name=row['color_name']),
            picture=_GraspPicture(self._data.objects, grasp),
            seed=sentence_seed(self._cfg.seed, grasp.grasp_id),
        )

    def _report(self, reason: str) -> None:
        wanted = int(self._chosen.sum())
        self._on_progress(
            DescribeProgress(wanted=wanted, origins=dict(self._origins), reason=reason)
        )
