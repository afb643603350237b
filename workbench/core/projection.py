"""High dimensions to two or three: by principal components, or by UMAP; and where what comes later is put.

Separate because it is the one file that knows umap, which takes seconds to import. What was fitted is frozen: an item
that comes later moves nothing, and its own place depends on nothing but itself and what was fitted.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Float64, Shaped
from tqdm import tqdm

from workbench.core.neighbours import Told, unheard
from workbench.errors import InputError
from workbench.types.embedding import Neighbours

FEWEST_FOR_UMAP = 8
"""Items below which there is no graph to lay out."""
_AT_ONCE = 256
_COUNTED = re.compile(r"(\d+) of (\d+)")


@dataclass(frozen=True, eq=False)
class Axes:
    """A flat cut through a space: items lie where they fall on it. ``shares`` is what each axis holds of the variance.

    Of two signs an axis has the one with which its largest loading is positive.
    """

    mean: Float64[np.ndarray, "dim"]
    components: Float64[np.ndarray, "axis dim"]
    shares: Float64[np.ndarray, "axis"]

    def place(self, features: Float32[np.ndarray, "item dim"]) -> Float64[np.ndarray, "item axis"]:
        """Return where items fall; each depends on itself alone."""
        placed = np.empty((len(features), len(self.components)))
        for start in range(0, len(features), _AT_ONCE):
            apart = features[start : start + _AT_ONCE] - self.mean
            for number, component in enumerate(self.components):
                # Item by item in one order of summation, which a product of matrices does not promise.
                placed[start : start + _AT_ONCE, number] = (apart * component).sum(axis=1)
        return placed


def principal_axes(features: Float32[np.ndarray, "item dim"], n_axes: int) -> Axes:
    """Return the directions in which items differ most; those that there are none of are 0.

    Source: Jolliffe, Principal component analysis, 2002. Cost: the eigenvalues of a matrix of dim by dim.
    """
    mean = features.mean(axis=0, dtype=np.float64)
    # Not of a centred copy: where the mean is large beside the spread that would matter, and rows have unit length.
    apart = (features - mean.astype(np.float32)).astype(np.float32)
    covariance = (apart.T @ apart).astype(np.float64) / max(1, len(features) - 1)
    variances, vectors = np.linalg.eigh(covariance)
    n_found = min(n_axes, len(variances))
    components = np.zeros((n_axes, len(mean)))
    components[:n_found] = vectors[:, ::-1].T[:n_found]
    largest = np.abs(components).argmax(axis=1)
    components *= np.where(np.take_along_axis(components, largest[:, None], axis=1) < 0, -1.0, 1.0)
    total, shares = float(np.maximum(variances, 0).sum()), np.zeros(n_axes)
    if total > 0:
        shares[:n_found] = np.maximum(variances[::-1][:n_found], 0) / total
    return Axes(mean, components, shares)


def umap_layout(
    features: Float32[np.ndarray, "item dim"],
    neighbours: Neighbours,
    n_axes: int = 2,
    min_dist: float = 0.1,
    seed: int = 0,
    classes: Shaped[np.ndarray, "item"] | None = None,
    told: Told = unheard,
) -> Float32[np.ndarray, "item axis"]:
    """Return where UMAP puts items whose ``neighbours`` among themselves are known.

    ``classes`` pull what is of one class together: whole numbers from 0, -1 for none. The same seed gives the same map
    on the same machine. ``told`` is called once an epoch or so; what it raises ends the work.
    Raises ``InputError`` for fewer items than ``FEWEST_FOR_UMAP``.

    Source: McInnes, Healy and Melville, UMAP, 2018; umap-learn, with exact neighbours in place of its own search, and
    begun as Kobak and Linderman, Initialization is critical for preserving global data structure, 2021, advise.
    """
    if len(features) < FEWEST_FOR_UMAP:
        raise InputError(f"UMAP needs {FEWEST_FOR_UMAP} items or more, and there are {len(features)}; choose PCA.")
    from umap import UMAP

    n_items = len(features)
    # As umap-learn counts them: every item is its own first neighbour.
    indices = np.concatenate([np.arange(n_items)[:, None], neighbours.indices], axis=1)
    distances = np.concatenate([np.zeros((n_items, 1)), neighbours.distances], axis=1).astype(np.float32)
    listener = _Listener(told)
    # From principal components, islands keep their places among each other, and do not drift apart.
    fitted = UMAP(
        n_components=n_axes,
        n_neighbors=indices.shape[1],
        metric="cosine",
        min_dist=min_dist,
        random_state=seed,
        n_jobs=1,
        init="pca",
        precomputed_knn=(indices, distances),
        tqdm_kwds={
            "disable": False,
            "file": listener,
            "bar_format": "{n_fmt} of {total_fmt}",
            "desc": "",
            "miniters": 1,  # with more, tqdm writes from a thread of its own, too
        },
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        coords = fitted.fit_transform(features, classes)
    listener.tell_end()
    return np.asarray(coords, np.float32)


class _Listener:
    """What umap-learn writes its progress to; the one place where it lets go of the work."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._is_over = False
        self._total = 0

    def write(self, text: str) -> int:
        """Tell of one step, but not of the last; once that was answered by an error, of none."""
        if (found := _COUNTED.search(text)) and not self._is_over:
            done, self._total = int(found[1]), int(found[2])
            if done == self._total:  # may be written as the bar is closed, when an error would leave its lock twice
                return len(text)
            try:
                self._told(done, self._total)
            except BaseException:
                self._is_over = True
                # tqdm writes under a lock of the whole process, and lets go of it only where nothing is raised.
                tqdm.get_lock().release()
                raise
        return len(text)

    def tell_end(self) -> None:
        """Tell of the last step, after all was written."""
        self._told(self._total, self._total)

    def flush(self) -> None:
        """Do nothing: what is written is told at once."""


def among_neighbours(
    neighbours: Neighbours, coords: Float[np.ndarray, "item axis"]
) -> Float64[np.ndarray, "query axis"]:
    """Return where queries lie among the items that are nearest to them: nearer ones count for more.

    Weights are the inverse squares of distances, so that a query at an item lies where that lies; among several at the
    very same place, in their middle. Each depends on its own neighbours alone.

    Source: Shepard, A two-dimensional interpolation function for irregularly-spaced data, 1968.
    """
    found = np.empty((len(neighbours.indices), coords.shape[1]))
    for row, (indices, distances) in enumerate(zip(neighbours.indices, neighbours.distances, strict=True)):
        is_there = distances <= 0
        weights = is_there.astype(np.float64) if is_there.any() else (distances[0] / distances) ** 2
        found[row] = (weights[:, None] * coords[indices].astype(np.float64)).sum(axis=0) / weights.sum()
    return found
