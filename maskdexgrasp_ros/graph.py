"""The one list of nodes; the launch file and `GraphProcesses` both start what stands here."""

from dataclasses import dataclass
from pathlib import Path

from maskdexgrasp_core.resources import resource_path
from maskdexgrasp_ros import topics

DEFAULT_PARAMS_FILE = 'config/grasp_demo.yaml'
DEFAULT_RVIZ_FILE = 'config/rviz/grasp_demo.rviz'
_OPTIMISERS = ('torch._dynamo',)
"""What the first step of any torch optimiser imports."""


@dataclass(frozen=True, kw_only=True)
class NodeSpec:
    """A node of the graph and when it is used."""

    name: str
    """Name of the node, and its key in the parameter file."""
    module: str
    """Python module whose `main` runs it (`python -m`)."""
    executable: str
    """Name under which `ros2 run maskdexgrasp` finds it."""
    only_in_sim: bool = False
    """True for nodes that real hardware replaces."""
    preload: tuple[str, ...] = ()
    """Modules that it loads during its first command otherwise."""


NODES: tuple[NodeSpec, ...] = tuple(
    NodeSpec(
        name=name,
        module=f'maskdexgrasp_ros.{name}_node',
        executable=f'{name}_node',
        only_in_sim=name == 'sim',
        preload=_OPTIMISERS if name in ('generator', 'retargeting') else (),
    )
    for name in topics.NODES
)


def params_file(path: str | Path = '') -> Path:
    """Return `path`, or the parameter file that ships with the package when it is ''."""
    return Path(path) if path else resource_path(DEFAULT_PARAMS_FILE)


def nodes_for(*, use_sim: bool) -> tuple[NodeSpec, ...]:
    """Return the nodes to start in simulation or on hardware."""
    return tuple(node for node in NODES if use_sim or not node.only_in_sim)
