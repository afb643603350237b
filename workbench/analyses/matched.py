"""The same stretches of a film as another model reads it: rows of whatever times, brought to given spans.

Separate from comparing and examining, which both hold rows against spans that are not those of the rows.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from workbench.core.neighbours import unit_rows


def rows_within(
    times_s: Float64[np.ndarray, "row"], spans_s: Float64[np.ndarray, "span 2"]
) -> tuple[Int64[np.ndarray, "span 2"], Bool[np.ndarray, "span"]]:
    """Return for every span the first of its rows and the one past the last, and whether it holds any.

    A span goes from its start up to its end. One in which no row lies has the row that is nearest to its middle, of
    two the earlier. ``times_s`` ascend.
    """
    bounds = np.searchsorted(times_s, spans_s).astype(np.int64)
    holds_any = bounds[:, 1] > bounds[:, 0]
    middles = spans_s[~holds_any].mean(axis=1)
    after = np.searchsorted(times_s, middles).clip(1, max(1, len(times_s) - 1))
    before = after - 1
    after = after.clip(max=len(times_s) - 1)
    nearest = np.where(middles - times_s[before] <= times_s[after] - middles, before, after)
    bounds[~holds_any] = np.stack([nearest, nearest + 1], axis=1)
    return bounds, holds_any


def matched(
    rows: Float32[np.ndarray, "row dim"], bounds: Int64[np.ndarray, "span 2"]
) -> Float32[np.ndarray, "span dim"]:
    """Return the unit mean of the rows of every span, each from the first to the one past the last.

    A row that is alone is left as it is. Raises ``InputError`` where rows cancel each other out.
    """
    found = rows[bounds[:, 0]]
    several = np.flatnonzero(np.diff(bounds, axis=1)[:, 0] > 1)
    means = [rows[first:past].mean(axis=0, dtype=np.float64) for first, past in bounds[several].tolist()]
    if means:
        found[several] = unit_rows(np.array(means, np.float32))
    return found
