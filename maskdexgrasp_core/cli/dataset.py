"""`maskdexgrasp dataset`: build, extend, describe, count, draw, check and divide sets."""

import math
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from maskdexgrasp_core.cli.console import (
    FAILED,
    MISUSE,
    console,
    fail,
    reported_errors,
    write_json,
)
from maskdexgrasp_core.cli.dataset_build import Folder, add, build
from maskdexgrasp_core.cli.dataset_describe import describe
from maskdexgrasp_core.cli.dataset_tables import (
    print_matrix,
    quality_lines,
    subset_table,
    task_table,
)
from maskdexgrasp_core.cli.describe_options import EXAMPLES as DESCRIBE_EXAMPLES
from maskdexgrasp_core.cli.options import JsonFile, Seed
from maskdexgrasp_core.dataset.folder_lock import DatasetBusyError, locked_folder
from maskdexgrasp_core.dataset.manifest import SplitRule, read_manifest
from maskdexgrasp_core.dataset.reader import Dataset, open_dataset
from maskdexgrasp_core.dataset.record import GraspRecord
from maskdexgrasp_core.dataset.statistics import compute_figures, kind_yields
from maskdexgrasp_core.dataset.verify import verify_dataset
from maskdexgrasp_core.dataset.writer import change_split
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.plain_values import without_nan
from maskdexgrasp_core.hands.shadow import SHADOW
from maskdexgrasp_core.tasks import TASKS

_MAX_PROBLEMS = 40
_MAX_SHOWN = 100

app = typer.Typer(
    name='dataset',
    help='Build, extend, describe, count, draw, check and divide sets of grasps.',
    no_args_is_help=True,
    rich_markup_mode='rich',
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={'help_option_names': ['-h', '--help']},
)
app.command()(build)
app.command()(add)
app.command(epilog=DESCRIBE_EXAMPLES)(describe)

Split = Annotated[
    str, typer.Option(help='train, test-instances, test-categories, or test for both.')
]
Category = Annotated[str, typer.Option(help='Of the objects, e.g. mug.')]
Task = Annotated[str, typer.Option(help='One of the eleven tasks, e.g. handle-grasp.')]


@app.command()
def stats(
    folder: Folder,
    json_file: JsonFile = None,
    tsne: Annotated[
        Path | None, typer.Option(help='Draw the t-SNE of the hand poses to this picture.')
    ] = None,
    sample: Annotated[int, typer.Option(min=10, help='Grasps in the t-SNE at most.')] = 3000,
    seed: Seed = 0,
) -> None:
    """Print what a dataset holds: the paper's Table 4 for it, tasks, quality, yields.

    [bold]Examples[/]

      maskdexgrasp dataset stats data/tdg-procedural-v1

      maskdexgrasp dataset stats data/tdg-procedural-v1 --json stats.json --tsne tsne.png
    """
    with reported_errors():
        data = open_dataset(folder)
        figures = compute_figures(data)
        yields = kind_yields(data.manifest)
        console.print(subset_table(figures), '')
        console.print(task_table(figures), '')
        for line in quality_lines(figures):
            console.print(escape(line))
        console.print('')
        print_matrix(console, yields)
        if json_file is not None:
            content = figures.to_json() | {
                'yields': [vars(kind) | {'yield': kind.share} for kind in yields]
            }
            write_json(json_file, without_nan(content))
        if tsne is not None:
            _draw_tsne(data, tsne, sample=sample, seed=seed)


