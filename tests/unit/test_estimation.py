"""Sampled Banzhaf values: exact where all is visited, honest about the error elsewhere."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from workbench.core.columns import Bends, Groups, subsets
from workbench.core.estimation import (
    kernel_banzhaf,
    least_budget,
    maximum_sample_reuse,
    paired_least_squares,
    sparse_least_squares,
)
from workbench.core.larger_groups import find_columns
from workbench.errors import InputError

OURS = [sparse_least_squares, paired_least_squares]
ALL = [*OURS, kernel_banzhaf, maximum_sample_reuse]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


class Polynomial:
    """A game whose Walsh coefficients are known: weights of groups of players, in the basis of signs."""

    def __init__(self, n_players: int, weights: dict[tuple[int, ...], float]) -> None:
        self.asked: list[int] = []
        self.values, self.pairs = np.zeros(n_players), np.zeros((n_players, n_players))
        self.families = []
        for group, weight in weights.items():
            if len(group) == 1:
                self.values[group[0]] = 2 * weight
            if len(group) == 2:
                self.pairs[group] = self.pairs[group[::-1]] = 4 * weight
        for size in {len(group) for group in weights}:
            groups = [group for group in weights if len(group) == size]
            self.families.append((np.array(groups, int), np.array([weights[group] for group in groups])))

    def __call__(self, coalitions: np.ndarray) -> np.ndarray:
        self.asked.append(len(coalitions))
        signs = 2.0 * coalitions - 1
        return sum(signs[:, groups].prod(axis=2) @ weights for groups, weights in self.families)


def noisy(n_players: int, seed: int = 0) -> Polynomial:
    """Return a game with values, pairs, and groups of three and four players, which are noise to a regression."""
    draw, scale = rng(seed), (1.0, 1.0, 0.3, 0.1, 0.05)
    groups = [group for size in range(5) for group in itertools.combinations(range(n_players), size)]
    return Polynomial(n_players, {group: scale[len(group)] * draw.normal() for group in groups})


def table_game(n_players: int):
    """Return a game of random values."""
    table = rng().normal(size=2**n_players)
    return lambda coalitions: table[coalitions @ (1 << np.arange(n_players))]


def by_definition(game, n_players: int) -> tuple[np.ndarray, np.ndarray]:
    """Return values and pairs by adding up differences over all subsets of the others."""

    def worth(*members: int) -> float:
        return float(game(np.isin(np.arange(n_players), members)[None])[0])

    def subsets(*without: int) -> list[tuple[int, ...]]:
        others = [player for player in range(n_players) if player not in without]
        return [some for size in range(len(others) + 1) for some in itertools.combinations(others, size)]

    values, pairs = np.zeros(n_players), np.zeros((n_players, n_players))
    for i in range(n_players):
        values[i] = np.mean([worth(*some, i) - worth(*some) for some in subsets(i)])
    for i, j in itertools.permutations(range(n_players), 2):
        added = [worth(*s, i, j) - worth(*s, i) - worth(*s, j) + worth(*s) for s in subsets(i, j)]
        pairs[i, j] = np.mean(added)
    return values, pairs


@pytest.mark.parametrize("estimate", ALL)
@pytest.mark.parametrize("n_players", [1, 2, 3, 6])
def test_full_budget_is_the_definition(estimate, n_players: int) -> None:
    game = table_game(n_players)
    values, pairs = by_definition(game, n_players)
    for budget in (2**n_players, 2**n_players + 1):
        found = estimate(game, n_players, budget, rng())
        np.testing.assert_allclose(found.values, values, atol=1e-8)
        assert found.is_exact
        assert found.n_evaluations == 2**n_players
        if estimate in OURS:
            np.testing.assert_allclose(found.pairs, pairs, atol=1e-8)
            assert found.pair_errors is None
        else:
            assert found.pairs is None


class Fixed(np.random.Generator):
    """Draws the coalitions it was given."""

    def __init__(self, drawn: np.ndarray) -> None:
        super().__init__(np.random.PCG64(0))
        self.drawn = drawn

    def random(self, *_args, **_kwargs) -> np.ndarray:
        return np.where(self.drawn, 0.0, 1.0)


def test_sample_reuse_is_unbiased_over_all_samples_it_can_draw() -> None:
    """All samples of two coalitions of three players, where a value can be told from them."""
    game = table_game(3)
    coalitions = np.array(list(itertools.product([False, True], repeat=3)))
    told: list[list[float]] = [[], [], []]
    for sample in itertools.product(coalitions, repeat=2):
        found = maximum_sample_reuse(game, 3, 2 + len(sample), Fixed(np.array(sample)))
        for player in np.flatnonzero(np.isfinite(found.value_errors)):
            told[player].append(found.values[player])
    np.testing.assert_allclose([np.mean(one) for one in told], by_definition(game, 3)[0], atol=1e-12)


def z_of(estimate, game, n_players: int, budget: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return by how many standard errors values and pairs are off."""
    found = estimate(game, n_players, budget, rng(seed))
    off, upper = found.pairs - game.pairs, np.triu_indices(n_players, 1)
    return (found.values - game.values) / found.value_errors, off[upper] / found.pair_errors[upper]


