"""What `evaluate` judges: given grasps, or what a generator proposes."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from maskdexgrasp_core.cli.evaluate_dataset import dataset_items
from maskdexgrasp_core.cli.evaluate_files import FORMATS, file_items
from maskdexgrasp_core.cli.evaluate_run import Evaluated, Judge
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.generated_grasps import GenerationCfg, View
from maskdexgrasp_core.evaluation.grasp_under_test import ObjectUnderTest
from maskdexgrasp_core.synthesis.registry import default_cfg
from maskdexgrasp_core.training.overrides import overridden, parse_changes


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Grasps as the command line names them; either `grasps` or `generator` is given."""

    grasps: Path | None
    """A dataset or a file."""
    object_file: Path | None
    """Mesh of the object of a file."""
    sample: int
    """Grasps to draw at random; 0: all."""
    generator: str
    weights: Path | None
    """Folder of the generator's weights; None: those that ship."""
    changes: tuple[str, ...]
    """Of the generator's settings, each 'name=value'."""
    data: Path
    """Dataset that the generator takes its conditions from."""
    split: str
    view: str
    completion: str
    """Closes what a single view does not show."""
    conditions: int
    """To draw at random; 0: all."""
    num_grasps: int
    """Asked of the generator for each condition."""
    num_rehearsed: int
    """Tried in physics on the shape that the generator was shown, and ordered by that; 0: none."""
    seed: int

    def judged_by(self, judge: Judge) -> Evaluated:
        """Return what came of it.

        Raises:
            InvalidInputError: If nothing or both are given, or what is given cannot be used.
            WorkerLostError: If a worker was killed.
        """
        if (self.grasps is None) == (not self.generator):
            raise InvalidInputError('give either --grasps DIR|FILE or --generator NAME')
        if self.grasps is not None and (self.weights is not None or self.changes):
            raise InvalidInputError('--weights and --set belong to --generator NAME')
        if self.grasps is not None:
            return judge.given(self._given(self.grasps))
        return judge.generated(self._generation(), self.data, self.split, self.conditions)

    def to_json(self) -> dict[str, object]:
        """Return what a report says of it."""
        if self.grasps is not None:
            return {'grasps': str(self.grasps), 'sample': self.sample, 'split': self.split}
        generation = asdict(self._generation())
        return {'generation': generation, 'data': str(self.data), 'split': self.split}

    def _generation(self) -> GenerationCfg:
        return GenerationCfg(
            generator=self.generator,
            weights=self.weights,
            settings=overridden(default_cfg(self.generator), parse_changes(self.changes)),
            completion=self.completion,
            view=cast(View, self.view),
            num_grasps=self.num_grasps,
            num_rehearsed=self.num_rehearsed,
            seed=self.seed,
        )

    def _given(self, grasps: Path) -> tuple[ObjectUnderTest, ...]:
        if not grasps.exists():
            raise InvalidInputError(f'{grasps} does not exist; {FORMATS} can be evaluated')
        if grasps.is_dir():
            if self.object_file is not None:
                raise InvalidInputError('--object belongs to a FILE: a dataset holds its objects')
            return dataset_items(grasps, split=self.split, sample=self.sample, seed=self.seed)
        if self.split:
            raise InvalidInputError('--split needs a dataset: a file has no splits')
        return file_items(grasps, object_file=self.object_file, sample=self.sample, seed=self.seed)
