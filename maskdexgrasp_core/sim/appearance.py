"""Colours, textures and light of the scene; nothing in here touches the physics."""

import mujoco

_MATERIALS: dict[str, tuple[tuple[float, float, float], float, float]] = {
    # name: RGB, specular, shininess
    'frame': ((0.20, 0.22, 0.25), 0.3, 0.4),
    'plate': ((0.55, 0.57, 0.60), 0.5, 0.6),
    'camera': ((0.72, 0.74, 0.77), 0.6, 0.6),
    'object': ((1.0, 1.0, 1.0), 0.35, 0.45),
}


def add_materials(spec: mujoco.MjSpec) -> None:
    """Add the materials `table`, `floor`, `frame`, `plate`, `camera` and `object`."""
    spec.add_texture(
        name='sky',
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.88, 0.91, 0.95],
        rgb2=[0.62, 0.68, 0.76],
        width=256,
        height=256,
    )
    _add_textured(spec, 'floor', [0.80, 0.82, 0.84], [0.76, 0.78, 0.80], repeat=6.0)
    _add_textured(spec, 'table', [0.78, 0.68, 0.55], [0.78, 0.68, 0.55], repeat=1.0)
    for name, (rgb, specular, shininess) in _MATERIALS.items():
        spec.add_material(name=name, rgba=[*rgb, 1.0], specular=specular, shininess=shininess)


def add_light(spec: mujoco.MjSpec) -> None:
    """Add a key light with shadows from the upper left, a fill light, and soft ambient light."""
    headlight = spec.visual.headlight
    headlight.ambient = [0.32, 0.32, 0.33]
    headlight.diffuse = [0.18, 0.18, 0.18]
    headlight.specular = [0.05, 0.05, 0.05]
    spec.worldbody.add_light(
        name='key',
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        pos=[0.75, 0.55, 2.4],
        dir=[-0.16, -0.25, -1.0],
        diffuse=[0.55, 0.53, 0.50],
        specular=[0.35, 0.35, 0.35],
        castshadow=True,
    )
    spec.worldbody.add_light(
        name='fill',
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        pos=[1.2, -1.4, 1.6],
        dir=[-0.5, 0.7, -0.9],
        diffuse=[0.22, 0.23, 0.26],
        specular=[0.0, 0.0, 0.0],
        castshadow=False,
    )
    spec.stat.extent = 1.0  # clipping planes and shadow box are multiples of it
    spec.stat.center = [0.45, 0.0, 0.1]
    spec.visual.map.znear = 0.02
    spec.visual.map.zfar = 15.0
    spec.visual.map.shadowclip = 3.0


def _add_textured(
    spec: mujoco.MjSpec, name: str, rgb1: list[float], rgb2: list[float], repeat: float
) -> None:
    spec.add_texture(
        name=name,
        type=mujoco.mjtTexture.mjTEXTURE_2D,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_CHECKER,
        rgb1=rgb1,
        rgb2=rgb2,
        width=512,
        height=512,
    )
    material = spec.add_material(
        name=name, texrepeat=[repeat, repeat], texuniform=True, specular=0.1, shininess=0.1
    )
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