@app.command()
def show(
    folder: Folder,
    count: Annotated[int, typer.Option('-n', '--count', min=1, max=_MAX_SHOWN)] = 8,
    category: Category = '',
    task: Task = '',
    split: Split = '',
    seed: Seed = 0,
    out: Annotated[Path, typer.Option(help='Picture file.')] = Path('grasps.png'),
) -> None:
    """Draw some grasps from three sides each, with their sentences.

    [bold]Examples[/]

      maskdexgrasp dataset show data/tdg-procedural-v1 -n 12 --category mug --out mugs.png
    """
    from maskdexgrasp_core.viewer.triptych import Triptych, compose_triptychs, draw_three_views

    with reported_errors():
        data = open_dataset(folder).select(split=split, category=category, task=task)
        if len(data.grasps) == 0:
            fail('INPUT', f'no grasp of {folder} is all of this', status=MISUSE)
        items = []
        with console.status('Drawing ...'):
            for grasp in data.grasps.sample(count, seed=seed):
                pictures = draw_three_views(
                    data.objects[grasp.object_id].model, SHADOW, grasp.T_object_wrist,
                    grasp.joint_positions,
                )  # fmt: skip
                title = f'“{grasp.texts[0]}”'
                items.append(Triptych(pictures=pictures, title=title, note=_note(grasp)))
        heading = ' · '.join(filter(None, (folder.resolve().name, category, task, split)))
        page = compose_triptychs(items, heading=heading, note=f'{len(data.grasps):,} grasps')
        out.parent.mkdir(parents=True, exist_ok=True)
        try:
            page.save(out)
        except (OSError, ValueError) as error:
            raise InvalidInputError(f'cannot write {out}: {error}') from error
    console.print(f'[green]{len(items)} grasps[/] → {out}')


@app.command()
def verify(folder: Folder) -> None:
    """Check every file and every value; the exit code is 1 if anything is wrong.

    [bold]Examples[/]

      maskdexgrasp dataset verify data/tdg-procedural-v1
    """
    problems = verify_dataset(folder)
    for problem in problems[:_MAX_PROBLEMS]:
        console.print(f'[red]bad[/] {escape(problem)}', soft_wrap=True)
    if len(problems) > _MAX_PROBLEMS:
        console.print(f'... and {len(problems) - _MAX_PROBLEMS} more')
    if problems:
        raise typer.Exit(FAILED)
    counts = read_manifest(folder).counts
    console.print(
        f'[green]ok[/] {folder}: {counts["grasps"]:,} grasps of {counts["objects"]:,} objects'
    )


@app.command()
def split(
    folder: Folder,
    seed: Seed = 0,
    test_categories: Annotated[
        str, typer.Option(help='Categories that training never sees, "a,b,c".')
    ] = '',
    test_share: Annotated[
        float, typer.Option(help='Share of unseen objects in every other category.')
    ] = 0.1,
) -> None:
    """Divide the objects of a dataset into seen and unseen ones.

    [bold]Examples[/]

      maskdexgrasp dataset split data/mine --test-categories kettle,power_drill --test-share 0.15
    """
    names = tuple(sorted(filter(None, (name.strip() for name in test_categories.split(',')))))
    rule = SplitRule(seed=seed, test_categories=names, test_share=test_share)
    with reported_errors():
        read_manifest(folder)  # no lock where there is no dataset
        try:
            with locked_folder(folder):
                change_split(folder, read_manifest(folder), rule)
        except DatasetBusyError as error:
            fail('BUSY', str(error))
        console.print(subset_table(compute_figures(open_dataset(folder))))


def _draw_tsne(data: Dataset, path: Path, *, sample: int, seed: int) -> None:
    from maskdexgrasp_core.dataset.embedding import embed_poses
    from maskdexgrasp_core.viewer.embedding_picture import save_embedding

    grasps = data.grasps.sample(sample, seed=seed)
    with console.status('Embedding ...'):
        points = embed_poses(grasps, seed=seed)
    labels = {'subset': grasps.sources, 'task': grasps.tasks, 'category': grasps.categories}
    panels = {
        name: mine for name, mine in labels.items() if 1 < len(set(mine.tolist())) <= len(TASKS)
    }
    save_embedding(points, panels or {'task': grasps.tasks}, path)
    console.print(f't-SNE of {len(grasps):,} hand poses → {path}')


def _note(grasp: GraspRecord) -> str:
    words = [grasp.category, grasp.task, grasp.part, ', '.join(grasp.fingers)]
    if grasp.checks is not None:
        words.append(f'{sum(grasp.checks.held)}/6 held')
        words.append(f'penetration {1000 * grasp.checks.penetration_m:.1f} mm')
        if not math.isnan(grasp.checks.q1):
            words.append(f'Q1 {grasp.checks.q1:.2f}')
    return ' · '.join(filter(None, words))


if __name__ == '__main__':
    app()
