"""A figure whose axes are the sides of a picture: where the picture stands, and how tall the figure is.

Separate because patches and heat maps lie over the same picture in the same way.
"""

from __future__ import annotations

import base64
from typing import Literal

WIDTH_PX, MAX_HEIGHT_PX = 480, 560


def picture_layout(aspect: float) -> dict:
    """Return the layout of a figure over a picture, ``aspect`` times as wide as tall; both axes go from 0 to 1."""
    return {
        "height": round(min(WIDTH_PX / aspect, MAX_HEIGHT_PX)) + 16,
        "meta": {"aspect": aspect},  # where there is less room, it is no taller than that
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "dragmode": False,
        "xaxis": {"range": [0, 1], "visible": False, "fixedrange": True, "constrain": "domain"},
        "yaxis": {
            "range": [1, 0],
            "visible": False,
            "fixedrange": True,
            "scaleanchor": "x",
            "scaleratio": 1 / aspect,
            "constrain": "domain",
        },
    }


def over_picture(uri: str, layer: Literal["below", "above"] = "below") -> dict:
    """Return an image that covers the whole picture, below what is drawn on it, or above.

    One in each layer at most: of several images in the same place plotly draws the first.
    """
    return {
        "source": uri,
        "xref": "x",
        "yref": "y",
        "x": 0,
        "y": 0,
        "sizex": 1,
        "sizey": 1,
        "sizing": "stretch",
        "layer": layer,
    }


def jpeg_uri(jpeg: bytes) -> str:
    """Return a JPEG file as a data URI."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
