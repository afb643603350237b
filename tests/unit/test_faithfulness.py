"""Measures of a map against games whose answer is known, against slow loops, and against every order there is."""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import pytest
from scipy import stats

from workbench.core.coalitions import game_of
from workbench.core.faithfulness import (
    Curves,
    chain,
    curve_of,
    curves,
    order_of,
    random_chains,
    random_masks,
    rank_correlation,
    rank_correlations,
    rank_faithfulness,
    scores_of,
    step_counts,
)
from workbench.errors import InputError

WEIGHTS = np.array([0.5, -0.25, 2.0, 1.0, 0.125])  # distinct, and exact in sums
N = len(WEIGHTS)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def additive(weights: np.ndarray):
    return lambda coalitions: coalitions @ weights


def curved(bent: np.ndarray, straight: np.ndarray):
    return lambda coalitions: np.tanh(coalitions @ bent) + coalitions @ straight


def judged(values: np.ndarray, game, seed: int = 0, n_orders: int = 19, n_steps: int = 12) -> Curves:
    draw = rng(seed)
    return curves(values, game, scores_of(random_chains(len(values), n_orders, n_steps, draw), game), draw)


class Counting:
    """An additive game that keeps what it was asked."""

    def __init__(self, weights: np.ndarray) -> None:
        self.weights, self.asked = weights, []

    def __call__(self, coalitions: np.ndarray) -> np.ndarray:
        self.asked.append(coalitions.copy())
        return coalitions @ self.weights


def test_order_runs_from_the_highest_value_down():
    assert order_of(WEIGHTS, rng()).tolist() == [2, 3, 0, 4, 1]


@pytest.mark.parametrize("values", [[0.0, 0.0, 0.0, 0.0], [0.0, 1.0, -0.0, 1.0]])
def test_ties_favour_no_place(values: list[float]):
    """Each of the orders that respect the values comes up equally often: a chi-squared test at a fixed seed."""
    draw, n_draws = rng(1), 4800
    counts: dict[tuple[int, ...], int] = {}
    for _ in range(n_draws):
        order = tuple(order_of(np.array(values), draw).tolist())
        counts[order] = counts.get(order, 0) + 1
    n_orders = math.prod(math.factorial(values.count(value)) for value in set(values))
    assert len(counts) == n_orders
    assert stats.chisquare(list(counts.values())).pvalue > 0.01


@pytest.mark.parametrize(
    ("n_cells", "n_steps", "expected"),
    [
        (49, 12, [0, 4, 8, 12, 16, 20, 24, 29, 33, 37, 41, 45, 49]),
        (3, 12, [0, 1, 2, 3]),
        (1, 1, [0, 1]),
        (9, 1, [0, 9]),
    ],
)
def test_steps_are_even_and_never_smaller_than_a_cell(n_cells: int, n_steps: int, expected: list[int]):
    assert step_counts(n_cells, n_steps).tolist() == expected


def test_a_chain_shows_the_first_of_its_order():
    shown = chain(np.array([2, 0, 3, 1]), np.array([0, 1, 3, 4]))
    assert [np.flatnonzero(row).tolist() for row in shown] == [[], [2], [0, 2, 3], [0, 1, 2, 3]]


def test_chains_of_several_orders_are_those_of_each():
    orders, counts = np.stack([rng(seed).permutation(7) for seed in range(3)]), step_counts(7, 4)
    for order, shown in zip(orders, chain(orders, counts), strict=True):
        np.testing.assert_array_equal(shown, chain(order, counts))


def test_random_chains_are_nested_and_every_cell_is_as_early_as_any_other():
    shown = random_chains(6, 3000, 3, rng())
    assert shown.shape == (3000, 4, 6)
    assert (shown.sum(axis=2) == [0, 2, 4, 6]).all()
    assert (shown[:, :-1] <= shown[:, 1:]).all()
    assert np.abs(shown[:, 1].mean(axis=0) - 1 / 3).max() < 4 * np.sqrt(2 / 9 / 3000)


def test_random_chains_depend_on_the_generator_alone():
    np.testing.assert_array_equal(random_chains(9, 5, 4, rng(3)), random_chains(9, 5, 4, rng(3)))
    assert (random_chains(9, 5, 4, rng(3)) != random_chains(9, 5, 4, rng(4))).any()


