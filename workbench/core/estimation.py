"""Banzhaf values and interactions from some of the coalitions: what to do where there are too many to visit.

Separate because here answers have errors, and an estimator is only as good as the error it states. Coalitions are
drawn evenly, each with its complement. That splits the regression on players and pairs in two that do not disturb each
other: half the difference of a coalition and its complement depends on players alone, half their sum on pairs alone.
In the basis of signs its coefficients are those of the Walsh transform, so nothing is biased but by chance.

Source: Wang & Jia, Data Banzhaf, AISTATS 2023 (maximum sample reuse); Liu et al., Kernel Banzhaf, arXiv 2410.08336
(paired least squares); MacKinnon & White, Journal of Econometrics 1985 (HC2 standard errors).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from workbench.core.coalitions import Game, coalition_table
from workbench.core.walsh import low_order
from workbench.errors import InputError

_AT_ONCE = 4096
BUDGET_AN_UNKNOWN = 4
"""The least evaluations for each unknown: fewer leave nothing to tell the error by."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """Values and pairs with their standard errors, one sigma; ``mean`` is that of all coalitions.

    ``n_evaluations`` counts every coalition that was asked for, nobody and everybody among them.
    """

    values: Float64[np.ndarray, "player"]
    value_errors: Float64[np.ndarray, "player"]
    pairs: Float64[np.ndarray, "player player"] | None
    pair_errors: Float64[np.ndarray, "player player"] | None
    mean: float
    mean_error: float
    empty_value: float
    full_value: float
    n_evaluations: int


def least_budget(n_players: int, order: int) -> int:
    """Return the fewest evaluations from which values, and for ``order`` 2 pairs, can be told with an error."""
    n_pairs = n_players * (n_players - 1) // 2 if order == 2 else 0
    return BUDGET_AN_UNKNOWN * (1 + n_players + n_pairs)


def paired_least_squares(game: Game, n_players: int, budget: int, rng: np.random.Generator, order: int = 2) -> Estimate:
    """Return values and, for ``order`` 2, pairs by least squares over coalitions drawn with their complements.

    Where ``budget`` covers all ``2**n_players`` coalitions they are all visited: exact, with errors of 0.
    Raises ``InputError`` below ``least_budget`` and for a game whose values are no numbers.
    Cost: ``budget`` evaluations, and ``budget * unknowns**2`` multiplications.
    """
    if n_players < 63 and budget >= 2**n_players:
        return _visited(game, n_players, order)
    if budget < least_budget(n_players, order):
        raise InputError(
            f"{n_players} players need at least {least_budget(n_players, order):,} evaluations, and the budget is "
            f"{budget:,}; raise it to that."
        )
    ends = _worth(game, np.array([[False] * n_players, [True] * n_players]))
    drawn, half_differences, half_sums = _pairs(game, n_players, (budget - 2) // 2, rng)
    players = _regressed(half_differences, lambda rows: _signs(drawn[rows]), n_players)
    first, second = np.triu_indices(n_players, 1)

    def products(rows: slice) -> Float64[np.ndarray, "draw unknown"]:
        signs = _signs(drawn[rows])
        one = np.ones((len(signs), 1))
        return np.concatenate([one, signs[:, first] * signs[:, second]], axis=1) if order == 2 else one

    level = _regressed(half_sums, products, 1 + (len(first) if order == 2 else 0))
    pairs, pair_errors = (_square(n_players, 4 * part[1:]) for part in level) if order == 2 else (None, None)
    return Estimate(
        values=2 * players[0],
        value_errors=2 * players[1],
        pairs=pairs,
        pair_errors=pair_errors,
        mean=float(level[0][0]),
        mean_error=float(level[1][0]),
        empty_value=float(ends[0]),
        full_value=float(ends[1]),
        n_evaluations=2 + 2 * len(drawn),
    )


def maximum_sample_reuse(game: Game, n_players: int, budget: int, rng: np.random.Generator) -> Estimate:
    """Return values as the mean of the coalitions with a player less that of those without: for comparison.

    Every coalition serves every player, but the whole level of the game is noise: its pairs are not worth showing.
    """
    ends = _worth(game, np.array([[False] * n_players, [True] * n_players]))
    drawn = rng.random((budget - 2, n_players)) < 0.5
    worth = np.concatenate([_worth(game, drawn[at : at + _AT_ONCE]) for at in range(0, len(drawn), _AT_ONCE)])
    n_with = drawn.sum(axis=0)
    n_without = len(drawn) - n_with
    with_player, without = drawn.T @ worth / n_with, ~drawn.T @ worth / n_without
    spread = (drawn.T @ worth**2 / n_with - with_player**2) / n_with
    spread += (~drawn.T @ worth**2 / n_without - without**2) / n_without
    errors, mean_error = np.sqrt(np.maximum(spread, 0)), float(worth.std() / np.sqrt(len(worth)))
    return Estimate(
        values=with_player - without,
        value_errors=errors,
        pairs=None,
        pair_errors=None,
        mean=float(worth.mean()),
        mean_error=mean_error,
        empty_value=float(ends[0]),
        full_value=float(ends[1]),
        n_evaluations=budget,
    )


def _visited(game: Game, n_players: int, order: int) -> Estimate:
    n = 2**n_players
    worth = [_worth(game, coalition_table(n_players, at, min(at + _AT_ONCE, n))) for at in range(0, n, _AT_ONCE)]
    table = np.concatenate(worth)
    found = low_order(table)
    pairs = found.pairs if order == 2 else None
    errors = None if pairs is None else np.zeros_like(pairs)
    nothing = np.zeros(n_players)
    return Estimate(found.values, nothing, pairs, errors, found.mean, 0.0, float(table[0]), float(table[-1]), n)


def _pairs(
    game: Game, n_players: int, n_draws: int, rng: np.random.Generator
) -> tuple[Bool[np.ndarray, "draw player"], Float64[np.ndarray, "draw"], Float64[np.ndarray, "draw"]]:
    """Return drawn coalitions, and half the difference and half the sum of each with its complement."""
    drawn = rng.random((n_draws, n_players)) < 0.5
    differences, sums = np.empty(n_draws), np.empty(n_draws)
    for at in range(0, n_draws, _AT_ONCE // 2):
        part = drawn[at : at + _AT_ONCE // 2]
        worth = _worth(game, np.concatenate([part, ~part]))
        one, other = worth[: len(part)], worth[len(part) :]
        differences[at : at + len(part)], sums[at : at + len(part)] = (one - other) / 2, (one + other) / 2
    return drawn, differences, sums


def _worth(game: Game, coalitions: Bool[np.ndarray, "coalition player"]) -> Float64[np.ndarray, "coalition"]:
    worth = np.asarray(game(coalitions), np.float64)
    if worth.shape != (len(coalitions),) or not np.isfinite(worth).all():
        raise InputError(
            f"The game answers {len(coalitions)} coalitions with an array of shape {worth.shape} in which not all are "
            f"numbers; give one number a coalition."
        )
    return worth


def _signs(coalitions: Bool[np.ndarray, "draw player"]) -> Float64[np.ndarray, "draw player"]:
    return 2.0 * coalitions - 1.0


def _regressed(
    target: Float64[np.ndarray, "draw"],
    design: Callable[[slice], Float64[np.ndarray, "draw unknown"]],
    n_unknowns: int,
) -> tuple[Float64[np.ndarray, "unknown"], Float64[np.ndarray, "unknown"]]:
    """Return least-squares coefficients and their HC2 standard errors; ``design`` gives any of its rows."""
    gram, moment = np.zeros((n_unknowns, n_unknowns)), np.zeros(n_unknowns)
    for rows in _blocks(len(target)):
        part = design(rows)
        gram += part.T @ part
        moment += part.T @ target[rows]
    inverse = np.linalg.pinv(gram, hermitian=True)
    found = inverse @ moment
    spread = np.zeros(n_unknowns)
    for rows in _blocks(len(target)):
        part = design(rows)
        weights = part @ inverse
        free = np.maximum(1 - np.einsum("ku,ku->k", weights, part), 1e-9)
        spread += weights.T**2 @ ((target[rows] - part @ found) ** 2 / free)
    return found, np.sqrt(spread)


def _blocks(n_rows: int) -> Iterator[slice]:
    return (slice(at, at + _AT_ONCE) for at in range(0, n_rows, _AT_ONCE))


def _square(n_players: int, upper: Float64[np.ndarray, "pair"]) -> Float64[np.ndarray, "player player"]:
    square = np.zeros((n_players, n_players))
    square[np.triu_indices(n_players, 1)] = upper
    return square + square.T
