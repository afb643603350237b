"""What the patches of a picture add to a score, over the picture itself.

Separate because it has the picture's two axes, and shows what of it the model does not see.
"""

from __future__ import annotations

import plotly.graph_objects as go

from workbench.figures.on_picture import jpeg_uri, over_picture, picture_layout
from workbench.figures.palette import COLOUR_BAR, DIVERGING, signed_colour
from workbench.types.attribution import Attribution, Player


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
                "colorbar": COLOUR_BAR,
            },
            customdata=[
                f"{value:+.4f}" + ("" if errors is None else f" ± {errors[at]:.2g}") for at, value in enumerate(values)
            ],
            hovertemplate="adds %{customdata}<extra></extra>",
        )
    )
    return figure.update_layout(
        picture_layout(aspect),
        images=[over_picture(jpeg_uri(jpeg))] if jpeg else [],
        shapes=[_cell(p, v / most, told) for p, v, told in zip(players, values, is_told, strict=True)],
    )


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
