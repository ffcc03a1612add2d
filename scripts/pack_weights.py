"""Store the weights that ship, in maskdexgrasp_core/weights/KIND.safetensors.

Run: python scripts/pack_weights.py runs/A/best.safetensors runs/B/best.safetensors

Floating-point tensors are stored in 16 bits, which halves what every clone carries; networks
compute in 32 bits once they are loaded. A tokenizer is stored as it is: the digest that others
name must stay.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from maskdexgrasp_core.atomic_files import write_atomically
from maskdexgrasp_core.model.checkpoint import (
    WEIGHTS_FOLDER,
    checkpoint_to_bytes,
    read_checkpoint,
    read_header,
)


def pack(path: Path) -> bytes:
    """Return the content of the file that ships.

    Raises:
        MissingWeightsError: If there is no such file.
        InvalidInputError: If it holds no weights.
    """
    kind = read_header(path).kind
    checkpoint = read_checkpoint(path, kind=kind)
    if kind == 'tokenizer':
        return path.read_bytes()
    tensors = {
        name: value.half() if value.is_floating_point() else value
        for name, value in checkpoint.tensors.items()
    }
    facts = {**checkpoint.header.facts, 'packed_from': checkpoint.header.digest}
    return checkpoint_to_bytes(tensors, replace(checkpoint.header, facts=facts))


def main() -> None:
    """Pack every file of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('files', type=Path, nargs='+')
    WEIGHTS_FOLDER.mkdir(exist_ok=True)
    for path in parser.parse_args().files:
        target = WEIGHTS_FOLDER / f'{read_header(path).kind}.safetensors'
        write_atomically(target, pack(path))
        print(f'{path} -> {target}, {target.stat().st_size / 1e6:.1f} MB')


if __name__ == '__main__':
    main()
