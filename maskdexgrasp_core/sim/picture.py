"""Pictures for people: anti-aliased, with shadows, from the D435 or a free viewpoint."""

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from maskdexgrasp_core.sim.gl import make_renderer
from maskdexgrasp_core.sim.scene import CAMERA_NAME
from maskdexgrasp_core.sim.world import World


@dataclass(frozen=True, kw_only=True)
class ViewCfg:
    """A free viewpoint on a circle round a point."""

    lookat: tuple[float, float, float] = (0.38, 0.0, 0.12)
    """Point in the middle of the picture, base frame [m]."""
    distance_m: float = 1.55
    azimuth_deg: float = 225.0
    """Direction of the view about z: 180 looks along -x, towards the robot."""
    elevation_deg: float = -22.0
    """Negative looks down."""


THREE_QUARTER = ViewCfg()
"""The whole cell from the front left."""


def render_picture(
    world: World,
    view: ViewCfg | None = THREE_QUARTER,
    *,
    width: int = 1280,
    height: int = 800,
) -> NDArray[np.uint8]:
    """Draw the world as it stands, with shadows.

    Args:
        world: What to draw.
        view: Viewpoint; None draws what the D435 sees.
        width: Of the picture [px].
        height: Of the picture [px].

    Returns:
        (height, width, 3) RGB.

    Raises:
        DriverError: If OpenGL is missing on this machine.
    """
    with PictureRenderer(world, width=width, height=height) as renderer:
        return renderer.draw(view)


class PictureRenderer:
    """Draws many pictures of one world without paying for the context each time."""

    def __init__(self, world: World, *, width: int = 1280, height: int = 800) -> None:
        """Make an OpenGL context for pictures of `width` x `height` pixels."""
        self._world = world
        self._size = width, height
        self._renderer = self._make_renderer()

    def draw(self, view: ViewCfg | None = THREE_QUARTER) -> NDArray[np.uint8]:
        """Return (H, W, 3) RGB of the world as it stands; `view` None is the D435's."""
        camera: mujoco.MjvCamera | str = CAMERA_NAME
        if view is not None:
            camera = mujoco.MjvCamera()
            camera.lookat[:] = view.lookat
            camera.distance = view.distance_m
            camera.azimuth, camera.elevation = view.azimuth_deg, view.elevation_deg
        with self._world.lock:
            if self._renderer.model is not self._world.model:  # the world got other objects
                self._renderer.close()
                self._renderer = self._make_renderer()
            self._renderer.update_scene(self._world.data, camera)
        return self._renderer.render()

    def close(self) -> None:
        """Free the OpenGL context."""
        self._renderer.close()

    def _make_renderer(self) -> mujoco.Renderer:
        width, height = self._size
        with self._world.lock:  # these settings are read when the context is made
            model = self._world.model
            quality, buffer = model.vis.quality, model.vis.global_
            kept = quality.offsamples, quality.shadowsize
            quality.offsamples, quality.shadowsize = 4, 8192
            buffer.offwidth = max(buffer.offwidth, width)
            buffer.offheight = max(buffer.offheight, height)
            renderer = make_renderer(model, width, height)
            quality.offsamples, quality.shadowsize = kept
            return renderer

    def __enter__(self) -> 'PictureRenderer':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
