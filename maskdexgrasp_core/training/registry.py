"""Every training by name: from an order on the command line to a recipe and a loop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.model.checkpoint import load_network, shipped_weights
from maskdexgrasp_core.model.text.cached import CachedEncoder
from maskdexgrasp_core.model.text.registry import load_sentence_encoder
from maskdexgrasp_core.model.tokenizer import GraspTokenizer
from maskdexgrasp_core.model.tokenizer_cfg import TokenizerCfg
from maskdexgrasp_core.resources import cache_folder
from maskdexgrasp_core.training.completion_data import objects_of_dataset
from maskdexgrasp_core.training.loop_cfg import LoopCfg
from maskdexgrasp_core.training.optimisation import seed_networks
from maskdexgrasp_core.training.overrides import overridden
from maskdexgrasp_core.training.recipe import Recipe
from maskdexgrasp_core.training.scene_training import (
    SceneTraining,
    tokenizer_training,
    transformer_training,
)
from maskdexgrasp_core.training.scenes import Scenes, load_scenes
from maskdexgrasp_core.training.selection_samples import load_selection_data
from maskdexgrasp_core.training.selection_training import selection_training
from maskdexgrasp_core.training.train_completion import CompletionRecipe, completion_training
from maskdexgrasp_core.training.train_selection import SelectionRecipe
from maskdexgrasp_core.training.train_tokenizer import TokenizerRecipe
from maskdexgrasp_core.training.train_transformer import FrozenTokenizer, TransformerRecipe

_SENTENCES_AT_ONCE = 4096
Report = Callable[[str, int, int], None]
"""Called with what is being made, how much of it is done, and of how much."""


@dataclass(frozen=True, kw_only=True)
class TrainingOrder:
    """What a user asks for; None leaves it to the preset."""

    kind: str
    """One of `RECIPES`."""
    preset: str
    data: Path | None
    """Folder of the dataset; None for a selection, which makes its own scenes."""
    seed: int = 0
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Of any other settings of the preset, as `overrides.overridden` takes them."""
    tokenizer: Path | None = None
    """Weights of the tokenizer whose tokens a transformer learns; None takes those that ship."""
    workers: int = 1
    """Processes that prepare data."""

    def named_changes(self, *, batch: str) -> dict[str, Any]:
        """Return every change by name.

        Args:
            batch: Name of the size of a batch in the settings of the preset.
        """
        asked = {
            'loop.seed': self.seed,
            'loop.epochs': self.epochs,
            'loop.learning_rate': self.learning_rate,
            batch: self.batch_size,
        }
        said = {name: value for name, value in asked.items() if value is not None}
        return {**said, **self.changes}


class Prepared(NamedTuple):
    """Ready for `loop.train`."""

    recipe: Recipe
    loop: LoopCfg


def prepare_training(
    order: TrainingOrder, report: Report = lambda what, done, of: None
) -> Prepared:
    """Read and make what a training needs, and its network with its first weights.

    Args:
        order: What is asked for.
        report: Told how far it is; the first time this takes minutes.

    Raises:
        UnknownNameError: If kind, preset or a changed setting is not known.
        InvalidInputError: If the data cannot be used, or a setting does not fit it.
        MissingWeightsError: If the tokenizer is not there.
        EncoderUnavailableError: If the weights of the sentence encoder are not there.
        WorkerLostError: If a worker was killed.
    """
    if order.kind not in RECIPES:
        raise UnknownNameError('training', order.kind, list(RECIPES))
    if order.tokenizer is not None and order.kind != 'transformer':
        raise InvalidInputError('only a transformer takes a tokenizer')
    return RECIPES[order.kind](order, report)


def _tokenizer(order: TrainingOrder, report: Report) -> Prepared:
    preset = tokenizer_training(order.preset)
    cfg = overridden(preset, _scene_changes(order, preset))
    scenes = _scenes(order, cfg, report)
    seed_networks(cfg.loop.seed)
    return Prepared(TokenizerRecipe(cfg.network, scenes), cfg.loop)