def test_scores_ask_for_none_and_all_once_and_for_every_other_step_once():
    game = Counting(WEIGHTS)
    chains = random_chains(N, 4, 12, rng())
    np.testing.assert_allclose(scores_of(chains, game), chains @ WEIGHTS, atol=1e-15)
    (asked,) = game.asked
    assert len(asked) == 2 + 4 * (N - 1)
    assert asked[:2].sum(axis=1).tolist() == [0, N]
    assert set(asked[2:].sum(axis=1)) == {1, 2, 3, 4}


def test_a_map_costs_two_evaluations_a_step():
    game = Counting(rng().normal(size=49))
    random = scores_of(random_chains(49, 19, 12, rng()), game)
    curves(rng(1).normal(size=49), game, random, rng())
    assert [len(asked) for asked in game.asked] == [211, 24]


def test_one_cell_has_a_curve():
    found = judged(np.array([3.0]), additive(np.array([2.0])))
    assert (found.insertion_area, found.reversed_area, found.p_random) == (1.0, 1.0, 1.0)


def test_the_weights_of_an_additive_game_have_the_largest_area_of_all_orders():
    """And against them the smallest: all 120 orders, with every step and with fewer."""
    game = additive(WEIGHTS)
    orders = np.array(list(itertools.permutations(range(N))))
    for n_steps in (2, 3, 12):
        found, counts = judged(WEIGHTS, game, n_steps=n_steps), step_counts(N, n_steps)
        areas = np.trapezoid(curve_of(orders, game, counts), counts / N, axis=1)
        assert found.insertion_area == pytest.approx(areas.max(), abs=1e-12)
        assert found.reversed_area == pytest.approx(areas.min(), abs=1e-12)


def test_areas_of_an_additive_game_in_closed_form():
    """The cell that comes at place i of n, from 0, is in sight for a share (n - i - 1/2) / n of the way."""
    found, down = judged(WEIGHTS, additive(WEIGHTS)), np.sort(WEIGHTS)[::-1]
    in_sight = (N - np.arange(N) - 0.5) / N
    assert found.insertion_area == pytest.approx(down @ in_sight)
    assert found.reversed_area == pytest.approx(down[::-1] @ in_sight)
    assert found.insertion_area + found.reversed_area == pytest.approx(WEIGHTS.sum())
    np.testing.assert_allclose(found.insertion, [0, *np.cumsum(down)])
    np.testing.assert_allclose(found.shares, [0, 0.2, 0.4, 0.6, 0.8, 1])


def test_the_map_turned_over_swaps_the_curves():
    game = game_of(rng(5).normal(size=2**6))
    values = rng(6).normal(size=6)
    found, over = judged(values, game), judged(-values, game)
    np.testing.assert_array_equal(found.insertion, over.reversed)
    np.testing.assert_array_equal(found.reversed, over.insertion)


@pytest.mark.parametrize("n_steps", [2, 4, 12])
def test_deletion_is_what_is_left_when_cells_go_one_by_one(n_steps: int):
    n_cells = 7
    game, values = game_of(rng(2).normal(size=2**n_cells)), rng(3).normal(size=n_cells)
    found = judged(values, game, n_steps=n_steps)
    in_sight, scores = np.ones(n_cells, dtype=bool), {}
    for n_taken in range(n_cells + 1):
        scores[n_taken] = float(game(in_sight[None])[0])
        if n_taken < n_cells:
            in_sight[max(np.flatnonzero(in_sight), key=lambda cell: values[cell])] = False
    n_taken_at = np.round((1 - found.shares[::-1]) * n_cells).astype(int).tolist()
    assert (n_taken_at[0], n_taken_at[-1]) == (0, n_cells)
    np.testing.assert_array_equal(found.reversed[::-1], [scores[n_taken] for n_taken in n_taken_at])
    taken = np.trapezoid(found.reversed[::-1], 1 - found.shares[::-1])
    assert found.reversed_area == pytest.approx(taken)


def test_the_best_order_is_as_improbable_as_the_random_orders_allow():
    weights = rng(4).normal(size=30)
    for n_orders in (9, 19, 99):
        found = judged(weights, additive(weights), n_orders=n_orders)
        assert found.p_random == pytest.approx(1 / (n_orders + 1))
        assert judged(-weights, additive(weights), n_orders=n_orders).p_random == 1


