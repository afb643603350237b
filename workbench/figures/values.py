"""What frames add to a score, on the film's clock: a bar for each, and below it the parts of the film as a tree.

Separate because it stands under the timeline and must share its axis to the pixel.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from workbench.figures.palette import LESS, MORE, TEXT_SHARE, signed_colour
from workbench.figures.rows import GAP_PX, LABEL_PX, text, time_layout
from workbench.types.attribution import Attribution, Player

BARS_PX, LEVEL_PX = 72, 26
FIRST_PX = 4


def values_figure(found: Attribution, levels: Sequence[Attribution], duration_s: float) -> go.Figure:
    """Return a bar for every frame or segment of ``found``, and a row of parts for each of the ``levels``.

    The first level shows the parts of the whole film, each further one those of the part of the level above that was
    opened. Intervals are of 95 %, where values are estimated. ``layout.meta`` is that of the timeline; row 0 are the
    bars, the others the levels.
    """
    bars = [at for at, player in enumerate(found.players) if player.kind in ("frame", "segment")]
    figure = go.Figure(_bars(found, bars))
    bottom = FIRST_PX + LABEL_PX + BARS_PX
    title = (
        "What each segment adds" if any(found.players[at].kind == "segment" for at in bars) else "What each frame adds"
    )
    rows, labels = [(FIRST_PX, bottom)], _labels(title, found.values[bars], FIRST_PX)
    shapes = [_line(_zero(found.values[bars]))]
    top = bottom + GAP_PX
    if levels:
        labels.append(text("Parts of the video", top))
        top += LABEL_PX
    rows_of_parts = list(map(level_parts, levels, [None, *levels[:-1]]))
    most = max((abs(value) for _, values in rows_of_parts for value in values), default=0.0) or 1.0
    for players, values in rows_of_parts:
        figure.add_trace(_parts(players, values, most, top))
        rows.append((top, top + LEVEL_PX))
        top += LEVEL_PX + 2
    layout = time_layout(duration_s, top + GAP_PX, {"rows": rows})
    return figure.update_layout(
        layout,
        shapes=shapes,
        annotations=labels,
        barmode="overlay",
        bargap=0,
        uniformtext={"mode": "hide", "minsize": 9},
    )


def level_parts(level: Attribution, above: Attribution | None) -> tuple[list[Player], list[float]]:
    """Return the parts that a level has opened, with their values: those that the level above does not have."""
    known = set() if above is None else {player.span for player in above.players}
    pairs = [(p, float(v)) for p, v in zip(level.players, level.values, strict=True) if p.span not in known]
    return [player for player, _ in pairs], [value for _, value in pairs]


def _zero(values: np.ndarray) -> float:
    """Return the pixel at which bars begin, so that the largest on either side have room."""
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    share = high / (high - low) if high > low else 0.5
    return FIRST_PX + LABEL_PX + BARS_PX * share


def _bars(found: Attribution, at: list[int]) -> go.Bar:
    values = found.values[at]
    spans = [found.players[one].span for one in at]
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    scale = BARS_PX / (high - low) if high > low else 0.0
    errors = None if found.value_errors is None else 1.96 * found.value_errors[at]
    told = [f"{value:+.4f}" + ("" if errors is None else f" ± {errors[i]:.2g}") for i, value in enumerate(values)]
    return go.Bar(
        x=[round((span[0] + span[1]) / 2, 3) for span in spans],
        width=[round(max(span[1] - span[0], 1e-3), 3) for span in spans],
        base=_zero(values),
        y=np.round(-values * scale, 2),
        error_y=None
        if errors is None
        else {"type": "data", "array": np.round(errors * scale, 2), "thickness": 1, "width": 2},
        customdata=[[found.players[one].label, shown] for one, shown in zip(at, told, strict=True)],
        hovertemplate="%{customdata[0]}<br>adds %{customdata[1]}<extra></extra>",
        marker={
            "color": [f"rgb{MORE if value > 0 else LESS}" for value in values],
            "line": {"width": 0.5, "color": "rgba(128,128,128,0.35)"},
        },
    )


def _parts(players: list[Player], values: list[float], most: float, top: int) -> go.Bar:
    return go.Bar(
        x=[round((player.span[0] + player.span[1]) / 2, 3) for player in players],
        width=[round(player.span[1] - player.span[0], 3) for player in players],
        base=top,
        y=[LEVEL_PX] * len(players),
        text=[f"{value:+.3f}".replace("-", "\N{MINUS SIGN}") for value in values],
        textposition="inside",
        insidetextanchor="middle",
        constraintext="inside",
        textangle=0,
        textfont={"size": 11},
        customdata=[[player.label, f"{value:+.4f}"] for player, value in zip(players, values, strict=True)],
        hovertemplate="%{customdata[0]}<br>adds %{customdata[1]}<extra></extra>",
        marker={
            "color": [signed_colour(TEXT_SHARE * value, most) for value in values],
            "line": {"width": 1, "color": "rgba(128,128,128,0.7)"},
        },
    )


def _labels(title: str, values: np.ndarray, top: int) -> list[dict]:
    span = f"{values.min():+.3f} to {values.max():+.3f}".replace("-", "\N{MINUS SIGN}")
    ending = text(span, top) | {"x": 1, "xanchor": "right", "font": {"size": 11}, "opacity": 0.7, "name": "range"}
    return [text(title, top), ending]


def _line(y: float) -> dict:
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": y, "y1": y, "line": {"width": 1}, "opacity": 0.5}
