"""What the suite needs of a machine, one function for each need."""

import ctypes.util
import platform
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from importlib import metadata

import numpy as np
import psutil
from packaging.requirements import Requirement

from maskdexgrasp_core.cli.console import machine_line
from maskdexgrasp_core.errors import MaskDexGraspError

_MIN_MEMORY_GIB = 6.0
_MIN_CORES = 2
_MIN_DISK_GIB = 2.0
_LIBRARIES = {
    'EGL': 'libegl1', 'GL': 'libgl1', 'X11': 'libx11-6', 'usb-1.0': 'libusb-1.0-0',
    'idn2': 'libidn2-0',
}  # fmt: skip
"""Library that a wheel links -> package of Debian and Ubuntu."""
_ROBOTS = ('shadow_hand_right', 'xarm7', 'freedom_hand', 'xarm7_freedom')
_REST_M = 0.005


class Verdict(str, Enum):
    """How a check ended."""

    OK = 'ok'
    WARN = 'warn'
    """Works, with a drawback that the finding names."""
    FAIL = 'fail'


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found."""

    verdict: Verdict = Verdict.OK
    detail: str
    cure: str = ''
    """What to do about it; '' when ok."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """A named check."""

    name: str
    run: Callable[[], Finding]


def run_check(check: Check) -> Finding:
    """Run a check; whatever it raises is a failure with the error's text."""
    try:
        return check.run()
    except Exception as error:  # a doctor must survive the illness
        return Finding(
            verdict=Verdict.FAIL,
            detail=f'{type(error).__name__}: {error}',
            cure='run `make setup` again; if it stays, report it with this line',
        )


def check_python() -> Finding:
    """Python 3.10 to 3.13."""
    detail = f'{platform.python_version()} at {sys.executable}'
    if (3, 10) <= sys.version_info[:2] <= (3, 13):
        return Finding(detail=detail)
    cure = 'PYTHON=/path/to/python3.12 make setup'
    return Finding(verdict=Verdict.FAIL, detail=detail, cure=cure)


def check_packages() -> Finding:
    """Every dependency installed, at the version that was tested."""
    pins = [Requirement(text) for text in metadata.requires('maskdexgrasp') or []]
    pins = [pin for pin in pins if pin.marker is None or pin.marker.evaluate({'extra': ''})]
    missing, other = [], []
    for pin in pins:
        try:
            version = metadata.version(pin.name)
        except metadata.PackageNotFoundError:
            missing.append(pin.name)
            continue
        if not pin.specifier.contains(version, prereleases=True):
            other.append(f'{pin.name} {version} (tested: {pin.specifier})')
    if missing:
        return Finding(
            verdict=Verdict.FAIL, detail=f'missing: {", ".join(missing)}', cure='make setup'
        )
    if other:
        return Finding(verdict=Verdict.WARN, detail=', '.join(other), cure='make setup')
    return Finding(detail=f'{len(pins)} packages at the tested versions')


def check_libraries() -> Finding:
    """System libraries that wheels link."""
    lacking = [package for name, package in _LIBRARIES.items() if not _has_library(name)]
    if lacking:
        cure = f'sudo apt-get install -y {" ".join(lacking)}'
        return Finding(verdict=Verdict.FAIL, detail=f'not found: {", ".join(lacking)}', cure=cure)
    return Finding(detail=f'{len(_LIBRARIES)} found')


def check_machine() -> Finding:
    """Cores, memory and disk."""
    memory_gib = psutil.virtual_memory().available / 2**30
    cores, disk_gib = psutil.cpu_count() or 1, shutil.disk_usage('.').free / 2**30
    detail = f'{machine_line()}; free: {memory_gib:.0f} GiB memory, {disk_gib:.0f} GiB disk'
    if cores < _MIN_CORES or memory_gib < _MIN_MEMORY_GIB or disk_gib < _MIN_DISK_GIB:
        cure = (
            f'{_MIN_CORES} cores, {_MIN_MEMORY_GIB:.0f} GiB memory, {_MIN_DISK_GIB:.0f} GiB disk'
        )
        return Finding(verdict=Verdict.WARN, detail=detail, cure=f'slow or short below {cure}')
    return Finding(detail=detail)


