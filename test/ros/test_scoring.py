import pytest

from maskdexgrasp_ros.scoring import LiftWatch


def follow(watch, heights, *, name='mug', step_s=0.1, start_s=5.0):
    for index, height in enumerate(heights):
        watch.see(name, height, start_s + index * step_s)


def test_an_object_held_high_for_three_seconds_is_lifted():
    watch = LiftWatch()
    follow(watch, [0.0] * 5 + [0.12] * 32)
    name, score = watch.best()
    assert name == 'mug'
    assert score.lift_height_m == pytest.approx(0.12)
    assert score.hold_s == pytest.approx(3.1)
    assert score.lifted


def test_too_low_is_not_lifted_however_long():
    watch = LiftWatch()
    follow(watch, [0.0] + [0.099] * 100)
    assert not watch.best()[1].lifted


def test_time_counts_only_without_a_break():
    watch = LiftWatch()
    follow(watch, [0.0] + [0.12] * 20 + [0.05] + [0.12] * 20)
    score = watch.best()[1]
    assert score.hold_s == pytest.approx(1.9)
    assert not score.lifted


def test_heights_count_from_the_start_of_the_command():
    watch = LiftWatch()
    follow(watch, [0.0, 0.2])
    watch.start()
    follow(watch, [0.2] * 50, start_s=20.0)
    assert watch.best()[1].lift_height_m == 0.0


def test_the_object_that_was_held_longest_counts():
    watch = LiftWatch()
    follow(watch, [0.0] + [0.3] * 5, name='can')
    follow(watch, [0.0] + [0.12] * 40, name='mug')
    assert watch.best()[0] == 'mug'


def test_nothing_seen_is_nothing_lifted():
    name, score = LiftWatch().best()
    assert name == ''
    assert not score.lifted
