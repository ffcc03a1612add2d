"""Weights in files that say what they are: safetensors with a JSON header, checked when read.

Nothing is ever unpickled. A file carries the settings of its network, so that reading needs no
other source, and a digest over settings and tensors, so that damage and mix-ups are found.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import dacite
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from maskdexgrasp_core.errors import InvalidInputError, MaskDexGraspError
from maskdexgrasp_core.hands.shadow import SHADOW

FORMAT_VERSION = 1
WEIGHTS_FOLDER = Path(__file__).resolve().parent.parent / 'weights'
"""Where the weights that ship with the package lie."""
_KEY = 'maskdexgrasp'
Cfg = TypeVar('Cfg')
Network = TypeVar('Network', bound=nn.Module)


class MissingWeightsError(MaskDexGraspError, FileNotFoundError):
    """A file of weights is not there; the text says how to make it."""


@dataclass(frozen=True, kw_only=True)
class CheckpointHeader:
    """What a file of weights says of itself."""

    kind: str
    """What the network is: 'tokenizer', 'transformer', 'completion' ..."""
    preset: str
    """Name of the settings that it was trained with."""
    config: Mapping[str, Any]
    """The settings of the network: its Cfg as JSON."""
    hand: str = ''
    """Name of the hand whose grasps it knows; '' where hands play no part."""
    joint_names: tuple[str, ...] = ()
    """Of that hand, in the order of every joint vector."""
    needs: Mapping[str, str] = field(default_factory=dict)
    """Kind -> digest of the other network that this one was trained with."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """How it was trained: data, seed, command, epoch, figures."""
    format_version: int = FORMAT_VERSION
    digest: str = ''
    """SHA-256 over everything above and the tensors; filled in when the file is written."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A header and the tensors of a network by name."""

    header: CheckpointHeader
    tensors: dict[str, Tensor]


def checkpoint_to_bytes(tensors: Mapping[str, Tensor], header: CheckpointHeader) -> bytes:
    """Return the content of a file of weights; the same input gives the same bytes.

    Args:
        tensors: The `state_dict` of a network.
        header: What to say of them; its digest is computed here.
    """
    kept = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    signed = replace(header, digest=_digest(kept, header))
    return save(kept, metadata={_KEY: json.dumps(asdict(signed), sort_keys=True)})


def read_header(path: Path) -> CheckpointHeader:
    """Return what a file of weights says of itself, without its tensors.

    Raises:
        MissingWeightsError: If there is no such file.
        InvalidInputError: If it is damaged, or not such a file.
    """
    return _read(path, 'NETWORK', with_tensors=False).header


def read_checkpoint(path: Path, *, kind: str, preset: str = '') -> Checkpoint:
    """Return the content of a file of weights once its digest, hand and kind are as expected.

    Args:
        path: Of the file.
        kind: That the caller can use.
        preset: That it must have been trained with; '' takes any.

    Raises:
        MissingWeightsError: If there is no such file.
        InvalidInputError: If it is damaged, or of another kind, preset or hand.
    """
    checkpoint = _read(path, kind, with_tensors=True)
    header = checkpoint.header
    if header.kind != kind:
        raise InvalidInputError(f'{path} holds a {header.kind}, expected a {kind}')
    if preset and header.preset != preset:
        raise InvalidInputError(f'{path} is of preset {header.preset!r}, expected {preset!r}')
    if header.hand and (header.hand, header.joint_names) != (SHADOW.name, SHADOW.joint_names):
        raise InvalidInputError(
            f'{path} was trained for hand {header.hand!r} with joints '
            f'{", ".join(header.joint_names)}; this is {SHADOW.name!r} with joints '
            f'{", ".join(SHADOW.joint_names)}'
        )
    if _digest(checkpoint.tensors, header) != header.digest:
        raise InvalidInputError(
            f'{path} is damaged: its digest is not that of its content; {_cure(kind)}'
        )
    return checkpoint


def load_network(
    path: Path, *, kind: str, cfg_type: type[Cfg], build: Callable[[Cfg], Network]
) -> tuple[Network, CheckpointHeader]:
    """Build the network of a file of weights, ready to be used.

    Args:
        path: Of the file.
        kind: As in `read_checkpoint`.
        cfg_type: Dataclass of the settings.
        build: Makes the network from them.

    Returns:
        The network in evaluation mode, and what its file says of it.

    Raises:
        MissingWeightsError: If there is no such file.
        InvalidInputError: If it is damaged, or does not fit this version of the network.
    """
    checkpoint = read_checkpoint(path, kind=kind)
    network = build(cfg_from_json(cfg_type, checkpoint.header.config, source=str(path)))
    try:
        network.load_state_dict(checkpoint.tensors)
    except RuntimeError as error:
        raise InvalidInputError(f'{path} does not fit this version: {error}') from error
    return network.eval(), checkpoint.header


def cfg_from_json(cfg_type: type[Cfg], content: Mapping[str, Any], *, source: str) -> Cfg:
    """Return the dataclass, nested or not, that `dataclasses.asdict` and JSON made `content` of.

    Args:
        cfg_type: Its class.
        content: One entry for each field; missing ones take their default.
        source: For error messages.

    Raises:
        InvalidInputError: If a field is unknown or a value has the wrong type.
    """
    rules = dacite.Config(strict=True, cast=[tuple, float])
    try:
        return dacite.from_dict(cfg_type, dict(content), config=rules)
    except (dacite.DaciteError, TypeError, ValueError) as error:
        raise InvalidInputError(f'settings in {source}: {error}') from error


def shipped_weights(kind: str) -> Path:
    """Return the file of the weights that ship for a kind of network.

    Raises:
        MissingWeightsError: If this installation has none.
    """
    path = WEIGHTS_FOLDER / f'{kind}.safetensors'
    if not path.is_file():
        raise MissingWeightsError(_missing(path, kind))
    return path


def _read(path: Path, kind: str, *, with_tensors: bool) -> Checkpoint:
    if not path.is_file():
        raise MissingWeightsError(_missing(path, kind))
    try:
        with safe_open(path, framework='pt') as file:
            content = json.loads((file.metadata() or {})[_KEY])
            names = file.keys() if with_tensors else ()
            tensors = {name: file.get_tensor(name) for name in names}
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise InvalidInputError(
            f'{path} is not a file of our weights ({error!r}); {_cure(kind)}'
        ) from error
    if content.get('format_version') != FORMAT_VERSION:
        raise InvalidInputError(
            f'{path} has format {content.get("format_version")}, this version reads '
            f'{FORMAT_VERSION}'
        )
    return Checkpoint(cfg_from_json(CheckpointHeader, content, source=str(path)), tensors)


def _missing(path: Path, kind: str) -> str:
    return f'{path} does not exist; {_cure(kind)}'


def _cure(kind: str) -> str:
    return (
        f'copy best.safetensors of a training there, or train it: maskdexgrasp train {kind} --help'
    )


def _digest(tensors: Mapping[str, Tensor], header: CheckpointHeader) -> str:
    said = {name: value for name, value in asdict(header).items() if name != 'digest'}
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f'{name} {tensor.dtype} {tuple(tensor.shape)}'.encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
