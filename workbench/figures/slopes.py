"""Ranks before and after one thing was changed: a line for everything that is ranked, and who overtakes whom.

Separate from scores: a score may fall and nothing be overtaken, and the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float64

from workbench.core.sensitivity import ranks_of
from workbench.figures.palette import query_colour
from workbench.figures.rows import escaped

MOST = 20
_ROW_PX, _GREY, _LONGEST = 22, "rgb(140,140,140)", 26


def slopes_figure(
    names: Sequence[str],
    before: Float64[np.ndarray, "item"],
    after: Float64[np.ndarray, "item"],
    own: int,
    heads: tuple[str, str],
) -> go.Figure:
    """Return the ranks of items by two lists of scores; ``own`` is the one that was changed, or asked about.

    Shown are it, what overtakes it or is overtaken, and the first of either list, ``MOST`` at most.
    """
    ranks = np.stack([ranks_of(before), ranks_of(after)])
    passed = np.sign(before - before[own]) != np.sign(after - after[own])
    passed[own] = False
    first = sorted(range(len(names)), key=lambda at: (at != own, not passed[at], int(ranks[:, at].min())))[:MOST]
    shown = sorted(first, key=lambda at: int(ranks[0, at]))
    # Ranks among those that are shown: the line of one that is far down would leave the picture.
    places = np.stack([_places(ranks[side, shown]) for side in (0, 1)])
    figure = go.Figure()
    for place, at in enumerate(shown):
        colour = query_colour(0) if at == own else query_colour(1) if passed[at] else _GREY
        figure.add_trace(_line(names[at], places[:, place], ranks[:, at], colour, 3 if at == own else 1.5))
    for side, head in enumerate(heads):
        figure.add_annotation(
            x=side,
            y=0,
            text=f"<b>{escaped(head)}</b>",
            showarrow=False,
            xanchor="right",
            xshift=-8 if side == 0 else 16,
        )
    fixed = {"visible": False, "fixedrange": True}
    return figure.update_layout(
        height=_ROW_PX * (len(shown) + 2),
        margin={"l": 8, "r": 8, "t": 4, "b": 4, "pad": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        dragmode=False,
        hovermode="closest",
        xaxis={"range": [-2.4, 1.25], **fixed},
        yaxis={"range": [len(shown) + 0.7, -0.7], **fixed},
    )


def _places(ranks: np.ndarray) -> np.ndarray:
    """Return 1 to n in the order of ranks, those that tie in the order they stand in."""
    places = np.empty(len(ranks))
    places[np.argsort(ranks, kind="stable")] = np.arange(1, len(ranks) + 1)
    return places


def _line(name: str, places: np.ndarray, ranks: np.ndarray, colour: str, width: float) -> go.Scatter:
    short = escaped(name if len(name) <= _LONGEST else name[: _LONGEST - 1].rstrip() + "…")
    return go.Scatter(
        x=[0, 1],
        y=places,
        mode="lines+markers+text",
        line={"color": colour, "width": width},
        marker={"color": colour, "size": 7},
        text=[f"{short}  {ranks[0]}", f"{ranks[1]}"],
        textposition=["middle left", "middle right"],
        textfont={"size": 12},
        hovertext=f"{escaped(name)}<br>rank {ranks[0]}, then {ranks[1]}",
        hovertemplate="%{hovertext}<extra></extra>",
    )
