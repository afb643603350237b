"""Laws of grounding: invariances, and fast forms against slow ones."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from workbench.core import grounding
from workbench.core.grounding import SMOOTHING_S, distractor_peaks, prompt_ensemble, smooth
from workbench.core.intervals import temporal_iou
from workbench.core.proposals import find_moments, proposal_map
from workbench.core.segmentation import change_points
from workbench.errors import InputError
from workbench.types.grounding import MeasuredNull

curves = hnp.arrays(np.float64, st.integers(0, 60), elements=st.integers(-20, 20).map(lambda v: v / 8))


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def cosines(rows, features):
    return np.ascontiguousarray(rows @ features.T)


def ground(texts, features, times_s, queries, distractors, smoothing_s=SMOOTHING_S, **more):
    """Ask of features what the recipe asks of curves."""
    background = (
        cosines(distractors, features).mean(axis=0) if len(distractors) else np.zeros(len(features), np.float32)
    )
    peaks = distractor_peaks(cosines(distractors, features), times_s, smoothing_s) if len(times_s) else np.zeros(0)
    curves = cosines(queries, features)
    return grounding.ground(texts, curves, times_s, background, peaks, smoothing_s=smoothing_s, **more)


def film(seed, n_frames=120, dim=16, n_distractors=24):
    rng = np.random.default_rng(seed)
    features, distractors = (
        unit(rng.normal(size=(n_frames, dim))),
        unit(rng.normal(size=(n_distractors, dim))),
    )
    return features, np.arange(n_frames) / 2.0, distractors


TIED = [[-1.375, 1.625, -2.125, -2.5, 0, 0, 0, -0.5, 1.125]]  # two moments of one height
TIED += [[0.7, 0.1, 0.3, 0.6, 0.3, 0.4, 0.3, 0, 0.7, 0.5, 0.3, 0.4, 0.7, 0.3, 0.4, 0.1]]


@given(curves, st.sampled_from([-5.0, -0.1, 0.0, 0.2, 3.0, 100.0]), st.sampled_from([0.1, 0.25, 0.37, 0.7, 1.0, 8.0]))
@example(np.array(TIED[0]), 1.0, 0.25)
@example(np.array(TIED[1]), 0.2, 0.37)
def test_shift_and_scale_change_no_window(curve, shift, factor):
    times_s = np.arange(len(curve)) / 2
    one, two = find_moments(curve, times_s), find_moments(factor * curve + shift, times_s)
    assert [(m.start_s, m.end_s) for m in one] == [(m.start_s, m.end_s) for m in two]
    np.testing.assert_allclose([factor * m.score for m in one], [m.score for m in two], atol=1e-9)


@given(curves, st.sampled_from([0.0, 0.3, 0.7]))
def test_moments_are_sorted_inside_the_film_and_apart(curve, iou_threshold):
    times_s = np.arange(len(curve)) / 2
    found = find_moments(curve, times_s, iou_threshold=iou_threshold, duration_s=len(curve) / 2)
    scores = [m.score for m in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= m.start_s < m.end_s <= len(curve) / 2 for m in found)
    windows = [[m.start_s, m.end_s] for m in found]
    if windows:
        overlaps = temporal_iou(windows, windows) - np.eye(len(windows))
        assert overlaps.max() <= iou_threshold + 1e-12
    assert bool(found) == (len(np.unique(curve)) > 1)


@given(curves)
def test_a_moments_score_is_its_mean_above_the_films_mean(curve):
    times_s = np.arange(len(curve)) / 2
    for m in find_moments(curve, times_s):
        inside = curve[(times_s > m.start_s) & (times_s < m.end_s) | (times_s == m.start_s)]
        assert m.score == pytest.approx(inside.mean() - curve.mean(), abs=1e-9)


@given(curves)
def test_change_points_are_starts_of_stretches_that_differ(curve):
    starts = change_points(curve)
    assert starts.tolist() == sorted(set(starts.tolist()))
    assert len(starts) == 0 or (starts[0] == 0 and starts[-1] < len(curve))
    assert (len(starts) > 1) == (len(np.unique(curve)) > 1)


@given(curves, st.integers(1, 60))
def test_the_map_equals_three_nested_loops(curve, n_cells):
    n = min(n_cells, len(curve))
    if n == 0 or len(curve) % n:
        return
    cells = curve.reshape(n, -1).mean(axis=1)
    got = proposal_map(curve, n_cells)
    for i in range(n):
        for j in range(n):
            if j < i:
                assert np.isnan(got[i, j])
                continue
            inside = [cells[k] for k in range(i, j + 1)]
            outside = [cells[k] for k in range(n) if not i <= k <= j]
            difference = np.mean(inside) - np.mean(outside) if outside else 0.0
            assert got[i, j] == pytest.approx(difference * len(outside) / n, abs=1e-9)


@pytest.mark.parametrize("width_s", [0.0, 0.9, 1.0, 1.5, 2.0, 7.3, 500.0])
def test_smoothing_the_cosine_is_averaging_the_features(width_s):
    features, times_s, queries = film(0)
    reach = min(int(width_s / 2 / 0.5), len(times_s))
    held = np.concatenate([np.repeat(features[:1], reach, 0), features, np.repeat(features[-1:], reach, 0)])
    averaged = np.stack([held[k : k + 2 * reach + 1].mean(axis=0) for k in range(len(features))])
    got = smooth(cosines(queries, features), times_s, width_s)
    np.testing.assert_allclose(got, queries @ averaged.T, atol=1e-6)


@pytest.mark.parametrize("width_s", [-1.0, float("nan"), float("inf")])
def test_a_width_that_is_none_is_refused(width_s):
    features, times_s, queries = film(0)
    with pytest.raises(InputError):
        smooth(cosines(queries, features), times_s, width_s)


def test_prompt_ensemble_is_the_unit_mean_of_unit_rows():
    embeddings = np.array([[[3.0, 0.0], [0.0, 0.5]], [[1.0, 1.0], [2.0, 2.0]]], dtype=np.float32)
    np.testing.assert_allclose(prompt_ensemble(embeddings), np.full((2, 2), np.sqrt(0.5)), atol=1e-6)


def test_saliency_is_the_cosine_minus_the_mean_cosine_of_the_distractors():
    features, times_s, distractors = film(1)
    queries = unit(np.random.default_rng(9).normal(size=(3, 16)))
    result = ground(["a", "b", "c"], features, times_s, queries, distractors, smoothing_s=0.0)
    common = np.stack([[f @ d for f in features] for d in distractors]).mean(axis=0)
    np.testing.assert_allclose(result.similarity, queries @ features.T, atol=1e-6)
    np.testing.assert_allclose(result.saliency, queries @ features.T - common, atol=1e-6)
    np.testing.assert_allclose(result.peaks, result.saliency.max(axis=1), atol=1e-6)


def test_a_distractors_peak_is_measured_against_the_others():
    features, times_s, distractors = film(2)
    got = distractor_peaks(cosines(distractors, features), times_s, smoothing_s=1.0)
    for k in range(len(distractors)):
        others = np.delete(distractors, k, axis=0)
        alone = ground(["q"], features, times_s, distractors[k : k + 1], others, smoothing_s=1.0)
        assert got[k] == pytest.approx(alone.peaks[0], abs=1e-5)


def test_queries_do_not_see_each_other():
    features, times_s, distractors = film(3)
    queries = unit(np.random.default_rng(8).normal(size=(4, 16)))
    together = ground(list("abcd"), features, times_s, queries, distractors)
    for k in range(4):
        alone = ground(["q"], features, times_s, queries[k : k + 1], distractors)
        np.testing.assert_allclose(alone.saliency[0], together.saliency[k], atol=1e-6)
        assert alone.p_absent[0] == pytest.approx(together.p_absent[k], rel=1e-3)
        assert [m.start_s for m in alone.moments[0]] == [m.start_s for m in together.moments[k]]


def test_a_planted_sentence_is_found_and_an_absent_one_is_not_claimed():
    rng = np.random.default_rng(4)
    right_windows, present, absent = 0, 0, 0
    for seed in range(30):
        features, times_s, distractors = film(seed, n_frames=200, dim=64, n_distractors=40)
        queries = unit(rng.normal(size=(2, 64)))
        features[80:100] = unit(0.8 * features[80:100] + 0.8 * queries[0])
        result = ground(["there", "absent"], features, times_s, queries, distractors, duration_s=100.0)
        best = result.moments[0][0]
        right_windows += temporal_iou([[best.start_s, best.end_s]], [[39.75, 49.75]])[0, 0] >= 0.9
        present += bool(result.is_in_video[0])
        absent += not result.is_in_video[1]
    assert right_windows >= 28
    assert present == 30
    assert absent >= 28


def test_few_distractors_make_no_decision_and_say_so():
    features, times_s, distractors = film(5, n_distractors=7)
    result = ground(["q"], features, times_s, distractors[:1], distractors)
    assert np.isnan(result.p_absent[0])
    assert not result.is_in_video[0]
    assert "not decided" in result.warnings[0]
    none = ground(["q"], features, times_s, distractors[:1], distractors[:0])
    np.testing.assert_allclose(none.saliency, smooth(none.similarity, times_s, 1.0), atol=1e-6)


def test_a_film_of_one_still_picture_has_no_moments_and_says_so():
    features, times_s, distractors = film(6)
    features[:] = features[0]
    result = ground(["a still"], features, times_s, distractors[:1], distractors[1:])
    assert result.moments == ((),)
    assert "a still" in result.warnings[0]


def test_a_film_without_frames_and_an_error_rate_that_decides_nothing_are_refused():
    features, times_s, distractors = film(7)
    with pytest.raises(InputError, match="no frames"):
        ground(["q"], features[:0], times_s[:0], distractors[:1], distractors)
    for error_rate in (0.0, 0.5, -1.0, float("nan")):
        with pytest.raises(InputError, match="error rate"):
            ground(["q"], features, times_s, distractors[:1], distractors, error_rate=error_rate)


def test_what_lies_below_the_measured_floor_is_no_evidence():
    """A half-match beside the true window joins it without a measured null and is left out with one."""
    times_s = np.arange(60, dtype=np.float64)
    level = np.zeros(60, np.float32)
    level[20:26], level[26:40] = 0.9, 0.6
    features = np.stack([level, np.sqrt(1 - level**2)], axis=1).astype(np.float32)
    query = np.array([[1.0, 0.0]], np.float32)
    nothing = np.zeros((0, 2), np.float32)
    measured = MeasuredNull(1.0, 1.0, 0.0, 120.0, (), (), (0.7,) * 20)
    found = {
        name: ground(["q"], features, times_s, query, nothing, measured=[null], smoothing_s=0.0).moments[0][0]
        for name, null in (("estimated", None), ("measured", measured))
    }
    assert (found["estimated"].start_s, found["estimated"].end_s) == (19.5, 39.5)
    assert (found["measured"].start_s, found["measured"].end_s) == (19.5, 25.5)


def test_every_query_is_held_against_its_own_null():
    features, times_s, distractors = film(8)
    low, high = (MeasuredNull(2.0, 0.5, 1.0, 120.0, (), (), tuple(np.linspace(a, a + 0.2, 40))) for a in (-0.5, 0.9))
    queries = unit(np.random.default_rng(8).normal(size=(4, 16)))
    nulls = [low, high, None, low]
    together = ground(list("abcd"), features, times_s, queries, distractors, measured=nulls)
    assert [absent.kind for absent in together.absent] == ["measured", "measured", "estimated", "measured"]
    assert together.absent[0] is together.absent[3]
    for k, null in enumerate(nulls):
        alone = ground(["q"], features, times_s, queries[k : k + 1], distractors, measured=[null])
        assert alone.p_absent[0] == pytest.approx(together.p_absent[k], rel=1e-3)
        assert alone.peaks[0] == pytest.approx(together.peaks[k], abs=1e-6)
        assert [m.start_s for m in alone.moments[0]] == [m.start_s for m in together.moments[k]]
    assert (together.p_absent[0], together.p_absent[1]) == (1 / 41, 1.0)


@pytest.mark.parametrize("peak", [0.65, 0.699, 0.7, 0.701, 0.72, 0.8])
def test_a_curve_that_barely_reaches_the_floor_is_not_cut_down_to_its_tip(peak: float):
    """A long hill with a tip, whose top passes the floor of 0.7 by a hair or not, keeps its moment."""
    times_s = np.arange(60, dtype=np.float64)
    curve = np.full(60, 0.1, np.float32)
    curve[20:40], curve[30:32] = peak - 0.02, peak
    measured = MeasuredNull(1.0, 1.0, 0.0, 120.0, (), (), (0.7,) * 20)
    found = grounding.ground(
        ["q"], curve[None], times_s, np.zeros(60, np.float32), np.zeros(0), measured=[measured], smoothing_s=0.0
    )
    best = found.moments[0][0]
    assert (best.start_s, best.end_s) == (19.5, 39.5)
    assert best.score > 0.1


@pytest.mark.parametrize(("fps", "smoothing_s"), [(2, 1.0), (2, 4.0), (4, 0.0), (10, 1.0), (3, 2.0)])
def test_a_measured_null_is_asked_as_it_was_measured_whatever_is_shown(fps: float, smoothing_s: float):
    """A curve that is level within every half second peaks alike at any rate and smoothing."""
    rng = np.random.default_rng(3)
    half_seconds = rng.normal(size=100).astype(np.float32)
    measured = MeasuredNull(2.0, 0.5, 1.0, 120.0, (), (), tuple(rng.normal(size=50)))
    as_measured = grounding.ground(
        ["q"], half_seconds[None], np.arange(100) / 2, np.zeros(100, np.float32), np.zeros(0), measured=[measured]
    )
    times_s = np.arange(50 * fps) / fps
    curve = half_seconds[np.minimum(np.round(times_s * 2 + 1e-9).astype(int), 99)]
    shown = grounding.ground(
        ["q"],
        curve[None],
        times_s,
        np.zeros(len(curve), np.float32),
        np.zeros(0),
        measured=[measured],
        smoothing_s=smoothing_s,
    )
    assert shown.peaks == pytest.approx(as_measured.peaks, abs=1e-5)
    assert shown.p_absent == pytest.approx(as_measured.p_absent)


@pytest.mark.parametrize("step_s", [0.5, 1.0, 2.0, 4.0])
def test_a_curve_with_values_as_far_apart_as_was_measured_peaks_as_it_is_shown(step_s: float):
    """Values of windows are farther apart than frames: between two of them nothing is invented."""
    curves = np.random.default_rng(4).normal(size=(3, 50)).astype(np.float32)
    times_s = 1.75 + step_s * np.arange(50)
    found = grounding.peaks_at(curves, times_s, step_s, 1.0)
    np.testing.assert_allclose(found, smooth(curves, times_s, 1.0).max(axis=1), atol=1e-6)