def test_random_orders_that_tie_count_against_the_map():
    """Areas by hand; and a game of three cells, where a sixth of the random orders is the best order itself."""
    step = np.array([0.0, 1.0])
    tied = Curves(step, np.array([0.0, 1.0]), step, np.array([[0.0, 1.0], [0.0, 0.5], [0.0, 2.0], [1.0, 0.0]]))
    assert tied.p_random == pytest.approx(4 / 5)
    weights = np.array([0.1, 0.2, 0.7])
    chains = random_chains(3, 600, 12, rng())
    found = curves(weights, additive(weights), scores_of(chains, additive(weights)), rng())
    n_best = (chains[:, 1:3] == [[False, False, True], [False, True, True]]).all(axis=(1, 2)).sum()
    assert 70 < n_best < 130
    assert found.p_random == pytest.approx((1 + n_best) / 601)


def test_areas_that_differ_by_rounding_tie():
    shares, scores = np.linspace(0, 1, 4), np.array([0.1, 0.2, 0.3, 0.0])
    higher = Curves(shares, scores + 1e-15, scores, scores[None])
    assert higher.insertion_area > higher.random_areas[0]
    assert higher.p_random == 1
    assert Curves(shares, scores + 1e-9, scores, scores[None]).p_random == 0.5


def test_a_game_that_sees_nothing_tells_no_map_from_a_random_order():
    found = judged(rng().normal(size=20), lambda coalitions: np.full(len(coalitions), 0.1))
    assert found.p_random == 1


def test_a_score_that_is_not_a_number_counts_against_the_map():
    assert judged(WEIGHTS, lambda coalitions: np.full(len(coalitions), np.nan)).p_random == 1


@pytest.mark.parametrize("is_constant", [False, True])
def test_a_random_map_is_better_than_random_at_the_stated_rate(is_constant: bool):
    """400 random or constant maps, fresh random orders for each: p is at most 0.05 in 5 % and at most 0.5 in half."""
    n_maps, draw = 400, rng(11)
    p = np.empty(n_maps)
    for at in range(n_maps):
        weights = draw.normal(size=(2, 25))
        game = curved(*weights)
        values = np.zeros(25) if is_constant else draw.normal(size=25)
        p[at] = curves(values, game, scores_of(random_chains(25, 19, 12, draw), game), draw).p_random
    for level in (0.05, 0.5):
        least, most = stats.binom.interval(0.99, n_maps, level)
        assert least <= (p <= level + 1e-9).sum() <= most


def slow_ranks(values: np.ndarray) -> list[float]:
    return [sum(other < one for other in values) + (sum(other == one for other in values) + 1) / 2 for one in values]


def slow_spearman(first: np.ndarray, second: np.ndarray) -> float:
    ranks, others = slow_ranks(first), slow_ranks(second)
    mean = (len(ranks) + 1) / 2
    both = sum((a - mean) * (b - mean) for a, b in zip(ranks, others, strict=True))
    return both / math.sqrt(sum((a - mean) ** 2 for a in ranks) * sum((b - mean) ** 2 for b in others))


@pytest.mark.parametrize("n_kinds", [2, 5, 1000])
def test_rank_correlations_are_spearmans_with_and_without_ties(n_kinds: int):
    maps = rng(n_kinds).integers(0, n_kinds, size=(6, 40)).astype(float)
    found = rank_correlations(maps)
    np.testing.assert_allclose(found, stats.spearmanr(maps, axis=1).statistic, atol=1e-12)
    for one, two in itertools.product(range(6), repeat=2):
        assert found[one, two] == pytest.approx(slow_spearman(maps[one], maps[two]), abs=1e-12)
        assert rank_correlation(maps[one], maps[two]) == found[one, two]
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(np.diag(found), 1)


def test_a_constant_map_correlates_with_nothing_not_even_itself():
    maps = np.array([[1.0, 2.0, 4.0], [0.1, 0.1, 0.1], [3.0, 2.0, 1.0]])
    nan = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(rank_correlations(maps), [[1, nan, -1], [nan, nan, nan], [-1, nan, 1]])
        assert math.isnan(rank_correlation(maps[0], maps[1]))
        assert math.isnan(rank_correlation(np.array([1.0]), np.array([2.0])))


@pytest.mark.parametrize(("n_cells", "in_sight"), [(1, 1), (2, 1), (7, 3), (8, 4)])
def test_masks_leave_half_in_sight(n_cells: int, in_sight: int):
    masks = random_masks(n_cells, 2000, rng())
    assert masks.shape == (2000, n_cells)
    assert (masks.sum(axis=1) == in_sight).all()
    assert np.abs(masks.mean(axis=0) - in_sight / n_cells).max() < 4 * np.sqrt(0.25 / 2000)


