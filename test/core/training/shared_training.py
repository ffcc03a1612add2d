"""Trains in several processes, each of which writes what it ends with.

Arguments: folder, number of processes. As a module, it gives what one process does.
"""

import sys
from dataclasses import replace
from pathlib import Path

import torch
from lightning_fabric import Fabric
from line_recipe import LineRecipe
from safetensors.torch import save_file
from torch import Tensor

from maskdexgrasp_core.model.quantizer import PartQuantizer
from maskdexgrasp_core.model.shared_codec import PartEncoder
from maskdexgrasp_core.model.tokenizer_cfg import EncoderCfg, QuantizerCfg, tokenizer_preset
from maskdexgrasp_core.training.devices import DeviceCfg, make_fabric
from maskdexgrasp_core.training.loop import train
from maskdexgrasp_core.training.loop_cfg import LoopCfg

LOOP = LoopCfg(epochs=3, learning_rate=0.1, ema_decay=0.9, seed=2)
NUM_LATENTS, NUM_STEPS = 32, 5


def train_line(folder: Path, fabric: Fabric) -> LineRecipe:
    """Return what was trained; nothing is drawn at random but the data."""
    recipe = LineRecipe(dropout=0.0)
    train(recipe, LOOP, folder, fabric=fabric)
    return recipe


def follow_latents(fabric: Fabric, *, draws: bool) -> dict[str, Tensor]:
    """Return codebooks after some steps, each process with its share of the same latents.

    Args:
        fabric: Of this process.
        draws: Whether codes are placed and reset at random, or as all processes agree on.
    """
    reset_below = 0.5 if draws else 0.0
    cfg = QuantizerCfg(codebook_size=16, code_dim=3, decay=0.8, reset_below=reset_below)
    quantizer = PartQuantizer(cfg, levels=2)
    torch.manual_seed(7)
    if not draws:
        state = quantizer.state_dict()
        begun = {name: torch.randn_like(state[name]) for name in state if '.embed' in name}
        begun |= {name: torch.tensor(True) for name in state if name.endswith('initted')}
        quantizer.load_state_dict({**state, **begun})
    latents = torch.randn(NUM_STEPS, NUM_LATENTS, cfg.code_dim)
    torch.manual_seed(fabric.global_rank)  # as the loop has it
    for step in latents:
        quantizer(step[fabric.global_rank :: fabric.world_size], learn=True)
    return quantizer.state_dict()


def encode_parts(fabric: Fabric, kind: str) -> dict[str, Tensor]:
    """Return gradients and running statistics of an encoder after a share of one batch."""
    torch.manual_seed(5)
    encoder = EncoderCfg(kind=kind, widths=(16,))
    network = PartEncoder(replace(tokenizer_preset('tiny'), encoder=encoder), num_points=8)
    away = torch.linspace(0.0, 0.5, NUM_LATENTS)
    points = 0.1 * torch.randn(NUM_LATENTS, 8, 3) + away[:, None, None]
    targets = torch.randn(NUM_LATENTS, 8)
    mine = slice(fabric.global_rank, None, fabric.world_size)
    shared = fabric.setup(network)
    fabric.backward((shared(points[mine]) - targets[mine]).square().mean())
    gradients = {f'{name}.grad': p.grad for name, p in network.named_parameters()}
    return {**network.state_dict(), **gradients}


def main() -> None:
    """Train in every process, and write `rank-<number>.safetensors`."""
    folder, num_processes = Path(sys.argv[1]), int(sys.argv[2])
    PartQuantizer(QuantizerCfg(), levels=1)  # one made before the others began changes nothing
    fabric = make_fabric(DeviceCfg(accelerator='cpu', devices=num_processes, threads=3))
    line = train_line(folder / 'run', fabric)
    ends = {
        'line': line.network.state_dict(),
        'agreed': follow_latents(fabric, draws=False),
        'drawn': follow_latents(fabric, draws=True),
        'ordered': encode_parts(fabric, 'ordered'),
        'pointnet': encode_parts(fabric, 'pointnet'),
        'count': {
            'validations': torch.tensor(line.num_validations),
            'threads': torch.tensor(torch.get_num_threads()),
        },
    }
    flat = {f'{what}/{name}': value for what, end in ends.items() for name, value in end.items()}
    save_file(flat, folder / f'rank-{fabric.global_rank}.safetensors')


if __name__ == '__main__':
    main()
