"""Banzhaf values and interactions: what a player adds, over all coalitions of the others, every one as likely.

Separate from the games, which know models, and from the transform, which knows no names. Values do not sum to the
score: how far they are from it is the ``gap``, which belongs beside every picture of them.

Source: Banzhaf, Weighted voting doesn't work, Rutgers Law Review 1965; Grabisch & Roubens 1999 (interactions).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float64

from workbench.core.coalitions import Game
from workbench.core.estimation import paired_least_squares
from workbench.core.pooled import PooledFrames, unit_rows
from workbench.core.walsh import LowOrder, low_order, low_order_vectors
from workbench.errors import InputError


@dataclass(frozen=True, eq=False)
class Indices:
    """What each player adds on average, and what each pair adds together beyond what both do alone.

    ``empty_value`` and ``full_value`` are v(none) and v(all), ``mean`` that of all coalitions. Standard errors are
    those of an estimate, None where the answer is exact; ``pairs`` is None where an estimate could not afford them.
    """

    values: Float64[np.ndarray, "player"]
    pairs: Float64[np.ndarray, "player player"] | None
    empty_value: float
    full_value: float
    n_evaluations: int
    mean: float
    value_errors: Float64[np.ndarray, "player"] | None = None
    pair_errors: Float64[np.ndarray, "player player"] | None = None
    mean_error: float = 0.0

    @property
    def is_exact(self) -> bool:
        """Return whether all coalitions were visited."""
        return self.value_errors is None

    @property
    def gap(self) -> float:
        """Return by how much the values sum to more than v(all) - v(none)."""
        return float(self.values.sum() - (self.full_value - self.empty_value))


def exact_indices(values: Any, p: float = 0.5) -> Indices:
    """Return Banzhaf values and pairs of a game from the table of all its values.

    ``values``: float64 ``[2**n]``, coalition ``k`` holding player ``i`` iff bit ``i`` of ``k`` is set; an array of
    NumPy or of any library with the array interface, also on a GPU. Others are present with probability ``p``.
    Raises ``InputError`` for a length that is no power of two and for what is no number.
    Cost: the table is read once: ``n * 2**n`` multiplications.
    """
    table = np.asarray(values, np.float64) if isinstance(values, np.ndarray | list | tuple) else values
    found = low_order(table, p)
    if not (np.isfinite(found.values).all() and np.isfinite(found.mean)):
        raise InputError("A coalition is worth what is no number; check the game.")
    return indices_of(found, float(table[0]), float(table[-1]))


def indices_of(found: LowOrder, empty_value: float, full_value: float) -> Indices:
    """Return exact indices of a game whose transform is known, all of whose coalitions were visited."""
    return Indices(found.values, found.pairs, empty_value, full_value, 2 ** len(found.values), found.mean)


def estimate_indices(game: Game, n_players: int, budget: int, seed: int, order: int = 2) -> Indices:
    """Return Banzhaf values and, for ``order`` 2, pairs from at most ``budget`` evaluations of ``game``.

    Exact where the budget covers all ``2**n_players`` coalitions, else with standard errors. The same seed gives the
    same answer. Raises ``InputError`` where the budget is too small for the unknowns, with the least that will do.
    """
    found = paired_least_squares(game, n_players, budget, np.random.default_rng(seed), order)
    is_exact = found.n_evaluations >= 2**n_players
    return Indices(
        found.values,
        found.pairs,
        found.empty_value,
        found.full_value,
        found.n_evaluations,
        found.mean,
        None if is_exact else found.value_errors,
        None if is_exact else found.pair_errors,
        0.0 if is_exact else found.mean_error,
    )


def frame_word_interactions(
    frame_features: Float[np.ndarray, "time dim"], text_embeddings: Float[np.ndarray, "coalition dim"]
) -> Float64[np.ndarray, "time word"]:
    """Return the interaction of every frame with every word in the mean-pooled cosine game of both.

    ``text_embeddings``: those of all ``2**W`` coalitions of the words. A coalition of frames and words is worth the
    cosine of the mean of its frames with the embedding of its words; without a frame it is worth 0. Exact over all
    ``2**(F + W)`` coalitions, whose table is never made: the score is a scalar product, so that what a frame and a
    word add together is the product of what each adds to its own side.
    Raises ``InputError`` as ``PooledFrames`` and ``exact_indices`` do.
    Cost: ``2**F`` numbers and ``W * 2**W * dim`` multiplications.
    """
    by_word = low_order_vectors(unit_rows(text_embeddings))[1]
    return PooledFrames.of(frame_features).added()[1] @ by_word.T
