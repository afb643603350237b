"""What every point of a map is, as the page's script needs it: its film, its span, what is said of it.

Separate because maps of one model and of two are of the same items, and one script reads both.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import orjson
from jaxtyping import Bool, Int64

from workbench.analyses.spaces import told_apart
from workbench.types.embedding import Items


@dataclass(frozen=True, eq=False)
class Said:
    """What is said of points in a table: ``names`` under a ``title``, and which of them is of each row, -1 for none."""

    title: str
    names: Sequence[str]
    of: Int64[np.ndarray, "item"]


@dataclass(frozen=True, eq=False)
class Pointed:
    """A plotly figure, and what each row of it is, in plain JSON types; ``text`` is both as the page takes them.

    Apart from the figure, as plotly's Python copies what is in a figure's ``meta`` several times, number by number.
    """

    figure: Any
    meta: dict[str, Any]
    text: str


def with_points(figure: Any, items: Items, here: str, said: Said, is_torn: Bool[np.ndarray, "item"]) -> Pointed:
    """Return a map with what each of its rows is; ``here`` is the film on show."""
    films = list(dict.fromkeys(items.videos))
    number = {film: at for at, film in enumerate(films)}
    spans_s = items.spans_s.round(3).astype(object)
    spans_s[np.isnan(items.spans_s)] = None
    meta = {
        "key": zlib.crc32("\n".join(items.names).encode()),
        "here": here,
        "films": [[film, _title(items, film)] for film in films],
        "film": [number[video] for video in items.videos],
        "spans": spans_s.tolist(),
        "labels": {str(row): label for row, label in enumerate(items.labels) if not items.videos[row]},
        "said": {"title": said.title, "names": list(said.names), "of": said.of.tolist()},
        "torn": np.flatnonzero(is_torn).tolist(),
    }
    text = f'{{"figure": {figure.to_json(validate=False)}, "meta": {orjson.dumps(meta).decode()}}}'
    return Pointed(figure, meta, text)


def titled(items: Items, titles: dict[str, str]) -> Items:
    """Return the items with films called by ``titles``, where these have them: as their visitor calls them."""
    there = set(items.videos)
    called = told_apart({film: title for film, title in titles.items() if film in there})
    own = [called.get(video, "") for video in items.videos]
    column = np.array([title or str(old) for title, old in zip(own, items.columns["video"], strict=True)])
    labels = [
        title if title and kind in ("video", "picture") else label
        for title, kind, label in zip(own, items.kinds, items.labels, strict=True)
    ]
    return replace(items, labels=tuple(labels), columns={**items.columns, "video": column})


def _title(items: Items, film: str) -> str:
    return str(items.columns["video"][items.videos.index(film)]) if film else ""
