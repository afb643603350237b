"""How far two spaces of the same items agree: in all distances at once, and in the nearest neighbours of each item.

Separate from probing, because nothing but the two spaces is known here: no label, no partner. Their dimensions may
differ in number and meaning, so nothing is ever compared but how the items lie to one another.

Source: Kornblith et al., Similarity of neural network representations revisited, ICML 2019 (linear CKA); Song et al.,
Feature selection via dependence maximization, JMLR 2012 (the estimate without bias); Nguyen et al., Do wide and deep
networks learn the same things?, ICLR 2021 (CKA by it); Huh et al., The platonic representation hypothesis, ICML 2024
(mutual nearest neighbours).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float64, Int

from workbench.errors import InputError

_FEWEST, _FEWEST_UNBIASED = 2, 4
# What is 0 in exact numbers comes this close, as a share of what it is the difference of.
_ROUNDING = 1e-12


def linear_cka(first: Float[np.ndarray, "item dim"], second: Float[np.ndarray, "item other"]) -> float:
    """Return the linear centred kernel alignment, from 0 to 1: the same for any rotation, scale or shift of a space.

    NaN where one space has all items at one point. Chance counts as agreement: where there are as many dimensions as
    items, unrelated spaces reach about 0.5, and nearly 1 where there are far more. ``debiased_cka`` takes that off.

    Cost: products of dimensions by dimensions, never of items by items. Raises ``InputError`` for spaces of different
    items as far as it shows, fewer than 2, or values that are not finite.
    """
    one, two = _centred(first, second, _FEWEST)
    return _cosine(_aligned(one, two), _aligned(one, one), _aligned(two, two))


def debiased_cka(first: Float[np.ndarray, "item dim"], second: Float[np.ndarray, "item other"]) -> float:
    """Return the alignment less what chance alone gives it: 1 for the same space, about 0 for unrelated ones.

    Below 0 where spaces agree less than by chance. NaN where chance leaves nothing of a space: all items at one point,
    all but one, or all equally far from one another.

    Cost: as ``linear_cka``. Raises ``InputError`` as it does, and for fewer than 4 items.
    """
    one, two = _centred(first, second, _FEWEST_UNBIASED)
    return _cosine(_aligned_unbiased(one, two), _aligned_unbiased(one, one), _aligned_unbiased(two, two))


def shared_neighbours(
    first: Int[np.ndarray, "item k"], second: Int[np.ndarray, "item k"]
) -> Float64[np.ndarray, "item"]:
    """Return, for each item, the share of its neighbours that both spaces agree on, in whatever order.

    Every row holds the places of the k items nearest to its own, itself left out. The mean is the mutual overlap, to be
    held against ``chance_overlap``; the spaces disagree most about the items with the least.

    Raises ``InputError`` for rows that differ in number or length, or are not k other items.
    """
    if first.shape != second.shape:
        raise InputError(
            f"The neighbours differ in shape, {first.shape} and {second.shape}; find as many of the same items in both."
        )
    n_items, k = first.shape
    _check_k(n_items, k)
    ascending = [_checked_neighbours(neighbours) for neighbours in (first, second)]
    both = np.sort(np.concatenate(ascending, axis=1), axis=1)
    return (both[:, 1:] == both[:, :-1]).sum(axis=1) / k


def chance_overlap(n_items: int, k: int) -> float:
    """Return the share of k neighbours that two unrelated spaces agree on, in the mean.

    Raises ``InputError`` where an item does not have k others.
    """
    _check_k(n_items, k)
    return k / (n_items - 1)


def _aligned(one: Float64[np.ndarray, "item dim"], two: Float64[np.ndarray, "item other"]) -> float:
    """Return the sum over all pairs of items, each with itself too, of the scalar products in both centred spaces."""
    return float(np.square(one.T @ two).sum())


def _aligned_unbiased(one: Float64[np.ndarray, "item dim"], two: Float64[np.ndarray, "item other"]) -> float:
    """Return the unbiased estimate of HSIC, times n (n - 3); 0 where it is no more than rounding.

    The sums over the Gram matrices without their diagonals, K and L, that it is made of are short where spaces are
    centred: the rows of K then sum to minus the squared lengths.
    """
    n_items = len(one)
    lengths, others = np.square(one).sum(axis=1), np.square(two).sum(axis=1)
    biased = _aligned(one, two)
    found = biased - n_items / (n_items - 2) * float(lengths @ others)
    found += float(lengths.sum() * others.sum()) / ((n_items - 1) * (n_items - 2))
    return found if abs(found) > _ROUNDING * biased else 0.0


def _cosine(product: float, own: float, other: float) -> float:
    return product / float(np.sqrt(own * other)) if min(own, other) > 0 else np.nan


def _centred(
    first: Float[np.ndarray, "item dim"], second: Float[np.ndarray, "item other"], fewest: int
) -> list[Float64[np.ndarray, "item _"]]:
    """Return both spaces with their mean at 0, at a scale at which no power of a value is lost."""
    if len(first) != len(second):
        raise InputError(f"The spaces hold {len(first)} and {len(second)} items; give the same items in both.")
    if len(first) < fewest or not min(first.size, second.size):
        raise InputError(
            f"Spaces of {len(first)} items cannot be compared; give at least {fewest}, none of them empty."
        )
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise InputError("A value of a space is not a finite number; compute the features again.")
    found = []
    for space in (first, second):
        moved = space.astype(np.float64)
        moved -= moved[0]  # so that items at one point are at 0 exactly
        moved -= moved.mean(axis=0)
        found.append(moved / (np.abs(moved).max() or 1))
    return found


def _check_k(n_items: int, k: int) -> None:
    if not 1 <= k < n_items:
        raise InputError(
            f"None of {n_items} items has {k} neighbours; ask for at least 1 and fewer than there are items."
        )


def _checked_neighbours(neighbours: Int[np.ndarray, "item k"]) -> Int[np.ndarray, "item k"]:
    """Return every row in ascending order."""
    n_items, ascending = len(neighbours), np.sort(neighbours, axis=1)
    is_repeated = (ascending[:, 1:] == ascending[:, :-1]).any()
    is_outside = ascending.min() < 0 or ascending.max() >= n_items
    if is_repeated or is_outside or (neighbours == np.arange(n_items)[:, None]).any():
        raise InputError("A row of neighbours holds an item twice, itself or none that there is; find them again.")
    return ascending
