"""Heat maps on the page: one over its picture, and the layers of all of them.

Separate from their pixels, which need no plotly, and from what patches add, which is drawn patch by patch.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from workbench.figures.heat import heat_rgba, reach
from workbench.figures.on_picture import jpeg_uri, over_picture, picture_layout
from workbench.figures.palette import COLOUR_BAR, DIVERGING, RISING
from workbench.figures.png import png_uri
from workbench.types.maps import HeatMaps

LAYER_PX = 320
"""The longer side of a layer, which the browser enlarges."""


def heat_figure(maps: HeatMaps, at: int, jpeg: bytes, aspect: float, opacity: float) -> go.Figure:
    """Return map number ``at`` over its picture, ``aspect`` times as wide as tall; every cell tells its value.

    An outline goes round what the network sees, where that is not the whole picture.
    """
    top, left, bottom, right = maps.seen
    rows, columns = maps.grid
    figure = go.Figure(
        go.Heatmap(
            x=np.linspace(left, right, columns + 1),
            y=np.linspace(top, bottom, rows + 1),
            z=maps.values[at].reshape(rows, columns),
            coloraxis="coloraxis",
            opacity=0,
            hovertemplate=f"%{{z:{_format(maps)}}}<extra></extra>",
        )
    )
    is_cropped = max(top, left) > 0 or min(bottom, right) < 1
    return figure.update_layout(
        picture_layout(aspect),
        images=[
            *([over_picture(jpeg_uri(jpeg))] if jpeg else []),
            over_picture(layer_uri(maps, at, aspect, opacity), "above"),
        ],
        shapes=[_outline(max(top, 0.0), max(left, 0.0), min(bottom, 1.0), min(right, 1.0))] if is_cropped else [],
        coloraxis={
            "colorscale": [list(stop) for stop in (DIVERGING if maps.is_signed else RISING)],
            "cmin": -(reach(maps) or 1.0) if maps.is_signed else 0.0,
            "cmax": reach(maps) or 1.0,
            "colorbar": COLOUR_BAR,
        },
    )


def layer_uri(maps: HeatMaps, at: int, aspect: float, opacity: float = 1.0, longer_px: int = LAYER_PX) -> str:
    """Return map number ``at`` as a picture with transparency that covers a frame ``aspect`` times as wide as tall."""
    return png_uri(heat_rgba(maps, at, *_size(longer_px, aspect), opacity))


def _size(longer_px: int, aspect: float) -> tuple[int, int]:
    """Return height and width in pixels."""
    return max(1, round(longer_px / max(aspect, 1.0))), max(1, round(longer_px * min(aspect, 1.0)))


def _format(maps: HeatMaps) -> str:
    return "+.3g" if maps.is_signed else ".3g"


def _outline(top: float, left: float, bottom: float, right: float) -> dict:
    return {
        "type": "rect",
        "x0": left,
        "x1": right,
        "y0": top,
        "y1": bottom,
        "line": {"width": 1, "color": "rgba(255,255,255,0.7)"},
    }
