"""The Walsh-Hadamard transform of a game: what every group of players adds, over all coalitions of the others.

Separate because it is one piece of linear algebra. The transform is the n-fold Kronecker power of a 2 x 2 matrix: to
leave a player out of the group is to average over it, to put it in is to take the difference it makes. A table of
``2**n`` values is laid out as a matrix, one half of the players along each axis, so that the power is two matrix
products; where only groups of up to two are asked for, both factors are thin, and the table is read once.

Source: Grabisch & Roubens, An axiomatic approach to the concept of interaction among players in cooperative games,
International Journal of Game Theory 1999; Marichal & Mathonet, Weighted Banzhaf power and interaction indexes through
weighted approximations of games, European Journal of Operational Research 2011 (p-weighted).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, is_numpy_array, to_device
from jaxtyping import Float64, Int64

from workbench.core.coalitions import coalition_table, n_players_of
from workbench.errors import InputError


@dataclass(frozen=True, eq=False)
class LowOrder:
    """The transform for groups of nobody, of one and of two players: ``pairs`` is symmetric with a zero diagonal."""

    mean: float
    values: Float64[np.ndarray, "player"]
    pairs: Float64[np.ndarray, "player player"]


def halves(n_players: int) -> tuple[int, int]:
    """Return how many players stand along the rows of the table of a game, the last ones, and along its columns."""
    return n_players // 2, n_players - n_players // 2


def transform(values: Any, p: float = 0.5) -> Any:
    """Return the interaction ``I_T`` of every group ``T`` of players, at the place of coalition ``T``.

    ``I_T`` is the mean, over coalitions of the others, of what the members of ``T`` add together beyond what fewer of
    them do; at 0 stands the mean of the game. Others are present with probability ``p``, 1/2 for Banzhaf's.
    ``values``: ``2**n`` of them, an array of NumPy or of any library with the array interface, and so is the result,
    where they are. Cost: two matrix products of ``2**(n/2)`` squared: 2**(1.5 n + 1) multiplications.
    """
    rows, columns = halves(_checked(values, p))
    xp = array_namespace(values)
    table = xp.reshape(values, (2**rows, 2**columns))
    left, right = (_like(_all_orders(m, p), table) for m in (rows, columns))
    return xp.reshape(left @ table @ right.T, (-1,))


def low_order(values: Any, p: float = 0.5) -> LowOrder:
    """Return the interactions of groups of up to two players. The arguments are those of ``transform``.

    Cost: the table is read once, ``2**n * n`` multiplications.
    """
    n_players = _checked(values, p)
    rows, columns = halves(n_players)
    table = array_namespace(values).reshape(values, (2**rows, 2**columns))
    return low_order_of_rows(n_players, ((0, table),), p)


def low_order_of_rows(n_players: int, blocks: Iterable[tuple[int, Any]], p: float = 0.5) -> LowOrder:
    """Return the same for a table that is never there as a whole: ``blocks`` are ``(first row, rows)`` of it.

    The table has ``2**rows`` x ``2**columns`` values, see ``halves``: value ``(r, c)`` is that of coalition
    ``r * 2**columns + c``.
    """
    rows, columns = halves(n_players)
    left, right = up_to_pairs(rows, p), up_to_pairs(columns, p)
    found: Any = 0.0
    for row, block in blocks:
        found = found + _like(left[:, row : row + block.shape[0]], block) @ (block @ _like(right, block).T)
    found = np.asarray(found if is_numpy_array(found) else to_device(found, "cpu"), np.float64)
    values = np.concatenate([found[0, 1 : 1 + columns], found[1 : 1 + rows, 0]])
    pairs = np.zeros((n_players, n_players))
    for past, n_half, group in ((0, columns, found[0, 1 + columns :]), (columns, rows, found[1 + rows :, 0])):
        first, second = _pair_indices(n_half)
        pairs[past + first, past + second] = group
    pairs[:columns, columns:] = found[1 : 1 + rows, 1 : 1 + columns].T
    return LowOrder(float(found[0, 0]), values, pairs + pairs.T)


def low_order_vectors(
    rows: Float64[np.ndarray, "coalition dim"], p: float = 0.5
) -> tuple[Float64[np.ndarray, "dim"], Float64[np.ndarray, "player dim"], Float64[np.ndarray, "player player dim"]]:
    """Return mean, values and pairs of a game whose coalitions are worth vectors, such as embeddings.

    Raises ``InputError`` where the number of coalitions is no power of two. Cost: ``2**n * n**2 / 2 * dim``
    multiplications.
    """
    n_players = n_players_of(len(rows))
    found = up_to_pairs(n_players, p) @ rows
    first, second = _pair_indices(n_players)
    pairs = np.zeros((n_players, n_players, rows.shape[1]))
    pairs[first, second] = pairs[second, first] = found[1 + n_players :]
    return found[0], found[1 : 1 + n_players], pairs


def _checked(values: Any, p: float) -> int:
    """Return the number of players, or raise ``InputError`` for what is no table of a game."""
    if not 0 < p < 1:
        raise InputError(f"Players are present with probability {p:g}; choose one between 0 and 1.")
    if not array_namespace(values).isdtype(values.dtype, "real floating"):
        raise InputError(f"A game's values are of type {values.dtype}; give numbers with fractions, such as float64.")
    if values.ndim != 1:
        raise InputError(f"A table of shape {tuple(values.shape)} is of no game; give one value a coalition.")
    return n_players_of(values.shape[0])


def _like(matrix: Float64[np.ndarray, "row column"], table: Any) -> Any:
    """Return ``matrix`` where ``table`` is, and of its type."""
    if is_numpy_array(table):
        return matrix
    return array_namespace(table).asarray(matrix, dtype=table.dtype, device=device(table))


@functools.lru_cache(maxsize=32)
def _all_orders(n_players: int, p: float) -> Float64[np.ndarray, "group coalition"]:
    """Return the matrix of the transform: a row for every group."""
    one, power = np.array([[1 - p, p], [-1.0, 1.0]]), np.ones((1, 1))
    for _ in range(n_players):
        power = np.kron(one, power)  # player i is bit i: later players vary more slowly
    return power


@functools.lru_cache(maxsize=64)
def up_to_pairs(n_players: int, p: float = 0.5) -> Float64[np.ndarray, "group coalition"]:
    """Return the rows of the transform for nobody, for each player, and for each pair of players."""
    present = coalition_table(n_players)
    chance = np.where(present, p, 1 - p)
    everybody = chance.prod(axis=1)
    difference = np.where(present, 1.0, -1.0) / chance
    first, second = _pair_indices(n_players)
    pairs = difference[:, first] * difference[:, second]
    return np.concatenate([np.ones((len(present), 1)), difference, pairs], axis=1).T * everybody


@functools.cache
def _pair_indices(n_players: int) -> tuple[Int64[np.ndarray, "pair"], Int64[np.ndarray, "pair"]]:
    first, second = np.triu_indices(n_players, 1)
    return first, second
