"""Curves to heat columns: which stretch of a film each column stands for, few enough to draw.

Separate because a film that is read and one that is still being read are cut in the same way.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64

from workbench.core.intervals import frame_edges

MAX_COLUMNS = 2000
"""Heat columns drawn at most: more than a screen has; longer films are pooled by their maximum."""


def column_edges(times_s: Float64[np.ndarray, "time"], duration_s: float) -> Float64[np.ndarray, "edge"]:
    """Return the column borders in seconds: half way between frames, at most ``MAX_COLUMNS`` columns.

    With more frames than that, each column takes the same number of consecutive frames (the last
    one may take fewer). The first begins and the last ends with the film.
    """
    edges = frame_edges(times_s, duration_s)
    per_column = -(-len(times_s) // MAX_COLUMNS)
    return np.concatenate([edges[:-1:per_column], edges[-1:]])


def pooled_columns(
    curves: Float[np.ndarray, "query time"],
    times_s: Float64[np.ndarray, "time"],
    edges_s: Float64[np.ndarray, "edge"],
) -> Float[np.ndarray, "query column"]:
    """Return the largest value of each curve between neighbouring edges, so that no peak is lost."""
    firsts = np.searchsorted(times_s, edges_s[:-1], side="left")
    return np.maximum.reduceat(curves, firsts, axis=1)


def columns_so_far(
    curves: Float[np.ndarray, "query time"],
    times_s: Float64[np.ndarray, "time"],
    step_s: float,
    per_column: int,
) -> tuple[Float64[np.ndarray, "edge"], Float[np.ndarray, "query column"]]:
    """Return borders and largest values of columns of ``per_column`` neighbours where there are values.

    ``step_s`` is how far apart neighbours are; where two are further apart than two steps, the stretch between
    them is one column of NaN.
    """
    edges: list[np.ndarray] = []
    values: list[np.ndarray] = []
    breaks = np.flatnonzero(np.diff(times_s) > 2 * step_s) + 1
    for run in np.split(np.arange(len(times_s)), breaks):
        at = times_s[run]
        starts = np.concatenate([[max(0.0, at[0] - step_s / 2)], (at[1:] + at[:-1]) / 2])
        edges += [starts[::per_column], at[-1:] + step_s / 2]
        values.append(np.maximum.reduceat(curves[:, run], np.arange(0, len(run), per_column), axis=1))
        values.append(np.full((len(curves), 1), np.nan, curves.dtype))
    return np.concatenate(edges), np.concatenate(values[:-1], axis=1)
