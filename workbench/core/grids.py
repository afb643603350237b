"""Maps of one grid on another: the patches of a model on the cells that are hidden, so that both can be compared.

Separate because it knows nothing but sizes.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64


def regridded(
    values: Float[np.ndarray, "*map cell"], grid: tuple[int, int], onto: tuple[int, int]
) -> Float64[np.ndarray, "*map other"]:
    """Return the mean of maps over every cell of another (rows, columns) grid on the same picture, by area."""
    by_row, by_column = (_shares(n, m) for n, m in zip(grid, onto, strict=True))
    pictures = values.astype(np.float64).reshape(*values.shape[:-1], *grid)
    found = by_row @ pictures @ by_column.T
    return found.reshape(*values.shape[:-1], onto[0] * onto[1])


def _shares(n_parts: int, n_others: int) -> Float64[np.ndarray, "other part"]:
    """Return which share of each of ``n_others`` equal parts of a length lies in each of ``n_parts``."""
    parts, others = np.linspace(0, 1, n_parts + 1), np.linspace(0, 1, n_others + 1)
    past = np.minimum(others[1:, None], parts[None, 1:])
    start = np.maximum(others[:-1, None], parts[None, :-1])
    return np.maximum(past - start, 0) * n_others
