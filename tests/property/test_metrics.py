"""The metrics against a slow reference in exact fractions, written from the definitions alone (``slow_metrics``)."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.average_precision import ranking_average_precision
from workbench.core.metrics import area_under_curve, evaluate_moments, temporal_iou
from workbench.validation.slow_metrics import RANGES_S, overlap, retrieval

spans = st.tuples(st.integers(0, 100), st.integers(1, 60)).map(lambda s: [s[0], s[0] + s[1]])
predictions = st.lists(st.tuples(spans, st.integers(0, 8)).map(lambda p: [*p[0], p[1] / 8]), max_size=14)
queries = st.lists(st.tuples(st.lists(spans, min_size=1, max_size=5), predictions), min_size=1, max_size=6)


@given(queries)
def test_retrieval_equals_the_slow_reference(rows):
    result = evaluate_moments(
        [{"qid": k, "pred_relevant_windows": said} for k, (_, said) in enumerate(rows)],
        [{"qid": k, "relevant_windows": windows} for k, (windows, _) in enumerate(rows)],
    )
    for name, (low_s, high_s) in RANGES_S.items():
        expected = retrieval(rows, low_s, high_s)
        for metric in ("MR-mAP", "MR-R1"):
            got = list(result[name][metric].values())
            if expected is None:
                assert set(got) == {None}
            else:
                assert got == pytest.approx([float(100 * x) for x in expected[metric]], abs=0.00501)
                assert got == [round(x, 2) for x in got]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=30))
def test_ranking_precision_equals_a_walk_over_cut_offs(items):
    relevant = [r for r, _ in items]
    steps = []
    for cut in sorted({s for _, s in items}, reverse=True):
        above = [r for r, s in items if s >= cut]
        steps.append((sum(above), Fraction(sum(above), len(above))))
    levels = sorted({found for found, _ in steps if found})
    expected = sum(max(p for found, p in steps if found >= level) for level in levels)
    got = ranking_average_precision(np.array(relevant), np.array([float(s) for _, s in items]))
    if not any(relevant):
        assert got == 0.0
    elif all(relevant):
        assert got == 1.0
    else:
        assert got == pytest.approx(float(expected / len(levels)))


@given(st.lists(spans, min_size=1, max_size=4), st.lists(spans, min_size=1, max_size=4))
def test_iou_counts_seconds(a, b):
    expected = [[float(overlap(x, y)) for y in b] for x in a]
    np.testing.assert_allclose(temporal_iou(a, b), expected)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=40))
def test_area_under_curve_counts_pairs(frames):
    times_s = np.arange(float(len(frames)))
    windows = [[t - 0.1, t + 0.1] for t, (inside, _) in zip(times_s, frames, strict=True) if inside]
    inside = [v for is_in, v in frames if is_in]
    outside = [v for is_in, v in frames if not is_in]
    got = area_under_curve([float(v) for _, v in frames], times_s, windows)
    if not inside or not outside:
        assert np.isnan(got)
    else:
        wins = sum((x > y) + 0.5 * (x == y) for x in inside for y in outside)
        assert got == pytest.approx(wins / len(inside) / len(outside))