def check_robots() -> Finding:
    """Robot models that load, in our reader and in an independent one."""
    import pinocchio

    from maskdexgrasp_core.geometry.urdf import RobotDescription
    from maskdexgrasp_core.resources import resource_path

    found = []
    for name in _ROBOTS:
        ours = RobotDescription(f'urdf/{name}.urdf')
        path = resource_path(f'urdf/{name}.urdf')
        model = pinocchio.buildModelFromUrdf(str(path))
        found.append(f'{name} {len(ours.independent_joints())}/{model.nq}')
    return Finding(detail='driven/movable joints: ' + ', '.join(found))


def check_shipped_weights() -> Finding:
    """Networks that ship: there, undamaged, and the transformer beside its tokenizer."""
    from maskdexgrasp_core.model.checkpoint import read_checkpoint, shipped_weights
    from maskdexgrasp_core.model.completion_cfg import KIND as COMPLETION
    from maskdexgrasp_core.model.grasp_model import check_weights
    from maskdexgrasp_core.model.scene_head import KIND as SELECTION

    def check_alone(kind: str) -> None:
        read_checkpoint(shipped_weights(kind), kind=kind)

    problems = []
    for check in (
        partial(check_weights, None),
        partial(check_alone, COMPLETION),
        partial(check_alone, SELECTION),
    ):
        try:
            check()
        except MaskDexGraspError as error:
            problems.append(str(error))
    if problems:
        cure = 'git checkout -- maskdexgrasp_core/weights, then make setup'
        return Finding(verdict=Verdict.FAIL, detail='\n'.join(problems), cure=cure)
    return Finding(detail=f'tokenizer, transformer, {COMPLETION}, {SELECTION} as they were stored')


def check_drawing() -> Finding:
    """Pictures without a display."""
    from maskdexgrasp_core.errors import DriverError
    from maskdexgrasp_core.sim.camera import SimCamera
    from maskdexgrasp_core.sim.gl import choose_backend
    from maskdexgrasp_core.sim.world import World

    try:
        camera = SimCamera(World(()), seed=0)
        camera.read_frame()
        began = time.perf_counter()
        frame = camera.read_frame()
        seconds = time.perf_counter() - began
        camera.close()
    except DriverError as error:
        return Finding(
            verdict=Verdict.FAIL, detail=str(error), cure='see the text; then make setup'
        )
    seen = float((frame.depth_m > 0).mean())
    if seen < 0.3:
        detail = f'only {seen:.0%} of the depth picture has values'
        return Finding(verdict=Verdict.FAIL, detail=detail, cure='MUJOCO_GL=osmesa')
    return Finding(
        detail=f'{choose_backend()}, 640x480 depth and colour in {1e3 * seconds:.0f} ms'
    )


def check_physics() -> Finding:
    """Five simulated seconds: a mug on the table must stay where it is."""
    from maskdexgrasp_core.objects.scenes import load_scene
    from maskdexgrasp_core.sim.world import World

    placed = load_scene('mug').placements[0]
    world = World([(placed.model, placed.T_base_object)])
    world.settle()
    before = world.object_poses()[placed.model.name]
    began = time.perf_counter()
    world.run(5.0)
    seconds = time.perf_counter() - began
    after = world.object_poses()[placed.model.name]
    moved_m = float(np.linalg.norm(after[:3, 3] - before[:3, 3]))
    detail = (
        f'5 s in {seconds:.2f} s ({5 / seconds:.1f} x real time), mug moved {1e3 * moved_m:.2f} mm'
    )
    if not moved_m < _REST_M:
        raise MaskDexGraspError(f'{detail}: it should rest')
    if seconds > 5.0:
        cure = 'close other programs; a grasp takes longer than in reality'
        return Finding(verdict=Verdict.WARN, detail=detail, cure=cure)
    return Finding(detail=detail)


CORE_CHECKS: tuple[Check, ...] = (
    Check(name='Python', run=check_python),
    Check(name='packages', run=check_packages),
    Check(name='system libraries', run=check_libraries),
    Check(name='machine', run=check_machine),
    Check(name='robot models', run=check_robots),
    Check(name='weights', run=check_shipped_weights),
    Check(name='drawing', run=check_drawing),
    Check(name='physics', run=check_physics),
)


def _has_library(name: str) -> bool:
    if name == 'EGL' and ctypes.util.find_library('OSMesa'):
        return True
    return ctypes.util.find_library(name) is not None
