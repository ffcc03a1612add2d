from dataclasses import replace

import pytest
import torch

from maskdexgrasp_core.dataset import open_dataset
from maskdexgrasp_core.errors import InvalidInputError
from maskdexgrasp_core.evaluation.object_surface import ObjectSurface
from maskdexgrasp_core.training.grasp_data import grasp_data, held_back
from maskdexgrasp_core.training.object_views import ViewsCfg, object_views
from maskdexgrasp_core.training.recipe import Share
from maskdexgrasp_core.training.scene_batches import SceneCfg, SceneSampler
from maskdexgrasp_core.training.scene_training import transformer_training
from maskdexgrasp_core.training.scenes import load_scenes

VIEWS = ViewsCfg(num_views=2, num_points=256, num_surface_points=256)
CFG = SceneCfg(num_scenes=4, grasps_per_scene=4, num_points=256, whole_share=1.0, seed=5)


@pytest.fixture(scope='module')
def data(grasps_folder):
    return open_dataset(grasps_folder)


@pytest.fixture(scope='module')
def grasps(data):
    return grasp_data(data)


@pytest.fixture(scope='module')
def views(data, tmp_path_factory):
    return object_views(data, VIEWS, cache=tmp_path_factory.mktemp('views'))


def test_views_show_the_side_that_faces_the_camera(data, views):
    for row, name in enumerate(views.object_ids):
        surface = ObjectSurface.of_model(data.objects[name].model)
        whole = views.surface[row].double().numpy()
        assert abs(surface.distance(whole)).max() < 5e-4
        for view, count in enumerate(views.counts[row].tolist()):
            seen = views.views[row, view, :count].double().numpy()
            assert count > 20
            assert (abs(surface.distance(seen)) < 0.006).mean() > 0.9
            camera = views.cameras[row, view].numpy()
            to_camera = torch.tensor(camera - seen).norm(dim=1)
            all_points = torch.tensor(camera - whole).norm(dim=1)
            assert to_camera.mean() < all_points.mean(), 'points face the camera'


def test_views_are_kept_and_an_interrupted_look_goes_on(data, views, tmp_path):
    def interrupt(done, of):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        object_views(data, VIEWS, cache=tmp_path, on_progress=interrupt)
    seen = []
    resumed = object_views(
        data, VIEWS, cache=tmp_path, on_progress=lambda done, of: seen.append(done)
    )
    assert seen[0] == 3
    assert torch.equal(resumed.views, views.views)
    assert len(list(tmp_path.iterdir())) == 1
    seen.clear()
    again = object_views(data, VIEWS, cache=tmp_path, on_progress=lambda done, of: seen.append(1))
    assert seen == []
    assert torch.equal(again.cameras, views.cameras)


def test_tensors_say_what_the_dataset_says(data, grasps):
    row = 7
    record = data.grasps.record(row)
    assert grasps.object_ids[grasps.objects[row]] == record.object_id
    assert tuple(grasps.sentences[text] for text in grasps.texts[row]) == record.texts
    translation = torch.tensor(record.T_object_wrist[:3, 3]).float()
    torch.testing.assert_close(grasps.hands.translation[row], translation)
    torch.testing.assert_close(
        grasps.hands.joint_positions[row], torch.tensor(record.joint_positions).float()
    )


def test_hands_stay_where_they_are_on_their_object(grasps, views):
    """Distances of the wrist to all points of the surface do not change when a scene turns."""
    batch = next(SceneSampler(grasps, views, CFG).epoch(0, Share()))
    wrists = batch.hands.translation.reshape(4, 4, 1, 3)
    found = (wrists - batch.points[:, None]).norm(dim=-1).sort(dim=-1).values
    for scene in range(4):
        for place in range(4):
            joints = batch.hands.joint_positions[4 * scene + place]
            row = int((grasps.hands.joint_positions - joints).abs().sum(dim=1).argmin())
            cloud = views.surface[grasps.objects[row]].float()
            expected = (grasps.hands.translation[row] - cloud).norm(dim=-1).sort().values
            torch.testing.assert_close(found[scene, place], expected, atol=1e-5, rtol=0.0)
    rotation = batch.hands.rotation
    torch.testing.assert_close(
        rotation @ rotation.transpose(1, 2), torch.eye(3).expand_as(rotation), atol=1e-5, rtol=0.0
    )


