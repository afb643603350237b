"""What single heads look at: a small map for every layer and head, and how frames look at one another.

Separate because these are parts of a network, where other figures are of what it answers.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from workbench.figures.clock import clock_label
from workbench.figures.palette import COLOUR_BAR, DIVERGING, SEQUENTIAL
from workbench.types.maps import HeatMaps

WIDTH_PX, SIDES_PX, MAX_HEIGHT_PX = 720, 120, 900
MAX_TICKS = 5
SHOWN_QUANTILE = 0.995
"""Share of all values that the colours reach to: a single cell of a single head would leave all others dark."""

_LABEL = {"showarrow": False, "font": {"size": 11}, "opacity": 0.7, "borderpad": 0, "xref": "x", "yref": "y"}


def heads_figure(maps: HeatMaps, at: int) -> go.Figure:
    """Return what each head gives to the cells of picture ``at``: layers from the top, heads from the left, from 1.

    Colours are the same for all pictures, layers and heads.
    """
    assert maps.by_head is not None
    tiles = maps.by_head[at]
    n_layers, n_heads = tiles.shape[:2]
    rows, columns = maps.grid
    is_signed = bool((maps.by_head < 0).any())
    most = float(np.quantile(np.abs(maps.by_head), SHOWN_QUANTILE)) or float(np.abs(maps.by_head).max()) or 1.0
    mosaic = np.full((n_layers, rows + 1, n_heads, columns + 1), np.nan, dtype=np.float32)
    mosaic[:, :rows, :, :columns] = tiles.reshape(n_layers, n_heads, rows, columns).transpose(0, 2, 1, 3)
    height, width = n_layers * (rows + 1) - 1, n_heads * (columns + 1) - 1
    figure = go.Figure(
        go.Heatmap(
            x=_places("head", n_heads, "column", columns),
            y=_places("layer", n_layers, "row", rows),
            z=mosaic.reshape(height + 1, width + 1)[:height, :width],
            zmin=-most if is_signed else 0.0,
            zmax=most,
            colorscale=[list(stop) for stop in DIVERGING] if is_signed else SEQUENTIAL,
            colorbar=COLOUR_BAR | (_ending(most, is_signed) if (np.abs(maps.by_head) > most).any() else {}),
            hoverongaps=False,
            hovertemplate=f"%{{y}}<br>%{{x}}<br>%{{z:{'+' if is_signed else ''}.3g}}<extra></extra>",
        )
    )
    places = [
        *(_number(str(head + 1), "x", head * (columns + 1) + (columns - 1) / 2) for head in range(n_heads)),
        *(_number(str(layer + 1), "y", layer * (rows + 1) + (rows - 1) / 2) for layer in range(n_layers)),
    ]
    tall_px = (WIDTH_PX - SIDES_PX) * height / width
    side = {"visible": False, "fixedrange": True, "constrain": "domain"}
    return figure.update_layout(
        height=round(min(tall_px, MAX_HEIGHT_PX)) + 32,
        meta={"aspect": WIDTH_PX / tall_px},  # where there is less room, it is no taller than that
        margin={"l": 56, "r": 8, "t": 24, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        dragmode=False,
        annotations=[*places, *_titles((rows - 1) / 2)],
        shapes=[*_rules("x", n_heads, columns + 1, height), *_rules("y", n_layers, rows + 1, width)],
        xaxis=side | {"type": "category", "range": [-0.5, width - 0.5]},
        yaxis=side | {"type": "category", "range": [height - 0.5, -0.5], "scaleanchor": "x", "constraintoward": "top"},
    )


def between_frames_figure(maps: HeatMaps, layer: int, head: int | None) -> go.Figure:
    """Return how much each frame of a window, a row, looks at each, a column, in a layer; both are counted from 0.

    Without a head it is the mean over heads. Colours are the same for all layers. ``customdata`` of a cell are the
    seconds of the frame that is looked at and of the one that looks.
    """
    assert maps.between_frames is not None
    assert maps.frame_times_s is not None
    looks = maps.between_frames.mean(axis=1) if head is None else maps.between_frames[:, head]
    seconds = np.round(maps.frame_times_s, 3)
    labels = [clock_label(float(second), 0.1) for second in seconds]
    places = list(range(len(labels)))
    shown = places[:: -(-len(places) // MAX_TICKS)]
    figure = go.Figure(
        go.Heatmap(
            x=places,
            y=places,
            z=looks[layer],
            text=[[f"the frame at {one} looks at that at {other}" for other in labels] for one in labels],
            customdata=np.stack(np.meshgrid(seconds, seconds), axis=-1),
            zmin=0.0,
            zmax=float(looks.max()) or 1.0,
            colorscale=SEQUENTIAL,
            colorbar=COLOUR_BAR,
            xgap=1,
            ygap=1,
            hovertemplate="%{text}<br>%{z:.3f}<extra></extra>",
        )
    )
    ends = [-0.5, len(places) - 0.5]
    side = {"tickvals": shown, "ticktext": [labels[place] for place in shown], "showgrid": False, "zeroline": False}
    side |= {"constrain": "domain", "fixedrange": True, "automargin": True}
    return figure.update_layout(
        height=400,
        margin={"l": 8, "r": 8, "t": 8, "b": 44},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        dragmode=False,
        xaxis=side | {"title": {"text": "frame that is looked at"}, "range": ends, "tickangle": 0},
        yaxis=side | {"title": {"text": "frame that looks"}, "range": ends[::-1], "scaleanchor": "x"},
    )


def _places(tile: str, n_tiles: int, cell: str, n_cells: int) -> list[str]:
    """Return the name of every row or column of the mosaic, gaps between tiles with one of their own."""
    names = [
        f"{tile} {of_tile + 1}, {cell} {of_cell + 1}" if of_cell < n_cells else f"after {tile} {of_tile + 1}"
        for of_tile in range(n_tiles)
        for of_cell in range(n_cells + 1)
    ]
    return names[:-1]


def _number(shown: str, axis: str, place: float) -> dict:
    """Return the number of a head above its column, or of a layer beside its row."""
    beside = {"x": {"y": -0.5, "yanchor": "bottom", "yshift": 2}, "y": {"x": -0.5, "xanchor": "right", "xshift": -4}}
    return _LABEL | beside[axis] | {"text": shown, axis: place}


def _titles(first_row: float) -> list[dict]:
    corner = _LABEL | {"x": -0.5, "xanchor": "right"}
    head = {"text": "head", "y": -0.5, "yanchor": "bottom", "xshift": -4, "yshift": 2}
    return [corner | head, corner | {"text": "layer", "y": first_row, "xshift": -20}]


def _ending(most: float, is_signed: bool) -> dict:
    """Return ticks of a scale that say that there is more beyond its end."""
    values = [-most, 0.0, most] if is_signed else [0.0, most / 2, most]
    told = [f"{value:.3g}".replace("-", "\N{MINUS SIGN}") for value in values]
    if is_signed:
        told[0] = f"≤ {told[0]}"
    return {"tickvals": values, "ticktext": [*told[:-1], f"≥ {told[-1]}"]}


def _rules(axis: str, n_tiles: int, step: int, length: int) -> list[dict]:
    """Return lines in the gaps between tiles, without which those of a signed map that are near zero have no border."""
    line = {"type": "line", "line": {"width": 0.5}, "opacity": 0.4, "layer": "below"}
    other = "y" if axis == "x" else "x"
    whole = {f"{other}0": -0.5, f"{other}1": length - 0.5}
    return [line | whole | {f"{axis}0": step * n - 1, f"{axis}1": step * n - 1} for n in range(1, n_tiles)]
