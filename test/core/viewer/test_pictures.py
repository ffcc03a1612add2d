import numpy as np
import pytest
import trimesh

from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.hands import FREEDOM
from maskdexgrasp_core.hands.mesh import hand_mesh
from maskdexgrasp_core.objects.scenes import load_scene
from maskdexgrasp_core.sim.camera_model import CameraCfg
from maskdexgrasp_core.sim.world import World
from maskdexgrasp_core.viewer.gallery import compose_gallery
from maskdexgrasp_core.viewer.strip import StripPanel, compose_strip, highlight_points
from maskdexgrasp_core.viewer.studio import PaintedMesh, StudioCfg, paint_faces, render_meshes
from maskdexgrasp_core.viewer.world_view import pose_world

PICTURE = np.full((480, 640, 3), 120, dtype=np.uint8)


def is_red(picture):
    red, green, blue = np.moveaxis(picture.astype(int), -1, 0)
    return (red > 60) & (red > 2 * green) & (red > 2 * blue)


@pytest.mark.parametrize('count', [1, 2, 4])
def test_a_strip_has_one_panel_for_each_picture(count):
    colors = [(200, 40 * index, 0) for index in range(count)]
    panels = [
        StripPanel(picture=np.full((60, 80, 3), color, np.uint8), title='t') for color in colors
    ]
    page = np.asarray(compose_strip(panels, sentence='s', verdict='held', good=True))
    middle_row = page[page.shape[0] // 2]
    for color in colors:
        assert (middle_row == color).all(axis=1).sum() > 400, color
    assert (page[0] == 255).all()
    if count == 4:
        assert page.shape[1] == 2000


def test_a_long_sentence_does_not_run_into_the_verdict():
    panel = StripPanel(picture=PICTURE, title='title ' * 50, note='note ' * 50)
    page = compose_strip([panel] * 4, sentence='word ' * 200, verdict='held', good=False)
    short = compose_strip([panel] * 4, sentence='', verdict='held', good=False)
    verdict = (1880, 20, 2000, 80)
    assert page.crop(verdict).tobytes() == short.crop(verdict).tobytes()


def test_empty_pages_are_refused():
    with pytest.raises(InvalidInputError):
        compose_strip([], sentence='s', verdict='v', good=True)
    with pytest.raises(InvalidInputError):
        compose_gallery([PICTURE], [], heading='h')


def test_the_segment_keeps_its_colours_and_the_rest_fades():
    camera = CameraCfg()
    rng = np.random.default_rng(0)
    points = np.array([0.5, 0.0, -0.1]) + rng.uniform(-0.03, 0.03, (4000, 3))
    picture = np.full((camera.height, camera.width, 3), (200, 0, 0), dtype=np.uint8)
    shown = highlight_points(picture, points, camera.intrinsics, camera.T_base_camera)
    height, width = shown.shape[:2]
    assert width / height == pytest.approx(4 / 3, abs=0.02)
    assert width < camera.width
    assert (shown[height // 2, width // 2] == (200, 0, 0)).all()
    assert shown[2, 2].min() > 100


def test_points_behind_the_camera_light_nothing():
    camera = CameraCfg()
    behind = camera.T_base_camera[:3, 3] - camera.T_base_camera[:3, 2] + np.zeros((9, 3))
    shown = highlight_points(PICTURE, behind, camera.intrinsics, camera.T_base_camera)
    assert shown.shape == PICTURE.shape
    assert not (shown == PICTURE).all(axis=-1).any()


@pytest.mark.parametrize('size', [0.02, 2.0])
@pytest.mark.parametrize('offset', [0.0, 5.0])
def test_every_mesh_is_framed_whole_and_large(size, offset):
    box = trimesh.creation.box(extents=(size, 0.3 * size, 0.5 * size))
    box.apply_translation([offset, 0.0, 0.25 * size])
    cfg = StudioCfg(width=160, height=120, margin=0.1)
    red = PaintedMesh(mesh=box, rgba=(0.9, 0.1, 0.1, 1.0))
    mask = is_red(render_meshes([red], ground_height=None, cfg=cfg))
    assert not mask[:4].any()
    assert not mask[-4:].any()
    assert not mask[:, :4].any()
    assert not mask[:, -4:].any()
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    assert max(np.ptp(rows) / 120, np.ptp(columns) / 160) > 0.6


def test_a_hand_is_split_into_its_colours():
    mesh = hand_mesh(FREEDOM, np.eye(4), np.zeros(6))
    painted = paint_faces(mesh)
    assert len(painted) == len({tuple(color) for color in mesh.visual.face_colors})
    assert sum(len(item.mesh.faces) for item in painted) == len(mesh.faces)


def test_marked_parts_of_a_hand_are_white_and_nothing_else_changes():
    plain = hand_mesh(FREEDOM, np.eye(4), np.zeros(6)).visual.face_colors
    marked = hand_mesh(FREEDOM, np.eye(4), np.zeros(6), ('thumb',)).visual.face_colors
    changed = (plain != marked).any(axis=1)
    assert 0.05 < changed.mean() < 0.5
    assert (marked[changed] == marked[changed][0]).all()
    assert marked[changed][0].min() > 240


def test_a_world_can_be_posed_from_elsewhere():
    placed = load_scene('mug').placements[0]
    world = World([(placed.model, placed.T_base_object)])
    pose = placed.T_base_object.copy()
    pose[:3, 3] = 0.4, 0.1, 0.3
    pose_world(world, {'joint2': 0.25, 'unknown': 1.0}, {placed.model.name: pose, 'other': pose})
    assert world.object_poses()[placed.model.name] == pytest.approx(pose, abs=1e-9)
    names, positions, _ = world.joint_state()
    assert positions[names.index('joint2')] == pytest.approx(0.25)
