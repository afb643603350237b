"""What can be read from an embedding: labels by neighbours and by a linear map, partners by rank, and how it is spread.

Separate from spaces, because here an embedding is held against what is known of its items. Items come in groups, such
as the frames of a video, that are alike whatever the model: none is ever judged by another of its own group.

Source: Lee et al., TWLV-I, arXiv:2408.11318, 2024 (frozen video embeddings judged by neighbours and by probes).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64, Shaped

from workbench.core.columns import blocks
from workbench.errors import InputError

N_DRAWS = 2000
_INTERVAL = (0.025, 0.975)
_T = 2
_MOST_ROUNDS = 1000
_FIRST = (1, 5, 10)


@dataclass(frozen=True)
class Probe:
    """How many of the items had their label read rightly, as shares from 0 to 1.

    ``chance`` is the share of the most frequent label, which a guess reaches that knows nothing of the items;
    ``per_label`` the accuracy among the items that have each label. ``interval`` holds the accuracy in 95 % of draws of
    as many groups, with replacement: how much it is down to which videos were there, the predictions as they are.
    """

    accuracy: float
    chance: float
    per_label: Mapping[Any, float]
    n_items: int
    interval: tuple[float, float]


@dataclass(frozen=True)
class Retrieval:
    """At what rank queries find a true item: shares from 0 to 1 of those that do among the first, 5 and 10, and more.

    ``mean_reciprocal_rank`` is 1 where all of them find it first; ``chance`` are the three shares that items in random
    order give.
    """

    r_at_1: float
    r_at_5: float
    r_at_10: float
    median_rank: float
    mean_reciprocal_rank: float
    chance: tuple[float, float, float]


def knn_accuracy(
    features: Float[np.ndarray, "item dim"],
    labels: Shaped[np.ndarray, "item"],
    groups: Shaped[np.ndarray, "item"],
    k: int,
    seed: int = 0,
) -> Probe:
    """Return how often the k items of other groups that are nearest by cosine vote for the right label.

    Each has one vote, however near; among labels with as many votes, that of the nearest item wins. Which of the items
    that are equally far takes the last place is arbitrary. ``seed`` is for the interval.

    Cost: items by items by dimensions, in blocks. Raises ``InputError`` where an item has fewer than k of other groups,
    for a row of zeros, and as ``linear_probe`` does.
    """
    known, names, group = _checked(features, labels, groups)
    n_others = len(known) - int(np.bincount(group).max())
    if not 1 <= k <= n_others:
        raise InputError(
            f"An item has only {n_others} of other groups, so not {k} neighbours; ask for 1 to {n_others}."
        )
    unit, predicted = _unit(features), np.empty_like(known)
    for rows in blocks(len(known), len(known)):
        distance = -(unit[rows] @ unit.T)
        distance[group[rows, None] == group] = np.inf
        near = np.argpartition(distance, k - 1, axis=1)[:, :k]
        order = np.argsort(np.take_along_axis(distance, near, axis=1), axis=1, kind="stable")
        predicted[rows] = _elected(known[np.take_along_axis(near, order, axis=1)])
    return _judged(predicted, known, names, group, seed)


def linear_probe(
    features: Float[np.ndarray, "item dim"],
    labels: Shaped[np.ndarray, "item"],
    groups: Shaped[np.ndarray, "item"],
    seed: int,
    n_folds: int = 5,
) -> Probe:
    """Return how often a logistic regression on standardised features reads the label, in groups it never saw.

    Groups are dealt to folds so that labels are spread evenly, and those of each fold read by what was learnt from the
    others; folds are fewer where there are not as many groups, or items of any label. ``seed`` is for the folds and the
    interval.

    Raises ``InputError`` for features that are not finite, or of other items as far as it shows, fewer than 2 labels or
    folds, a label that is in one group alone, or, which another seed may mend, in one fold alone.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    known, names, group = _checked(features, labels, groups)
    if n_folds < 2:
        raise InputError(f"Nothing is left to learn from with {n_folds} folds; ask for at least 2.")
    n_folds = min(n_folds, int(group.max()) + 1, int(np.bincount(known).max()))
    predicted = np.empty_like(known)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of labels with fewer items than folds: their folds are checked
        dealt = list(StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed).split(features, known, group))
    for learnt, read in dealt:
        if len(np.unique(known[learnt])) < len(names):
            raise InputError(
                f"By seed {seed} all groups of a label fall into one fold; give another seed or more groups."
            )
        predicted[read] = _read(features[learnt], known[learnt], features[read])
    return _judged(predicted, known, names, group, seed)


