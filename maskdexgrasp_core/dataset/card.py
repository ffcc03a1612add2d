"""The README of a dataset: written once, its figures kept up to date, the rest left to people."""

from pathlib import Path

from maskdexgrasp_core.atomic_files import write_atomically
from maskdexgrasp_core.dataset.manifest import BuildEntry, DescriptionEntry, Manifest

CARD_NAME = 'README.md'
_BEGIN = '<!-- figures: rewritten by maskdexgrasp, edits here are lost -->'
_END = '<!-- end of figures -->'
_SOURCE_TEXT = {
    'procedural': 'objects built from families of shapes, grasps by the energy-based synthesiser',
    'affordpose': 'converted from AffordPose; its terms of use apply',
    'oakshape': 'converted from OakInk-Shape (OakShape); its terms of use apply',
}

_CARD = """# {title}

Grasps of the 22-joint Shadow Hand on objects with named parts, for eleven tasks, each with four
sentences, in the format of MaskDexGrasp (version 1).

{figures}

## What a grasp is
The pose of the wrist (frame `rh_palm`) in the frame of the object (z up as it rests, origin on the
table in the middle of its footprint), 22 joint angles, 22 servo targets that squeeze, the task and
the part of the object it asks for, the parts of the hand in contact, the side that the palm comes
from, four sentences (command, present, progressive, passive), and what the physics check measured:
whether the object stayed in the hand under loads in six directions, the deepest penetration, the
number of touching links, the share of contacts on the asked part, Q1, and how high the lowest
point of the hand is above the table. Units are metres, radians and kilograms; `manifest.json`
lists columns, joints and frames.

## Opening it
```python
from maskdexgrasp_core.dataset import open_dataset

data = open_dataset('{title}')
mugs = data.select(category='mug', split='train')
mugs.grasps.joint_positions  # (N, 22) [rad]
mugs.grasps.texts[0]  # four sentences
data.objects['{object_id}'].model  # parts, convex pieces, masses

import pandas as pd  # or without this project

grasps = pd.read_parquet('{title}/grasps')
```
Meshes are GLB files with one node for each part. `maskdexgrasp dataset stats|show|verify` reports,
draws and checks it.

## Good for
Training and testing models that map an object, a task and a sentence to a grasp; ranking grasps;
studying which part a task asks for. Objects, not grasps, are divided: `test-instances` are unseen
objects of seen categories, `test-categories` are categories that training never sees.

## Not good for
- Objects are rigid, with one friction coefficient, and alone: no clutter. The check has no table;
  a hand with a negative `table_gap_m` would be in it while the object rests.
- Checks are of one simulator; a grasp that holds there need not hold in a real hand.
- Sentences say what a grammar or a vision-language model says of a grasp, not what people do.
- The frequency of tasks, parts and fingers is that of the source, not that of human use.
"""


def write_card(folder: Path, manifest: Manifest) -> None:
    """Write the README, or only its figures where there is one."""
    path = folder / CARD_NAME
    figures = f'{_BEGIN}\n{_figures(manifest)}\n{_END}'
    text = path.read_text(encoding='utf-8') if path.exists() else ''
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if begin and end:
        text = before + figures + after
    elif not text:
        meshes = sorted(name for name in manifest.files if name.endswith('.glb'))
        some = Path(meshes[0]).stem if meshes else 'object'
        text = _CARD.format(title=folder.resolve().name, figures=figures, object_id=some)
    write_atomically(path, text.encode())


def _figures(manifest: Manifest) -> str:
    counts = manifest.counts
    lines = [
        '| grasps | sentences | objects | categories | tasks |',
        '|---|---|---|---|---|',
        f'| {counts["grasps"]:,} | {counts["texts"]:,} | {counts["objects"]:,} | '
        f'{counts["categories"]} | {counts["tasks"]} |',
        '',
        'How it was made:',
    ]
    return '\n'.join(
        [
            *lines,
            *(_build_line(build) for build in manifest.builds),
            *(_description_line(entry) for entry in manifest.descriptions),
            _split(manifest),
        ]
    )


def _build_line(build: BuildEntry) -> str:
    how = f'`{build.command}`' if build.command else f'source `{build.source}`'
    return (
        f'- {build.num_grasps:,} grasps from {how}, seed {build.seed}, code version '
        f'{build.code_version}: {_SOURCE_TEXT.get(build.source, "a source of its own")}.'
    )


def _description_line(entry: DescriptionEntry) -> str:
    writer = f'the model `{entry.model}`' if entry.model else f'the grammar, seed {entry.seed}'
    return f'- Revision {entry.revision}: sentences of {entry.num_grasps:,} grasps by {writer}.'


def _split(manifest: Manifest) -> str:
    if manifest.split is None:
        return '- Split: as the sources say.'
    rule = manifest.split
    unseen = ', '.join(rule.test_categories) or 'none'
    return (
        f'- Split: seed {rule.seed}, unseen categories: {unseen}; {rule.test_share:.0%} of the '
        'objects of every other category are unseen.'
    )
