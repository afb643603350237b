"""Heat maps on the page: one over its picture, and all of them on the film's clock.

Separate from their pixels, which need no plotly, and from what patches add, which is drawn patch by patch.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float64

from workbench.figures.heat import heat_rgba, reach
from workbench.figures.on_picture import jpeg_uri, over_picture, picture_layout
from workbench.figures.palette import COLOUR_BAR, DIVERGING, RISING
from workbench.figures.png import png_uri
from workbench.figures.rows import GAP_PX, LABEL_PX, text, time_layout
from workbench.types import HeatMaps

LAYER_PX = 320
"""The longer side of a layer, which the browser enlarges."""

MAX_SMALL, SMALL_PX, SMALL_OPACITY = 24, 48, 0.8
"""Maps on the clock: how many at most, spread evenly over all, how tall, and how opaque over their pictures."""

FIRST_PX, POINTS_PX, RADIUS_PX = 4, 40, 4


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


def shown_small(n_maps: int) -> list[int]:
    """Return the numbers of the maps that are drawn on the clock."""
    return np.unique(np.linspace(0, n_maps - 1, min(n_maps, MAX_SMALL)).round().astype(int)).tolist()


def strip_figure(
    maps: HeatMaps,
    duration_s: float,
    aspect: float,
    at: int | None = None,
    jpegs: Mapping[int, bytes] = MappingProxyType({}),
) -> go.Figure:
    """Return the cosine of every picture that has a map, as a point at its time, above the maps themselves, small.

    Number ``at`` is the one on show. ``jpegs`` are the pictures under the maps, by number; only those of
    ``shown_small`` are drawn. ``layout.meta`` is that of the timeline with ``times_s``, one a map; its only row are
    points and maps together.
    """
    top = FIRST_PX + LABEL_PX
    low, high = float(maps.scores.min()), float(maps.scores.max())
    rise = (maps.scores - low) / (high - low) if high > low else np.full(len(maps.scores), 0.5)
    bottom = top + POINTS_PX
    y = np.round(bottom - RADIUS_PX - rise * (POINTS_PX - 2 * RADIUS_PX), 2)
    x = np.round(maps.times_s, 3)
    points = go.Scatter(
        x=x,
        y=y,
        mode="lines+markers" if len(x) > 1 else "markers",
        line={"width": 1},
        marker={"size": [2 * RADIUS_PX + (4 if one == at else 0) for one in range(len(x))], "line": {"width": 0}},
        customdata=maps.scores,
        hovertemplate="%{x:.1f} s<br>cosine %{customdata:.3f}<extra></extra>",
        cliponaxis=False,
    )
    span = " to ".join(dict.fromkeys(f"{value:.3f}" for value in (low, high))).replace("-", "\N{MINUS SIGN}")
    ending = text(f"cosine {span}", FIRST_PX)
    ending |= {"x": 1, "xanchor": "right", "font": {"size": 11}, "opacity": 0.7, "name": "range"}
    end = bottom + GAP_PX + SMALL_PX
    meta = {"rows": [(FIRST_PX, end)], "times_s": x.tolist()}
    return go.Figure(points).update_layout(
        time_layout(duration_s, end + GAP_PX, meta),
        annotations=[text("Pictures with a map, by their cosine", FIRST_PX), ending],
        images=_small_maps(maps, duration_s, aspect, bottom + GAP_PX, jpegs),
        shapes=[] if at is None else [_mark(float(x[at]), float(y[at]), bottom + GAP_PX)],
    )


def _small_maps(maps: HeatMaps, duration_s: float, aspect: float, top: int, jpegs: Mapping[int, bytes]) -> list[dict]:
    shown = shown_small(len(maps.times_s))
    centres_s, width_s = _beside_one_another(maps.times_s[shown], duration_s)
    images: list[dict] = []
    for number, centre_s in zip(shown, centres_s.tolist(), strict=True):
        jpeg = jpegs.get(number, b"")
        layer = heat_rgba(maps, number, SMALL_PX, max(1, round(SMALL_PX * aspect)), SMALL_OPACITY if jpeg else 1.0)
        place = {"x": round(centre_s, 3), "xref": "x", "xanchor": "center", "sizex": round(width_s, 3)}
        place |= {"y": top, "yref": "y", "sizey": SMALL_PX, "sizing": "contain"}
        images += [place | {"source": jpeg_uri(jpeg), "layer": "below"}] if jpeg else []
        images.append(place | {"source": png_uri(layer), "layer": "above"})
    return images


def _beside_one_another(
    times_s: Float64[np.ndarray, "map"], duration_s: float
) -> tuple[Float64[np.ndarray, "map"], float]:
    """Return centres as near to their times as maps of one width can be that neither overlap nor leave the film."""
    n_maps = len(times_s)
    width_s = float(np.diff(times_s).min(initial=duration_s / max(n_maps, 8)))
    first_s = width_s * (np.arange(n_maps) + 0.5)
    return np.clip(times_s, first_s, first_s + duration_s - n_maps * width_s), width_s


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


def _mark(x: float, y0: float, y1: float) -> dict:
    """Return the line from the point on show to its map."""
    return {"type": "line", "x0": x, "x1": x, "y0": y0, "y1": y1, "line": {"width": 1}, "opacity": 0.5}
