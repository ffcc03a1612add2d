import pytest
import torch

from maskdexgrasp_core.errors import InvalidInputError, UnknownNameError
from maskdexgrasp_core.model.completion_cfg import (
    COMPLETION_PRESETS,
    CompletionCfg,
    completion_preset,
)
from maskdexgrasp_core.model.completion_net import (
    CHANNELS,
    CompletionInputs,
    CompletionNet,
    fold,
    squash,
    unfold,
    unsquash,
)

SMALL = CompletionCfg(name='small', cells=4, widths=(8, 16), blocks=(1, 1))


def random_inputs(cfg: CompletionCfg, batch: int = 2) -> CompletionInputs:
    generator = torch.Generator().manual_seed(0)
    size = (batch, len(CHANNELS), *[cfg.resolution] * 3)
    return CompletionInputs(
        channels=squash(0.02 * torch.randn(size, generator=generator)),
        steps=0.001 + 0.003 * torch.rand((batch, 3), generator=generator),
        ray=torch.nn.functional.normalize(torch.randn((batch, 3), generator=generator)),
        explained=torch.rand(batch, generator=generator),
    )


def stirred(cfg: CompletionCfg) -> CompletionNet:
    """Return a network that does something: a fresh one adds nothing to the extrusion."""
    torch.manual_seed(0)
    network = CompletionNet(cfg).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    return network


@pytest.mark.parametrize('name', COMPLETION_PRESETS)
@pytest.mark.parametrize(('explained', 'guess'), [(0.0, 'extruded'), (1.0, 'fitted')])
def test_an_untrained_network_returns_the_better_guess_within_its_reach(
    name: str, explained: float, guess: str
) -> None:
    cfg = completion_preset(name)
    inputs = random_inputs(cfg, batch=1)._replace(explained=torch.tensor([explained]))
    with torch.no_grad():
        output = CompletionNet(cfg)(inputs)
    squashed = inputs.channels[:, CHANNELS.index(guess)]
    metres = 0.010 * squashed / (1.0 - squashed.abs())
    expected = metres.clamp(-cfg.reach_m, cfg.reach_m)
    torch.testing.assert_close(output.distance, expected, atol=0.05 * cfg.reach_m, rtol=0.1)
    assert (output.scale > 0.0).all()


def test_a_cell_holds_the_samples_that_lie_in_it() -> None:
    samples = torch.zeros((1, 2, 6, 6, 6))
    samples[0, 1, 4, 1, 5] = 1.0
    cells = fold(samples, 3)
    assert cells.shape == (1, 54, 2, 2, 2)
    assert cells[0, :, 1, 0, 1].sum() == cells.sum() == 1.0


def test_unfolding_undoes_folding() -> None:
    samples = torch.randn((2, 3, 6, 6, 6))
    torch.testing.assert_close(unfold(fold(samples, 3), 3), samples)


def test_squashing_keeps_short_distances_and_bounds_long_ones() -> None:
    metres = torch.tensor([-100.0, -0.010, -0.001, 0.0, 0.004, 0.010, 100.0])
    squashed = squash(metres)
    assert squashed.abs().max() < 1.0
    torch.testing.assert_close(squashed[[1, 5]], torch.tensor([-0.5, 0.5]))
    torch.testing.assert_close(unsquash(squashed, reach_m=0.015), metres.clamp(-0.015, 0.015))


def test_views_of_a_batch_do_not_mix() -> None:
    network, inputs = stirred(SMALL), random_inputs(SMALL)
    with torch.no_grad():
        together = network(inputs)
        alone = [network(CompletionInputs(*(v[i : i + 1] for v in inputs))) for i in (0, 1)]
    for i in (0, 1):
        torch.testing.assert_close(together.distance[i], alone[i].distance[0])
        torch.testing.assert_close(together.scale[i], alone[i].scale[0])


@pytest.mark.parametrize('changed', ['steps', 'ray', 'explained'])
def test_what_holds_for_the_whole_box_matters(changed: str) -> None:
    network, inputs = stirred(SMALL), random_inputs(SMALL)
    other = inputs._replace(**{changed: getattr(inputs, changed).flip(0)})
    with torch.no_grad():
        difference = network(inputs).distance - network(other).distance
    assert difference.abs().max() > 1e-6


def test_every_parameter_learns_once_the_last_layer_has() -> None:
    network = stirred(SMALL)
    output = network(random_inputs(SMALL))
    (output.distance.square().sum() + output.scale.sum()).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0.0, name


@pytest.mark.parametrize(
    'changes',
    [{'cells': 5}, {'widths': (8, 12)}, {'blocks': (1,)}, {'blocks': (1, 0)}, {'reach_m': 0.0},
     {'padding_m': -0.001}, {'fold': 0}],
)  # fmt: skip
def test_sizes_that_do_not_fit_are_refused(changes: dict[str, object]) -> None:
    settings = {'name': 'odd', 'cells': 4, 'widths': (8, 16), 'blocks': (1, 1), **changes}
    with pytest.raises(InvalidInputError):
        CompletionCfg(**settings)


def test_unknown_preset_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match='base, tiny'):
        completion_preset('huge')
