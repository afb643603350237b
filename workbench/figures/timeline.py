"""The timeline: heat rows, moments, truth and frames of one film on one time axis.

Separate because everything in it must share that axis to the pixel. The vertical axis counts
pixels from the top, so that a row has the same height whatever the number of queries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float, Float64

from workbench.figures.clock import clock_axis
from workbench.figures.palette import SEQUENTIAL, query_colour
from workbench.types import Grounding, Moment

MAX_COLUMNS = 2000
"""Heat columns drawn at most: more than a screen has; longer films are pooled by their maximum."""

RULER_PX, LABEL_PX, HEAT_PX, BRACKET_PX, GAP_PX = 24, 22, 26, 16, 8
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
) -> go.Figure:
    """Return the timeline of ``grounding``: one heat row per query, its moments bracketed below it.

    ``truth`` maps a query to the windows in seconds where it is known to be true. The figure's
    ``layout.meta`` carries what a front end needs to link it to a player: ``clock`` (it has a time
    axis), ``duration_s`` and ``rows`` (top and bottom pixel of each query).
    """
    edges_s = column_edges(grounding.times_s, duration_s)
    columns = pooled_columns(grounding.saliency, grounding.times_s, edges_s)
    figure = go.Figure()
    shapes: list[dict] = []
    labels: list[dict] = []
    rows: list[tuple[int, int]] = []
    bands: list[tuple[int, int]] = []
    top = 4
    for index, query in enumerate(grounding.queries):
        heat_top = top + LABEL_PX
        heat_bottom = heat_top + HEAT_PX
        bands.append((heat_top, heat_bottom))
        rows.append((top, heat_bottom + BRACKET_PX))
        labels += _row_labels(grounding, index, query, top)
        shapes.append(_chip(index, top))
        labels += _ranks(grounding.moments[index], heat_bottom)
        figure.add_trace(_brackets(grounding.moments[index], index, heat_bottom, bool(grounding.is_in_video[index])))
        top = heat_bottom + BRACKET_PX + GAP_PX
    known = [(i, truth[q]) for i, q in enumerate(grounding.queries) if truth and q in truth]
    if known:
        labels.append(_text("Truth, marked by hand or planted", top))
        top += LABEL_PX
        for index, windows in known:
            shapes += [_truth_bar(start_s, end_s, index, top) for start_s, end_s in windows]
            top += TRUTH_PX + 2
        top += GAP_PX
    if frames:
        height = top + FRAMES_PX
        images = [_picture(frame, top) for frame in frames]
    else:
        height, images = top, []
    _add_heat(figure, grounding, edges_s, columns, bands)
    figure.update_layout(
        height=height + RULER_PX + 4,
        margin={"l": 0, "r": 0, "t": RULER_PX, "b": 4, "pad": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        dragmode=False,
        xaxis={**clock_axis(duration_s), "side": "top", "showgrid": False, "fixedrange": True},
        yaxis={"range": [height, 0], "visible": False, "fixedrange": True},
        shapes=shapes,
        annotations=labels,
        images=images,
        meta={"clock": True, "duration_s": round(float(duration_s), 3), "rows": rows},
    )
    return figure


def column_edges(times_s: Float64[np.ndarray, "time"], duration_s: float) -> Float64[np.ndarray, "edge"]:
    """Return the column borders in seconds: half way between frames, at most ``MAX_COLUMNS`` columns.

    With more frames than that, each column takes the same number of consecutive frames (the last
    one may take fewer).
    """
    middles = (times_s[1:] + times_s[:-1]) / 2
    edges = np.concatenate([[0.0], middles, [max(float(duration_s), float(times_s[-1]))]])
    per_column = -(-len(times_s) // MAX_COLUMNS)
    starts = edges[:-1:per_column]
    return np.concatenate([starts, edges[-1:]])


def pooled_columns(
    curves: Float[np.ndarray, "query time"],
    times_s: Float64[np.ndarray, "time"],
    edges_s: Float64[np.ndarray, "edge"],
) -> Float[np.ndarray, "query column"]:
    """Return the largest value of each curve between neighbouring edges, so that no peak is lost."""
    firsts = np.searchsorted(times_s, edges_s[:-1], side="left")
    return np.maximum.reduceat(curves, firsts, axis=1)


def _add_heat(
    figure: go.Figure,
    grounding: Grounding,
    edges_s: Float64[np.ndarray, "edge"],
    columns: Float[np.ndarray, "query column"],
    bands: Sequence[tuple[int, int]],
) -> None:
    """Draw all heat rows as one trace: rows of values with rows of nothing between them."""
    cosine = pooled_columns(grounding.similarity, grounding.times_s, edges_s)
    nothing = np.full(columns.shape[1], np.nan, dtype=np.float32)
    values = [row for column in columns for row in (np.round(column, 4).astype(np.float32), nothing)][:-1]
    cosines = [row for column in cosine for row in (np.round(column, 4).astype(np.float32), nothing)][:-1]
    low, high = colour_range(grounding)
    figure.add_trace(
        go.Heatmap(
            x=np.round(edges_s, 3).astype(np.float32),
            y=[edge for band in bands for edge in band],
            z=np.stack(values),
            customdata=np.stack(cosines),
            zmin=low,
            zmax=high,
            colorscale=SEQUENTIAL,
            showscale=False,
            hoverongaps=False,
            hovertemplate="%{x:.1f} s<br>cosine %{customdata:.3f}<br>saliency %{z:.3f}<extra></extra>",
        )
    )


def colour_range(grounding: Grounding) -> tuple[float, float]:
    """Return the values of the darkest and the brightest colour, the same for all rows."""
    finite = grounding.saliency[np.isfinite(grounding.saliency)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(np.percentile(finite, 5)), float(finite.max())
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _row_labels(grounding: Grounding, index: int, query: str, top: int) -> list[dict]:
    low, high = float(grounding.similarity[index].min()), float(grounding.similarity[index].max())
    shown = query if len(query) <= 60 else query[:58].rstrip() + "…"
    span = _text(f"cosine {low:.2f} to {high:.2f}".replace("-", "\N{MINUS SIGN}"), top)
    return [
        _text(_escaped(shown), top) | {"xshift": 16, "name": "query"},
        span | {"x": 1, "xanchor": "right", "font": {"size": 11}, "opacity": 0.7, "name": "range"},
    ]


def _text(text: str, top: int) -> dict:
    return {
        "text": text,
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


def _chip(index: int, top: int) -> dict:
    """Return the small square that carries the query's colour, sized in pixels."""
    centre = top + LABEL_PX / 2
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
        _text(str(rank), bottom) | number | {"x": round(moment.start_s, 3), "y": bottom + 5}
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


def _escaped(text: str) -> str:
    """Return the text with the marks that the figure library would read as tags made harmless."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
