import json
from dataclasses import replace

import pytest
import torch
from line_recipe import LineRecipe
from safetensors.torch import load_file

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.model.checkpoint import read_header
from maskdexgrasp_core.training.devices import DeviceCfg, make_fabric
from maskdexgrasp_core.training.loop import TrainingDivergedError, train
from maskdexgrasp_core.training.loop_cfg import LoopCfg

CFG = LoopCfg(epochs=4, learning_rate=0.1, ema_decay=0.9, seed=2)


@pytest.fixture(scope='module')
def fabric():
    return make_fabric(DeviceCfg(accelerator='cpu'))


class Stop:
    """Raises at one step, as Ctrl-C does."""

    def __init__(self, epoch: int, step: int) -> None:
        self.place = epoch, step

    def __call__(self, progress) -> None:
        if (progress.epoch, progress.step) == self.place:
            raise KeyboardInterrupt


def curve(folder) -> list[dict[str, float]]:
    return [record['figures'] for record in json.loads((folder / 'history.json').read_text())]


def weights(folder, name='last') -> dict[str, torch.Tensor]:
    return load_file(folder / f'{name}.safetensors')


def test_the_loss_falls_and_every_epoch_has_its_figures(tmp_path, fabric):
    history = train(LineRecipe(), CFG, tmp_path / 'run', fabric=fabric)
    losses = [record.figures['train/loss'] for record in history]
    errors = [record.figures['val/error'] for record in history]
    assert losses[-1] < 0.5 * losses[0]
    assert curve(tmp_path / 'run') == [record.figures for record in history]
    best = read_header(tmp_path / 'run' / 'best.safetensors').facts
    assert best['epoch'] == errors.index(min(errors))
    assert best['figures']['val/error'] == min(errors)
    assert list((tmp_path / 'run' / 'tensorboard').iterdir())


@pytest.mark.parametrize(('epoch', 'step'), [(0, 3), (1, 1), (2, 5)])
def test_a_run_that_is_stopped_and_resumed_gives_the_same_curve(tmp_path, fabric, epoch, step):
    train(LineRecipe(seed=1), CFG, tmp_path / 'whole', fabric=fabric)
    with pytest.raises(KeyboardInterrupt):
        train(
            LineRecipe(seed=1), CFG, tmp_path / 'cut', fabric=fabric, on_progress=Stop(epoch, step)
        )
    seen = []
    train(
        LineRecipe(seed=1), CFG, tmp_path / 'cut', fabric=fabric, resume=True,
        on_progress=seen.append,
    )  # fmt: skip
    assert seen[0].epoch == seen[0].resumed_epochs == epoch
    assert curve(tmp_path / 'cut') == curve(tmp_path / 'whole')
    for name in ('best', 'last'):
        ours, theirs = (weights(tmp_path / run, name) for run in ('cut', 'whole'))
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


def test_a_finished_run_is_not_trained_further(tmp_path, fabric):
    history = train(LineRecipe(), CFG, tmp_path / 'run', fabric=fabric)
    seen = []
    again = train(
        LineRecipe(), CFG, tmp_path / 'run', fabric=fabric, resume=True, on_progress=seen.append
    )
    assert again == history
    assert seen == []


def test_the_seed_decides_the_curve(tmp_path, fabric):
    runs = {
        name: train(LineRecipe(seed=seed), replace(CFG, seed=seed), tmp_path / name, fabric=fabric)
        for name, seed in (('one', 1), ('same', 1), ('other', 2))
    }
    figures = {name: [record.figures for record in run] for name, run in runs.items()}
    assert figures['one'] == figures['same']
    assert figures['one'] != figures['other']


def test_the_kept_weights_are_an_average(tmp_path, fabric):
    recipe = LineRecipe()
    train(recipe, CFG, tmp_path / 'average', fabric=fabric)
    last = recipe.network.state_dict()
    kept = weights(tmp_path / 'average')
    assert any(not torch.equal(kept[name], last[name]) for name in last)
    recipe = LineRecipe()
    train(recipe, replace(CFG, ema_decay=0.0), tmp_path / 'plain', fabric=fabric)
    kept = weights(tmp_path / 'plain')
    assert all(
        torch.equal(kept[name], value) for name, value in recipe.network.state_dict().items()
    )


def test_two_trainings_are_never_mixed(tmp_path, fabric):
    train(LineRecipe(), CFG, tmp_path / 'run', fabric=fabric)
    with pytest.raises(InvalidInputError, match='--resume'):
        train(LineRecipe(), CFG, tmp_path / 'run', fabric=fabric)
    with pytest.raises(InvalidInputError, match=r'scale: 1\.0 there, 3\.0 asked'):
        train(LineRecipe(scale=3.0), CFG, tmp_path / 'run', fabric=fabric, resume=True)
    with pytest.raises(InvalidInputError, match='loop'):
        train(LineRecipe(), replace(CFG, epochs=9), tmp_path / 'run', fabric=fabric, resume=True)


def test_foreign_folders_and_damaged_states_are_left_alone(tmp_path, fabric):
    (tmp_path / 'thesis').mkdir()
    (tmp_path / 'thesis' / 'thesis.tex').write_text('years of work')
    with pytest.raises(InvalidInputError, match='neither empty nor a training'):
        train(LineRecipe(), CFG, tmp_path / 'thesis', fabric=fabric)
    with pytest.raises(InvalidInputError, match='is a file'):
        train(LineRecipe(), CFG, tmp_path / 'thesis' / 'thesis.tex', fabric=fabric)
    train(LineRecipe(), CFG, tmp_path / 'run', fabric=fabric)
    state = tmp_path / 'run' / 'state.pt'
    state.write_bytes(state.read_bytes()[:100])
    with pytest.raises(InvalidInputError, match=r'state\.pt cannot be read'):
        train(LineRecipe(), CFG, tmp_path / 'run', fabric=fabric, resume=True)


def test_a_loss_that_is_no_number_ends_the_run(tmp_path, fabric):
    with pytest.raises(TrainingDivergedError, match='step 0'):
        train(LineRecipe(scale=float('inf')), CFG, tmp_path / 'run', fabric=fabric)


def test_bf16_trains_too(tmp_path):
    fabric = make_fabric(DeviceCfg(accelerator='cpu', precision='bf16-mixed'))
    history = train(LineRecipe(), CFG, tmp_path / 'run', fabric=fabric)
    assert history[-1].figures['train/loss'] < history[0].figures['train/loss']
    assert weights(tmp_path / 'run')['0.weight'].dtype == torch.float32


def test_the_learning_rate_rises_and_then_falls_to_its_end():
    cfg = LoopCfg(epochs=1, learning_rate=1.0, warmup_share=0.1, final_share=0.05)
    rates = [cfg.rate(step, 100) for step in range(100)]
    assert rates[:10] == sorted(rates[:10])
    assert rates[0] > 0.0
    assert rates[10] == pytest.approx(1.0)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(0.05, abs=1e-3)


def test_what_a_machine_does_not_have_is_refused():
    with pytest.raises(InvalidInputError, match='unknown precision'):
        DeviceCfg(precision='8-bit')
    with pytest.raises(InvalidInputError, match='cannot train on'):
        make_fabric(DeviceCfg(accelerator='abacus'))
