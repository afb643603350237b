"""Coalitions: which of ``n`` players take part, as rows of booleans or as the bits of a number.

Separate because solvers, games and tests must agree on one order: coalition ``k`` holds player ``i`` iff bit ``i`` of
``k`` is set, so coalition 0 is nobody and the last one everybody.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float64

from workbench.errors import InputError

Game = Callable[[Bool[np.ndarray, "coalition player"]], Float64[np.ndarray, "coalition"]]
"""What every coalition is worth. All that a solver knows: it has never heard of a model."""


def coalition_table(n_players: int, start: int = 0, stop: int | None = None) -> Bool[np.ndarray, "coalition player"]:
    """Return coalitions ``start`` up to ``stop`` (default: all ``2**n_players``) in the order of their numbers.

    Cost: ``n_players`` bytes a coalition.
    """
    numbers = np.arange(start, 2**n_players if stop is None else stop)
    return (numbers[:, None] >> np.arange(n_players) & 1).astype(bool)


def game_of(values: Float64[np.ndarray, "coalition"]) -> Game:
    """Return the game whose values stand in a table, in the order of the numbers of its coalitions."""
    return lambda coalitions: values[coalitions @ (1 << np.arange(coalitions.shape[1]))]


def n_players_of(n_coalitions: int) -> int:
    """Return how many players have so many coalitions, or raise ``InputError`` where none have."""
    n_players = int(n_coalitions).bit_length() - 1
    if n_players < 1 or n_coalitions != 2**n_players:
        raise InputError(
            f"A table of {n_coalitions} values is of no game; give one value for each of the 2, 4, 8, … coalitions."
        )
    return n_players
