"""How far a map can be trusted: whether what is near on it is near in the space it is of, and the other way round.

Separate from the projections, which it judges all alike, and from pictures: it says so for the map and for each item.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int64
from scipy.spatial import cKDTree

from workbench.core.neighbours import Told, unheard
from workbench.errors import InputError
from workbench.types.embedding import MapQuality, Neighbours

MOST_TESTED = 2_000
"""Items whose ranks among all are counted; of more, a random sample."""
NEARBY = 3
"""Items count as near on the map that are among so many times as many nearest."""
TORN = 0.8
"""An item is torn away where at least this share of its neighbours is not nearby on the map."""
_BLOCK = 2**23


def map_quality(
    features: Float32[np.ndarray, "item dim"],
    coords: Float[np.ndarray, "item axis"],
    neighbours: Neighbours,
    seed: int = 0,
    told: Told = unheard,
) -> MapQuality:
    """Return the quality of a map; rows of ``features`` have unit length, and ``neighbours`` are theirs among them.

    Of more than ``MOST_TESTED`` items, trustworthiness and continuity are those of a random sample of them.
    Raises ``InputError`` for fewer than 3 items for every 2 neighbours, of which the measures know nothing.
    Cost: every tested item's distances from all, in the space and on the map.

    Source: Venna and Kaski, Neighborhood preservation in nonlinear projection methods, 2001.
    """
    n_items, k = neighbours.indices.shape
    if 2 * n_items <= 3 * k + 1:
        raise InputError(f"{k} neighbours among {n_items} items tell nothing of a map; ask for fewer.")
    nearby = _nearest_on_map(coords, coords, min(NEARBY * k, n_items - 1), is_own=True)
    tested = np.arange(n_items)
    if n_items > MOST_TESTED:
        tested = np.sort(np.random.default_rng(seed).choice(n_items, MOST_TESTED, replace=False))
    intruding, missing = _penalties(features, coords, neighbours.indices[:, :k], nearby[:, :k], tested, told)
    worst = len(tested) * k * (2 * n_items - 3 * k - 1) / 2
    return MapQuality(
        n_neighbours=k,
        trustworthiness=1 - intruding / worst,
        continuity=1 - missing / worst,
        kept=_share_in(neighbours.indices, nearby[:, :k]),
        is_torn=_is_torn(neighbours.indices, nearby),
        n_tested=len(tested),
    )


def torn_from(
    placed: Float64[np.ndarray, "query axis"],
    coords: Float[np.ndarray, "item axis"],
    neighbours: Neighbours,
) -> Bool[np.ndarray, "query"]:
    """Return which of the queries, ``placed`` on a map of items, have their neighbours among these elsewhere."""
    nearby = _nearest_on_map(placed, coords, min(NEARBY * neighbours.indices.shape[1], len(coords)), is_own=False)
    return _is_torn(neighbours.indices, nearby)


def _is_torn(
    true: Int64[np.ndarray, "item neighbour"], nearby: Int64[np.ndarray, "item other"]
) -> Bool[np.ndarray, "item"]:
    return 1 - _share_in(true, nearby) >= TORN


def _nearest_on_map(queries: np.ndarray, coords: np.ndarray, k: int, is_own: bool) -> Int64[np.ndarray, "item other"]:
    """Return the ``k`` items nearest to each query on the map; an item that asks is not among its own.

    Several items at one place are each other's.
    """
    found = cKDTree(coords).query(queries, k=k + is_own)[1].reshape(len(queries), k + is_own).astype(np.int64)
    if not is_own:
        return found
    is_left_out = found == np.arange(len(coords))[:, None]
    is_left_out[~is_left_out.any(axis=1), -1] = True
    return found[~is_left_out].reshape(len(coords), k)


def _share_in(
    wanted: Int64[np.ndarray, "item neighbour"], there: Int64[np.ndarray, "item other"]
) -> Float64[np.ndarray, "item"]:
    """Return which share of what is wanted is there, item by item."""
    shares = np.empty(len(wanted))
    size = max(1, _BLOCK // (wanted.shape[1] * there.shape[1]))
    for at in range(0, len(wanted), size):
        part = slice(at, at + size)
        shares[part] = (wanted[part, :, None] == there[part, None]).any(axis=2).mean(axis=1)
    return shares


def _penalties(
    features: np.ndarray,
    coords: np.ndarray,
    true: Int64[np.ndarray, "item neighbour"],
    shown: Int64[np.ndarray, "item neighbour"],
    tested: Int64[np.ndarray, "test"],
    told: Told,
) -> tuple[float, float]:
    """Return by how much intruders on the map, and neighbours that it misses, are out of rank, over ``tested``."""
    intruding, missing, k = 0.0, 0.0, true.shape[1]
    size = max(1, _BLOCK // len(features))
    for at in range(0, len(tested), size):
        told(at, len(tested))
        rows = tested[at : at + size]
        in_space = 1 - features[rows].astype(np.float64) @ features.T.astype(np.float64)
        on_map = ((coords[rows].astype(np.float64)[:, None] - coords) ** 2).sum(axis=-1)
        for distances in (in_space, on_map):
            distances[np.arange(len(rows)), rows] = np.inf
        intruding += _excess(in_space, shown[rows], true[rows], k)
        missing += _excess(on_map, true[rows], shown[rows], k)
    told(len(tested), len(tested))
    return intruding, missing


def _excess(distances: np.ndarray, asked: np.ndarray, excused: np.ndarray, k: int) -> float:
    """Return by how much the ranks of the ``asked`` exceed ``k``, but for those that are ``excused``."""
    total = 0.0
    for row, own, others in zip(distances, asked, excused, strict=True):
        out: Bool[np.ndarray, "neighbour"] = ~np.isin(own, others)
        ranks = 1 + (row < row[own[out], None]).sum(axis=1)
        total += float(np.maximum(ranks - k, 0).sum())
    return total