@pytest.mark.parametrize("times", [1, 2])
def test_intervals_of_95_percent_hold_93_to_97_over_a_thousand_seeds(times: int) -> None:
    """Of the sparse estimate ``bench_coverage`` draws 1000 seeds, which takes half an hour."""
    n_players = 10
    game, budget = noisy(n_players), times * least_budget(n_players, 2)
    for off in zip(*(z_of(paired_least_squares, game, n_players, budget, seed) for seed in range(1000)), strict=True):
        assert 0.93 <= np.mean(np.abs(off) <= 1.96) <= 0.97


@pytest.mark.parametrize("estimate", [kernel_banzhaf, maximum_sample_reuse])
def test_intervals_of_what_is_there_for_comparison_hold_the_truth_as_often(estimate) -> None:
    game = noisy(10)
    found = [estimate(game, 10, 300, rng(seed)) for seed in range(1000)]
    off = [(one.values - game.values) / one.value_errors for one in found]
    assert 0.93 <= np.mean(np.abs(off) <= 1.96) <= 0.97


def test_errors_of_the_sparse_estimate_are_neither_too_small_nor_too_large() -> None:
    game, budget = noisy(13), least_budget(13, 2)
    for off in zip(*(z_of(sparse_least_squares, game, 13, budget, seed) for seed in range(15)), strict=True):
        assert 0.8 <= np.sqrt(np.mean(np.square(off))) <= 1.2


@pytest.mark.parametrize("budget", [512, 1000])
def test_errors_are_not_too_small_where_most_coalitions_are_drawn(budget: int) -> None:
    game = noisy(10)
    for estimate in OURS:
        for off in zip(*(z_of(estimate, game, 10, budget, seed) for seed in range(6)), strict=True):
            assert np.sqrt(np.mean(np.square(off))) <= 1.25


def test_no_group_is_taken_in_twice() -> None:
    n_players, draw = 20, rng()
    weights: dict[tuple[int, ...], float] = {}
    for size in (3, 4, 5, 6, 6, 7):
        members, weight = sorted(draw.choice(n_players, size, replace=False).tolist()), draw.normal()
        for part in (p for k in range(size + 1) for p in itertools.combinations(members, k)):
            weights[part] = weights.get(part, 0.0) + weight / 2**size
    signs = draw.choice([-1.0, 1.0], (1500, n_players))
    one, other = (Polynomial(n_players, weights)(drawn) for drawn in (signs > 0, signs < 0))
    for families in find_columns(signs, (one - other) / 2, (one + other) / 2):
        found = [tuple(group) for family in families if isinstance(family, Groups) for group in family.players.tolist()]
        assert len(found) == len(set(found))
        assert max(map(len, found)) >= 5


def test_error_falls_with_the_root_of_the_budget() -> None:
    n_players, draw = 21, rng()
    groups = [tuple(sorted(draw.choice(n_players, size, replace=False).tolist())) for size in [3, 4] * 50]
    weights = {group: draw.normal() for group in groups}
    weights |= {(player,): 1.0 for player in range(n_players)} | {(0, player): 1.0 for player in range(1, n_players)}
    game, budgets = Polynomial(n_players, weights), 4000 * np.array([1, 4, 16])
    off = []
    for budget in budgets:
        found = [paired_least_squares(game, n_players, int(budget), rng(seed)) for seed in range(2)]
        apart = [(one.values - game.values, one.pairs - game.pairs) for one in found]
        off.append([np.sqrt(np.mean(np.square(part))) for part in zip(*apart, strict=True)])
    slopes = np.polyfit(np.log(budgets), np.log(off), 1)[0]
    assert (slopes > -0.6).all()
    assert (slopes < -0.4).all()


def test_large_groups_that_stand_out_are_found_and_leave_no_error() -> None:
    """Eight groups of three to five players of 30, and all that is in them: the sparse estimate is exact."""
    n_players, draw = 30, rng()
    weights: dict[tuple[int, ...], float] = {}
    for size in (3, 3, 3, 4, 4, 4, 5, 5):
        members, weight = sorted(draw.choice(n_players, size, replace=False).tolist()), draw.normal()
        for part in (p for k in range(size + 1) for p in itertools.combinations(members, k)):
            weights[part] = weights.get(part, 0.0) + weight / 2**size
    game = Polynomial(n_players, weights)
    budget = least_budget(n_players, 2)
    sparse, plain = (estimate(game, n_players, budget, rng()) for estimate in OURS)
    np.testing.assert_allclose(sparse.values, game.values, atol=1e-6)
    np.testing.assert_allclose(sparse.pairs, game.pairs, atol=1e-6)
    assert np.abs(plain.pairs - game.pairs).max() > 1e-2


def test_a_smooth_game_costs_fewer_evaluations_than_plain_regression() -> None:
    n_players = 21
    direction = rng().normal(size=n_players) + 1
    bent = lambda coalitions: np.tanh((coalitions @ direction) / 8)  # noqa: E731
    truth = paired_least_squares(bent, n_players, 200_000, rng(1), order=1).values
    off = [
        np.mean([np.linalg.norm(one(bent, n_players, 1000, rng(seed)).values - truth) for seed in range(3)])
        for one in OURS
    ]
    assert off[0] < 0.6 * off[1]


