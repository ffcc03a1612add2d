"""Compares variants of the model: trains those that need it, evaluates all, prints one table.

Run: python benchmarks/ablations.py --out runs/ablations --epochs-tokenizer 60
         --epochs-transformer 40 [--weights DIR] [--only NAME,NAME] [--set NAME=VALUE]

All networks get the same data, epochs and seed. With --weights the rows that change only how a
model is used take the model of that folder instead of the `base` trained here. --set changes the
generator in all rows: `--set max_batches=1 --set last_resort=false` shows what one batch of each
is worth. Stopped, the same command goes on: what is done under the same settings is not done
again.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ablation_table import markdown_table
from ablation_variants import BASE, NETWORKS, VARIANTS, NetworkVariant, Variant
from bench_model import tokenizer_on_split

from maskdexgrasp_core.atomic_files import write_atomically
from maskdexgrasp_core.cli.console import run_header
from maskdexgrasp_core.cli.evaluate import DEFAULT_DATA
from maskdexgrasp_core.errors import UnknownNameError
from maskdexgrasp_core.model.checkpoint import read_header
from maskdexgrasp_core.model.grasp_model import GraspModel
from maskdexgrasp_core.perception.completion import DEFAULT_COMPLETION
from maskdexgrasp_core.synthesis.learned_generator import LearnedGeneratorCfg
from maskdexgrasp_core.training.overrides import overridden, parse_changes
from maskdexgrasp_core.training.run_folder import BEST_NAME
from maskdexgrasp_core.training.scene_training import tokenizer_training, transformer_training

COMMAND = (sys.executable, '-m', 'maskdexgrasp_ros.cli.main')
NETS = ('tokenizer', 'transformer')
Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class AblationCfg:
    """What all variants have in common."""

    out: Path
    data: Path = DEFAULT_DATA
    preset: str = 'base'
    """Of the trainings; 'tiny' for a try."""
    epochs_tokenizer: int = 60
    epochs_transformer: int = 40
    seed: int = 1
    """Of trainings and evaluations."""
    weights: Path | None = None
    """Folder of a model for the rows that change only how it is used."""
    split: str = 'test-instances'
    view: str = 'whole'
    conditions: int = 100
    num_grasps: int = 8
    threads: int = 2
    """Of a training."""
    workers: int = 2
    """Of an evaluation."""
    settings: tuple[str, ...] = ()
    """Changes of the generator in all rows; those of a row come after them."""


class StepFailedError(RuntimeError):
    """A command of the suite ended with an error; the text names its log."""


class Ablations:
    """Trains and measures variants, one process at a time; keeps what is done in `cfg.out`."""

    def __init__(self, cfg: AblationCfg) -> None:
        self.cfg = cfg
        self._begun = time.monotonic()

    def network(self, name: str) -> Path:
        """Return the folder with the weights of a network, trained now if they are not there.

        Raises:
            StepFailedError: If a training fails.
        """
        asked = self._asked_network(name)
        folder = self.cfg.out / 'networks' / f'{_file_name(name)}-{_digest(asked)}'
        weights = folder / 'weights'
        if not (weights / 'facts.json').exists():
            for net in NETS:
                self._train(net, NETWORKS[name], folder)
                weights.mkdir(exist_ok=True)
                shutil.copy(folder / net / BEST_NAME, weights / f'{net}.safetensors')
            _write(weights / 'facts.json', {'asked': asked})
        return weights

    def measure(self, variant: Variant) -> Json:
        """Return what the evaluator and the tokenizer say of a variant, now or from before.

        Raises:
            StepFailedError: If a training or the evaluation fails.
        """
        given = None if variant.network else self.cfg.weights
        weights = given or self.network(variant.network or BASE)
        asked = self._asked_result(variant, weights)
        path = self.cfg.out / 'results' / f'{_digest(asked)}.json'
        if not path.exists():
            report = path.with_suffix('.report')
            self._run(f'evaluate {variant.name}', self._evaluation(variant, weights, report))
            content = {'asked': asked, 'network': self._facts(weights)}
            _write(path, {**content, 'report': json.loads(report.read_text())})
            report.unlink()
        found: Json = json.loads(path.read_text())
        return found

    def _asked_network(self, name: str) -> Json:
        """Return everything that decides a pair of networks, as JSON."""
        cfg = self.cfg
        found: Json = {'data': str(cfg.data.resolve())}
        presets = (tokenizer_training(cfg.preset), transformer_training(cfg.preset))
        for net, preset in zip(NETS, presets, strict=True):
            changes = parse_changes(getattr(NETWORKS[name], net))
            own = {'loop.epochs': getattr(cfg, f'epochs_{net}'), 'loop.seed': cfg.seed}
            found[net] = asdict(overridden(preset, {**own, **changes}))
        return found

    def _asked_result(self, variant: Variant, weights: Path) -> Json:
        """Return everything that decides a result, as JSON."""
        cfg = self.cfg
        view = 'single' if variant.completion else cfg.view
        usual = DEFAULT_COMPLETION if view == 'single' else ''
        return {
            'weights': [read_header(weights / f'{net}.safetensors').digest for net in NETS],
            'settings': asdict(
                overridden(LearnedGeneratorCfg(), parse_changes(self._settings(variant)))
            ),
            'view': view,
            'completion': variant.completion or usual,
            'data': str(cfg.data.resolve()),
            **{name: getattr(cfg, name) for name in ('split', 'conditions', 'num_grasps', 'seed')},
        }

    def _settings(self, variant: Variant) -> tuple[str, ...]:
        return (*self.cfg.settings, *variant.settings)

    def _train(self, net: str, variant: NetworkVariant, folder: Path) -> None:
        cfg = self.cfg
        line = [
            'train', net, '--preset', cfg.preset, '--data', cfg.data, '--out', folder / net,
            '--epochs', getattr(cfg, f'epochs_{net}'), '--seed', cfg.seed,
            '--threads', cfg.threads, '--resume',
        ]  # fmt: skip
        if net == 'transformer':
            line += ['--tokenizer', folder / 'tokenizer' / BEST_NAME]
        line += [word for change in getattr(variant, net) for word in ('--set', change)]
        self._run(f'train {net} of {variant.name}', line)

    def _evaluation(self, variant: Variant, weights: Path, report: Path) -> list[Any]:
        cfg = self.cfg
        view = ['--view', cfg.view]
        if variant.completion:
            view = ['--view', 'single', '--completion', variant.completion]
        return [
            'evaluate', '--generator', 'model', '--weights', weights, '--data', cfg.data,
            '--split', cfg.split, '--conditions', cfg.conditions, '--seed', cfg.seed,
            '--num-grasps', cfg.num_grasps, '--workers', cfg.workers, '--json', report, *view,
            *(word for change in self._settings(variant) for word in ('--set', change)),
        ]  # fmt: skip

    def _facts(self, weights: Path) -> Json:
        """Return size of a model and figures of its tokenizer on the split; kept per tokenizer."""
        cfg = self.cfg
        model = GraspModel.load(weights)
        networks = (model.tokenizer, model.transformer)
        file = weights / 'tokenizer.safetensors'
        named = _digest([read_header(file).digest, str(cfg.data.resolve()), cfg.split, cfg.seed])
        kept = cfg.out / 'tokenizers' / f'{named}.json'
        if not kept.exists():
            self._say(f'tokenizer of {weights}')
            _write(kept, tokenizer_on_split(file, cfg.data, cfg.split, seed=cfg.seed))
        return {
            'parameters': sum(p.numel() for net in networks for p in net.parameters()),
            'tokenizer': json.loads(kept.read_text()),
        }

    def _run(self, what: str, line: Sequence[object]) -> None:
        """Run a command of the suite, its output in a log."""
        log = self.cfg.out / 'logs' / f'{_file_name(what)}.log'
        log.parent.mkdir(parents=True, exist_ok=True)
        self._say(what)
        with log.open('w') as output:
            done = subprocess.run(
                [*COMMAND, *map(str, line)], stdout=output, stderr=subprocess.STDOUT
            )
        if done.returncode != 0:
            raise StepFailedError(f'{what} ended with status {done.returncode}, see {log}')

    def _say(self, what: str) -> None:
        print(f'{(time.monotonic() - self._begun) / 60.0:7.1f} min  {what}', flush=True)


def _write(path: Path, content: Json) -> None:
    """Write a file as a whole: what is there is done."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(content, indent=1).encode())


