"""Where a training runs: CPU, one GPU, several, or several machines."""

from dataclasses import dataclass

import torch
from lightning_fabric import Fabric

from maskdexgrasp_core.errors import InvalidInputError

PRECISIONS = ('32-true', 'bf16-mixed')


@dataclass(frozen=True, kw_only=True)
class DeviceCfg:
    """Where it runs.

    Raises:
        InvalidInputError: If the precision is not known.
    """

    accelerator: str = 'auto'
    """'cpu', 'cuda', 'mps', or 'auto' for the fastest that is there."""
    devices: int = 1
    """On each node; with 'cpu' that many processes."""
    num_nodes: int = 1
    strategy: str = 'auto'
    """'auto' (one device, or DDP), 'ddp', or another of Fabric that keeps whole weights on every
    device."""
    precision: str = '32-true'
    """One of `PRECISIONS`."""
    threads: int = 1
    """Of each process on the CPU; sums, and so the last digits, depend on it."""

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise InvalidInputError(
                f'unknown precision {self.precision!r}; known: {", ".join(PRECISIONS)}'
            )
        if min(self.devices, self.num_nodes, self.threads) < 1:
            raise InvalidInputError(f'devices, num_nodes and threads must be >= 1, got {self}')


def make_fabric(cfg: DeviceCfg) -> Fabric:
    """Return what runs a training on devices, in every process of it.

    With several devices this starts the other processes, which run the same command line.

    Raises:
        InvalidInputError: If there is no such device here.
    """
    try:
        fabric = Fabric(
            accelerator=cfg.accelerator,
            devices=cfg.devices,
            num_nodes=cfg.num_nodes,
            strategy=cfg.strategy,
            precision=cfg.precision,  # type: ignore[arg-type]
        )
    except (ValueError, RuntimeError) as error:  # of Fabric: what it cannot find or combine
        raise InvalidInputError(f'cannot train on {cfg}: {error}') from error
    fabric.launch()
    torch.set_num_threads(cfg.threads)  # after the launch, which has its own idea of it
    return fabric