@pytest.mark.parametrize("estimate", ALL)
@pytest.mark.parametrize("budget", [317, 700])
def test_evaluations_are_counted_and_never_above_the_budget(estimate, budget: int) -> None:
    game = noisy(12)
    found = estimate(game, 12, budget, rng())
    assert found.n_evaluations == sum(game.asked) <= budget
    assert min(game.asked) > 0


def test_a_game_is_asked_for_some_thousand_coalitions_at_once() -> None:
    game = noisy(14)
    paired_least_squares(game, 14, 10_001, rng())
    assert sum(game.asked) == 10_000
    assert max(game.asked) == 4096


@pytest.mark.parametrize("estimate", OURS)
@pytest.mark.parametrize("n_players", [12, 30])
def test_the_coalitions_depend_on_the_seed_and_not_on_the_game(estimate, n_players: int) -> None:
    """Who asks one expensive game for several answers encodes each coalition once."""
    asked: list[list[bytes]] = []
    for game in (noisy(n_players) if n_players < 20 else np.sin, lambda signs: signs.sum(axis=1)):
        seen: list[bytes] = []
        asked.append(seen)

        def heard(coalitions, game=game, seen=seen):
            seen.append(coalitions.tobytes())
            return np.asarray(game(coalitions.astype(float)), float).reshape(len(coalitions), -1).sum(axis=1)

        estimate(heard, n_players, 2000, rng(5), order=1)
    assert asked[0] == asked[1]


@pytest.mark.parametrize("size", [3, 4])
def test_bends_are_sums_over_groups_of_exactly_so_many_players(size: int) -> None:
    """A product of scores along directions, of which only terms of distinct players are kept."""
    n_players, n_directions = 6, 3
    directions = np.linalg.qr(rng().normal(size=(n_players, n_directions)))[0].T
    places = list(itertools.combinations_with_replacement(range(n_directions), size))
    signs = np.array(list(itertools.product([-1.0, 1.0], repeat=n_players)))
    found = Bends(directions, places).columns(signs)
    for column, place in zip(found.T, places, strict=True):
        slow = sum(
            np.prod([directions[along, player] for along, player in zip(place, players, strict=True)])
            * signs[:, players].prod(axis=1)
            for players in itertools.permutations(range(n_players), size)
        )
        np.testing.assert_allclose(column, slow, atol=1e-12)
    assert np.abs(np.linalg.lstsq(signs[:, subsets(n_players, 2)].prod(axis=2), found, rcond=None)[0]).max() < 1e-12


@pytest.mark.parametrize("estimate", ALL)
def test_same_seed_same_answer(estimate) -> None:
    one, other = (estimate(noisy(10), 10, 300, rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(one.value_errors, other.value_errors)
    if estimate in OURS:
        np.testing.assert_array_equal(one.pairs, other.pairs)


@pytest.mark.parametrize("estimate", OURS)
def test_pairs_are_symmetric_and_one_player_is_no_pair(estimate) -> None:
    found = estimate(noisy(10), 10, 300, rng())
    np.testing.assert_array_equal(found.pairs, found.pairs.T)
    assert not np.diag(found.pairs).any()
    assert not np.diag(found.pair_errors).any()
    assert estimate(noisy(10), 10, 300, rng(), order=1).pairs is None


@pytest.mark.parametrize("estimate", OURS)
def test_too_small_a_budget_says_what_would_do(estimate) -> None:
    sentence = "20 players need at least 844 evaluations, and the budget is 843; raise it to that."
    with pytest.raises(InputError, match=re.escape(sentence)):
        estimate(noisy(2), 20, 843, rng())
    with pytest.raises(InputError, match=re.escape("20 players need at least 84 evaluations, and the budget is 83; ")):
        estimate(noisy(2), 20, 83, rng(), order=1)
    with pytest.raises(InputError, match="3 players need at least 8 evaluations"):
        estimate(noisy(2), 3, 7, rng())


@pytest.mark.parametrize("estimate", ALL)
@pytest.mark.parametrize(
    "broken",
    [
        lambda coalitions: np.full(len(coalitions), np.nan),
        lambda coalitions: np.zeros((len(coalitions), 2)),
        lambda coalitions: np.zeros(len(coalitions) + 1),
    ],
)
def test_what_is_no_game_is_told_in_a_sentence(estimate, broken) -> None:
    for n_players, budget in ((12, 400), (3, 8)):
        with pytest.raises(InputError, match="give one number a coalition"):
            estimate(broken, n_players, budget, rng())


@pytest.mark.parametrize("estimate", OURS)
def test_a_player_without_influence_gets_about_nothing(estimate) -> None:
    game = noisy(9)
    with_idle = lambda coalitions: game(coalitions[:, :9])  # noqa: E731
    found = estimate(with_idle, 10, 400, rng())
    assert abs(found.values[9]) < 3.5 * found.value_errors[9]
    assert (np.abs(found.pairs[9]) <= 4 * found.pair_errors[9]).all()