def _digest(content: object) -> str:
    """Return a short name for JSON content."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _file_name(text: str) -> str:
    return re.sub(r'[^\w.]+', '-', text)


def chosen_variants(names: str) -> list[Variant]:
    """Return variants by their names, with commas between them; '' returns all.

    Raises:
        UnknownNameError: If there is none of a name; the text lists those that exist.
    """
    known = {variant.name: variant for variant in VARIANTS}
    wanted = [name.strip() for name in names.split(',') if name.strip()] or list(known)
    for name in wanted:
        if name not in known:
            raise UnknownNameError('variant', name, list(known))
    return [known[name] for name in wanted]


def arguments() -> argparse.Namespace:
    """Return what the command line says; unset values are those of `AblationCfg`."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
    )
    for field in fields(AblationCfg):
        if field.name == 'settings':
            continue
        of_path = field.name in ('out', 'data', 'weights')
        kind: type = Path if of_path else int if isinstance(field.default, int) else str
        name = f'--{field.name.replace("_", "-")}'
        parser.add_argument(name, type=kind, required=field.name == 'out')
    parser.add_argument('--only', default='', help='variants, with commas')
    parser.add_argument('--set', dest='settings', action='append', metavar='NAME=VALUE')
    return parser.parse_args()


def main() -> None:
    """Measure the variants one after the other, then print the table."""
    asked = vars(arguments())
    variants = chosen_variants(asked.pop('only'))
    cfg = AblationCfg(**{**asked, 'settings': tuple(asked.get('settings', ()))})
    ablations = Ablations(cfg)
    rows, failures = [], []
    for number, variant in enumerate(variants, 1):
        print(f'[{number}/{len(variants)}] {variant.name}', flush=True)
        try:
            rows.append((variant.name, ablations.measure(variant)))
        except StepFailedError as error:
            failures.append(str(error))
    print(f'\n{run_header()["machine"]}, seed {cfg.seed}, {cfg.split}, view {cfg.view}, epochs '
          f'{cfg.epochs_tokenizer} + {cfg.epochs_transformer}\n')  # fmt: skip
    print(markdown_table(rows))
    if failures:
        sys.exit('\n'.join(failures))


if __name__ == '__main__':
    main()
