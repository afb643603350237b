"""What the patches of a picture add to a score, over the picture itself.

Separate because it has the picture's two axes, and shows what of it the model does not see.
"""

from __future__ import annotations

import base64

import plotly.graph_objects as go

from workbench.figures.palette import DIVERGING, signed_colour
from workbench.types import Attribution, Player

WIDTH_PX = 480


def patch_values_figure(found: Attribution, jpeg: bytes, aspect: float) -> go.Figure:
    """Return the picture, ``aspect`` times as wide as tall, under its patches in colour.

    A value whose 95 % interval holds zero is drawn as an outline alone.
    """
    patches = [at for at, player in enumerate(found.players) if player.kind == "patch"]
    values = found.values[patches]
    errors = None if found.value_errors is None else 1.96 * found.value_errors[patches]
    most = float(abs(values).max()) or 1.0
    is_told = [errors is None or bool(abs(value) > errors[at]) for at, value in enumerate(values)]
    players = [found.players[at] for at in patches]
    figure = go.Figure(
        go.Scatter(
            x=[(p.span[1] + p.span[3]) / 2 for p in players],
            y=[(p.span[0] + p.span[2]) / 2 for p in players],
            mode="markers",
            marker={
                "size": 12,
                "symbol": "square",
                "opacity": 0,
                "color": values,
                "colorscale": [list(stop) for stop in DIVERGING],
                "cmin": -most,
                "cmax": most,
                "showscale": True,
                "colorbar": {"thickness": 8, "outlinewidth": 0, "tickfont": {"size": 11}, "nticks": 5},
            },
            customdata=[
                f"{value:+.4f}" + ("" if errors is None else f" ± {errors[at]:.2g}") for at, value in enumerate(values)
            ],
            hovertemplate="adds %{customdata}<extra></extra>",
        )
    )
    return figure.update_layout(
        height=round(WIDTH_PX / aspect) + 16,
        meta={"aspect": aspect},  # where there is less room, it is no taller than that
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        dragmode=False,
        images=[_picture(jpeg)] if jpeg else [],
        shapes=[_cell(p, v / most, told) for p, v, told in zip(players, values, is_told, strict=True)],
        xaxis={"range": [0, 1], "visible": False, "fixedrange": True, "constrain": "domain"},
        yaxis={
            "range": [1, 0],
            "visible": False,
            "fixedrange": True,
            "scaleanchor": "x",
            "scaleratio": 1 / aspect,
            "constrain": "domain",
        },
    )


def _picture(jpeg: bytes) -> dict:
    return {
        "source": "data:image/jpeg;base64," + base64.b64encode(jpeg).decode(),
        "xref": "x",
        "yref": "y",
        "x": 0,
        "y": 0,
        "sizex": 1,
        "sizey": 1,
        "sizing": "stretch",
        "layer": "below",
    }


def _cell(player: Player, share: float, is_told: bool) -> dict:
    top, left, bottom, right = player.span
    return {
        "type": "rect",
        "x0": left,
        "x1": right,
        "y0": top,
        "y1": bottom,
        "fillcolor": signed_colour(0.75 * share, 1.0) if is_told else "rgba(0,0,0,0)",
        "line": {"width": 0.5, "color": "rgba(128,128,128,0.5)"},
    }
