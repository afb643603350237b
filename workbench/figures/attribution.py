"""An attribution as one picture for a notebook or a page of its own, whoever its players are.

Separate from the pictures it chooses among, each of which stands in its own place on the page.
"""

from __future__ import annotations

import plotly.graph_objects as go

from workbench.core.crossing import crossing
from workbench.figures.interactions import interactions_figure
from workbench.figures.palette import LESS, MORE
from workbench.figures.patch_values import patch_values_figure
from workbench.figures.rows import escaped
from workbench.figures.values import values_figure
from workbench.types.attribution import Attribution
from workbench.types.video import VideoInfo

ROW_PX = 26


def attribution_figure(found: Attribution, video: VideoInfo, jpeg: bytes = b"") -> go.Figure:
    """Return the matrix where players of two kinds take part, else the values in time, in the picture, or as a list.

    ``jpeg`` is the picture whose patches play.
    """
    seen, said = crossing(found)
    if seen and said:
        return interactions_figure(found)
    if said:
        return players_figure(found)
    if found.players[0].kind == "patch":
        return patch_values_figure(found, jpeg, video.width_px / video.height_px)
    return values_figure(found, (), video.duration_s)


def players_figure(found: Attribution) -> go.Figure:
    """Return a bar a player, in order from the top, with intervals of 95 % where values are estimated."""
    errors = None if found.value_errors is None else {"type": "data", "array": 1.96 * found.value_errors}
    figure = go.Figure(
        go.Bar(
            x=found.values,
            y=list(range(len(found.players))),
            orientation="h",
            error_x=errors,
            marker={"color": [f"rgb{MORE if value > 0 else LESS}" for value in found.values]},
            hovertemplate="%{customdata} adds %{x:+.4f}<extra></extra>",
            customdata=[escaped(player.label) for player in found.players],
        )
    )
    return figure.update_layout(
        height=ROW_PX * len(found.players) + 64,
        margin={"l": 8, "r": 8, "t": 8, "b": 44},
        showlegend=False,
        dragmode=False,
        xaxis={"title": {"text": "what each adds to the score"}, "fixedrange": True},
        yaxis={
            "tickvals": list(range(len(found.players))),
            "ticktext": [escaped(player.label) for player in found.players],
            "autorange": "reversed",
            "automargin": True,
            "fixedrange": True,
        },
    )
