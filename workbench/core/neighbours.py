"""The nearest items of an embedding space: all of them are looked at, up to a size where an index is better.

Separate because maps, their quality, the placing of what comes later, clusters and search all ask for the same, and
must be given the same. Nearness is the cosine, which for rows of unit length ranks as Euclid's distance does.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float32, Float64, Int64

from workbench.errors import InputError
from workbench.types.embedding import Neighbours

MOST_EXACT = 200_000
"""Items up to which every one of them is looked at."""
_BLOCK = 2**25
"""Cosines that are held at once."""
_AT_ONCE = 256
_NUMBERS_NEAR = 2**17
"""Numbers that stay near the processor."""
_GROUP = 16
_SPARE = 8
# Cosines of single precision are off by less; those nearer to the last neighbour are compared in double precision.
_MARGIN = 1e-5

Told = Callable[[int, int], None]
"""Called with how many of how many queries are answered; what it raises ends the search."""


def unheard(done: int, total: int) -> None:
    """Tell nobody."""


def unit_rows(features: Float32[np.ndarray, "item dim"]) -> Float32[np.ndarray, "item dim"]:
    """Return rows of unit length. Raises ``InputError`` for a row that is not finite or has no direction."""
    directed = np.empty(features.shape, np.float32)
    for start in range(0, len(features), _AT_ONCE):  # few enough to stay near the processor
        exact = features[start : start + _AT_ONCE].astype(np.float64)
        lengths = np.sqrt((exact * exact).sum(axis=1, keepdims=True))
        if not (np.isfinite(lengths) & (lengths > 0)).all():
            raise InputError("A row of the features has no direction, or a number that is not finite; leave it out.")
        directed[start : start + _AT_ONCE] = exact / lengths
    return directed


def nearest(
    queries: Float32[np.ndarray, "query dim"], items: Float32[np.ndarray, "item same"], k: int, told: Told = unheard
) -> Neighbours:
    """Return the ``k`` items nearest to every query, of equally near ones the first; rows have unit length.

    What is found for a query depends on no other query. Raises ``InputError`` for more neighbours than items, or other
    dimensions. Cost: a product of matrices, and a pass over it.
    """
    if queries.shape[1] != items.shape[1]:
        raise InputError(
            f"Features of {queries.shape[1]} and of {items.shape[1]} dimensions are of two spaces; take both from one."
        )
    return _searched(queries, items, k, None, told)


def neighbours_among(items: Float32[np.ndarray, "item dim"], k: int, seed: int = 0, told: Told = unheard) -> Neighbours:
    """Return the ``k`` nearest other items of every item; rows have unit length.

    Beyond ``MOST_EXACT`` items through an index, which misses some. Raises ``InputError`` for as many neighbours as
    items. Cost: that of ``nearest``.
    """
    if len(items) > MOST_EXACT:
        return _through_index(items, k, seed)
    return _searched(items, items, k, np.arange(len(items)), told)


def _searched(queries: np.ndarray, items: np.ndarray, k: int, own: np.ndarray | None, told: Told) -> Neighbours:
    n_others = len(items) - (own is not None)
    if not 1 <= k <= n_others:
        raise InputError(f"{k} neighbours cannot be found among {n_others} items; ask for 1 to {n_others}.")
    indices = np.empty((len(queries), k), np.int64)
    distances = np.empty((len(queries), k))
    size = max(1, _BLOCK // len(items))
    for at in range(0, len(queries), size):
        told(at, len(queries))
        part = slice(at, at + size)
        cosines = queries[part] @ items.T
        if own is not None:
            cosines[np.arange(len(cosines)), own[part]] = -np.inf
        indices[part], distances[part] = _nearest_in(cosines, queries[part], items, k, n_others)
    told(len(queries), len(queries))
    return Neighbours(indices, distances)


def _nearest_in(
    cosines: np.ndarray, queries: np.ndarray, items: np.ndarray, k: int, n_others: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest by ``cosines`` of single precision, in double precision where these are too near."""
    n_held = min(k + _SPARE, n_others)
    held = _highest(cosines, n_held)
    values = np.sort(np.take_along_axis(cosines, held, axis=1), axis=1)
    last = values[:, -k]
    is_sure = (last - values[:, 0] > _MARGIN) | (n_held == n_others)
    distances = _distances(queries, items, held)
    order = np.lexsort((held, distances), axis=1)[:, :k]
    indices, distances = np.take_along_axis(held, order, axis=1), np.take_along_axis(distances, order, axis=1)
    for row in np.flatnonzero(~is_sure):
        near = np.flatnonzero(cosines[row] >= last[row] - _MARGIN)
        exact = _distances(queries[row : row + 1], items, near[None])[0]
        first = np.lexsort((near, exact))[:k]
        indices[row], distances[row] = near[first], exact[first]
    return indices, distances


def _highest(cosines: np.ndarray, n_held: int) -> Int64[np.ndarray, "query held"]:
    """Return the columns of the highest cosines of each row, in no order.

    The lowest of as many highest of groups of columns is a bound that few others reach, and those alone are sorted out.
    """
    n_queries, n_items = cosines.shape
    n_groups = n_items // _GROUP
    if n_groups < 4 * n_held:
        return np.argpartition(cosines, -n_held, axis=1)[:, -n_held:]
    by_group = cosines[:, : n_groups * _GROUP].reshape(n_queries, _GROUP, n_groups).max(axis=1)
    bound = np.partition(by_group, -n_held, axis=1)[:, -n_held, None]
    is_near = cosines >= bound
    counts = is_near.sum(axis=1)
    if counts.max(initial=0) > 4 * _GROUP * n_held:  # many are as near: a list of all would fill the memory
        return np.argpartition(cosines, -n_held, axis=1)[:, -n_held:]
    rows, columns = np.nonzero(is_near)
    place = np.arange(len(rows)) - np.repeat(counts.cumsum() - counts, counts)
    candidates = np.zeros((n_queries, counts.max(initial=n_held)), np.int64)
    values = np.full(candidates.shape, -np.inf, cosines.dtype)
    candidates[rows, place], values[rows, place] = columns, cosines[rows, columns]
    return np.take_along_axis(candidates, np.argpartition(values, -n_held, axis=1)[:, -n_held:], axis=1)


def _distances(queries: np.ndarray, items: np.ndarray, held: np.ndarray) -> Float64[np.ndarray, "query held"]:
    """Return the exact distances of each query from the items ``held`` for it, summed row by row in one order."""
    found = np.empty(held.shape)
    size = max(1, _NUMBERS_NEAR // max(1, held.shape[1] * items.shape[1]))
    for at in range(0, len(held), size):
        part = slice(at, at + size)
        apart = items[held[part]].astype(np.float64) - queries[part].astype(np.float64)[:, None]
        found[part] = (apart * apart).sum(axis=-1) / 2  # of unit rows, 1 less the cosine, and 0 for the same row
    return found


def _through_index(items: np.ndarray, k: int, seed: int) -> Neighbours:
    from pynndescent import NNDescent

    indices, distances = NNDescent(items, metric="cosine", n_neighbors=k + 1, random_state=seed).neighbor_graph
    # The item itself is the first but for identical ones; where it is not among the found, the last is left out.
    is_own = indices == np.arange(len(items))[:, None]
    is_own[~is_own.any(axis=1), -1] = True
    shape = len(items), k
    return Neighbours(
        indices[~is_own].reshape(shape).astype(np.int64), distances[~is_own].reshape(shape).astype(np.float64), False
    )
