"""Moments and their parts on curves whose answer is known."""

import numpy as np
import pytest

from workbench.core.intervals import frame_edges, temporal_iou
from workbench.core.proposals import find_moments, proposal_map
from workbench.core.segmentation import MAX_SEGMENTS, change_points
from workbench.errors import InputError
from workbench.types.grounding import Moment


def steps(duration_s, *windows, level=1.0, fps=2.0):
    """Return times and a curve that is ``level`` inside the windows ``[start, end)`` and 0 outside."""
    times_s = np.arange(int(duration_s * fps)) / fps
    curve = np.zeros(len(times_s))
    for start_s, end_s, *own in windows:
        curve[(times_s >= start_s) & (times_s < end_s)] = own[0] if own else level
    return times_s, curve


def spans(moments):
    return [(m.start_s, m.end_s) for m in moments]


def test_a_clean_step_is_found_half_a_frame_early_at_both_ends():
    # Frames at 10.0 .. 19.5 are inside: the event began after 9.5 and ended before 20.0.
    times_s, curve = steps(60, (10, 20))
    (moment,) = find_moments(curve, times_s)
    assert (moment.start_s, moment.end_s) == (9.75, 19.75)
    assert moment.score == pytest.approx(1.0 - 20 / 120)


def test_two_windows_with_a_gap_stay_two_and_the_higher_is_first():
    times_s, curve = steps(60, (3, 8, 0.8), (40, 52, 1.0))
    assert spans(find_moments(curve, times_s)) == [(39.75, 51.75), (2.75, 7.75)]


def test_close_windows_are_not_merged():
    times_s, curve = steps(60, (10, 15), (17, 22), (24, 29))
    found = find_moments(curve, times_s)
    assert sorted(spans(found)) == [(9.75, 14.75), (16.75, 21.75), (23.75, 28.75)]


def test_a_short_true_window_beats_a_long_half_right_one():
    times_s, curve = steps(100, (20, 60, 0.4), (80, 84, 1.0))
    assert spans(find_moments(curve, times_s))[0] == (79.75, 83.75)


def test_a_window_inside_a_half_right_stretch_is_cut_out_of_it():
    times_s, curve = steps(100, (20, 60, 0.4), (30, 36, 1.0))
    assert spans(find_moments(curve, times_s))[0] == (29.75, 35.75)


def test_black_frames_at_both_ends_do_not_make_the_whole_film_a_moment():
    times_s, curve = steps(100, (30, 36))
    curve[:6] = curve[-6:] = -3.0
    assert spans(find_moments(curve, times_s))[0] == (29.75, 35.75)


def test_a_window_over_most_of_the_film_is_found():
    times_s, curve = steps(40, (4, 36))
    assert spans(find_moments(curve, times_s)) == [(3.75, 35.75)]


def test_windows_at_the_ends_reach_the_ends():
    times_s, curve = steps(60, (0, 5), (55, 60))
    assert sorted(spans(find_moments(curve, times_s, duration_s=60.2))) == [(0.0, 4.75), (54.75, 60.2)]


def test_a_single_frame_can_be_a_moment_and_can_be_too_short():
    times_s, curve = steps(60, (30, 30.5))
    assert spans(find_moments(curve, times_s)) == [(29.75, 30.25)]
    assert find_moments(curve, times_s, min_length_s=1.0) == []


def test_no_more_moments_than_asked():
    times_s, curve = steps(100, *((start, start + 3) for start in range(5, 95, 8)))
    assert len(find_moments(curve, times_s, max_moments=4)) == 4
    assert find_moments(curve, times_s, max_moments=0) == []


@pytest.mark.parametrize("n", [0, 1, 2, 50])
def test_a_constant_curve_has_no_moments(n):
    assert find_moments(np.full(n, 0.3), np.arange(float(n))) == []


def test_two_frames_and_three_frames():
    assert find_moments([0.0, 1.0], [0.0, 0.5]) == [Moment(0.25, 0.75, 0.5)]
    assert spans(find_moments([0.0, 1.0, 0.0], [0.0, 0.5, 1.0])) == [(0.25, 0.75)]


