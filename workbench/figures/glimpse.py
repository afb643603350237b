"""The timeline of a film that is still being read: the raw cosines so far, and empty rows where nothing was read.

Separate from the finished timeline because nothing is decided yet: it has no moments, and its colours are of
another quantity.
"""

from __future__ import annotations

import math

import plotly.graph_objects as go

from workbench.figures.columns import columns_so_far
from workbench.figures.rows import chip, colour_range, heat_span, heat_trace, row_labels, rows_end, time_layout
from workbench.types.outcome import Glimpse

MAX_COLUMNS = 600
"""Heat columns of a whole film at most: about one in two pixels, as the figure is sent again and again."""


def glimpse_figure(glimpse: Glimpse, duration_s: float) -> go.Figure:
    """Return the heat rows of what was read, each in a frame as long as the film.

    ``layout.meta`` is that of the timeline with ``is_partial``, and without rows to choose.
    """
    n_queries = len(glimpse.queries)
    per_column = max(1, math.ceil(duration_s / glimpse.step_s / MAX_COLUMNS))
    edges_s, columns = columns_so_far(glimpse.similarity, glimpse.times_s, glimpse.step_s, per_column)
    labels = [row_labels(i, query, glimpse.similarity[i]) for i, query in enumerate(glimpse.queries)]
    heat = heat_trace(edges_s, columns, colour_range(glimpse.similarity), "cosine %{z:.3f}")
    return go.Figure(heat).update_layout(
        time_layout(duration_s, rows_end(n_queries), {"rows": [], "is_partial": True}),
        shapes=[*(chip(i) for i in range(n_queries)), *(_frame(i) for i in range(n_queries))],
        annotations=[label for row in labels for label in row],
    )


def _frame(index: int) -> dict:
    """Return the outline of a whole row, so that what was not read is seen to be empty."""
    top, bottom = heat_span(index)
    return {
        "type": "rect",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": top,
        "y1": bottom,
        "line": {"width": 1},
        "opacity": 0.25,
        "layer": "below",
    }
