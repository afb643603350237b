"""The evidence for "in this video": the query's peak among the peaks of sentences that are not in it.

Separate because it pictures a decision, not a curve over time.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from workbench.core.null import p_absent, p_absent_measured
from workbench.figures.palette import query_colour
from workbench.types.grounding import Grounding

ABSENT_SENTENCES = {"measured": "absent sentences", "estimated": "distractors"}


def absence_figure(grounding: Grounding, index: int) -> go.Figure:
    """Return a histogram of the peaks that query ``index`` is held against, with a line for its own peak.

    Other queries that are held against the same have theirs, too, thin and dashed. The dotted line is where "in this
    video" begins at the stated error rate.
    """
    absent = grounding.absent[index]
    null = absent.peaks
    name = ABSENT_SENTENCES[absent.kind]
    figure = go.Figure(
        go.Histogram(
            x=np.round(null, 4),
            nbinsx=int(np.clip(np.sqrt(max(len(null), 1)) * 2, 8, 40)),
            hovertemplate=f"peak %{{x}}<br>%{{y}} of {len(null)} {name}<extra></extra>",
        )
    )
    same = [at for at, own in enumerate(grounding.absent) if own is absent]
    for at in same:
        peak = round(float(grounding.peaks[at]), 4)
        look = {"width": 3} if at == index else {"width": 1.5, "dash": "dash"}
        figure.add_vline(x=peak, line={"color": query_colour(at), **look}, layer="above")
    threshold = presence_threshold(grounding, index)
    low, high = _range([*null, *grounding.peaks[same], *([] if threshold is None else [threshold])])
    if threshold is not None:
        figure.add_vline(
            x=round(threshold, 4),
            line={"dash": "dot", "width": 1.5},
            annotation={
                "text": "in the video from here on",
                "font": {"size": 11},
                "yanchor": "bottom",
                "xanchor": "left" if 2 * threshold < low + high else "right",
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
        xaxis={
            "title": {"text": "highest saliency over the video"},
            "range": [low, high],
            "showgrid": False,
            "fixedrange": True,
        },
        yaxis={"title": {"text": name}, "fixedrange": True, "nticks": 5},
    )
    return figure


def _range(values: list[float]) -> list[float]:
    low, high = min(values), max(values)
    margin = 0.05 * (high - low) or 0.5
    return [round(float(low - margin), 4), round(float(high + margin), 4)]


def presence_threshold(grounding: Grounding, index: int) -> float | None:
    """Return the lowest peak at which query ``index`` is in the video, to a thousandth of the axis, or None."""
    null = grounding.absent[index].peaks
    if np.isnan(grounding.p_absent[index]):
        return None
    reach = max(float(null.max()), float(grounding.peaks[index]))
    middle = float(np.median(null))
    peaks = np.linspace(middle, reach + 2 * (reach - middle), 3000)
    chance = {"measured": p_absent_measured, "estimated": p_absent}[grounding.absent[index].kind]
    passing = np.flatnonzero(chance(peaks, null) <= grounding.error_rate)
    return float(peaks[passing[0]]) if passing.size else None