def retrieval(similarity: Float[np.ndarray, "query item"], truth: Bool[np.ndarray, "query item"]) -> Retrieval:
    """Return at what rank each query finds the first of its true items; for the other direction, give both transposed.

    The rank is 1 and as many as there are untrue items at least as similar as the best true one: ties count against it,
    and further true items do not.

    Raises ``InputError`` for shapes that differ, no queries, similarities that are not finite, or a query without a
    true item.
    """
    if similarity.shape != truth.shape or not similarity.size:
        raise InputError(
            f"Similarities {similarity.shape} and truth {truth.shape} do not pair queries with items; give one a pair."
        )
    if not np.isfinite(similarity).all():
        raise InputError("A similarity is not a finite number; compute the embeddings again.")
    n_without = int((~truth.any(axis=1)).sum())
    if n_without:
        raise InputError(f"Of {len(truth)} queries, {n_without} have no true item to find; leave them out.")
    best = np.where(truth, similarity, -np.inf).max(axis=1)
    ranks = 1 + (~truth & (similarity >= best[:, None])).sum(axis=1)
    at_1, at_5, at_10 = (float((ranks <= most).mean()) for most in _FIRST)
    by_1, by_5, by_10 = (_found_by_chance(truth, most) for most in _FIRST)
    return Retrieval(at_1, at_5, at_10, float(np.median(ranks)), float((1 / ranks).mean()), (by_1, by_5, by_10))


def _found_by_chance(truth: Bool[np.ndarray, "query item"], most: int) -> float:
    """Return the share of queries that have a true item among the first ``most`` of a random order, on average."""
    n_items, n_untrue = truth.shape[1], (~truth).sum(axis=1)
    drawn = np.arange(min(most, n_items))  # the order is drawn item by item: each misses, after those that missed
    misses = np.maximum(n_untrue[:, None] - drawn, 0) / (n_items - drawn)
    return float(1 - misses.prod(axis=1).mean())


def alignment(first: Float[np.ndarray, "item dim"], second: Float[np.ndarray, "item dim"]) -> float:
    """Return the mean squared distance of partners on the unit sphere: 0 for the same direction, 4 for the opposite.

    Raises ``InputError`` for shapes that differ, no items, values that are not finite, or a row of zeros.

    Source: Wang & Isola, Understanding contrastive representation learning, ICML 2020 (alpha = 2).
    """
    if first.shape != second.shape or not len(first):
        raise InputError(f"Items of shapes {first.shape} and {second.shape} are no partners; give one for each item.")
    return float(np.square(_unit(first) - _unit(second)).sum(axis=1).mean())


def uniformity(features: Float[np.ndarray, "item dim"]) -> float:
    """Return how evenly items fill the unit sphere: 0 where all have one direction, lower the farther they are apart.

    The logarithm of the mean of ``exp(-2 d ** 2)`` over all pairs of two items at a distance d: near -4 for random
    directions in many dimensions.

    Cost: half of items by items by dimensions, in blocks. Raises ``InputError`` for fewer than 2 items, values that are
    not finite, or a row of zeros.

    Source: Wang & Isola, Understanding contrastive representation learning, ICML 2020 (t = 2).
    """
    unit, n_items, total = _unit(features), len(features), 0.0
    if n_items < 2:
        raise InputError(f"There is no pair among {n_items} items; give at least 2.")
    for rows in blocks(n_items, n_items):
        cosines = unit[rows] @ unit[rows.start :].T  # of pairs in both orders only within the block
        nearness = np.exp(2 * _T * (cosines - 1), out=cosines)
        total += float(np.triu(nearness, 1).sum())
    return float(np.log(total / (n_items * (n_items - 1) / 2)))


