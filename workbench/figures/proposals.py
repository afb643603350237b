"""The map of all spans of a film: how far the curve inside each lies above the curve outside it.

Separate because it has two time axes, start and end, where the timeline has one.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from workbench.core.proposals import proposal_map
from workbench.figures.clock import clock_axis
from workbench.figures.palette import SEQUENTIAL, query_colour
from workbench.types.grounding import Grounding

N_CELLS = 96


def proposals_figure(grounding: Grounding, index: int, duration_s: float) -> go.Figure:
    """Return the start x end map of query ``index``, with its moments as numbered points."""
    scores = proposal_map(grounding.saliency[index], N_CELLS)
    edges = np.linspace(0.0, duration_s, len(scores) + 1)
    middles = np.round((edges[1:] + edges[:-1]) / 2, 3).astype(np.float32)
    moments = grounding.moments[index]
    figure = go.Figure(
        go.Heatmap(
            x=middles,
            y=middles,
            z=np.round(scores.T, 4).astype(np.float32),
            colorscale=SEQUENTIAL,
            colorbar={"thickness": 8, "outlinewidth": 0, "tickfont": {"size": 11}, "nticks": 4},
            hoverongaps=False,
            hovertemplate="from %{x:.1f} s<br>to %{y:.1f} s<br>score %{z:.3f}<extra></extra>",
            meta="seek",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=[round(moment.start_s, 3) for moment in moments],
            y=[round(moment.end_s, 3) for moment in moments],
            text=[str(rank) for rank, _ in enumerate(moments, 1)],
            mode="markers+text",
            textposition="top left",
            cliponaxis=False,
            marker={
                "size": 9,
                "color": query_colour(index),
                "line": {"width": 1.5, "color": "#ffffff"},
            },
            hoverinfo="skip",
            meta="seek",
        )
    )
    axis = clock_axis(duration_s, 6) | {"showgrid": False, "fixedrange": True}
    figure.update_layout(
        height=320,
        margin={"l": 56, "r": 8, "t": 24, "b": 44},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        dragmode=False,
        xaxis=axis | {"title": {"text": "start"}},
        yaxis=axis | {"title": {"text": "end"}},
    )
    return figure