def _transformer(order: TrainingOrder, report: Report) -> Prepared:
    preset = transformer_training(order.preset)
    cfg = overridden(preset, _scene_changes(order, preset))
    tokenizer, header = load_network(
        order.tokenizer or shipped_weights('tokenizer'),
        kind='tokenizer',
        cfg_type=TokenizerCfg,
        build=GraspTokenizer,
    )
    scenes = _scenes(order, cfg, report)
    encoder = _read_sentences(cfg.sentence_encoder, scenes, report)
    seed_networks(cfg.loop.seed)
    frozen = FrozenTokenizer(tokenizer, header.digest)
    return Prepared(TransformerRecipe(cfg, scenes, frozen, encoder), cfg.loop)


def _scene_changes(order: TrainingOrder, preset: SceneTraining) -> dict[str, Any]:
    """Return the changes of an order; a batch is its scenes times the grasps of each."""
    changes = order.named_changes(batch='scenes.num_scenes')
    if order.batch_size is not None:
        each = changes.get('scenes.grasps_per_scene', preset.scenes.grasps_per_scene)
        if order.batch_size % each:
            raise InvalidInputError(
                f'a batch of {order.batch_size} grasps is no multiple of the {each} of a scene'
            )
        changes['scenes.num_scenes'] = order.batch_size // each
    return {'scenes.seed': order.seed, **changes}


def _scenes(order: TrainingOrder, cfg: SceneTraining, report: Report) -> Scenes:
    return load_scenes(
        _folder(order),
        cfg,
        workers=order.workers,
        on_progress=lambda done, of: report('objects looked at', done, of),
    )


def _read_sentences(name: str, scenes: Scenes, report: Report) -> CachedEncoder:
    """Return an encoder that knows every sentence; those of other runs are on the disk."""
    encoder = CachedEncoder(load_sentence_encoder(name), cache_folder('text'))
    for start in range(0, len(scenes.sentences), _SENTENCES_AT_ONCE):
        report('sentences read', start, len(scenes.sentences))
        encoder.encode(scenes.sentences[start : start + _SENTENCES_AT_ONCE])
    return encoder


def _completion(order: TrainingOrder, report: Report) -> Prepared:
    changes = order.named_changes(batch='batch_size')
    cfg = overridden(completion_training(order.preset), changes)
    objects = objects_of_dataset(_folder(order), per_category=cfg.data.objects_per_category)
    seed_networks(cfg.loop.seed)
    recipe = CompletionRecipe(objects, cache_folder('completion'), cfg)
    for what, views in (
        ('views made', recipe.training_views),
        ('views of held-out objects made', recipe.held_out_views),
    ):
        for there in views.fill(workers=order.workers):
            report(what, there, len(views))
    return Prepared(recipe, cfg.loop)


def _selection(order: TrainingOrder, report: Report) -> Prepared:
    if order.data is not None:
        raise InvalidInputError('a selection renders scenes of its own and takes no dataset')
    changes = order.named_changes(batch='data.batch_size')
    cfg = overridden(selection_training(order.preset), changes)
    data = load_selection_data(
        cfg.data,
        cfg.network.num_points,
        cache_folder('selection'),
        workers=order.workers,
        report=report,
    )
    encoder = CachedEncoder(load_sentence_encoder(cfg.network.text_encoder), cache_folder('text'))
    seed_networks(cfg.loop.seed)
    return Prepared(SelectionRecipe(cfg, order.preset, data, encoder), cfg.loop)


def _folder(order: TrainingOrder) -> Path:
    if order.data is None:
        raise InvalidInputError(f'a {order.kind} is trained on a dataset: name it with --data')
    return order.data


RECIPES: dict[str, Callable[[TrainingOrder, Report], Prepared]] = {
    'tokenizer': _tokenizer,
    'transformer': _transformer,
    'completion': _completion,
    'selection': _selection,
}
"""Kind of network -> what prepares its training."""
