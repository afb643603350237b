"""The rows of a timeline, one a query: its colour, its sentence, its range, and a band of heat on the film's clock.

Separate because the rows of a film that is still being read must stand where those of its answer will. The
vertical axis counts pixels from the top, so that a row has the same height whatever the number of queries.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float, Float64

from workbench.figures.clock import clock_axis
from workbench.figures.palette import SEQUENTIAL, query_colour

RULER_PX, LABEL_PX, HEAT_PX, BRACKET_PX, GAP_PX = 24, 22, 26, 16, 8
FIRST_PX = 4


def row_span(index: int) -> tuple[int, int]:
    """Return the top and bottom pixel of row ``index``: sentence, heat and brackets."""
    height = LABEL_PX + HEAT_PX + BRACKET_PX
    top = FIRST_PX + index * (height + GAP_PX)
    return top, top + height


def heat_span(index: int) -> tuple[int, int]:
    """Return the top and bottom pixel of the heat of row ``index``."""
    top = row_span(index)[0] + LABEL_PX
    return top, top + HEAT_PX


def rows_end(n_rows: int) -> int:
    """Return the pixel below ``n_rows`` rows."""
    return row_span(n_rows)[0]


def heat_trace(
    edges_s: Float64[np.ndarray, "edge"],
    columns: Float[np.ndarray, "query column"],
    colours: tuple[float, float],
    hover: str,
    beside: Float[np.ndarray, "query column"] | None = None,
) -> go.Heatmap:
    """Return all heat rows as one trace: rows of values with rows of nothing between them.

    ``colours`` are the values of the darkest and the brightest; ``beside`` is told on hover as ``customdata``.
    """
    return go.Heatmap(
        x=np.round(edges_s, 3).astype(np.float32),
        y=[edge for index in range(len(columns)) for edge in heat_span(index)],
        z=_with_gaps(columns),
        customdata=None if beside is None else _with_gaps(beside),
        zmin=colours[0],
        zmax=colours[1],
        colorscale=SEQUENTIAL,
        showscale=False,
        hoverongaps=False,
        hovertemplate=f"%{{x:.1f}} s<br>{hover}<extra></extra>",
    )


def _with_gaps(columns: Float[np.ndarray, "query column"]) -> np.ndarray:
    rows = np.full((2 * len(columns) - 1, columns.shape[1]), np.nan, dtype=np.float32)
    rows[::2] = np.round(columns, 4)
    return rows


def colour_range(values: Float[np.ndarray, "query time"]) -> tuple[float, float]:
    """Return the values of the darkest and the brightest colour, the same for all rows."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(np.percentile(finite, 5)), float(finite.max())
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def row_labels(index: int, query: str, cosine: Float[np.ndarray, "time"]) -> list[dict]:
    """Return the sentence of a row and, at its right end, how low and how high its cosine is."""
    top = row_span(index)[0]
    shown = query if len(query) <= 60 else query[:58].rstrip() + "…"
    values = " to ".join(dict.fromkeys(f"{value:.2f}" for value in (cosine.min(), cosine.max())))
    span = text(f"cosine {values}".replace("-", "\N{MINUS SIGN}"), top)
    return [
        text(escaped(shown), top) | {"xshift": 16, "name": "query"},
        span | {"x": 1, "xanchor": "right", "font": {"size": 11}, "opacity": 0.7, "name": "range"},
    ]


def text(shown: str, top: int) -> dict:
    """Return a line of text at the left end of a row that begins at ``top``."""
    return {
        "text": shown,
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": top + LABEL_PX / 2,
        "yref": "y",
        "yanchor": "middle",
        "showarrow": False,
        "font": {"size": 12},
        "borderpad": 0,
    }


def chip(index: int) -> dict:
    """Return the small square that carries the query's colour, sized in pixels."""
    centre = row_span(index)[0] + LABEL_PX / 2
    return {
        "type": "rect",
        "xref": "paper",
        "xsizemode": "pixel",
        "xanchor": 0,
        "x0": 0,
        "x1": 10,
        "yref": "y",
        "y0": centre - 5,
        "y1": centre + 5,
        "fillcolor": query_colour(index),
        "line": {"width": 0},
    }


def time_layout(duration_s: float, height_px: int, meta: Mapping[str, object]) -> dict:
    """Return the layout of rows on the clock of a film: ruler on top, ``height_px`` below it.

    ``meta`` is what a front end needs beside ``clock`` (the figure has a time axis) and ``duration_s``.
    """
    return {
        "height": height_px + RULER_PX + 4,
        "margin": {"l": 0, "r": 0, "t": RULER_PX, "b": 4, "pad": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "dragmode": False,
        "xaxis": {**clock_axis(duration_s), "side": "top", "showgrid": False, "fixedrange": True},
        "yaxis": {"range": [height_px, 0], "visible": False, "fixedrange": True},
        "meta": {"clock": True, "duration_s": round(float(duration_s), 3), **meta},
    }


def escaped(shown: str) -> str:
    """Return the text with the marks that the figure library would read as tags made harmless."""
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
