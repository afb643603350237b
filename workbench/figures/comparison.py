"""The same items on the maps of two models, side by side, coloured by how far both agree about their neighbours.

Separate from the map of one space: what is coloured here is known of no single one. One scale is of both maps.
"""

from __future__ import annotations

import zlib
from html import escape
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench.figures.palette import COLOUR_BAR, SEQUENTIAL
from workbench.types.comparison import SpaceComparison

HEIGHT_PX = 460
_SIZE, _SMALLEST = 7.0, 2.5
_MANY = 5_000


def comparison_figure(found: SpaceComparison) -> go.Figure:
    """Return both maps; ``customdata`` of every point is the number of its row.

    What both disagree about most is drawn last, so that it lies above the rest.
    """
    figure = make_subplots(rows=1, cols=2, subplot_titles=list(map(escape, found.titles)), horizontal_spacing=0.04)
    rows = found.order[::-1]
    size = max(_SMALLEST, _SIZE * min(1.0, (_MANY / len(rows)) ** 0.5))
    for column, coords in enumerate(found.coords, 1):
        points = go.Scattergl(
            x=coords[rows, 0],
            y=coords[rows, 1],
            mode="markers",
            marker={"color": found.overlap[rows], "coloraxis": "coloraxis", "size": size, "opacity": 0.85},
            customdata=rows,
            hoverinfo="none",
            showlegend=False,
        )
        figure.add_trace(points, row=1, col=column)
    # Another map is seen whole.
    return _laid_out(figure).update_layout(uirevision=zlib.crc32(found.coords[0].tobytes()))


def with_hover(figure: go.Figure, found: SpaceComparison) -> go.Figure:
    """Return both maps with every point saying what it is once pointed at, with no script but plotly's own."""
    said = [_hover(found, row) for row in found.order[::-1].tolist()]
    return figure.update_traces(hoverinfo="text", hovertext=said, hovertemplate="%{hovertext}<extra></extra>")


def _hover(found: SpaceComparison, row: int) -> str:
    count = round(float(found.overlap[row]) * found.n_neighbours)
    return f"{escape(found.items.described(row))}<br>{count} of {found.n_neighbours} neighbours shared"


def _laid_out(figure: go.Figure) -> go.Figure:
    bare: dict[str, Any] = {"showticklabels": False, "zeroline": False, "showgrid": False, "ticks": ""}
    bar = {**COLOUR_BAR, "title": {"text": "neighbours<br>shared"}, "tickformat": ".0%"}
    return figure.update_layout(
        height=HEIGHT_PX,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 8, "r": 8, "t": 60, "b": 8},
        coloraxis={"colorscale": SEQUENTIAL, "cmin": 0, "cmax": 1, "colorbar": bar},
        xaxis=bare,
        xaxis2=bare,
        yaxis={**bare, "scaleanchor": "x"},
        yaxis2={**bare, "scaleanchor": "x2"},
        dragmode="pan",
        hovermode="closest",
    ).update_annotations(font_size=13)
