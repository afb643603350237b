"""How far a map can be trusted: the score as the picture comes into sight in its order, and in others.

Separate because its axis is the share of a picture, not time.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float64

from workbench.figures.palette import LESS, MORE
from workbench.types.maps import Evidence

HEIGHT_PX = 320
LABEL_HALF = 0.35
"""How far a label reaches to either side of its place, in widths of the figure, at most."""


def curves_figure(evidence: Evidence, at: int) -> go.Figure:
    """Return the curves of map number ``at``: its own order, the reverse, and random orders with their mean.

    Labels tell the area under each curve. A curve that is NaN is left out, with its label.
    """
    shares = evidence.shares
    insertion, backward, orders = evidence.insertion[at], evidence.reversed[at], evidence.random[at]
    known = [curve for curve in (insertion, backward, *orders) if np.isfinite(curve).all()]
    figure, labels = go.Figure(), []
    if len(orders):
        figure.add_trace(_orders(shares, orders))
        figure.add_trace(_curve(shares, orders.mean(axis=0), "rgb(128,128,128)", "random orders, on average"))
        area = float(evidence.random_areas[at].mean())
        labels.append(_at_the_end(f"random<br>orders, area<br>{area:.3f} on<br>average", float(orders[:, -1].mean())))
    is_better = not evidence.insertion_areas[at] < evidence.reversed_areas[at]
    for curve, colour, name, area, is_above in (
        (backward, LESS, "reversed", evidence.reversed_areas[at], not is_better),
        (insertion, MORE, "the map's order", evidence.insertion_areas[at], is_better),
    ):
        if np.isfinite(curve).all():
            figure.add_trace(_curve(shares, curve, f"rgb{colour}", name))
            place = _beside(known, shares, curve, is_above)
            key = f'<span style="color:rgb{colour}">\N{EM DASH}</span>'
            labels.append(_label(f"{key} {name}, area {area:.3f}".replace("-", "\N{MINUS SIGN}")) | place)
    return figure.update_layout(
        height=HEIGHT_PX,
        margin={"l": 56, "r": 76, "t": 24, "b": 44},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        dragmode=False,
        annotations=labels,
        xaxis={
            "title": {"text": "share of the picture in sight"},
            "range": [0, 100],
            "ticksuffix": " %",
            "ticks": "outside",
            "ticklen": 4,
            "dtick": 25,
            "showgrid": False,
            "zeroline": False,
            "fixedrange": True,
        },
        yaxis={
            "title": {"text": "cosine"},
            "range": _range(known),
            "zeroline": False,
            "fixedrange": True,
            "nticks": 6,
        },
    )


def _curve(
    shares: Float64[np.ndarray, "step"], curve: Float64[np.ndarray, "step"], colour: str, name: str
) -> go.Scatter:
    return go.Scatter(
        x=np.round(100 * shares, 2),
        y=np.round(curve, 5),
        mode="lines",
        line={"color": colour, "width": 2.5},
        hovertemplate=f"{name}: %{{x:.0f}} % in sight<br>cosine %{{y:.3f}}<extra></extra>",
        cliponaxis=False,
    )


def _orders(shares: Float64[np.ndarray, "step"], orders: Float64[np.ndarray, "order step"]) -> go.Scatter:
    """Return all random orders as one trace, with a gap after each."""
    gaps = np.full((len(orders), 1), np.nan)
    return go.Scatter(
        x=np.tile(np.append(np.round(100 * shares, 2), np.nan), len(orders)),
        y=np.round(np.hstack([orders, gaps]), 5).ravel(),
        mode="lines",
        line={"color": "rgba(128,128,128,0.3)", "width": 1},
        hoverinfo="skip",
    )


def _beside(
    known: list[np.ndarray],
    shares: Float64[np.ndarray, "step"],
    curve: Float64[np.ndarray, "step"],
    is_above: bool,
) -> dict:
    """Return the place of a label above, or below, all curves, where its own is farthest out."""
    outermost = (np.max if is_above else np.min)(known, axis=0)
    others = np.mean(known, axis=0)
    place = int(np.argmax((curve - others) * (1 if is_above else -1)))
    x = float(np.clip(shares[place], LABEL_HALF, 1 - LABEL_HALF))
    near = np.abs(shares - x) <= LABEL_HALF
    y = (np.max if is_above else np.min)(outermost[near] if near.any() else outermost)
    return {
        "x": round(100 * x, 2),
        "xanchor": "center",
        "y": round(float(y), 5),
        "yanchor": "bottom" if is_above else "top",
        "yshift": 4 if is_above else -4,
    }


def _at_the_end(shown: str, y: float) -> dict:
    return _label(shown) | {
        "x": 100,
        "xanchor": "left",
        "xshift": 8,
        "y": round(y, 5),
        "yanchor": "middle",
        "align": "left",
        "font": {"size": 11},
        "opacity": 0.7,
    }


def _label(shown: str) -> dict:
    return {"text": shown, "xref": "x", "yref": "y", "showarrow": False, "borderpad": 0, "font": {"size": 12}}


def _range(known: list[np.ndarray]) -> list[float]:
    """Return a range with room for a label above and below all curves."""
    low, high = (float(np.min(known)), float(np.max(known))) if known else (0.0, 1.0)
    margin = 0.14 * (high - low) or 0.1
    return [round(low - margin, 5), round(high + margin, 5)]
