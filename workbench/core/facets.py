"""A space seen through some words: only what these tell apart is left of it.

Separate because it makes another space of the items, which maps, clusters and neighbours then treat like any other.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Float64

from workbench.core.neighbours import unit_rows
from workbench.errors import InputError


def through_words(
    cosines: Float32[np.ndarray, "item word"], usual: Float64[np.ndarray, "word"] | None = None
) -> Float32[np.ndarray, "item word"]:
    """Return items by which of the words fit them better than the others do, rows of unit length.

    What all words share says nothing of an item, nor what all items share of a word: both are taken away. ``usual`` is
    the second, where the items are not all there are: ``usual_fit`` of those.
    Where a model's cosine is a scalar product, these are the items in the directions in which the words differ.
    Raises ``InputError`` for fewer than 2 words, and where an item is told from the usual by none.
    """
    if cosines.shape[1] < 2:
        raise InputError("One word tells nothing apart; give two or more, such as red and blue.")
    exact = cosines.astype(np.float64)
    apart = exact - exact.mean(axis=1, keepdims=True)
    apart -= usual_fit(cosines) if usual is None else usual
    if (np.abs(apart).max(axis=1, initial=0.0) < 1e-7).any():
        raise InputError("These words fit an item all alike, so they tell it from nothing; give other words.")
    return unit_rows(apart.astype(np.float32))


def usual_fit(cosines: Float32[np.ndarray, "item word"]) -> Float64[np.ndarray, "word"]:
    """Return by how much each word fits items better than the other words do, on average over the items."""
    exact = cosines.astype(np.float64)
    return (exact - exact.mean(axis=1, keepdims=True)).mean(axis=0)
