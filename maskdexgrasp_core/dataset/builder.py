"""Builds a dataset from a source, or adds to one: in parallel, and safe against any kill."""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import pyarrow as pa

from maskdexgrasp_core.dataset.folder_lock import locked_folder
from maskdexgrasp_core.dataset.holdings import Holdings
from maskdexgrasp_core.dataset.manifest import MANIFEST_NAME, BuildEntry, Manifest, read_manifest
from maskdexgrasp_core.dataset.parallel import Task, UnitBuilder, build_units
from maskdexgrasp_core.dataset.shards import BuildFolder, Recipe, UnitCounts, units_digest
from maskdexgrasp_core.dataset.sources.protocol import GraspSource
from maskdexgrasp_core.dataset.writer import Addition, add_to_dataset, remove_strangers
from maskdexgrasp_core.errors import InvalidInputError

_DISTRIBUTION = 'maskdexgrasp'


@dataclass(frozen=True, kw_only=True)
class BuildCfg:
    """How a build runs."""

    seed: int = 0
    """>= 0; the same seed gives the same records, on however many workers."""
    num_grasps: int = 0
    """End when the first units have this many grasps, and keep no more; 0 builds every unit."""
    workers: int = 1
    """Processes of one thread each; 0 or 1 works in this process. With Ray: workers of the
    cluster, 0 for every core."""
    ray_address: str = ''
    """Of a Ray cluster; '' works on this machine."""
    options: dict[str, str] = field(default_factory=dict)
    """How the source was made: a resumed build must agree."""
    command: str = ''
    """Command line, for the manifest."""


@dataclass(frozen=True, kw_only=True)
class BuildProgress:
    """How far a build is."""

    done_units: int
    num_units: int
    grasps: int
    candidates: int
    resumed_units: int
    """Units that were finished before this process began."""
    resumed_grasps: int
    wanted_grasps: int
    """0: every unit is built."""
    elapsed_s: float
    notes: tuple[str, ...] = ()
    """Sentences about the unit that was just finished."""


ProgressCallback = Callable[[BuildProgress], None]


