"""Items of an embedding space on a map, coloured by what is known of them.

Separate because its axes mean nothing by themselves: no ticks, no zero, one length in all directions. What is torn from
its neighbours is drawn hollow, and what was placed later is smaller than what the map is made of. A class has a number
beside its colour, in the legend and beside its points.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go

from workbench.figures.beside import beside
from workbench.figures.palette import COLOUR_BAR, QUERY_COLOURS, SEQUENTIAL, query_colour
from workbench.types.embedding import ASKED, GROUP, EmbeddingMap

HEIGHT_PX = 560
_OTHER = QUERY_COLOURS[-1]
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
_IN_SPACE = {"picture": "cross"}  # plotly has no star in three axes, and no hollow cross
_LETTER_PX, _WORDS_PX = 7.0, 14.0
"""How wide a letter is of the words beside a point, and how far above it they stand."""
_MANY = 5_000
_SMALLEST = 2.5


@dataclass(frozen=True, eq=False)
class _Class:
    """Some rows of one colour, with a name and a number, of which either may be missing."""

    name: str
    number: str
    rows: np.ndarray
    colour: str

    @property
    def said(self) -> str:
        """What the legend says of it."""
        return f"{self.number}  {self.name}".strip()


def colourings(found: EmbeddingMap) -> list[str]:
    """Return by what a map can be coloured: its groups, and what is known of its items."""
    return [*([GROUP] if found.groups else []), *found.items.columns]


def embedding_figure(found: EmbeddingMap, colour_by: str = "", path_of: str = "") -> go.Figure:
    """Return the map; ``colour_by`` is one of ``colourings``, ``path_of`` the id of a film whose items are joined.

    ``customdata`` of every point is the number of its row. Over a point nothing is said, see ``with_hover``.
    """
    offered = colourings(found)
    colour_by = colour_by if colour_by in offered else (offered or [""])[0]
    traces, more = _path(found, path_of), dict[str, Any]()
    kinds = np.fromiter(map(list(_SOLID).index, found.items.kinds), int, len(found.items))
    is_asked = np.isin(kinds, [list(_SOLID).index(kind) for kind in ASKED])
    look = 4 * kinds + 2 * found.is_torn + found.is_fitted
    rows = np.flatnonzero(~is_asked)
    values = found.items.columns.get(colour_by)
    if values is not None and values.dtype.kind == "f":
        more = {"coloraxis": _scale(colour_by)}
        for alike in _alike(rows, look):
            known = np.isfinite(values[alike]).any()
            colour = {"color": values[alike], "coloraxis": "coloraxis"} if known else {"color": _OTHER}
            traces.append(_points(found, alike, colour))
    else:
        classes = list(_classes(found, rows, colour_by))
        more = {"annotations": _numbers(found, classes)}
        for number, each in enumerate(classes):
            for at, alike in enumerate(_alike(each.rows, look)):
                # A class that is hidden by its entry in the legend stays so by its ``uid`` in the figure that follows.
                uid = f"{colour_by} {each.number * (colour_by == GROUP)} {each.name} {at}"
                legend = {"name": escape(each.said), "legendgroup": str(number), "uid": uid}
                is_first = bool(each.said) and at == 0
                traces.append(_points(found, alike, {"color": each.colour}, **legend, showlegend=is_first))
    if is_asked.any():
        traces.append(_asked(found, np.flatnonzero(is_asked)))
    # All at once: the library looks over the whole figure at every part that is added.
    return go.Figure(traces, _layout(found) | more)


def with_hover(figure: go.Figure, found: EmbeddingMap) -> go.Figure:
    """Return a map on which every point says what it is once pointed at, with no script but plotly's own."""
    for trace in figure.data:
        if trace.mode != "lines":
            said = [_hover(found, row) for row in np.asarray(trace.customdata).tolist()]
            trace.update(hoverinfo="text", hovertext=said, hovertemplate="%{hovertext}<extra></extra>")
    return figure


def _classes(found: EmbeddingMap, rows: np.ndarray, colour_by: str) -> Iterator[_Class]:
    """Yield the largest classes, each in a colour of its own, after all others in grey, which lie beneath."""
    if not colour_by:  # nothing is known of them
        yield _Class("", "", rows, query_colour(0))
        return
    names, labels = _named_classes(found, colour_by)
    labels = labels[rows]
    kinds, counts = np.unique(labels[labels >= 0], return_counts=True)
    largest = kinds[np.lexsort((kinds, -counts))][:_MOST_COLOURS]
    others = rows[~np.isin(labels, largest)]
    if len(others):
        name = "no group" if colour_by == GROUP and len(kinds) <= _MOST_COLOURS else "others"
        yield _Class(name, "", others, _OTHER)
    for place, (label, colour) in enumerate(zip(largest.tolist(), QUERY_COLOURS, strict=False)):
        number = str((label if colour_by == GROUP else place) + 1)  # a group has its own
        yield _Class(names[label], number, rows[labels == label], colour)


