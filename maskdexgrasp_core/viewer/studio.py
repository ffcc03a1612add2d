"""A photo studio for meshes: coloured surfaces on a plain ground under the light of the cell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import mujoco
import numpy as np
import trimesh
from numpy.typing import NDArray

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.sim.appearance import add_light
from maskdexgrasp_core.sim.gl import make_renderer
from maskdexgrasp_core.types import Array

_SHARP_RAD = 0.6
"""Faces that meet at a larger angle keep their edge; others are shaded as one round surface."""
_GROUND = (0.74, 0.755, 0.78)
Color = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class PaintedMesh:
    """A surface in one colour."""

    mesh: trimesh.Trimesh
    """World frame, z up [m]."""
    rgba: Color


@dataclass(frozen=True, kw_only=True)
class StudioCfg:
    """Where the photographer stands and how large the picture is."""

    azimuth_deg: float = 215.0
    """Direction of the view about z: 180 looks along -x."""
    elevation_deg: float = -20.0
    """Negative looks down."""
    margin: float = 0.07
    """Share of the picture that stays free on every side, in 0..0.4."""
    width: int = 640
    height: int = 480


def paint_faces(mesh: trimesh.Trimesh) -> list[PaintedMesh]:
    """Split a mesh with face colours into one mesh for each colour.

    Raises:
        InvalidInputError: If it has no face colours.
    """
    visual = mesh.visual
    if not isinstance(visual, trimesh.visual.ColorVisuals):
        raise InvalidInputError('the mesh has no face colours')
    colors, which = np.unique(np.asarray(visual.face_colors), axis=0, return_inverse=True)
    painted = []
    for index, color in enumerate(colors):
        faces = np.flatnonzero(which.ravel() == index)
        part = cast(trimesh.Trimesh, mesh.submesh([faces], append=True))
        red, green, blue, alpha = (float(value) / 255 for value in color)
        painted.append(PaintedMesh(mesh=part, rgba=(red, green, blue, alpha)))
    return painted


def render_meshes(
    painted: Sequence[PaintedMesh],
    *,
    ground_height: float | None,
    cfg: StudioCfg | None = None,
) -> NDArray[np.uint8]:
    """Draw meshes from outside, so that all of them are in the picture.

    Args:
        painted: What to draw.
        ground_height: z of the ground [m]; None draws none.
        cfg: Viewpoint and size.

    Returns:
        (height, width, 3) RGB.

    Raises:
        InvalidInputError: If there is nothing to draw.
        DriverError: If OpenGL is missing on this machine.
    """
    return render_views(painted, ground_height=ground_height, cfgs=[cfg or StudioCfg()])[0]


def render_views(
    painted: Sequence[PaintedMesh],
    *,
    ground_height: float | None,
    cfgs: Sequence[StudioCfg],
) -> list[NDArray[np.uint8]]:
    """Draw the same meshes from several sides; see `render_meshes`.

    Args:
        painted: What to draw.
        ground_height: z of the ground [m]; None draws none.
        cfgs: Viewpoints, at least one; all of the size of the first.

    Raises:
        InvalidInputError: If there is nothing to draw.
        DriverError: If OpenGL is missing on this machine.
    """
    if not painted or not cfgs:
        raise InvalidInputError('nothing to draw')
    points = np.vstack([item.mesh.vertices for item in painted])
    spec = _studio(points.mean(0), ground_height, cfgs[0])
    for index, item in enumerate(painted):
        _add_mesh(spec, f'mesh_{index}', item)
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    renderer = make_renderer(model, cfgs[0].width, cfgs[0].height)
    pictures = []
    try:
        for cfg in cfgs:
            camera = mujoco.MjvCamera()
            camera.azimuth, camera.elevation = cfg.azimuth_deg, cfg.elevation_deg
            fovy_rad = np.deg2rad(model.vis.global_.fovy)
            camera.lookat[:], camera.distance = _framing(points, fovy_rad, cfg)
            renderer.update_scene(data, camera)
            pictures.append(renderer.render())
    finally:
        renderer.close()
    return pictures


def _framing(points: Array, fovy_rad: float, cfg: StudioCfg) -> tuple[Array, float]:
    """Return the point to look at and the distance from which all points just fit."""
    azimuth, elevation = np.deg2rad(cfg.azimuth_deg), np.deg2rad(cfg.elevation_deg)
    forward = np.array(
        [
            np.cos(elevation) * np.cos(azimuth),
            np.cos(elevation) * np.sin(azimuth),
            np.sin(elevation),
        ]
    )
    right = np.array([np.sin(azimuth), -np.cos(azimuth), 0.0])
    axes = np.stack([right, np.cross(right, forward), forward])
    seen = points @ axes.T
    middle = (seen.min(0) + seen.max(0)) / 2
    across = np.abs(seen[:, :2] - middle[:2])
    tangent = np.tan(fovy_rad / 2) * (1 - 2 * cfg.margin)
    slopes = tangent * np.array([cfg.width / cfg.height, 1.0])
    distances = (across / slopes).max(1) - (seen[:, 2] - middle[2])
    return middle @ axes, float(distances.max())


def _studio(center: Array, ground_height: float | None, cfg: StudioCfg) -> mujoco.MjSpec:
    spec = mujoco.MjSpec()
    add_light(spec)
    spec.stat.extent, spec.stat.center = 0.5, center
    spec.visual.map.shadowclip = 1.0
    spec.visual.global_.fovy = 30.0
    spec.visual.quality.offsamples, spec.visual.quality.shadowsize = 8, 4096
    spec.visual.global_.offwidth = max(spec.visual.global_.offwidth, cfg.width)
    spec.visual.global_.offheight = max(spec.visual.global_.offheight, cfg.height)
    spec.add_texture(
        name='backdrop',
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.88, 0.91, 0.95],
        rgb2=[0.62, 0.68, 0.76],
        width=128,
        height=128,
    )
    if ground_height is not None:
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_PLANE,
            pos=[center[0], center[1], ground_height],
            size=[3.0, 3.0, 0.1],
            rgba=[*_GROUND, 1.0],
        )
    return spec


def _add_mesh(spec: mujoco.MjSpec, name: str, item: PaintedMesh) -> None:
    mesh = trimesh.graph.smooth_shade(item.mesh, angle=_SHARP_RAD)
    spec.add_mesh(
        name=name,
        uservert=np.asarray(mesh.vertices, dtype=np.float64).ravel(),
        usernormal=np.asarray(mesh.vertex_normals, dtype=np.float64).ravel(),
        userface=np.asarray(mesh.faces, dtype=np.int32).ravel(),
        inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
    )
    material = spec.add_material(name=name, rgba=item.rgba, specular=0.3, shininess=0.4)
    spec.worldbody.add_geom(
        type=mujoco.mjtGeom.mjGEOM_MESH,
        meshname=name,
        material=material.name,
        contype=0,
        conaffinity=0,
    )
