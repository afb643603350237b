"""Sampled Banzhaf values: exact where all is visited, honest about the error elsewhere."""

import itertools

import numpy as np
import pytest

from workbench.core.banzhaf import exact_indices
from workbench.core.coalitions import coalition_table, game_of
from workbench.core.estimation import least_budget, maximum_sample_reuse, paired_least_squares
from workbench.errors import InputError

N = 8


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def rough_table(n_players: int) -> np.ndarray:
    """Return a game of players, pairs and, as noise to both regressions, groups of three and four."""
    signs = 2.0 * coalition_table(n_players) - 1
    weights, table = rng(3), np.zeros(2**n_players)
    for size, scale in ((1, 1.0), (2, 0.5), (3, 0.3), (4, 0.2)):
        for group in itertools.combinations(range(n_players), size):
            table += scale * weights.normal() / np.sqrt(size) * signs[:, group].prod(axis=1)
    return table


def test_intervals_of_95_percent_cover_93_to_97_over_a_thousand_seeds():
    table = rough_table(N)
    truth, game = exact_indices(table), game_of(table)
    upper = np.triu_indices(N, 1)
    hits, pair_hits = [], []
    for seed in range(1000):
        found = paired_least_squares(game, N, 200, rng(seed))
        hits.append(np.abs(found.values - truth.values) <= 1.96 * found.value_errors)
        pair_hits.append((np.abs(found.pairs - truth.pairs) <= 1.96 * found.pair_errors)[upper])
    assert 0.93 <= np.mean(hits) <= 0.97
    assert 0.93 <= np.mean(pair_hits) <= 0.97


@pytest.mark.parametrize("estimator", [paired_least_squares, maximum_sample_reuse])
def test_the_error_falls_with_the_root_of_the_budget(estimator):
    table = rough_table(16)
    truth, game, budgets = exact_indices(table).values, game_of(table), (600, 9600)
    errors = [
        np.mean([np.linalg.norm(estimator(game, 16, m, rng(seed)).values - truth) for seed in range(20)])
        for m in budgets
    ]
    assert -0.6 <= np.log(errors[1] / errors[0]) / np.log(budgets[1] / budgets[0]) <= -0.4


class Drawn(np.random.Generator):
    """A generator that draws the very coalitions it is given."""

    def __init__(self, drawn: np.ndarray) -> None:
        super().__init__(np.random.PCG64(0))
        self.drawn = drawn

    def random(self, shape):
        assert shape == self.drawn.shape
        return np.where(self.drawn, 0.0, 0.9)


def test_maximum_sample_reuse_is_right_on_average_over_all_samples_of_three_players():
    """Every sample of four coalitions in which each player is once there and once not, weighed by its chance."""
    table = rng(1).normal(size=8)
    truth, coalitions = exact_indices(table).values, coalition_table(3)
    total, n_samples = np.zeros(3), np.zeros(3)
    for sample in itertools.product(range(8), repeat=4):
        drawn, worth = coalitions[list(sample)], table[list(sample)]
        n_with = drawn.sum(axis=0)
        both = (n_with > 0) & (n_with < 4)
        if both.all():
            found = maximum_sample_reuse(game_of(table), 3, 6, Drawn(drawn))
            expected = [worth[drawn[:, i]].mean() - worth[~drawn[:, i]].mean() for i in range(3)]
            assert found.values == pytest.approx(expected)
        for i in np.flatnonzero(both):
            total[i] += worth[drawn[:, i]].mean() - worth[~drawn[:, i]].mean()
            n_samples[i] += 1
    assert total / n_samples == pytest.approx(truth, abs=1e-12)


def test_evaluations_are_counted_and_kept_to():
    asked = []

    def game(coalitions):
        asked.append(len(coalitions))
        return coalitions.sum(axis=1).astype(float)

    for budget in (least_budget(20, 2), 5001, 20_000):
        asked.clear()
        found = paired_least_squares(game, 20, budget, rng())
        assert found.n_evaluations == sum(asked) <= budget
        assert min(asked) > 0
        assert found.values == pytest.approx(np.ones(20))
        assert np.abs(found.pairs).max() < 1e-9
        assert (found.empty_value, found.full_value) == (0.0, 20.0)


def test_values_alone_need_less():
    game = game_of(rough_table(16))
    found = paired_least_squares(game, 16, least_budget(16, 1), rng(), order=1)
    assert found.pairs is None
    with pytest.raises(InputError, match=f"at least {least_budget(16, 1)} evaluations, and the budget is 67"):
        paired_least_squares(game, 16, least_budget(16, 1) - 1, rng(), order=1)


@pytest.mark.parametrize("n_players", [1, 2])
def test_few_players_are_all_visited(n_players):
    table = rng(n_players).normal(size=2**n_players)
    found = paired_least_squares(game_of(table), n_players, 10, rng())
    assert found.values == pytest.approx(exact_indices(table).values)
    assert found.value_errors.tolist() == [0.0] * n_players


@pytest.mark.parametrize("answer", [np.nan, np.inf])
def test_a_game_that_answers_with_no_number_is_refused(answer):
    with pytest.raises(InputError, match="give one number a coalition"):
        paired_least_squares(lambda z: np.full(len(z), answer), 10, 500, rng())
    with pytest.raises(InputError, match="give one number a coalition"):
        paired_least_squares(lambda z: np.zeros((len(z), 1)), 10, 500, rng())
