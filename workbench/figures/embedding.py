"""Items of an embedding space on a map, coloured by what is known of them.

Separate because its axes mean nothing by themselves: no ticks, no zero, one length in all directions. What is torn from
its neighbours is drawn hollow, and what was placed later is smaller than what the map is made of.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from workbench.figures.palette import COLOUR_BAR, QUERY_COLOURS, SEQUENTIAL, query_colour
from workbench.types.embedding import ASKED, GROUP, EmbeddingMap

HEIGHT_PX = 560
_OTHER = "#999999"
_MOST_COLOURS = len(QUERY_COLOURS) - 1  # the last of them is grey, which here is what has no colour of its own
_SIZES = {"frame": 6, "segment": 9, "video": 12, "sentence": 11, "picture": 13, "row": 6}
_SOLID = {
    "frame": "circle",
    "segment": "circle",
    "video": "square",
    "sentence": "diamond",
    "picture": "star",
    "row": "circle",
}
_MANY = 5_000
_SMALLEST = 2.5


@dataclass(frozen=True, eq=False)
class _Class:
    """Some rows of one colour, with the name that the legend has."""

    name: str
    rows: np.ndarray
    colour: str


def colourings(found: EmbeddingMap) -> list[str]:
    """Return by what a map can be coloured: its groups, and what is known of its items."""
    return [*([GROUP] if found.groups else []), *found.items.columns]


def embedding_figure(found: EmbeddingMap, colour_by: str = "", path_of: str = "") -> go.Figure:
    """Return the map; ``colour_by`` is one of ``colourings``, ``path_of`` the id of a film whose items are joined.

    ``customdata`` of every point is the number of its row.
    """
    colour_by = colour_by if colour_by in colourings(found) else colourings(found)[0]
    figure = go.Figure(_path(found, path_of))
    is_asked = np.array([kind in ASKED for kind in found.items.kinds])
    rows = np.flatnonzero(~is_asked)
    values = found.items.columns.get(colour_by)
    if values is not None and values.dtype.kind == "f":
        figure.add_trace(_points(found, rows, "", _scale(values[rows], colour_by)))
    else:
        for each in _classes(found, rows, colour_by):
            figure.add_trace(_points(found, each.rows, escape(each.name), {"color": each.colour}))
    if is_asked.any():
        figure.add_trace(_asked(found, np.flatnonzero(is_asked)))
    return _laid_out(figure, found)


def _classes(found: EmbeddingMap, rows: np.ndarray, colour_by: str) -> Iterator[_Class]:
    """Yield the largest classes, each in a colour of its own, after all others in grey, which lie beneath."""
    names = _class_names(found, colour_by)[rows]
    kinds, counts = np.unique(names[names != ""], return_counts=True)
    largest = kinds[np.lexsort((kinds, -counts))][:_MOST_COLOURS]
    others = rows[~np.isin(names, largest)]
    if len(others):
        yield _Class("no group" if colour_by == GROUP and len(kinds) <= _MOST_COLOURS else "others", others, _OTHER)
    for name, colour in zip(largest.tolist(), QUERY_COLOURS, strict=False):
        yield _Class(name, rows[names == name], colour)


def _class_names(found: EmbeddingMap, colour_by: str) -> np.ndarray:
    if colour_by != GROUP or found.groups is None:
        return found.items.columns[colour_by]
    labels = np.full(len(found.items), -1)
    labels[found.is_fitted] = found.groups.labels
    titles = [f"{number + 1}  {name}".rstrip() for number, name in enumerate(found.groups.names)]
    return np.array([*titles, ""])[labels]


def _scale(values: np.ndarray, title: str) -> dict[str, Any]:
    return {"color": values, "colorscale": SEQUENTIAL, "colorbar": {**COLOUR_BAR, "title": {"text": escape(title)}}}


def _points(found: EmbeddingMap, rows: np.ndarray, name: str, colours: dict[str, Any]) -> Any:
    items = found.items
    shrink = 1.0 if len(items) <= _MANY else max(_SMALLEST / _SIZES["frame"], (_MANY / len(items)) ** 0.5)
    kinds = [items.kinds[row] for row in rows]
    symbols = [_SOLID[kind] + "-open" * torn for kind, torn in zip(kinds, found.is_torn[rows].tolist(), strict=True)]
    sizes = [
        _SIZES[kind] * shrink * (1.0 if fitted else 0.75)
        for kind, fitted in zip(kinds, found.is_fitted[rows].tolist(), strict=True)
    ]
    marker = {"size": sizes, "symbol": symbols, "opacity": 0.85, "line": {"width": 0}, **colours}
    return _trace(found, rows, mode="markers", marker=marker, name=name, showlegend=bool(name))


def _asked(found: EmbeddingMap, rows: np.ndarray) -> Any:
    """Return what is looked for: sentences and pictures, each with its words beside it."""
    kinds = [found.items.kinds[row] for row in rows]
    labels = [f"“{found.items.labels[row]}”" for row in rows]
    marker = {
        "size": [_SIZES[kind] for kind in kinds],
        "symbol": [_SOLID[kind] for kind in kinds],
        "color": [query_colour(number) for number in range(len(rows))],
        "line": {"width": 1},
    }
    return _trace(found, rows, mode="markers+text", marker=marker, textposition="top center", text=labels, name="")


def _path(found: EmbeddingMap, video: str) -> list[Any]:
    """Return the items of a film as a line through time, or nothing."""
    items = found.items
    kind = items.kinds[0]
    rows = np.array(
        [row for row, of in enumerate(items.videos) if of == video and items.kinds[row] == kind and video], int
    )
    if len(rows) < 2:
        return []
    rows = rows[np.argsort(items.spans_s[rows, 0], kind="stable")]
    return [_trace(found, rows, mode="lines", line={"width": 1}, hoverinfo="skip", hovertemplate=None, name="path")]


def _trace(found: EmbeddingMap, rows: np.ndarray, **more: Any) -> Any:
    axes = dict(zip("xyz", found.coords[rows].T, strict=False))
    shown = {
        "customdata": rows,
        "hovertext": [_hover(found, row) for row in rows.tolist()],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "showlegend": False,
        **more,
    }
    return (go.Scatter3d if len(axes) == 3 else go.Scattergl)(**axes, **shown)


def _hover(found: EmbeddingMap, row: int) -> str:
    said = [found.items.described(row)]
    if found.is_torn[row]:
        said.append("its neighbours are elsewhere")
    return "<br>".join(map(escape, said))


def _laid_out(figure: go.Figure, found: EmbeddingMap) -> go.Figure:
    titles = [f"{share:.0%} of the variance" for share in found.shares] or ["", "", ""]
    bare = {"showticklabels": False, "zeroline": False, "showgrid": False, "ticks": ""}
    axes = [{**bare, "title": {"text": title, "font": {"size": 11}}} for title in titles]
    common = {
        "height": HEIGHT_PX,
        "margin": {"l": 24, "r": 8, "t": 8, "b": 24},
        "legend": {"itemsizing": "constant", "font": {"size": 11}},
        "meta": {"space": True},
        "uirevision": zlib.crc32(found.coords[found.is_fitted].tobytes()),  # another map is seen whole
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }
    if found.coords.shape[1] == 3:
        scene = dict(zip(("xaxis", "yaxis", "zaxis"), axes, strict=True)) | {"aspectmode": "data"}
        return figure.update_layout(**common, scene=scene)
    return figure.update_layout(
        **common, xaxis=axes[0], yaxis={**axes[1], "scaleanchor": "x"}, dragmode="pan", hovermode="closest"
    )