def _checked(
    features: Float[np.ndarray, "item dim"], labels: Shaped[np.ndarray, "item"], groups: Shaped[np.ndarray, "item"]
) -> tuple[Int64[np.ndarray, "item"], Shaped[np.ndarray, "label"], Int64[np.ndarray, "item"]]:
    """Return the label of every item as a number, the labels by that number, and the group of every item as one."""
    if not len(features) == len(labels) == len(groups):
        raise InputError(
            f"There are {len(features)} items, {len(labels)} labels and {len(groups)} groups; give each item one."
        )
    _check_finite(features)
    names, known = np.unique(labels, return_inverse=True)
    group = np.unique(groups, return_inverse=True)[1]
    if len(names) < 2:
        raise InputError(f"There is nothing to tell apart with {len(names)} labels; give at least 2.")
    n_groups = np.bincount(np.unique(np.stack([known, group]), axis=1)[0])
    if n_groups.min() < 2:
        raise InputError(
            f"The label {names[n_groups.argmin()]} is in one group alone, so nothing else tells of it; "
            "leave it out, or add another group that has it."
        )
    return known, names, group


def _check_finite(features: Float[np.ndarray, "item dim"]) -> None:
    if not features.shape[1]:
        raise InputError("The features are empty; give at least one number for each item.")
    if not np.isfinite(features).all():
        raise InputError("A feature is not a finite number; compute the features again.")


def _unit(features: Float[np.ndarray, "item dim"]) -> Float64[np.ndarray, "item dim"]:
    _check_finite(features)
    rows = features.astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not lengths.all():
        raise InputError(
            f"Of {len(rows)} items, {(lengths == 0).sum()} are all zeros, without direction; leave them out."
        )
    return rows / lengths


def _elected(near: Int64[np.ndarray, "item k"]) -> Int64[np.ndarray, "item"]:
    """Return the most frequent label of every row, of several the first."""
    n_labels, at = int(near.max()) + 1, np.arange(len(near))[:, None]
    by_label = np.bincount((at * n_labels + near).ravel(), minlength=len(near) * n_labels).reshape(-1, n_labels)
    votes = np.take_along_axis(by_label, near, axis=1)
    return near[at[:, 0], votes.argmax(axis=1)]


def _read(
    learnt: Float[np.ndarray, "item dim"], known: Int64[np.ndarray, "item"], read: Float[np.ndarray, "other dim"]
) -> Int64[np.ndarray, "other"]:
    """Return the labels that a logistic regression on some items reads from others."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=_MOST_ROUNDS))
    return probe.fit(learnt.astype(np.float64), known).predict(read.astype(np.float64))


def _judged(
    predicted: Int64[np.ndarray, "item"],
    known: Int64[np.ndarray, "item"],
    names: Shaped[np.ndarray, "label"],
    group: Int64[np.ndarray, "item"],
    seed: int,
) -> Probe:
    is_right, n_of_label = predicted == known, np.bincount(known)
    per_label = np.bincount(known, is_right) / n_of_label
    return Probe(
        float(is_right.mean()),
        float(n_of_label.max() / len(known)),
        dict(zip(names.tolist(), per_label.tolist(), strict=True)),
        len(known),
        _interval(np.bincount(group, is_right), np.bincount(group), np.random.default_rng(seed)),
    )


def _interval(
    n_right: Float64[np.ndarray, "group"], n_items: Int64[np.ndarray, "group"], rng: np.random.Generator
) -> tuple[float, float]:
    """Return the middle 95 % of the accuracy over draws of as many groups as there are, with replacement."""
    drawn = (rng.integers(len(n_items), size=len(n_items)) for _ in range(N_DRAWS))
    low, high = np.quantile([n_right[chosen].sum() / n_items[chosen].sum() for chosen in drawn], _INTERVAL)
    return float(low), float(high)
