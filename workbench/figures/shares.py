"""Shares of what several models get right: a row for each thing asked, a dot and a whisker for each model, and chance.

Separate because an examination and a probe are read in the same way. The vertical axis counts pixels from the top, so
that a row has the same height however many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from workbench.figures.palette import query_colour
from workbench.figures.rows import escaped

_HEAD_PX, _DOT_PX, _ROW_GAP_PX, _LINE_PX = 28, 14, 8, 20
_LONGEST_HEAD = 32
_GREY = "rgb(140,140,140)"
_SYMBOLS = ("circle", "square", "diamond", "triangle-up")


@dataclass(frozen=True)
class Dot:
    """A share from 0 to 1 in a row of a block, what chance gives there, and its interval where there is one.

    ``note`` is told beside it on hover; one that is ``hollow`` is shown, and counts for nothing.
    """

    block: str
    row: str
    share: float
    chance: float
    interval: tuple[float, float] | None = None
    note: str = ""
    hollow: bool = False


def shares_figure(titles: Sequence[str], dots: Sequence[Sequence[Dot]], side_px: int) -> go.Figure:
    """Return the dots of several models in one picture, colour and shape of a model the same in every row.

    Names of rows have ``side_px`` on the left.
    """
    places, heads, height = _placed([dot for own in dots for dot in own], len(titles))
    figure = go.Figure()
    for number, (title, own) in enumerate(zip(titles, dots, strict=True)):
        figure.add_trace(_trace(title, own, [places[dot.block, dot.row] + _DOT_PX * number for dot in own], number))
    figure.add_trace(_chance(dots, places, len(titles)))
    middle = _DOT_PX * (len(titles) - 1) / 2
    fixed = {"zeroline": False, "fixedrange": True, "automargin": False}
    return figure.update_layout(
        height=height + _LINE_PX * (len(titles) + 1) + 44,
        margin={"l": side_px, "r": 16, "t": _LINE_PX * (len(titles) + 1) + 12, "b": 32, "pad": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        annotations=[_head(text, top, side_px) for text, top in heads],
        dragmode=False,
        hovermode="closest",
        legend={"x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom", "bgcolor": "rgba(0,0,0,0)"},
        xaxis={"range": [-0.02, 1.02], "tickformat": ".0%", "nticks": 5, **fixed},
        yaxis={
            "range": [height, 0],
            "tickvals": [top + middle for top in places.values()],
            "ticktext": [escaped(row) for _, row in places],
            "showgrid": False,
            "ticks": "outside",
            "ticklen": _DOT_PX // 2,  # a dot at nought stands on no name
            "tickcolor": "rgba(0,0,0,0)",
            **fixed,
        },
    )


def _placed(dots: Sequence[Dot], n_models: int) -> tuple[dict[tuple[str, str], int], list[tuple[str, int]], int]:
    """Return at which pixel the first dot of every row is, every heading with its pixel, and where all of it ends."""
    places, heads, top = {}, [], 0
    for block in dict.fromkeys(dot.block for dot in dots):
        heads.append((block, top + _HEAD_PX // 2))
        top += _HEAD_PX
        for row in dict.fromkeys(dot.row for dot in dots if dot.block == block):
            places[block, row] = top + _DOT_PX // 2
            top += _DOT_PX * n_models + _ROW_GAP_PX
    return places, heads, top


def _trace(title: str, dots: Sequence[Dot], tops: list[int], number: int) -> go.Scatter:
    symbol = _SYMBOLS[number % len(_SYMBOLS)]
    known = [dot.interval or (dot.share, dot.share) for dot in dots]
    whiskers = {
        "type": "data",
        "symmetric": False,
        "array": [high - dot.share for dot, (_, high) in zip(dots, known, strict=True)],
        "arrayminus": [dot.share - low for dot, (low, _) in zip(dots, known, strict=True)],
        "thickness": 1.5,
        "width": 0,
    }
    return go.Scatter(
        x=[dot.share for dot in dots],
        y=tops,
        name=escaped(title),
        mode="markers",
        marker={
            "color": query_colour(number),
            "size": 10,
            "symbol": [symbol + "-open" * dot.hollow for dot in dots],
            "line": {"width": 2 if any(dot.hollow for dot in dots) else 0},
        },
        error_x=whiskers,
        cliponaxis=False,
        hovertext=[f"{escaped(dot.block)}, {escaped(dot.row)}<br>{_told(dot)}" for dot in dots],
        hovertemplate=f"{escaped(title)}<br>%{{hovertext}}<extra></extra>",
    )


def _told(dot: Dot) -> str:
    between = f" ({dot.interval[0]:.0%} to {dot.interval[1]:.0%})" if dot.interval else ""
    note = f"<br>{escaped(dot.note)}" if dot.note else ""
    return f"{dot.share:.0%}{between}, chance {dot.chance:.0%}{note}"


def _chance(dots: Sequence[Sequence[Dot]], places: dict[tuple[str, str], int], n_models: int) -> go.Scatter:
    """Return a line across every row where chance lies, which is the same for all models."""
    by_row = {(dot.block, dot.row): dot.chance for own in dots for dot in own}
    x: list[float | None] = []
    y: list[float | None] = []
    for at, chance in by_row.items():
        top = places[at] - _DOT_PX / 2
        x += [chance, chance, None]
        y += [top, top + _DOT_PX * n_models, None]
    return go.Scatter(x=x, y=y, name="chance", mode="lines", line={"color": _GREY, "width": 2}, hoverinfo="skip")


def _head(text: str, middle: int, side_px: int) -> dict:
    shown = text if len(text) <= _LONGEST_HEAD else text[: _LONGEST_HEAD - 1].rstrip() + "…"
    return {
        "text": f"<b>{escaped(shown)}</b>",
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "xshift": -side_px,
        "y": middle,
        "yref": "y",
        "yanchor": "middle",
        "showarrow": False,
        "font": {"size": 12},
    }
