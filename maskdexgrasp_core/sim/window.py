"""MuJoCo's own window on a world, for people with a display."""

from typing import Any

import mujoco.viewer

from maskdexgrasp_core.errors import DriverError
from maskdexgrasp_core.sim.world import World


class WorldWindow:
    """Shows a world that somebody else steps; opens again when the world is built anew.

    Args:
        world: What to show.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._model = world.model
        self._viewer: Any = None
        self._open()

    def update(self) -> None:
        """Show the present state; does nothing once the user has closed the window."""
        if self._model is not self._world.model:
            self.close()
            self._open()
        elif self._viewer.is_running():
            with self._world.lock:
                self._viewer.sync()

    def close(self) -> None:
        """Close the window."""
        self._viewer.close()

    def _open(self) -> None:
        """Open the window.

        Raises:
            DriverError: If there is no display.
        """
        with self._world.lock:
            self._model = self._world.model
            try:
                self._viewer = mujoco.viewer.launch_passive(self._model, self._world.data)
            except Exception as error:  # GLFW raises its own, undocumented kinds
                raise DriverError(f'cannot open a window, is there a display? {error}') from error
