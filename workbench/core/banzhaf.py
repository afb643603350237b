"""Banzhaf values and interactions: what a player adds, over all coalitions of the others, every one as likely.

Separate from the games, which know models, and from the transform, which knows no names.

Source: Banzhaf, Weighted voting doesn't work, Rutgers Law Review 1965; Grabisch & Roubens 1999 (interactions).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Float64

from workbench.core.coalitions import Game
from workbench.core.estimation import sparse_least_squares
from workbench.core.indices import Indices
from workbench.core.pooled import PooledFrames, unit_rows
from workbench.core.walsh import low_order, low_order_vectors
from workbench.errors import InputError


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
    return Indices.exact(found, float(table[0]), float(table[-1]))


def estimate_indices(game: Game, n_players: int, budget: int, seed: int, order: int = 2) -> Indices:
    """Return Banzhaf values and, for ``order`` 2, pairs from at most ``budget`` evaluations of ``game``.

    Exact where the budget covers all ``2**n_players`` coalitions, else with standard errors. The same seed asks for
    the same coalitions, whatever the game, and gives the same answer. Raises ``InputError`` where the budget is too
    small for the unknowns, with the least that will do.
    """
    return sparse_least_squares(game, n_players, budget, np.random.default_rng(seed), order)


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