def build_dataset(
    folder: Path,
    source: GraspSource,
    cfg: BuildCfg,
    *,
    extend: bool = False,
    on_progress: ProgressCallback = lambda progress: None,
) -> Manifest:
    """Build every unit of a source into a dataset, resuming what was interrupted.

    Args:
        folder: Of the dataset; made if it does not exist.
        source: Where grasps come from; it must be picklable.
        cfg: How to build.
        extend: Whether to add to the dataset that is there.
        on_progress: Called once at the start and after every unit.

    Returns:
        The manifest. What was built already is not built again.

    Raises:
        DatasetBusyError: If another process is writing the folder.
        InvalidInputError: If the folder holds something else, or the source gave bad data.
        WorkerLostError: If a worker was killed; finished units are kept.
        KeyboardInterrupt: On Ctrl-C; finished units are kept.
    """
    _refuse_strangers(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with locked_folder(folder):
        tasks = list(enumerate(source.units()))
        recipe = _recipe(source, tasks, cfg)
        building = BuildFolder(folder)
        previous = _present(folder, recipe, extend=extend)
        if previous is not None and _has_build(previous, recipe):
            return _already_there(folder, building, previous, recipe)
        holdings = Holdings.of(folder, previous)
        holdings.check_units(source.name, [unit for _, unit in tasks])
        building.open(recipe, holdings)
        done = _run(building, source, tasks, cfg, on_progress)
        return _finish(folder, building, previous, _addition(building, done, recipe, cfg))


def _recipe(source: GraspSource, tasks: Sequence[Task], cfg: BuildCfg) -> Recipe:
    return Recipe(
        source=source.name,
        seed=cfg.seed,
        num_grasps=cfg.num_grasps,
        num_units=len(tasks),
        units_digest=units_digest([unit for _, unit in tasks]),
        code_version=metadata.version(_DISTRIBUTION),
        options=cfg.options,
    )


def _present(folder: Path, recipe: Recipe, *, extend: bool) -> Manifest | None:
    """Return the manifest that is there, None where there is none.

    Raises:
        InvalidInputError: If it is of another build and nothing may be added to it.
    """
    if not (folder / MANIFEST_NAME).exists():
        return None
    manifest = read_manifest(folder)
    if not extend and not _has_build(manifest, recipe):
        raise InvalidInputError(
            f'{folder} holds a finished dataset of another build; take another folder, '
            'or add to it (maskdexgrasp dataset add)'
        )
    return manifest


def _finish(
    folder: Path, building: BuildFolder, previous: Manifest | None, addition: Addition
) -> Manifest:
    manifest = add_to_dataset(folder, previous, addition)
    building.remove()  # now that its units are in the dataset
    return manifest


def _has_build(manifest: Manifest, recipe: Recipe) -> bool:
    return any(build.build_id == recipe.build_id for build in manifest.builds)


def _refuse_strangers(folder: Path) -> None:
    if folder.is_dir():
        names = {path.name for path in folder.iterdir() if not path.name.startswith('.')}
        if names and not names & {MANIFEST_NAME, 'building'}:
            raise InvalidInputError(
                f'{folder} is neither empty nor a dataset; take another folder'
            )
    elif folder.exists():
        raise InvalidInputError(f'{folder} is a file; a dataset is a folder')


def _already_there(
    folder: Path, building: BuildFolder, manifest: Manifest, recipe: Recipe
) -> Manifest:
    """Return what is there, and tidy up after a process that was killed at the very end."""
    if building.recipe() == recipe:
        building.remove()
    if building.recipe() is None:
        remove_strangers(folder, manifest)
    return manifest


def _run(
    building: BuildFolder,
    source: GraspSource,
    tasks: Sequence[Task],
    cfg: BuildCfg,
    on_progress: ProgressCallback,
) -> dict[int, UnitCounts]:
    """Build what is not finished yet and return index -> numbers of the units to keep."""
    began = time.perf_counter()
    done = building.finished(len(tasks))
    resumed = len(done), sum(counts.num_grasps for counts in done.values())
    report = _Reporter(len(tasks), cfg.num_grasps, resumed, began, on_progress)
    report(done, ())
    waiting = [task for task in tasks if task[0] not in done]
    if waiting and not _enough(done, cfg.num_grasps):
        shards = build_units(
            UnitBuilder(source, cfg.seed),
            waiting,
            workers=cfg.workers,
            ray_address=cfg.ray_address,
        )
        with contextlib.closing(shards):
            for shard in shards:
                building.write(shard)
                done[shard.index] = shard.counts
                report(done, shard.counts.notes)
                if _enough(done, cfg.num_grasps):
                    break
    return dict(_prefix(done, cfg.num_grasps))


def _prefix(done: dict[int, UnitCounts], wanted: int) -> Iterator[tuple[int, UnitCounts]]:
    """Yield the first units that are finished without a gap, until they have enough grasps."""
    grasps = 0
    for index in range(len(done)):
        if index not in done or (wanted and grasps >= wanted):
            return
        yield index, done[index]
        grasps += done[index].num_grasps


def _enough(done: dict[int, UnitCounts], wanted: int) -> bool:
    """Return whether the first units, without a gap, have the wanted grasps.

    Counting without a gap makes the records the same however the work was shared out.
    """
    return wanted > 0 and sum(c.num_grasps for _, c in _prefix(done, wanted)) >= wanted


@dataclass(frozen=True)
class _Reporter:
    """Tells the caller how far the build is."""

    num_units: int
    wanted: int
    resumed: tuple[int, int]
    began: float
    on_progress: ProgressCallback

    def __call__(self, done: dict[int, UnitCounts], notes: tuple[str, ...]) -> None:
        self.on_progress(
            BuildProgress(
                done_units=len(done),
                num_units=self.num_units,
                grasps=sum(counts.num_grasps for counts in done.values()),
                candidates=sum(counts.num_candidates for counts in done.values()),
                resumed_units=self.resumed[0],
                resumed_grasps=self.resumed[1],
                wanted_grasps=self.wanted,
                elapsed_s=time.perf_counter() - self.began,
                notes=notes,
            )
        )


def _addition(
    building: BuildFolder, done: dict[int, UnitCounts], recipe: Recipe, cfg: BuildCfg
) -> Addition:
    """Return what the finished units add to the dataset.

    Raises:
        InvalidInputError: If they hold no grasp.
    """
    found = sum(counts.num_grasps for counts in done.values())
    if found == 0:
        reasons = ', '.join(sorted({reason for unit in done.values() for reason in unit.dropped}))
        raise InvalidInputError(
            f'{len(done)} units gave no grasp (dropped: {reasons or "nothing"}); they are kept in '
            f'{building.path}'
        )
    rows: dict[str, dict[str, Any]] = {}
    for counts in done.values():
        if counts.object_row is not None:
            rows.setdefault(counts.object_row['object_id'], counts.object_row)
    entry = BuildEntry(
        build_id=recipe.build_id,
        source=recipe.source,
        seed=recipe.seed,
        command=cfg.command,
        code_version=recipe.code_version,
        num_units=len(done),
        num_grasps=min(found, cfg.num_grasps or found),
        seconds=round(sum(counts.seconds for counts in done.values()), 1),
        yields=yield_table(list(done.values())),
        dropped=dict(sum((Counter(counts.dropped) for counts in done.values()), Counter())),
    )
    return Addition(
        grasps=_tables(building, done, entry.num_grasps),
        objects=list(rows.values()),
        meshes={name: building.mesh_file(name).read_bytes() for name in rows},
        build=entry,
    )


def _tables(building: BuildFolder, done: dict[int, UnitCounts], wanted: int) -> Iterator[pa.Table]:
    for index in sorted(done):
        table = building.grasps(index).slice(0, wanted)
        wanted -= table.num_rows
        yield table


def yield_table(units: Sequence[UnitCounts]) -> list[dict[str, Any]]:
    """Return for each task and category: units, candidates, grasps, and seconds on one core."""
    kinds = sorted({(counts.task, counts.category) for counts in units})
    table = []
    for task, category in kinds:
        mine = [counts for counts in units if (counts.task, counts.category) == (task, category)]
        table.append(
            {
                'task': task,
                'category': category,
                'units': len(mine),
                'candidates': sum(counts.num_candidates for counts in mine),
                'grasps': sum(counts.num_grasps for counts in mine),
                'seconds': round(sum(counts.seconds for counts in mine), 1),
            }
        )
    return table
