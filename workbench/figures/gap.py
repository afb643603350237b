"""Pictures and sentences of one space along the line between their means, and across it: the modality gap.

Separate from maps: its axes are lengths in the space, and both views, as it is and centred, have the same ones.
Source: Liang et al., Mind the gap, NeurIPS 2022.
"""

from __future__ import annotations

from html import escape

import numpy as np
import plotly.graph_objects as go

from workbench.figures.palette import QUERY_COLOURS
from workbench.types.embedding import Items, ModalityGap

HEIGHT_PX = 300
_PICTURES, _SENTENCES = QUERY_COLOURS[0], QUERY_COLOURS[1]
_ROOM = 1.08


def gap_figure(gap: ModalityGap, items: Items, is_centred: bool) -> go.Figure:
    """Return where both kinds lie, as they are or each less its own mean; either on axes with room for both."""
    view = gap.centred if is_centred else gap.apart
    figure = go.Figure(
        [
            go.Scatter(
                x=view.pictures[:, 0],
                y=view.pictures[:, 1],
                mode="markers",
                name="pictures",
                marker={"color": _PICTURES, "size": 5, "opacity": 0.6},
                hovertext=[escape(items.described(row)) for row in gap.shown.tolist()],
                hoverinfo="text",
            ),
            go.Scatter(
                x=view.sentences[:, 0],
                y=view.sentences[:, 1],
                mode="markers",
                name="sentences",
                marker={"color": _SENTENCES, "size": 8, "symbol": "diamond", "line": {"width": 0.5}},
                hovertext=[f"“{escape(sentence)}”" for sentence in gap.sentences],
                hoverinfo="text",
            ),
        ]
    )
    x_range, y_range = (_range(gap, axis) for axis in (0, 1))
    axis = {"nticks": 5, "zeroline": True}
    return figure.update_layout(
        height=HEIGHT_PX,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 48, "r": 8, "t": 32, "b": 44},
        xaxis={**axis, "range": x_range, "title": {"text": "along the line between both means", "font": {"size": 12}}},
        yaxis={**axis, "range": y_range, "title": {"text": "across", "font": {"size": 12}}},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        dragmode=False,
        hovermode="closest",
    )


def _range(gap: ModalityGap, axis: int) -> list[float]:
    views = (gap.apart, gap.centred)
    largest = max(float(np.abs(rows[:, axis]).max()) for view in views for rows in (view.pictures, view.sentences))
    return [-_ROOM * largest, _ROOM * largest]
