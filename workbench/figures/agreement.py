"""How far methods agree on one picture: a square of rank correlations, with a number in every cell.

Separate because both of its sides are methods.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from workbench.figures.palette import DIVERGING, TEXT_SHARE
from workbench.figures.rows import escaped
from workbench.types.maps import Agreement

CELL_PX, NAMES_PX = 44, 96


def agreement_figure(agreement: Agreement) -> go.Figure:
    """Return the matrix of rank correlations, from -1 to 1; a dash stands where there is none."""
    names = [escaped(method) for method in agreement.methods]
    places = list(range(len(names)))
    known = np.round(agreement.correlations, 2) + 0.0  # no minus before a zero
    cells = go.Heatmap(
        x=places,
        y=places,
        z=known,
        text=[
            [f"{one} and {other}<br>{_number(known[a, b])}" for b, other in enumerate(names)]
            for a, one in enumerate(names)
        ],
        zmin=-1 / TEXT_SHARE,
        zmax=1 / TEXT_SHARE,
        colorscale=[list(stop) for stop in DIVERGING],
        showscale=False,
        xgap=1,
        ygap=1,
        hoverongaps=False,
        hovertemplate="%{text}<extra></extra>",
    )
    numbers = go.Scatter(
        x=places * len(places),
        y=np.repeat(places, len(places)),
        text=[_number(value) for value in known.ravel()],
        mode="text",
        meta="wide",  # where there is less room, numbers would lie on one another
        textfont={"size": 10},
        hoverinfo="skip",
    )
    ends = [-0.5, len(places) - 0.5]
    side = {"tickvals": places, "ticktext": names, "showgrid": False, "zeroline": False, "fixedrange": True}
    side |= {"constrain": "domain", "automargin": True, "ticklabelstandoff": 4}
    return go.Figure([cells, numbers]).update_layout(
        height=CELL_PX * len(places) + NAMES_PX,
        meta={"aspect": 1.0},
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        dragmode=False,
        xaxis=side | {"range": ends, "side": "top", "tickangle": -90},
        yaxis=side | {"range": ends[::-1], "scaleanchor": "x"},
    )


def _number(value: float) -> str:
    return "\N{EN DASH}" if np.isnan(value) else f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
