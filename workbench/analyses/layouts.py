"""What is worked out once of a space and kept: neighbours, where items lie on a map, how good that is, and groups.

Separate from the question that asks for them: each is kept under all that it is made of, so that a map that was seen is
the same map whenever it is looked at again, and one that was lost comes out the same.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from importlib.metadata import version
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int64

from workbench.analyses.analysis import Report
from workbench.analyses.services import Services
from workbench.core.clusters import Clusters, clustered
from workbench.core.map_quality import map_quality
from workbench.core.neighbours import Told, neighbours_among
from workbench.core.projection import FEWEST_FOR_UMAP, Axes, principal_axes, umap_layout
from workbench.errors import InputError
from workbench.store.keys import cache_key
from workbench.types.embedding import MapQuality, Neighbours, Reducer
from workbench.types.outcome import Progress

_VERSION = 1
"""Raised whenever the same features give other maps than before."""
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Layout:
    """How items are laid out: what is asked of the reducer, which counts neighbours with the item itself."""

    reducer: Reducer
    n_axes: int
    n_neighbours: int
    min_dist: float
    seed: int


@dataclass(frozen=True, eq=False)
class Fitted:
    """Items that were laid out: all that placing another, and judging the map, begins with."""

    features: Float32[np.ndarray, "item dim"]
    neighbours: Neighbours
    coords: Float64[np.ndarray, "item axis"]
    axes: Axes | None


def classes_in(columns: Mapping[str, np.ndarray], name: str) -> Int64[np.ndarray, "item"] | None:
    """Return a number for every value of a column of words, -1 for an empty one; None where no column is named.

    Raises ``InputError`` for a column that is not there, or is of numbers.
    """
    if not name:
        return None
    offered = [each for each, column in columns.items() if column.dtype.kind != "f"]
    if name not in offered:
        instead = f"choose one of words: {', '.join(offered)}" if offered else "there is no other column of words"
        raise InputError(f"Nothing can be pulled together by “{name}”; {instead}.")
    values, classes = np.unique(columns[name], return_inverse=True)
    return np.where(values[classes] == "", -1, classes).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Laid:
    """Features of a space, ``key`` what they are made of; here everything about them is made, or found again."""

    services: Services
    features: Float32[np.ndarray, "item dim"]
    key: str
    report: Report

    def sketch(self, layout: Layout) -> Fitted:
        """Return where the items lie on their principal axes, their neighbours not looked for."""
        unknown = np.zeros((len(self.features), 0), np.int64)
        return self._on_axes(Neighbours(unknown, unknown.astype(float)), layout.n_axes)

    def fit(self, layout: Layout, classes: Int64[np.ndarray, "item"] | None = None) -> Fitted:
        """Return where the items lie. Raises whatever ``report`` raises to cancel.

        Where there are too few items for UMAP they lie on their principal axes.
        """
        neighbours = self.neighbours(layout.n_neighbours)
        if layout.reducer == "pca" or len(self.features) < FEWEST_FOR_UMAP:
            return self._on_axes(neighbours, layout.n_axes)

        def compute() -> Arrays:
            told = self._told("Laying out points", "epoch")
            return {
                "coords": umap_layout(
                    self.features, neighbours, layout.n_axes, layout.min_dist, layout.seed, classes, told
                )
            }

        named = {"layout": layout, "classes": [] if classes is None else classes.tolist()}
        made_with = {name: version(name) for name in ("umap-learn", "numba")}
        coords = self._kept("layout", compute, **named, made_with=made_with)["coords"]
        return Fitted(self.features, neighbours, coords.astype(np.float64), None)

    def neighbours(self, n_neighbours: int) -> Neighbours:
        """Return the nearest others of every item, as many as there are where ``n_neighbours`` are not."""
        k = min(n_neighbours, len(self.features) - 1)
        if k < 1:
            return Neighbours(np.zeros((len(self.features), 0), np.int64), np.zeros((len(self.features), 0)))

        def compute() -> Arrays:
            found = neighbours_among(self.features, k, told=self._told("Looking for neighbours", "point"))
            return {
                "indices": found.indices.astype(np.int32),
                "distances": found.distances,
                "is_exact": np.array(found.is_exact),
            }

        kept = self._kept("neighbours", compute, k=k)
        return Neighbours(kept["indices"].astype(np.int64), kept["distances"], bool(kept["is_exact"]))

    def quality(self, fitted: Fitted, layout: Layout) -> MapQuality | None:
        """Return how far the map of the items can be trusted; None where there are too few of them."""
        k = min(layout.n_neighbours, (2 * len(self.features) - 2) // 3)
        if k < 1 or len(self.features) < FEWEST_FOR_UMAP:
            return None
        first = Neighbours(fitted.neighbours.indices[:, :k], fitted.neighbours.distances[:, :k])

        def compute() -> Arrays:
            found = map_quality(
                self.features, fitted.coords, first, layout.seed, self._told("Testing the map", "point")
            )
            return {item.name: np.asarray(getattr(found, item.name)) for item in fields(found)}

        # The coordinates themselves are in the key: whatever they were made by, they are what is judged.
        digest = hashlib.sha256(fitted.coords.tobytes()).hexdigest()
        kept: dict[str, Any] = self._kept("map-quality", compute, k=k, coords=digest, seed=layout.seed)
        return MapQuality(**{name: value if value.ndim else value.item() for name, value in kept.items()})

    def clusters(self, fewest: int | None) -> Clusters:
        """Return the groups of the items."""

        def compute() -> Arrays:
            self._told("Looking for groups", "point")(0, 0)
            found = clustered(self.features, fewest)
            return {"labels": found.labels, "exemplars": found.exemplars}

        return Clusters(**self._kept("clusters", compute, fewest=fewest))

    def _on_axes(self, neighbours: Neighbours, n_axes: int) -> Fitted:
        def compute() -> Arrays:
            axes = principal_axes(self.features, n_axes)
            return {
                "coords": axes.place(self.features),
                **{item.name: getattr(axes, item.name) for item in fields(axes)},
            }

        kept = self._kept("axes", compute, n_axes=n_axes)
        coords = kept.pop("coords")
        return Fitted(self.features, neighbours, coords, Axes(**kept))

    def _kept(self, kind: str, compute: Callable[[], Mapping[str, np.ndarray]], **named: Any) -> Arrays:
        key = cache_key(kind=kind, version=_VERSION, of=self.key, **named)
        waiting = functools.partial(
            self.report, Progress(0, 0, "Waiting for the same map", unit="point", is_waiting=True)
        )
        return self.services.store.get_or_compute(key, compute, waiting)

    def _told(self, what: str, unit: Any) -> Told:
        return lambda done, total: self.report(Progress(done, total, what, unit=unit))
