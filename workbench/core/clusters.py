"""Items that lie close together in a space, and which words set each group apart from the others.

Separate from maps: groups are those of the space, so that a map that tears one apart is seen to do so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64

from workbench.core.neighbours import nearest
from workbench.core.projection import principal_axes
from workbench.errors import InputError

MOST_GROUPED = 5_000
"""Items among which groups are looked for; of more, among a random sample, which the others join."""
MOST_AXES = 32
"""Directions in which items differ most, and are held against each other: in all, none is near another."""
FEWEST_ITEMS = 4
_SHARE = 0.01


@dataclass(frozen=True, eq=False)
class Clusters:
    """Groups of items: the number of each item's group, -1 for what lies between them; the largest group is 0.

    ``exemplars`` are the items of each group nearest to its middle, the nearest first, -1 where it has no more.
    """

    labels: Int64[np.ndarray, "item"]
    exemplars: Int64[np.ndarray, "cluster exemplar"]

    @property
    def n_clusters(self) -> int:
        """Return how many groups there are."""
        return len(self.exemplars)


def usual_size(n_items: int) -> int:
    """Return how many items make a group where nobody says otherwise: one in a hundred, and 5 at least."""
    return max(5, round(_SHARE * n_items))


def clustered(
    features: Float32[np.ndarray, "item dim"], fewest: int | None = None, seed: int = 0, n_exemplars: int = 3
) -> Clusters:
    """Return the groups of ``fewest`` items or more; rows have unit length. The same items have the same groups.

    Raises ``InputError`` for groups of fewer than 2. Cost: that of every two items' distance, of ``MOST_GROUPED``
    at most.

    Source: Campello, Moulavi and Sander, Density-based clustering based on hierarchical density estimates, 2013, as
    scikit-learn has it.
    """
    n_items = len(features)
    fewest = usual_size(n_items) if fewest is None else fewest
    if fewest < 2:
        raise InputError(f"A group of {fewest} is none; ask for groups of 2 items or more.")
    if n_items < max(fewest, FEWEST_ITEMS):
        return Clusters(np.full(n_items, -1, np.int64), np.zeros((0, n_exemplars), np.int64))
    from sklearn.cluster import HDBSCAN

    sample = np.arange(n_items)
    if n_items > MOST_GROUPED:
        sample = np.sort(np.random.default_rng(seed).choice(n_items, MOST_GROUPED, replace=False))
    own = features[sample]
    size = max(2, round(fewest * len(sample) / n_items))
    axes = principal_axes(own, min(MOST_AXES, features.shape[1]))
    found = HDBSCAN(min_cluster_size=size, copy=True).fit_predict(axes.place(own)).astype(np.int64)
    labels = found
    if len(sample) < n_items:
        labels = found[nearest(features, own, 1).indices[:, 0]]
        labels[sample] = found
    labels = _by_size(labels)
    return Clusters(labels, _exemplars(features, labels, n_exemplars))


def _by_size(labels: Int64[np.ndarray, "item"]) -> Int64[np.ndarray, "item"]:
    """Return groups numbered by size, the largest first; of equal ones the one that begins first."""
    names, first, counts = np.unique(labels[labels >= 0], return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))
    renamed = np.full(labels.max(initial=-1) + 2, -1, np.int64)
    renamed[names[order]] = np.arange(len(names))
    return renamed[labels]


def _exemplars(
    features: Float32[np.ndarray, "item dim"], labels: Int64[np.ndarray, "item"], most: int
) -> Int64[np.ndarray, "cluster exemplar"]:
    found = np.full((labels.max(initial=-1) + 1, most), -1, np.int64)
    for label in range(len(found)):
        members = np.flatnonzero(labels == label)
        middle = features[members].mean(axis=0, dtype=np.float64)
        order = np.lexsort((members, -(features[members] @ middle)))[:most]
        found[label, : len(order)] = members[order]
    return found


def namings(
    cosines: Float32[np.ndarray, "item sentence"], labels: Int64[np.ndarray, "item"]
) -> Float64[np.ndarray, "cluster sentence"]:
    """Return by how much each sentence fits a group better than it fits the others: the mean cosine in it, less theirs.

    The sentence nearest to a group is often nearest to all of them and names none. Of one group alone, less the mean
    of all sentences.
    """
    n_clusters = labels.max(initial=-1) + 1
    means = np.stack([cosines[labels == label].mean(axis=0, dtype=np.float64) for label in range(n_clusters)] or [[]])
    if n_clusters < 2:
        return (means - means.mean(axis=1, keepdims=True)).reshape(n_clusters, cosines.shape[1])
    return means - (means.sum(axis=0) - means) / (n_clusters - 1)
