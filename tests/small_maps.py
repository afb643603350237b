"""A small map whose every point is known, for tests of what is drawn and said of one.

Separate because tests of figures, of the page and in a browser each need one, and none should map a film for it.
"""

from __future__ import annotations

import numpy as np

from workbench.types.embedding import EmbeddingMap, Items, Kind, Neighbours

FILM = "f" * 64
KINDS: tuple[Kind, ...] = ("frame",) * 6 + ("video", "sentence", "sentence", "picture")
TORN = (1, 4, 6, 7, 9)
"""Rows of the map whose neighbours are elsewhere: two frames, the film, a sentence and the picture."""


def small_map(axes: int = 2) -> EmbeddingMap:
    """Return six frames of a film on a circle, the film, two sentences and a picture inside it."""
    n_items, n_fitted = len(KINDS), 6
    angles = np.linspace(0, 2 * np.pi, n_items, endpoint=False)
    radii = np.where(np.arange(n_items) < n_fitted, 2.0, 1.0)
    coords = np.stack([radii * np.cos(angles), radii * np.sin(angles), angles], axis=1)[:, :axes]
    starts = np.arange(n_fitted, dtype=float)
    spans_s = np.full((n_items, 2), np.nan)
    spans_s[:n_fitted] = np.stack([starts, starts + 1], axis=1)
    spans_s[n_fitted] = 0, 6
    neighbours = np.stack([(row + 1 + np.arange(3)) % n_fitted for row in range(n_items)])
    labels = (*(f"0:0{at}.0" for at in range(n_fitted)), "a film", "a red <b>", "a blue one", "a still")
    known = ["dawn", "dawn", "", "dusk", "dusk", "dusk", "", "", "", ""]
    return EmbeddingMap(
        items=Items(
            names=tuple(f"{kind}:{row}" for row, kind in enumerate(KINDS)),
            kinds=list(KINDS),
            labels=labels,
            videos=(FILM,) * 7 + ("",) * 3,
            spans_s=spans_s,
            columns={
                "video": np.array(["a film"] * 7 + [""] * 3),
                "known moment": np.array(known),
                "time": np.array([*starts, *[np.nan] * 4]),
            },
        ),
        coords=coords,
        is_fitted=np.arange(n_items) < n_fitted,
        is_torn=np.isin(np.arange(n_items), TORN),
        neighbours=Neighbours(neighbours, np.full(neighbours.shape, 0.25)),
        reducer="umap",
    )
