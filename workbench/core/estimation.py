"""Banzhaf values and interactions from some of the coalitions: what to do where there are too many to visit.

Separate because here answers have errors, and an estimator is only as good as the error it states. Coalitions are
drawn evenly, each with its complement. That splits the regression in two that do not disturb each other: half the
difference of a coalition and its complement holds the groups of odd size, half their sum those of even size. In the
basis of signs its coefficients are those of the Walsh transform, so nothing is biased but by chance.

What groups of three and more players do is the noise of both. ``sparse_least_squares`` looks for what of it stands out
of chance and takes that into the regression. Errors are told by the draws: of what no draw shows, they know nothing.

Source: Wang & Jia, Data Banzhaf, AISTATS 2023 (maximum sample reuse); Liu et al., Kernel Banzhaf, arXiv 2410.08336
(paired least squares); Witter et al., Regression-adjusted Monte Carlo, arXiv 2506.11849 (what is fitted is taken off
the noise); Chernozhukov et al., Double machine learning, Econometrics Journal 2018 (cross-fitting).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64, Int64

from workbench.core.coalitions import Game, coalition_table
from workbench.core.columns import Groups, blocks, subsets
from workbench.core.indices import Indices
from workbench.core.larger_groups import find_columns
from workbench.core.regression import ROUNDING, Regression
from workbench.core.walsh import low_order
from workbench.errors import InputError

BUDGET_AN_UNKNOWN = 4
"""The least evaluations for each unknown: fewer leave nothing to tell the error by."""

_AT_ONCE = 2048
"""Coalitions, and as many complements, that a game is asked for at once."""
_FEW_PLAYERS = 20
"""Of so few players no coalition is drawn twice."""

_FOLDS, _FOLDS_OF_MANY, _MANY = 10, 5, 4000
"""Of many draws a fifth may be left out at a time: what is found hardly depends on it, and it takes half the time."""


def least_budget(n_players: int, order: int) -> int:
    """Return the fewest evaluations from which values, and for ``order`` 2 pairs, can be told with an error."""
    n_pairs = n_players * (n_players - 1) // 2 if order == 2 else 0
    return min(BUDGET_AN_UNKNOWN * (1 + n_players + n_pairs), 2**n_players)


def sparse_least_squares(game: Game, n_players: int, budget: int, rng: np.random.Generator, order: int = 2) -> Indices:
    """Return values and, for ``order`` 2, pairs by least squares that also holds the larger groups that stand out.

    Ten times (five, of many draws), the larger groups are looked for without a tenth of the draws, all draws are fitted
    with what was found, and the tenth that had no say tells the error; the answer is the mean of the ten. Pairs that do
    not stand out are fitted with a penalty, and what that takes from them is given back, so that they are not drawn
    towards zero. Of 20 players and fewer, errors are those of draws that may repeat: too large where most are drawn.

    Where ``budget`` covers all ``2**n_players`` coalitions they are all visited: exact, without errors.
    Raises ``InputError`` below ``least_budget`` and for a game whose values are no numbers.
    Cost: at most ``budget`` evaluations; beside them, on two cores, half a second for 50 values of 600 evaluations, a
    second for all pairs of 30 players, up to a minute where tens of thousands of evaluations tell many larger groups;
    for all pairs of many players it grows with the sixth power of their number. Memory: a few times ``columns**2``
    numbers, ``budget * n_players`` numbers, and ``budget * columns`` bytes.
    """
    return _estimate(game, n_players, budget, rng, order, _cross_fitted)


def paired_least_squares(game: Game, n_players: int, budget: int, rng: np.random.Generator, order: int = 2) -> Indices:
    """Return values and, for ``order`` 2, pairs by plain least squares over the same coalitions.

    All that larger groups do is noise: for games whose evaluations cost less than thinking about them.
    Raises and exact as ``sparse_least_squares``. Cost: beside the game, ``budget * unknowns**2`` multiplications.
    """
    return _estimate(game, n_players, budget, rng, order, _fitted)


def kernel_banzhaf(game: Game, n_players: int, budget: int, rng: np.random.Generator) -> Indices:
    """Return values alone by paired least squares: for comparison."""
    return paired_least_squares(game, n_players, budget, rng, order=1)


def maximum_sample_reuse(game: Game, n_players: int, budget: int, rng: np.random.Generator) -> Indices:
    """Return values as the mean of the coalitions with a player less that of those without: for comparison.

    Every coalition serves every player, but the whole level of the game is noise: its pairs are not worth showing.
    A player whom all drawn coalitions hold, or none, gets a value of 0 with an infinite error.
    """
    if n_players < 63 and budget >= 2**n_players:
        return _visited(game, n_players, order=1)
    if budget < 4:
        raise InputError(f"A mean needs at least 4 evaluations, and the budget is {budget:,}; raise it to that.")
    empty_value, full_value = _ends(game, n_players)
    drawn = rng.random((budget - 2, n_players)) < 0.5
    worth = np.concatenate([_worth(game, drawn[rows]) for rows in blocks(len(drawn))])
    values, variances = np.zeros(n_players), np.zeros(n_players)
    for sign, present in ((1, drawn), (-1, ~drawn)):
        count = np.maximum(present.sum(axis=0), 1)
        mean = present.T @ worth / count
        values += sign * mean
        variances += np.maximum(present.T @ worth**2 / count - mean**2, 0) / count
    is_known = drawn.any(axis=0) & ~drawn.all(axis=0)
    return Indices(
        values=np.where(is_known, values, 0.0),
        value_errors=np.sqrt(np.where(is_known, variances, np.inf)),
        pairs=None,
        empty_value=empty_value,
        full_value=full_value,
        n_evaluations=budget,
        mean=float(worth.mean()),
        mean_error=float(worth.std() / np.sqrt(len(worth))),
    )


@dataclass(frozen=True, eq=False)
class _Draws:
    """Coalitions as signs, and half the difference and half the sum of each with its complement."""

    signs: Float64[np.ndarray, "draw player"]
    odd: Float64[np.ndarray, "draw"]
    even: Float64[np.ndarray, "draw"]


@dataclass(frozen=True, eq=False)
class _Half:
    """Coefficients of the groups asked for, and the variance of each: the same, whatever the noise of each draw.

    What a group is off by is the mean of what the regression leaves of each draw, times a sign; squares know no signs.
    """

    coefficients: Float64[np.ndarray, "group"]
    variance: float


def _estimate(
    game: Game,
    n_players: int,
    budget: int,
    rng: np.random.Generator,
    order: int,
    fit: Callable[[_Draws, int], tuple[_Half, _Half]],
) -> Indices:
    if n_players < 63 and budget >= 2**n_players:
        return _visited(game, n_players, order)
    _check_budget(n_players, budget, order)
    empty_value, full_value = _ends(game, n_players)
    draws = _draw(game, n_players, (budget - 2) // 2, rng)
    players, level = fit(draws, order)
    n_draws = len(draws.odd)
    rounding = (10 * ROUNDING / n_draws) ** 2 * float(draws.odd @ draws.odd + draws.even @ draws.even)
    value_error, level_error = (float(np.sqrt(part.variance + rounding)) for part in (players, level))
    return Indices(
        values=2 * players.coefficients,
        value_errors=np.full(n_players, 2 * value_error),
        pairs=_square(n_players, 4 * level.coefficients[1:]) if order == 2 else None,
        pair_errors=4 * level_error * (1 - np.eye(n_players)) if order == 2 else None,
        empty_value=empty_value,
        full_value=full_value,
        n_evaluations=2 + 2 * n_draws,
        mean=float(level.coefficients[0]),
        mean_error=level_error,
    )


def _fitted(draws: _Draws, order: int) -> tuple[_Half, _Half]:
    """Return the players, and nobody with, for ``order`` 2, all pairs."""
    nobody, singles, pairs = (Groups(subsets(draws.signs.shape[1], size)) for size in range(3))
    everywhere, n_draws = np.arange(len(draws.odd)), len(draws.odd)
    parts = Regression(draws.signs, draws.odd, [singles]), Regression(draws.signs, draws.even, [nobody, pairs][:order])
    # Without replacement the coalitions left out are fewer than all there are.
    n_players = draws.signs.shape[1]
    unseen = 1 - n_draws / 2 ** (n_players - 1) if n_players <= _FEW_PLAYERS else 1.0
    players, level = (_Half(part.coefficients, unseen * part.left_out(everywhere)[1] / n_draws**2) for part in parts)
    return players, level


def _cross_fitted(draws: _Draws, order: int) -> tuple[_Half, _Half]:
    """Return the same from regressions that also hold what stands out; draws that had no say in it tell the error."""
    n_draws, n_players = draws.signs.shape
    n_folds = min(_FOLDS if n_draws <= _MANY else _FOLDS_OF_MANY, n_draws)
    fold, penalty = np.arange(n_draws) % n_folds, None
    pairs = subsets(n_players, 2)
    values, level, squares = np.zeros(n_players), np.zeros(1 + len(pairs)), np.zeros(2)
    for out in range(n_folds):
        inside, outside = fold != out, np.flatnonzero(fold == out)
        found = find_columns(draws.signs[inside], draws.odd[inside], draws.even[inside])
        players, paired = (
            Regression(draws.signs, target, columns)
            for target, columns in zip((draws.odd, draws.even), found, strict=True)
        )
        if order == 2:
            penalty = paired.add_penalised(Groups(_missing(pairs, paired.groups)), penalty)
        (of_players, players_square), (of_level, level_square) = players.left_out(outside), paired.left_out(outside)
        values += of_players[:n_players] / n_draws
        level += paired.up_to_pairs(of_level) / n_draws
        squares += [players_square, level_square]
    players_variance, level_variance = (float(square) / n_draws**2 for square in squares)
    return _Half(values, players_variance), _Half(level[: None if order == 2 else 1], level_variance)


def _missing(pairs: Int64[np.ndarray, "pair 2"], groups: Sequence[Groups]) -> Int64[np.ndarray, "missing 2"]:
    """Return the pairs that are none of ``groups``."""
    have = {tuple(pair) for family in groups if family.players.shape[1] == 2 for pair in family.players.tolist()}
    return np.array([pair for pair in pairs.tolist() if tuple(pair) not in have], np.int64).reshape(-1, 2)


def _visited(game: Game, n_players: int, order: int) -> Indices:
    n = 2**n_players
    worth = [_worth(game, coalition_table(n_players, rows.start, rows.stop)) for rows in blocks(n)]
    table = np.concatenate(worth)
    found = Indices.exact(low_order(table), float(table[0]), float(table[-1]))
    return found if order == 2 else replace(found, pairs=None)


def _check_budget(n_players: int, budget: int, order: int) -> None:
    least = least_budget(n_players, order)
    if budget < least:
        raise InputError(
            f"{n_players} players need at least {least:,} evaluations, and the budget is {budget:,}; raise it to that."
        )


def _ends(game: Game, n_players: int) -> tuple[float, float]:
    """Return what nobody and everybody is worth."""
    empty_value, full_value = _worth(game, np.array([[False] * n_players, [True] * n_players]))
    return float(empty_value), float(full_value)


def _draw(game: Game, n_players: int, n_draws: int, rng: np.random.Generator) -> _Draws:
    """Return drawn coalitions; which they are depends on ``rng`` alone, never on what the game answers."""
    if n_players <= _FEW_PLAYERS:
        numbers = rng.choice(2 ** (n_players - 1), n_draws, replace=False)
        drawn = (numbers[:, None] >> np.arange(n_players) & 1).astype(bool)
    else:
        drawn = rng.random((n_draws, n_players)) < 0.5
    odd, even = np.empty(n_draws), np.empty(n_draws)
    for at in range(0, n_draws, _AT_ONCE):
        part = drawn[at : at + _AT_ONCE]
        worth = _worth(game, np.concatenate([part, ~part]))
        one, other = worth[: len(part)], worth[len(part) :]
        odd[at : at + len(part)], even[at : at + len(part)] = (one - other) / 2, (one + other) / 2
    return _Draws(2.0 * drawn - 1.0, odd, even)


def _worth(game: Game, coalitions: Bool[np.ndarray, "coalition player"]) -> Float64[np.ndarray, "coalition"]:
    worth = np.asarray(game(coalitions), np.float64)
    if worth.shape != (len(coalitions),) or not np.isfinite(worth).all():
        raise InputError(
            f"The game answers {len(coalitions)} coalitions with an array of shape {worth.shape} in which not all are "
            f"numbers; give one number a coalition."
        )
    return worth


def _square(n_players: int, upper: Float64[np.ndarray, "pair"]) -> Float64[np.ndarray, "player player"]:
    square = np.zeros((n_players, n_players))
    square[np.triu_indices(n_players, 1)] = upper
    return square + square.T
