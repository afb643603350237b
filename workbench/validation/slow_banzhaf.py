"""Banzhaf values and pairs as the means that define them, coalition by coalition.

Separate from what they are held against, with which they share nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float64

Coalition = frozenset[int]
Worth = Mapping[Coalition, float]


def subsets(n: int) -> list[Coalition]:
    """Return all coalitions of ``n`` players; number ``k`` holds player ``i`` iff bit ``i`` of ``k`` is set."""
    return [frozenset(i for i in range(n) if k >> i & 1) for k in range(2**n)]


def worth_of(n: int, game: Callable[[Coalition], float]) -> dict[Coalition, float]:
    """Return what every coalition of ``n`` players is worth."""
    return {coalition: game(coalition) for coalition in subsets(n)}


def by_definition(n: int, worth: Worth) -> tuple[Float64[np.ndarray, "player"], Float64[np.ndarray, "player player"]]:
    """Return what every player, and every two together, add on average over all coalitions of the others."""
    values, pairs = np.zeros(n), np.zeros((n, n))
    for i in range(n):
        others = [c for c in worth if i not in c]
        values[i] = np.mean([worth[c | {i}] - worth[c] for c in others])
        for j in range(n):
            if j != i:
                rest = [c for c in others if j not in c]
                pairs[i, j] = np.mean([worth[c | {i, j}] - worth[c | {i}] - worth[c | {j}] + worth[c] for c in rest])
    return values, pairs