def test_the_model_frame_is_that_of_the_points(grasps, views):
    for batch in SceneSampler(grasps, views, replace(CFG, whole_share=0.0)).epoch(0, Share()):
        middle = (batch.points.amin(dim=1) + batch.points.amax(dim=1)) / 2
        assert middle[:, :2].abs().max() < 1e-6
        assert batch.points[..., 2].min() > -0.002, 'the table is at 0'


def rows_of(batches, grasps) -> list[int]:
    return [
        int((grasps.hands.joint_positions - joints).abs().sum(dim=1).argmin())
        for batch in batches
        for joints in batch.hands.joint_positions
    ]


def test_an_epoch_sees_nearly_every_grasp(grasps, views):
    sampler = SceneSampler(grasps, views, CFG)
    batches = list(sampler.epoch(0, Share()))
    assert len(batches) == sampler.num_batches
    seen = set(rows_of(batches, grasps))
    dropped = (CFG.num_scenes - 1) * CFG.grasps_per_scene  # the last batch is not full
    assert len(seen) >= len(grasps.objects) - dropped
    for batch in batches:
        objects = grasps.objects[rows_of([batch], grasps)].reshape(-1, 4)
        assert (objects == objects[:, :1]).all(), 'a scene is one object'


def test_processes_share_the_scenes_of_a_batch(grasps, views):
    sampler = SceneSampler(grasps, views, CFG)
    alone = rows_of(sampler.epoch(3, Share()), grasps)
    shares = [list(sampler.epoch(3, Share(rank, 2))) for rank in range(2)]
    assert all(len(batch.points) == 2 for share in shares for batch in share)
    together = [row for share in shares for row in rows_of(share, grasps)]
    assert sorted(together) == sorted(alone)
    with pytest.raises(InvalidInputError, match='3 processes'):
        next(sampler.epoch(0, Share(0, 3)))


def test_the_same_epoch_is_the_same_and_another_is_not(grasps, views):
    sampler = SceneSampler(grasps, views, replace(CFG, whole_share=0.5))
    first, again, other = (next(sampler.epoch(number, Share())) for number in (2, 2, 4))
    assert torch.equal(first.points, again.points)
    assert torch.equal(first.hands.rotation, again.hands.rotation)
    assert torch.equal(first.sentences, again.sentences)
    assert not torch.equal(first.points, other.points)


def test_objects_that_are_held_back_are_not_trained_on(grasps):
    kept = held_back(grasps.object_ids, 0.2, seed=1)
    assert kept == held_back(grasps.object_ids, 0.2, seed=1)
    assert len(kept) == 2
    theirs = grasps.of_objects(kept)
    rest = grasps.of_objects([name for name in grasps.object_ids if name not in kept])
    assert len(theirs.objects) + len(rest.objects) == len(grasps.objects)
    assert not set(theirs.objects.tolist()) & set(rest.objects.tolist())
    assert held_back(grasps.object_ids, 0.0, seed=1) == ()
    with pytest.raises(InvalidInputError, match='too few'):
        held_back(['mug_0'], 0.5, seed=1)


def test_grasps_whose_hand_would_be_in_the_table_can_be_left_out(data, grasps_folder):
    gaps = data.grasps.table_gaps_m
    split = data.select(split='train').grasps
    limit = float(sorted(split.table_gaps_m)[len(split) // 3])
    cfg = replace(transformer_training('tiny'), held_back_share=0.0, min_table_gap_m=limit)
    scenes = load_scenes(grasps_folder, cfg)
    assert scenes.facts['num_grasps'] == int((split.table_gaps_m >= limit).sum()) < len(split)
    everything = load_scenes(grasps_folder, replace(cfg, min_table_gap_m=None))
    assert everything.facts['num_grasps'] == len(split)
    with pytest.raises(InvalidInputError, match='no such grasps'):
        load_scenes(grasps_folder, replace(cfg, min_table_gap_m=float(gaps.max()) + 1.0))
