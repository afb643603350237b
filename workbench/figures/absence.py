"""The evidence for "in this video": the query's peak among the peaks of sentences that are not in it.

Separate because it pictures a decision, not a curve over time.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from workbench.figures.palette import query_colour
from workbench.types import Grounding


def absence_figure(grounding: Grounding) -> go.Figure:
    """Return a histogram of the distractors' peaks with a line for the peak of every query.

    The dotted line is the threshold that a share of ``error_rate`` of the distractors would pass.
    """
    null = grounding.null_peaks
    figure = go.Figure(
        go.Histogram(
            x=np.round(null, 3),
            nbinsx=int(np.clip(np.sqrt(max(len(null), 1)) * 2, 8, 40)),
            hovertemplate="peak %{x}<br>%{y} of " + str(len(null)) + " distractors<extra></extra>",
        )
    )
    for index, peak in enumerate(grounding.peaks):
        figure.add_vline(
            x=round(float(peak), 3), line={"color": query_colour(index), "width": 3}, layer="above"
        )
    if len(null):
        threshold = float(np.quantile(null, 1 - grounding.error_rate, method="higher"))
        figure.add_vline(
            x=round(threshold, 3),
            line={"dash": "dot", "width": 1.5},
            annotation={
                "text": f"{grounding.error_rate:.0%} of distractors peak above this line",
                "font": {"size": 11},
                "yanchor": "bottom",
            },
        )
    figure.update_layout(
        height=240,
        margin={"l": 44, "r": 8, "t": 24, "b": 44},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        bargap=0.08,
        dragmode=False,
        xaxis={"title": {"text": "highest value over the film"}, "showgrid": False, "fixedrange": True},
        yaxis={"title": {"text": "distractors"}, "fixedrange": True, "nticks": 5},
    )
    return figure
