"""One way to bring a node up, spin it and take it down, for every `main`."""

import sys
from collections.abc import Callable, Sequence

import rclpy
import rclpy.logging
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node

from maskdexgrasp_core.errors import MaskDexGraspError

NUM_THREADS = 4
"""Threads of a node's executor: a long action, its cancel, a service and the sensor data."""


def run_node(
    make_node: Callable[[], Node],
    args: Sequence[str] | None = None,
    *,
    num_threads: int = NUM_THREADS,
) -> None:
    """Create a node, spin it until Ctrl-C or shutdown, and destroy it.

    Args:
        make_node: Creates the node once rclpy is initialised.
        args: Command line for rclpy (remappings, parameters); None: `sys.argv`.
        num_threads: Threads that run callbacks, >= 1.

    Raises:
        SystemExit: If the node refuses its settings or a file that it needs; the log says why.
    """
    if 'torch' in sys.modules:  # several nodes share the cores: one thread each is fastest
        sys.modules['torch'].set_num_threads(1)
    rclpy.init(args=None if args is None else list(args))
    executor = MultiThreadedExecutor(num_threads=num_threads)
    node: Node | None = None
    try:
        node = _made(make_node)
        executor.add_node(node)
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except rclpy_implementation.RCLError:
        if rclpy.ok():  # a signal between two waits shows as 'context is not valid'
            raise
    finally:
        executor.shutdown(timeout_sec=2.0)
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()


def _made(make_node: Callable[[], Node]) -> Node:
    """Return the node, or end the process with one line for an error that its user can cure."""
    try:
        return make_node()
    except MaskDexGraspError as error:
        rclpy.logging.get_logger('maskdexgrasp').fatal(f'the node cannot start: {error}')
        raise SystemExit(1) from error
