"""Off-screen OpenGL without a display: EGL where the system has it, else OSMesa."""

import ctypes.util
import os
import sys

import mujoco

from maskdexgrasp_core.errors import DriverError

_CURE = (
    'install libegl1 and libgl1-mesa-dri, or libosmesa6, and set MUJOCO_GL to egl or osmesa '
    'to choose one'
)


def choose_backend() -> str:
    """Return 'egl' or 'osmesa': the environment's MUJOCO_GL if it names one, else what is there.

    Raises:
        DriverError: If the system has neither library.
    """
    asked = os.environ.get('MUJOCO_GL', '').strip().lower()
    if asked in ('egl', 'osmesa'):
        return asked
    for backend, library in (('egl', 'EGL'), ('osmesa', 'OSMesa')):
        if ctypes.util.find_library(library):
            return backend
    raise DriverError(f'no off-screen OpenGL on this machine: {_CURE}')


def make_renderer(model: mujoco.MjModel, width: int, height: int) -> mujoco.Renderer:
    """Return a renderer of `width` x `height` pixels that needs no display and no GPU.

    A renderer belongs to the thread that made it. Close it when done.

    Raises:
        DriverError: If no OpenGL context can be made.
    """
    backend = choose_backend()
    try:
        if backend == 'egl':
            from mujoco.egl import GLContext
        else:
            from mujoco.osmesa import GLContext
        # MuJoCo binds its window system when it is first imported, maybe by another module
        # and without MUJOCO_GL: give the renderer the off-screen one.
        sys.modules[mujoco.Renderer.__module__].gl_context.GLContext = GLContext
        return mujoco.Renderer(model, height=height, width=width)
    except (ImportError, RuntimeError, AttributeError) as error:
        raise DriverError(f'cannot draw with {backend} ({error}): {_CURE}') from error
