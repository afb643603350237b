"""Which larger groups of players matter, told from coalitions drawn with their complements.

Separate because it is a search, right or wrong, which the estimate must not trust: it is done without the draws that
tell its error. Two kinds are looked for: single groups, each grown from a smaller one, and bends, sums over all groups
of three or four players along the directions in which the pairs of the game are strongest: that is how a smooth game,
such as a cosine, bends.

Source: Butler et al., ProxySPEX, arXiv 2505.17495 (large groups grow from smaller ones).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from math import comb

import numpy as np
from jaxtyping import Float64, Int64

from workbench.core.columns import Bends, Groups, blocks, subsets
from workbench.core.regression import ROUNDING, Regression

_ROUNDS = 12
_DIRECTIONS = 4
_MOST_TRIPLES = 4e10
"""All triples of players are tried where that takes fewer multiplications, else those that hold a pair found."""


def find_columns(
    signs: Float64[np.ndarray, "draw player"], odd: Float64[np.ndarray, "draw"], even: Float64[np.ndarray, "draw"]
) -> tuple[list[Groups | Bends], list[Groups | Bends]]:
    """Return the columns of both regressions: players and nobody first, then all that stands out of chance.

    ``odd`` and ``even`` are half the difference and half the sum of each coalition with its complement. What one
    regression explains makes the noise of its next round less, and what one finds, the other grows from.
    """
    n_draws, n_players = signs.shape
    nobody, singles, pairs = (subsets(n_players, size) for size in range(3))
    players, paired = Regression(signs, odd, [Groups(singles)]), Regression(signs, even, [Groups(nobody)])
    tries_all_triples = n_draws * n_players * len(pairs) <= _MOST_TRIPLES
    directions: Float64[np.ndarray, "direction player"] | None = None
    for _ in range(_ROUNDS):
        n_columns = len(players.moment) + len(paired.moment)
        _grow(paired, [*_members(players, 3), singles], players, directions, 4)
        parents = [*_members(paired, 3), pairs] if tries_all_triples else _members(paired, 2)
        _grow(players, parents, paired, directions, 3)
        if directions is None:
            directions = _directions(paired)
        elif len(players.moment) + len(paired.moment) == n_columns:
            break
    return players.families, paired.families


def _members(part: Regression, least: int) -> list[Int64[np.ndarray, "_ _"]]:
    """Return the groups of at least so many players, by size and by the round that found them."""
    return [family.players for family in part.groups if family.players.shape[1] >= least]


def _grow(
    part: Regression,
    parents: Sequence[Int64[np.ndarray, "_ _"]],
    other: Regression,
    directions: Float64[np.ndarray, "direction player"] | None,
    n_bent: int,
) -> None:
    """Take into ``part`` the children of ``parents``, and the bends of ``n_bent`` directions, that stand out."""
    if part.is_done:
        return
    found = _members(part, 1) + _members(other, 1)
    have = {tuple(group) for groups in found for group in groups.tolist()}
    new: list[Groups | Bends] = []
    for groups in parents:
        children = [child for child in _children(part, groups, found) if child not in have]
        children = children[: part.room - sum(map(len, new))]
        have |= set(children)
        new.append(Groups(np.array(children, np.int64).reshape(-1, groups.shape[1] + 1)))
    if directions is not None:
        bends = _bends(part, directions, n_bent)
        new.append(Bends(directions, bends[: part.room - sum(map(len, new))]))
    if any(map(len, new)):
        part.add(new)


def _children(
    part: Regression, parents: Int64[np.ndarray, "group size"], found: Sequence[Int64[np.ndarray, "_ _"]]
) -> list[tuple[int, ...]]:
    """Return the groups of one player more than ``parents`` that stand out in what ``part`` leaves.

    Those inside a larger group that was ``found`` are more often real, and judged among themselves.
    """
    n_players, family = part.signs.shape[1], Groups(parents)
    products = np.zeros((len(parents), n_players))
    for rows in blocks(len(part.target), len(parents)):
        products += family.columns(part.signs[rows]).T.astype(np.float64) @ (part.signs[rows] * part.left[rows, None])
    is_new = np.ones(products.shape, bool)
    np.put_along_axis(is_new, parents, False, axis=1)
    if len(parents) == comb(n_players, parents.shape[1]):  # each child once, from its first players
        is_new &= np.arange(n_players) > parents.max(axis=1)[:, None]
    is_inside = np.zeros(products.shape, bool)
    for larger in found:
        if larger.shape[1] > parents.shape[1] + 1:
            holds = np.zeros((len(larger), n_players))
            np.put_along_axis(holds, larger, 1.0, axis=1)
            is_inside |= holds[:, parents].prod(axis=2).T @ holds > 0
    children: dict[tuple[int, ...], None] = {}
    for asked in (is_new & is_inside, is_new & ~is_inside):
        chosen = part.standing_out(products[asked], np.sqrt(len(part.target)))
        parent, player = np.nonzero(asked)
        both = np.concatenate([parents[parent[chosen]], player[chosen, None]], axis=1)
        children.update(dict.fromkeys(map(tuple, np.sort(both, axis=1).tolist())))
    return list(children)


def _bends(part: Regression, directions: Float64[np.ndarray, "direction player"], size: int) -> list[tuple[int, ...]]:
    """Return the places of the bends of three or four directions that stand out in what ``part`` leaves."""
    have = {place for family in part.families if isinstance(family, Bends) for place in family.places}
    every = itertools.combinations_with_replacement(range(len(directions)), size)
    bends = Bends(directions, [place for place in every if place not in have])
    products, squares = np.zeros(len(bends)), np.zeros(len(bends))
    for rows in blocks(len(part.target)):
        columns = bends.columns(part.signs[rows])
        products += columns.T @ part.left[rows]
        squares += (columns**2).sum(axis=0)
    is_there = np.flatnonzero(squares > ROUNDING * len(part.target))
    chosen = part.standing_out(products[is_there], np.sqrt(squares[is_there]))
    return [bends.places[place] for place in is_there[chosen]]


def _directions(paired: Regression) -> Float64[np.ndarray, "direction player"]:
    """Return the directions in which the pairs, as far as they are known, are strongest."""
    n_draws, n_players = paired.signs.shape
    pairs = np.zeros((n_players, n_players))
    pairs[np.triu_indices(n_players, 1)] = paired.up_to_pairs(paired.coefficients)[1:]
    pairs += pairs.T + paired.signs.T @ (paired.left[:, None] * paired.signs) / n_draws
    np.fill_diagonal(pairs, 0.0)
    strength, axes = np.linalg.eigh(pairs)
    return np.ascontiguousarray(axes[:, np.argsort(-np.abs(strength), kind="stable")[:_DIRECTIONS]].T)
