"""What to put on the simulated table: a scene, one object of a set, or meshes of the user."""

from collections.abc import Sequence
from pathlib import Path

from maskdexgrasp_core.errors import UnknownNameError
from maskdexgrasp_core.objects.scenes import Scene, load_scene, load_set, random_scene
from maskdexgrasp_core.sim.scene import Placement

SET_MARK = ':'
"""'table8:mug_1' means the object mug_1 of the set table8, alone at a random place."""
_EMPTY = 'empty'


def object_placements(
    scene: str, seed: int, files: Sequence[Path]
) -> tuple[list[Placement], tuple[str, ...]]:
    """Return objects with their poses, and what was guessed about meshes of the user.

    Args:
        scene: Name of a scene or '<set>:<object>'; '' with `files` means the meshes alone.
        seed: Of the places and of what the scene leaves open.
        files: Meshes that stand on the table besides.

    Raises:
        UnknownNameError: If scene, set or object is not known.
        InvalidInputError: If the seed is negative, a mesh cannot be used or the objects do not
            fit on the table.
    """
    built = _build(scene, seed, files)
    return [(p.model, p.T_base_object) for p in built.placements], built.warnings


def _build(scene: str, seed: int, files: Sequence[Path]) -> Scene:
    if SET_MARK not in scene:
        return load_scene(scene or _EMPTY, seed, files)
    set_name, object_name = scene.split(SET_MARK, 1)
    models = {model.name: model for model in load_set(set_name)}
    if object_name not in models:
        raise UnknownNameError(f'object of {set_name}', object_name, list(models))
    return random_scene([models[object_name]], seed)
