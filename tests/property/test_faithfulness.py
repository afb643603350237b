"""What is true of the measures for every map and every game."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench.core.coalitions import game_of
from workbench.core.faithfulness import (
    curves,
    order_of,
    random_chains,
    rank_correlations,
    scores_of,
    step_counts,
)

NUMBERS = st.floats(-100, 100, allow_nan=False, width=32)
SEEDS = st.integers(0, 2**32 - 1)


@given(st.integers(1, 2000), st.integers(1, 200))
def test_steps_rise_from_none_to_all_by_steps_that_differ_by_a_cell_at_most(n_cells, n_steps):
    counts = step_counts(n_cells, n_steps)
    assert (counts[0], counts[-1], len(counts)) == (0, n_cells, min(n_cells, n_steps) + 1)
    assert np.diff(counts).min() >= 1
    assert np.ptp(np.diff(counts)) <= 1


@given(arrays(np.float64, st.integers(1, 30), elements=st.sampled_from([-0.0, 0.0, 0.5, 1e-9, -3.0])), SEEDS)
def test_an_order_has_every_cell_once_and_never_rises(values, seed):
    order = order_of(values, np.random.default_rng(seed))
    assert sorted(order.tolist()) == list(range(len(values)))
    assert (np.diff(values[order]) <= 0).all()


@st.composite
def maps_and_games(draw):
    n = draw(st.integers(1, 6))
    return draw(arrays(np.float64, n, elements=NUMBERS)), game_of(draw(arrays(np.float64, 2**n, elements=NUMBERS)))


@given(maps_and_games(), st.integers(1, 8), SEEDS)
def test_curves_begin_at_nothing_end_at_everything_and_areas_stay_between_the_scores(map_and_game, n_steps, seed):
    values, game = map_and_game
    rng, n = np.random.default_rng(seed), len(values)
    found = curves(values, game, scores_of(random_chains(n, 5, n_steps, rng), game), rng)
    lines = np.concatenate([[found.insertion, found.reversed], found.random])
    ends = game(np.array([[False] * n, [True] * n]))
    assert (lines[:, [0, -1]] == ends).all()
    areas = np.array([found.insertion_area, found.reversed_area, *found.random_areas])
    assert lines.min() - 1e-9 <= areas.min()
    assert areas.max() <= lines.max() + 1e-9
    assert 1 / 6 <= found.p_random <= 1


@given(maps_and_games(), st.integers(0, 4), SEEDS)
def test_only_the_order_of_the_values_matters(map_and_game, power, seed):
    values, game = map_and_game
    one, two = (np.random.default_rng(seed) for _ in range(2))
    random = scores_of(random_chains(len(values), 3, 4, np.random.default_rng(0)), game)
    ranks = np.unique(values, return_inverse=True)[1].astype(float)
    found, other = curves(values, game, random, one), curves(ranks * 2.0**power - 1, game, random, two)
    np.testing.assert_array_equal(found.insertion, other.insertion)
    np.testing.assert_array_equal(found.reversed, other.reversed)


@given(arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 20)), elements=st.integers(-3, 3)))
def test_rank_correlations_are_symmetric_from_minus_1_to_1_and_turn_over_with_a_map(maps):
    found, is_constant = rank_correlations(maps), np.ptp(maps, axis=1) == 0
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(np.isnan(found), is_constant[:, None] | is_constant)
    assert (np.abs(found[~np.isnan(found)]) <= 1).all()
    assert (np.diag(found)[~is_constant] == 1).all()
    np.testing.assert_array_equal(rank_correlations(np.concatenate([maps, -maps]))[: len(maps), len(maps) :], -found)
