from pathlib import Path

import numpy as np
import pytest

from maskdexgrasp_core.training.selection_data import (
    SceneOrder,
    load_views,
    random_orders,
    see_scene,
)

ORDER = SceneOrder((('bottle', 101), ('book', 102), ('ball', 103)), seed=5)


def test_orders_follow_from_the_seed_and_longer_lists_begin_alike() -> None:
    names = ['mug', 'book', 'ball', 'can', 'bowl']
    orders = random_orders(names, range(5, 9), count=30, seed=1)
    assert orders[:10] == random_orders(names, range(5, 9), count=10, seed=1)
    assert orders != random_orders(names, range(5, 9), count=30, seed=2)
    sizes = {len(order.members) for order in orders}
    assert sizes == {3, 4, 5, 6}
    drawn = [category for order in orders for category, _ in order.members]
    assert max(map(drawn.count, names)) - min(map(drawn.count, names)) <= 1
    assert {seed for order in orders for _, seed in order.members} == set(range(5, 9))


def test_twins_are_as_frequent_as_asked() -> None:
    names = ['mug', 'book', 'ball', 'can', 'bowl', 'pan', 'iron']
    orders = random_orders(names, range(9), count=200, seed=1, twin_share=0.5)
    twins = sum(order.members[0][0] == order.members[1][0] for order in orders)
    assert 80 < twins < 125


def test_perception_finds_each_object_of_a_scene_where_it_stands() -> None:
    scene = see_scene(ORDER)
    assert sorted(seen.look.category for seen in scene.objects) == ['ball', 'book', 'bottle']
    for seen in scene.objects:
        low, high = seen.cluster.points.min(axis=0), seen.cluster.points.max(axis=0)
        assert seen.table_height == pytest.approx(-0.10, abs=0.004)
        assert low[2] > -0.102
        assert seen.cluster.colors is not None
        tall = {'ball': (0.03, 0.12), 'book': (0.005, 0.06), 'bottle': (0.12, 0.32)}
        least, most = tall[seen.look.category]
        assert least < high[2] - seen.table_height < most


def test_views_are_kept_and_come_in_the_model_frame(tmp_path: Path) -> None:
    told = []
    views = load_views([ORDER], 64, tmp_path, on_progress=lambda *counts: told.append(counts))
    assert told == [(1, 1)]
    assert views.points.shape == (3, 64, 3)
    low, high = views.points.min(axis=1), views.points.max(axis=1)
    np.testing.assert_allclose((low + high)[:, :2], 0.0, atol=1e-3)
    assert (low[:, 2] > -0.003).all()
    (file,) = tmp_path.iterdir()
    stamp = file.stat().st_mtime_ns
    again = load_views([ORDER], 64, tmp_path, on_progress=lambda *counts: told.append(counts))
    assert told == [(1, 1)]
    assert file.stat().st_mtime_ns == stamp
    np.testing.assert_array_equal(again.points, views.points)
    assert [again.looks[i].category for i in again.look_of_view] == [
        views.looks[i].category for i in views.look_of_view
    ]
