"""A figure as a part of a page that stands on its own.

Separate because every kind of report has figures, and in each they look, and can be handled, alike.
"""

from __future__ import annotations

import plotly.graph_objects as go

_BUTTONS_PX = 32
_NEUTRAL = "#8a8a8a"
"""What has no colour of its own, as on the page."""
# The library has a button that sends the figure, with all its data, to its makers.
_CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["sendChartToCloud"]}


def figure_html(figure: go.Figure) -> str:
    """Return a figure as HTML on plain white; what the pointer can do with it stands above all that it shows."""
    margin, height = figure.layout.margin.t, figure.layout.height
    figure.update_layout(
        paper_bgcolor="white",
        plot_bgcolor="white",
        colorway=[_NEUTRAL],
        margin_t=margin + _BUTTONS_PX,
        height=height + _BUTTONS_PX,
    )
    return figure.to_html(full_html=False, include_plotlyjs=False, config=_CONFIG)