def test_the_weights_of_an_additive_game_are_faithful_and_turned_over_they_are_not():
    weights = rng(7).normal(size=16)
    masks = random_masks(16, 50, rng())
    scores = masks @ weights
    assert rank_faithfulness(weights, masks, scores) == 1
    assert rank_faithfulness(weights, masks, np.exp(scores)) == 1
    assert rank_faithfulness(-weights, masks, scores) == -1
    assert abs(rank_faithfulness(rng(8).normal(size=16), random_masks(16, 2000, rng(9)), rng().normal(size=2000))) < 0.1


def test_faithfulness_is_spearmans_correlation_of_sums_in_loops():
    draw = rng(12)
    values, masks = draw.integers(0, 3, size=10).astype(float), random_masks(10, 40, draw)
    scores = draw.normal(size=40).round(1)
    sums = np.array([sum(value for value, is_in in zip(values, mask, strict=True) if is_in) for mask in masks])
    assert rank_faithfulness(values, masks, scores) == pytest.approx(slow_spearman(sums, scores), abs=1e-12)


@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, -1e-9, 12345.678])
def test_faithfulness_of_a_constant_map_cannot_be_told_though_its_sums_differ_by_rounding(value: float):
    masks = random_masks(49, 200, rng())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert math.isnan(rank_faithfulness(np.full(49, value), masks, rng().normal(size=200)))


def test_sums_of_a_clipped_map_tie_though_they_differ_by_rounding():
    values = np.where(rng().random(49) < 0.5, 0.1, 0.7)
    masks, scores = random_masks(49, 200, rng(1)), rng(2).normal(size=200)
    counts = masks @ (values > 0.5).astype(float)
    assert len(np.unique(masks @ values)) > len(np.unique(counts))
    assert rank_faithfulness(values, masks, scores) == rank_correlation(counts, scores)


def test_faithfulness_of_one_score_or_of_two_masks_cannot_be_told():
    masks = random_masks(N, 20, rng())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert math.isnan(rank_faithfulness(WEIGHTS, masks, np.full(20, 0.3)))
        assert math.isnan(rank_faithfulness(WEIGHTS, masks[:2], np.array([0.0, 1.0])))
        assert math.isnan(rank_faithfulness(WEIGHTS, masks[:0], np.array([])))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(bad: float):
    values, masks = np.array([0.0, bad, 1.0]), random_masks(3, 5, rng())
    for refused in (
        lambda: order_of(values, rng()),
        lambda: judged(values, additive(np.ones(3))),
        lambda: rank_correlation(values, np.arange(3.0)),
        lambda: rank_correlations(values[None]),
        lambda: rank_faithfulness(values, masks, np.arange(5.0)),
        lambda: rank_faithfulness(np.arange(3.0), masks, np.array([0.0, 1.0, 2.0, bad, 3.0])),
    ):
        with pytest.raises(InputError, match="A value or a score is not a finite number; compute the map"):
            refused()


def test_maps_of_no_cells_are_refused():
    for refused in (
        lambda: order_of(np.array([]), rng()),
        lambda: rank_correlations(np.empty((2, 0))),
    ):
        with pytest.raises(InputError, match="no cells to compare; give a map of at least one"):
            refused()


def test_counts_below_one_are_refused():
    for n_cells, n_steps in ((0, 3), (3, 0)):
        with pytest.raises(InputError, match=f"from none to {n_cells} cells in {n_steps} steps; give at least 1"):
            step_counts(n_cells, n_steps)
    with pytest.raises(InputError, match="with 0 random orders; ask for at least 1"):
        random_chains(5, 0, 3, rng())
    for n_cells, n_masks in ((0, 3), (3, 0)):
        with pytest.raises(InputError, match=f"no {n_masks} masks over {n_cells} cells; give at least 1"):
            random_masks(n_cells, n_masks, rng())


def test_random_orders_of_more_cells_than_the_map_has_are_refused():
    random = scores_of(random_chains(9, 5, 12, rng()), additive(np.ones(9)))
    with pytest.raises(InputError, match="5 cells has no curve in 9 steps; compare it with random orders of as many"):
        curves(WEIGHTS, additive(WEIGHTS), random, rng())
