"""What scores of edits say, on answers known beforehand and against other people's statistics."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binomtest, rankdata

from workbench.core.sensitivity import (
    fewest_left_out,
    mean_over_videos,
    pair_scores,
    rank_among,
    ranks_of,
    share_over_videos,
    standing,
)
from workbench.types.probe import Among, Standing


@pytest.mark.parametrize(("n_right", "n"), [(0, 3), (2, 2), (7, 20), (200, 200)])
def test_a_share_is_never_surer_than_wilsons_interval(n_right, n):
    found = share_over_videos([at < n_right for at in range(n)], [f"film {at}" for at in range(n)], 0)
    known = binomtest(n_right, n).proportion_ci(0.95, method="wilson")
    assert found.value == n_right / n
    assert found.low <= known.low + 1e-9
    assert found.high >= known.high - 1e-9


def test_edits_of_one_film_are_one_answer():
    """A hundred edits of two films say no more than two films."""
    alike = share_over_videos([True] * 100, ["a"] * 50 + ["b"] * 50, 0)
    assert (alike.n_edits, alike.n_videos) == (100, 2)
    assert alike.low == pytest.approx(binomtest(2, 2).proportion_ci(0.95, method="wilson").low)


def test_means_have_the_interval_of_draws_of_films():
    rng = np.random.default_rng(3)
    values = rng.normal(1.0, 2.0, 400)
    found = mean_over_videos(values.tolist(), [str(at) for at in range(400)], 0)
    assert found.value == pytest.approx(values.mean())
    half = 1.96 * values.std() / 20
    assert found.low == pytest.approx(values.mean() - half, abs=0.05)
    assert found.high == pytest.approx(values.mean() + half, abs=0.05)
    assert math.isnan(mean_over_videos(values[:4].tolist(), list("abcd"), 0).low)
    assert math.isnan(share_over_videos([], [], 0).value)


@pytest.mark.parametrize(
    ("scores", "right"),
    [
        ([[2, 1], [1, 2]], (True, True, True)),
        ([[2, 1], [2, 2]], (False, False, False)),
        ([[3, 1], [4, 5]], (True, False, False)),
        ([[3, 4], [1, 5]], (False, True, False)),
        ([[1, 1], [1, 1]], (False, False, False)),
    ],
)
def test_winoground_scores_are_strict(scores, right):
    assert pair_scores(np.array(scores, float)) == right


def test_chance_of_winoground_scores_is_a_quarter_and_a_sixth():
    draws = np.random.default_rng(0).random((20_000, 2, 2))
    shares = np.mean([pair_scores(one) for one in draws], axis=0)
    assert shares == pytest.approx([1 / 4, 1 / 4, 1 / 6], abs=0.01)


@given(arrays(float, st.integers(1, 12), elements=st.integers(-3, 3).map(float)))
def test_ranks_are_scipys_with_ties_against(scores):
    assert ranks_of(scores).tolist() == rankdata(-scores, method="max").tolist()
    assert rank_among(float(scores[0]), scores[1:]) == ranks_of(scores)[0]


def test_a_case_stands_among_others_by_every_edit():
    scores = np.array([[0.5, 0.1], [0.3, 0.9]])
    of_films = np.array([[0.4, 0.2], [0.6, 0.0]])
    of_texts = np.array([[0.5, 0.1, 0.0], [0.4, 0.4, 0.4]])
    among = Among(("a", "b"), ("a", "b"), ("x", "y", "z"), of_films, of_texts)
    assert standing(scores, among) == Standing(2, 3, (2, 2), (2, 3), (2, 4), (0.5, 0.1))
    alone = Among((), (), (), of_films[:0], of_texts[:, :0])
    assert standing(scores, alone) == Standing(0, 0, (1, 1), (1, 1), (1, 1), ())


@given(arrays(float, st.integers(1, 8), elements=st.integers(-4, 6).map(float)))
def test_no_smaller_set_will_do(gains):
    """Against all subsets: at least one part stays, and the sum of those that stay is not above zero."""
    found = fewest_left_out(gains)
    sizes = [
        n_out
        for n_out in range(len(gains))
        for gone in combinations(range(len(gains)), n_out)
        if np.delete(gains, gone).sum() <= 0
    ]
    if found is None:
        assert not sizes
    else:
        assert found.sum() == min(sizes)
        assert gains[~found].sum() <= 0