def test_uneven_times_put_edges_half_way():
    times_s = np.array([0.0, 1.0, 3.0, 4.0, 8.0, 9.0])
    (moment,) = find_moments([0, 0, 1, 1, 0, 0], times_s)
    assert (moment.start_s, moment.end_s) == (2.0, 6.0)


@pytest.mark.parametrize(("window", "most"), [((30, 40), 0.9), ((10, 14), 0.75), ((100, 130), 0.9)])
def test_a_step_of_three_deviations_is_recovered(window, most):
    """Of four seconds, one frame more or less at an edge is already a ninth."""
    overlaps = []
    for seed in range(40):
        times_s, curve = steps(150, window)
        noisy = curve + np.random.default_rng(seed).normal(0, 1 / 3, len(curve))
        best = find_moments(noisy, times_s)[0]
        truth = [[window[0] - 0.25, window[1] - 0.25]]
        overlaps.append(temporal_iou([[best.start_s, best.end_s]], truth)[0, 0])
    assert np.mean(np.array(overlaps) >= most) >= 0.9
    assert np.mean(np.array(overlaps) >= 0.5) >= 0.95


def test_noise_alone_still_gives_a_best_guess_that_is_short_of_the_whole_film():
    for seed in range(20):
        curve = np.random.default_rng(seed).normal(size=240)
        found = find_moments(curve, np.arange(240) / 2)
        assert 1 <= len(found) <= 10
        assert all(m.end_s - m.start_s < 119 for m in found)


@pytest.mark.parametrize(
    ("curve", "times_s"),
    [
        ([0.0, np.nan], [0.0, 1.0]),
        ([0.0, np.inf], [0.0, 1.0]),
        ([0.0, 1.0], [0.0]),
        ([0.0, 1.0], [1.0, 1.0]),
        ([0.0, 1.0], [1.0, 0.0]),
        ([[0.0, 1.0]], [0.0, 1.0]),
    ],
)
def test_curves_that_make_no_sense_are_refused(curve, times_s):
    with pytest.raises(InputError):
        find_moments(curve, times_s)


def test_change_points_of_a_staircase():
    curve = np.repeat([0.0, 1.0, 0.4, 2.0], [10, 5, 20, 7])
    assert change_points(curve).tolist() == [0, 10, 15, 35]


def test_many_changes_are_bounded():
    curve = np.tile(np.repeat([0.0, 1.0], 5), 300)
    assert len(change_points(curve)) <= MAX_SEGMENTS


def test_frame_edges_by_hand():
    np.testing.assert_allclose(frame_edges(np.array([0.0, 0.5, 1.0])), [0, 0.25, 0.75, 1.25])
    np.testing.assert_allclose(frame_edges(np.array([0.0, 0.5, 1.0]), 1.4), [0, 0.25, 0.75, 1.4])
    np.testing.assert_allclose(frame_edges(np.array([3.0, 4.0])), [2.5, 3.5, 4.5])
    np.testing.assert_allclose(frame_edges(np.array([1.75, 2.75]), 4.5), [0, 2.25, 4.5])
    np.testing.assert_allclose(frame_edges(np.array([0.0]), 0.04), [0, 0.04])


def test_the_map_of_three_frames_by_hand():
    # Mean 2; spans: [1] [1 2] [1 2 3], [2] [2 3], [3].
    nan = np.nan
    expected = [[-1, -0.5, 0], [nan, 0, 0.5], [nan, nan, 1]]
    np.testing.assert_allclose(proposal_map([1, 2, 3]), expected, atol=1e-12)


def test_the_map_of_a_long_film_averages_frames_into_equal_cells():
    curve = np.random.default_rng(0).normal(size=1000)
    cells = curve.reshape(50, 20).mean(axis=1)
    np.testing.assert_allclose(proposal_map(curve, 50), proposal_map(cells), atol=1e-12)
    assert proposal_map(curve, 64).shape == (64, 64)


def test_the_map_of_nothing_is_empty():
    assert proposal_map([]).shape == (0, 0)