def _numbers(found: EmbeddingMap, classes: list[_Class]) -> list[dict[str, Any]]:
    """Return the number of every class beside the point in its middle; none in three axes, where it would float."""
    if found.coords.shape[1] == 3:
        return []
    middles = []
    for each in classes:
        if each.number:
            coords = found.coords[each.rows]
            middles.append(coords[np.square(coords - np.median(coords, axis=0)).sum(1).argmin()].tolist())
    if not middles:
        return []
    numbers = [each.number for each in classes if each.number]
    spots = beside(np.array(middles), *_marks(found))
    return [
        {
            "x": x,
            "y": y,
            "xshift": right,
            "yshift": up,
            "text": number,
            "showarrow": False,
            "font": {"size": 13, "weight": 600},
        }
        for (x, y), number, (right, up) in zip(middles, numbers, spots, strict=True)
    ]


def _marks(found: EmbeddingMap) -> tuple[np.ndarray, np.ndarray]:
    """Return where items, and the words beside some, are drawn: coordinates, and how many pixels right and up."""
    rows, shifts_px = list(range(len(found.items))), [(0.0, 0.0)] * len(found.items)
    for row in np.flatnonzero(np.isin(found.items.kinds, ASKED)).tolist():
        half_px = (len(found.items.labels[row]) + 2) * _LETTER_PX / 2
        words = [(right, _WORDS_PX) for right in np.arange(-half_px, half_px + 1, _LETTER_PX)]
        rows, shifts_px = rows + [row] * len(words), shifts_px + words
    return found.coords[rows], np.array(shifts_px)


def _named_classes(found: EmbeddingMap, colour_by: str) -> tuple[list[str], np.ndarray]:
    """Return the classes of a colouring by words, and which of them each item is of, -1 for none."""
    if colour_by != GROUP or found.groups is None:
        names, labels = np.unique(found.items.columns[colour_by], return_inverse=True)
        return names.tolist(), np.where(names[labels] == "", -1, labels)
    labels = np.full(len(found.items), -1)
    labels[found.is_fitted] = found.groups.labels
    return list(found.groups.names), labels


def _scale(title: str) -> dict[str, Any]:
    return {"colorscale": SEQUENTIAL, "colorbar": {**COLOUR_BAR, "title": {"text": escape(title)}}}


def _alike(rows: np.ndarray, look: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the rows by symbol and size: a trace whose points all look alike is sent, and drawn, many times faster."""
    for each in np.unique(look[rows]):
        yield rows[look[rows] == each]


def _points(found: EmbeddingMap, rows: np.ndarray, colours: dict[str, Any], **more: Any) -> Any:
    """Return points that look alike."""
    items, first = found.items, rows[0]
    kind = items.kinds[first]
    shrink = 1.0 if len(items) <= _MANY else max(_SMALLEST / _SIZES["frame"], (_MANY / len(items)) ** 0.5)
    marker = {
        "size": _SIZES[kind] * shrink * (1.0 if found.is_fitted[first] else 0.75),
        "symbol": _SOLID[kind] + "-open" * bool(found.is_torn[first]),
        "opacity": 0.85,
        "line": {"width": int(found.is_torn[first])},  # of a hollow one nothing but its line is seen
    }
    return _trace(found, rows, mode="markers", marker=marker | colours, **more)


def _asked(found: EmbeddingMap, rows: np.ndarray) -> Any:
    """Return what is looked for: sentences and pictures, each with its words beside it."""
    kinds = [found.items.kinds[row] for row in rows]
    labels = [f"“{found.items.labels[row]}”" for row in rows]
    solid = _SOLID if found.coords.shape[1] == 2 else _SOLID | _IN_SPACE
    marker = {
        "size": [_SIZES[kind] for kind in kinds],
        "symbol": [
            solid[kind] + "-open" * (is_torn and solid[kind] != "cross")
            for kind, is_torn in zip(kinds, found.is_torn[rows].tolist(), strict=True)
        ],
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
    return [_trace(found, rows, mode="lines", line={"width": 1}, hoverinfo="skip", name="path")]


def _trace(found: EmbeddingMap, rows: np.ndarray, **more: Any) -> Any:
    axes = dict(zip("xyz", found.coords[rows].T, strict=False))
    shown = {"customdata": rows, "hoverinfo": "none", "showlegend": False, **more}
    return (go.Scatter3d if len(axes) == 3 else go.Scattergl)(**axes, **shown)


def _hover(found: EmbeddingMap, row: int) -> str:
    said = [found.items.described(row)]
    if found.is_torn[row]:
        said.append("its neighbours are elsewhere")
    return "<br>".join(map(escape, said))


def _layout(found: EmbeddingMap) -> dict[str, Any]:
    titles = [f"{share:.0%} of the variance" for share in found.shares] or ["", "", ""]
    bare = {"showticklabels": False, "zeroline": False, "showgrid": False, "ticks": ""}
    axes = [{**bare, "title": {"text": title, "font": {"size": 11}}} for title in titles]
    common = {
        "height": HEIGHT_PX,
        "margin": {"l": 24, "r": 8, "t": 8, "b": 24},
        "legend": {"itemsizing": "constant", "tracegroupgap": 0, "font": {"size": 11}},
        "uirevision": zlib.crc32(found.coords[found.is_fitted].tobytes()),  # another map is seen whole
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
    }
    if found.coords.shape[1] == 3:
        scene = dict(zip(("xaxis", "yaxis", "zaxis"), axes, strict=True)) | {"aspectmode": "data"}
        return common | {"scene": scene}
    yaxis = {**axes[1], "scaleanchor": "x"}
    return common | {"xaxis": axes[0], "yaxis": yaxis, "dragmode": "pan", "hovermode": "closest"}
