"""The timeline: heat rows, moments, truth and frames of one film on one time axis.

Separate because everything in it must share that axis to the pixel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from workbench.figures.columns import column_edges, pooled_columns
from workbench.figures.palette import query_colour
from workbench.figures.rows import (
    GAP_PX,
    LABEL_PX,
    chip,
    colour_range,
    heat_span,
    heat_trace,
    row_labels,
    row_span,
    rows_end,
    text,
    time_layout,
)
from workbench.types.grounding import Grounding, Moment

TRUTH_PX, FRAMES_PX = 8, 48


@dataclass(frozen=True)
class StripFrame:
    """One picture of the strip: the span of seconds that it stands for and its JPEG as a data URI."""

    start_s: float
    end_s: float
    uri: str


def timeline_figure(
    grounding: Grounding,
    duration_s: float,
    truth: Mapping[str, Sequence[tuple[float, float]]] | None = None,
    frames: Sequence[StripFrame] = (),
    span_s: tuple[float, float] | None = None,
) -> go.Figure:
    """Return the timeline of ``grounding``: one heat row per query, its moments bracketed below it.

    ``truth`` maps a query to the windows in seconds where it is known to be true. The figure's
    ``layout.meta`` carries what a front end needs to link it to a player: ``clock`` (it has a time
    axis), ``duration_s``, ``rows`` (top and bottom pixel of each query) and ``span``, the one selected.
    """
    n_queries = len(grounding.queries)
    edges_s = column_edges(grounding.times_s, duration_s)
    columns, cosines = (
        pooled_columns(curves, grounding.times_s, edges_s) for curves in (grounding.saliency, grounding.similarity)
    )
    figure = go.Figure()
    shapes = [chip(index) for index in range(n_queries)]
    labels: list[dict] = []
    for index, query in enumerate(grounding.queries):
        moments, heat_bottom = grounding.moments[index], heat_span(index)[1]
        labels += row_labels(index, query, grounding.similarity[index]) + _ranks(moments, heat_bottom)
        figure.add_trace(_brackets(moments, index, heat_bottom, bool(grounding.is_in_video[index])))
    top = rows_end(n_queries)
    known = [(i, truth[q]) for i, q in enumerate(grounding.queries) if truth and q in truth]
    if known:
        labels.append(text("Truth, marked by hand or planted", top))
        top += LABEL_PX
        for index, windows in known:
            shapes += [_truth_bar(start_s, end_s, index, top) for start_s, end_s in windows]
            top += TRUTH_PX + 2
        top += GAP_PX
    meta = {"rows": [row_span(i) for i in range(n_queries)], "span": span_s}
    hover = "cosine %{customdata:.3f}<br>saliency %{z:.3f}"
    figure.add_trace(heat_trace(edges_s, columns, colour_range(grounding.saliency), hover, cosines))
    return figure.update_layout(
        time_layout(duration_s, top + (FRAMES_PX if frames else 0), meta),
        shapes=shapes,
        annotations=labels,
        images=[_picture(frame, top) for frame in frames],
    )


def _brackets(moments: Sequence[Moment], index: int, bottom: int, is_in_video: bool) -> go.Scatter:
    """Return the brackets of one query as one trace, dotted where the query is not in the video."""
    x: list[float | None] = []
    y: list[int | None] = []
    for moment in moments:
        start, end = round(moment.start_s, 3), round(moment.end_s, 3)
        x += [start, start, end, end, None]
        y += [bottom + 1, bottom + 5, bottom + 5, bottom + 1, None]
    return go.Scatter(
        x=x,
        y=y,
        mode="lines",
        line={"color": query_colour(index), "width": 2.5, "dash": "solid" if is_in_video else "dot"},
        hoverinfo="skip",
        cliponaxis=True,
    )


def _ranks(moments: Sequence[Moment], bottom: int) -> list[dict]:
    """Return the number of every moment, under the left end of its bracket."""
    number = {"xref": "x", "xanchor": "left", "yanchor": "top", "font": {"size": 10}, "name": "rank"}
    return [
        text(str(rank), bottom) | number | {"x": round(moment.start_s, 3), "y": bottom + 5}
        for rank, moment in enumerate(moments, 1)
    ]


def _truth_bar(start_s: float, end_s: float, index: int, top: int) -> dict:
    return {
        "type": "rect",
        "x0": round(start_s, 3),
        "x1": round(end_s, 3),
        "y0": top,
        "y1": top + TRUTH_PX,
        "fillcolor": query_colour(index),
        "line": {"width": 0},
    }


def _picture(frame: StripFrame, top: int) -> dict:
    return {
        "source": frame.uri,
        "x": round((frame.start_s + frame.end_s) / 2, 3),
        "xref": "x",
        "xanchor": "center",  # where a picture is cut, its middle is kept
        "sizex": round(frame.end_s - frame.start_s, 3),
        "y": top,
        "yref": "y",
        "sizey": FRAMES_PX,
        "sizing": "fill",
        "layer": "below",
    }
