"""The D435 of the simulated cell: depth and colour pictures with the device's flaws."""

import mujoco
import numpy as np

from maskdexgrasp_core.sim.depth_noise import corrupt_depth
from maskdexgrasp_core.sim.gl import make_renderer
from maskdexgrasp_core.sim.scene import CAMERA_NAME
from maskdexgrasp_core.sim.world import World
from maskdexgrasp_core.types import CameraFrame


class SimCamera:
    """`Camera` that looks at a `World`; use it in the thread that first reads a frame.

    The colour picture is registered to the depth picture, as `align_depth` does on the device.
    """

    def __init__(self, world: World, *, seed: int = 0, ideal: bool = False) -> None:
        """Set up; the OpenGL context is made by the first `read_frame`.

        Args:
            world: What to look at.
            seed: Of the noise.
            ideal: Leave out noise, holes and steps (for comparison).
        """
        self._world = world
        self._generator = np.random.default_rng(seed)
        self._ideal = ideal
        self._renderer: mujoco.Renderer | None = None
        self._options = mujoco.MjvOption()

    def read_frame(self) -> CameraFrame:
        """Take a picture of the present moment.

        Raises:
            DriverError: If OpenGL is missing on this machine.
        """
        camera = self._world.cfg.camera
        with self._world.lock:
            renderer = self._renderer_for(self._world.model)
            renderer.update_scene(self._world.data, CAMERA_NAME, self._options)
            stamp_s = self._world.time_s
        renderer.disable_depth_rendering()
        color = renderer.render()
        renderer.enable_depth_rendering()
        depth = renderer.render()
        if not self._ideal:
            depth = corrupt_depth(depth, camera, self._generator)
        return CameraFrame(
            depth_m=depth,
            color=color,
            intrinsics=camera.intrinsics,
            T_base_camera=camera.T_base_camera,
            stamp_s=stamp_s,
        )

    def close(self) -> None:
        """Free the OpenGL context."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _renderer_for(self, model: mujoco.MjModel) -> mujoco.Renderer:
        if self._renderer is None or self._renderer.model is not model:
            self.close()
            model.vis.quality.offsamples = 0  # anti-aliasing would mix depths and cost 10x
            model.vis.quality.shadowsize = 0
            camera = self._world.cfg.camera
            self._renderer = make_renderer(model, camera.width, camera.height)
        return self._renderer
