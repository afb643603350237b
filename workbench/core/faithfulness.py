"""How far a map over the cells of a picture can be trusted: by the score when only some of the cells are in sight.

Separate from the maps, because every map must be judged by the same measures, and from models: a ``Game`` of
core/coalitions is all that is known here, whose players are the cells. No map of one value everywhere may pass for a
good one: ties are broken at random, count against a map, or leave it without a number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from workbench.core.coalitions import Game
from workbench.errors import InputError

N_ORDERS = 19
"""The fewest random orders with which ``p_random`` can be as low as 0.05."""
N_STEPS = 8
_LEAST_MASKS = 3
# Sums and areas that are equal in exact numbers come this close, as a share of the largest they could be.
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Curves:
    """The score while cells come into sight, in the order of a map, against that order, and in random orders.

    ``shares`` is the share of the cells in sight, from 0 to 1; ``insertion`` shows the highest cells first,
    ``reversed`` the lowest. Areas are those under the curve over ``shares``, by trapezoids: the mean score. Read
    backwards, ``reversed`` is the curve of deletion: what is left when the highest are gone are the lowest. So its area
    is that of deletion, too.

    Source: Petsiuk et al., RISE, BMVC 2018 (insertion and deletion).
    """

    shares: Float64[np.ndarray, "step"]
    insertion: Float64[np.ndarray, "step"]
    reversed: Float64[np.ndarray, "step"]
    random: Float64[np.ndarray, "order step"]

    @property
    def insertion_area(self) -> float:
        """The higher, the better the map."""
        return float(np.trapezoid(self.insertion, self.shares))

    @property
    def reversed_area(self) -> float:
        """The lower, the better the map."""
        return float(np.trapezoid(self.reversed, self.shares))

    @property
    def random_areas(self) -> Float64[np.ndarray, "order"]:
        """What a map that says nothing would reach."""
        return np.trapezoid(self.random, self.shares, axis=1)

    @property
    def p_random(self) -> float:
        """The probability of an insertion area at least as large if the map were a random order; ties count against it.

        ``(1 + random orders at least as good) / (1 + random orders)``: at most 0.05 for at most 5 % of random maps.
        Maps judged by the same random orders share their luck. A score that is not a number counts against the map.
        """
        areas = self.random_areas
        is_worse = areas < self.insertion_area - _ROUNDING * np.abs(self.random).max()
        return float((1 + (~is_worse).sum()) / (1 + len(areas)))


def order_of(values: Float64[np.ndarray, "cell"], rng: np.random.Generator) -> Int64[np.ndarray, "cell"]:
    """Return the cells from the highest value down; equal ones in an order that ``rng`` draws.

    Raises ``InputError`` for no cells, or values that are not finite.
    """
    _check(values)
    return np.lexsort((rng.random(len(values)), -values))


def step_counts(n_cells: int, n_steps: int = N_STEPS) -> Int64[np.ndarray, "step"]:
    """Return how many cells are in sight at every step: from none to all, in ``n_steps`` steps or one for each cell.

    Raises ``InputError`` where either is below 1.
    """
    if min(n_cells, n_steps) < 1:
        raise InputError(f"There is no way from none to {n_cells} cells in {n_steps} steps; give at least 1 of each.")
    return np.round(np.linspace(0, n_cells, min(n_steps, n_cells) + 1)).astype(np.int64)


def chain(
    order: Int64[np.ndarray, "*order cell"], counts: Int64[np.ndarray, "step"]
) -> Bool[np.ndarray, "*order step cell"]:
    """Return, for every count, which cells are in sight: so many of the first in ``order``."""
    return order.argsort(axis=-1)[..., None, :] < counts[:, None]


def random_chains(
    n_cells: int, n_orders: int, n_steps: int, rng: np.random.Generator
) -> Bool[np.ndarray, "order step cell"]:
    """Return the chains of ``n_orders`` random orders: they depend on no map, so one evaluation serves all maps.

    Raises ``InputError`` where any of the numbers is below 1.
    """
    counts = step_counts(n_cells, n_steps)
    if n_orders < 1:
        raise InputError(f"A map cannot be compared with {n_orders} random orders; ask for at least 1.")
    return chain(rng.permuted(np.tile(np.arange(n_cells), (n_orders, 1)), axis=1), counts)


def scores_of(chains: Bool[np.ndarray, "*order step cell"], game: Game) -> Float64[np.ndarray, "*order step"]:
    """Return the score at every step of every chain, from one call of ``game``.

    Cost: 2 evaluations for none and all of the cells, which all chains share, and for each chain one for every step in
    between.
    """
    n_steps, n_cells = chains.shape[-2:]
    between = chains[..., 1:-1, :]
    ends = np.array([np.zeros(n_cells), np.ones(n_cells)], dtype=bool)
    found = game(np.concatenate([ends, between.reshape(-1, n_cells)]))
    scores = np.empty((*chains.shape[:-2], n_steps))
    scores[..., 0], scores[..., -1] = found[:2]
    scores[..., 1:-1] = found[2:].reshape(between.shape[:-1])
    return scores


def curve_of(
    order: Int64[np.ndarray, "*order cell"], game: Game, counts: Int64[np.ndarray, "step"]
) -> Float64[np.ndarray, "*order step"]:
    """Return the score while cells come into sight in one order, or in each of several. Cost: see ``scores_of``."""
    return scores_of(chain(order, counts), game)


def curves(
    values: Float64[np.ndarray, "cell"], game: Game, random: Float64[np.ndarray, "order step"], rng: np.random.Generator
) -> Curves:
    """Return the curves of a map; ``random`` is the ``scores_of`` the ``random_chains`` of as many cells.

    As many steps as ``random`` has. Cost: one call of ``game`` with 2 evaluations for every step, by default 16. The
    random orders took 2 and another for each order and step in between, by default 135, once for all maps.

    Raises ``InputError`` for values that are not finite, or random orders of other cells as far as it shows.
    """
    order = order_of(values, rng)
    counts = step_counts(len(values), random.shape[1] - 1)
    if len(counts) != random.shape[1]:
        raise InputError(
            f"A map of {len(values)} cells has no curve in {random.shape[1] - 1} steps; "
            "compare it with random orders of as many cells."
        )
    insertion, backwards = curve_of(np.stack([order, order[::-1]]), game, counts)
    return Curves(counts / len(values), insertion, backwards, random)


def random_masks(n_cells: int, n_masks: int, rng: np.random.Generator) -> Bool[np.ndarray, "mask cell"]:
    """Return masks that each leave half of the cells in sight, rounded down, but at least one.

    Raises ``InputError`` where either number is below 1.
    """
    if min(n_cells, n_masks) < 1:
        raise InputError(f"There are no {n_masks} masks over {n_cells} cells; give at least 1 of each.")
    return rng.random((n_masks, n_cells)).argsort(axis=1) < max(1, n_cells // 2)


def rank_faithfulness(
    values: Float64[np.ndarray, "cell"], masks: Bool[np.ndarray, "mask cell"], scores: Float64[np.ndarray, "mask"]
) -> float:
    """Return the rank correlation of what the map has in sight, summed, with the score; NaN where it cannot be told.

    That is with fewer than 3 masks, or where the sums or the scores are all the same. Sums that differ by no more than
    rounding are the same. Raises ``InputError`` for values or scores that are not finite.

    Source: Bhatt et al., Evaluating and aggregating feature-based model explanations, IJCAI 2020, with masks of one
    size; there by Pearson's correlation, here by ranks, so that only the order a map gives matters.
    """
    _check(values)
    if len(masks) < _LEAST_MASKS:
        return np.nan
    sums = masks @ values
    ascending = np.sort(sums)
    is_higher = np.diff(ascending) > _ROUNDING * np.abs(values).sum()
    starts = ascending[np.concatenate([[True], is_higher])]
    return rank_correlation(np.searchsorted(starts, sums, side="right").astype(np.float64), scores)


def rank_correlation(first: Float64[np.ndarray, "cell"], second: Float64[np.ndarray, "cell"]) -> float:
    """Return Spearman's rank correlation, equal values sharing their mean rank; NaN where one map is constant.

    Raises ``InputError`` for no cells, or values that are not finite.
    """
    return float(rank_correlations(np.stack([first, second]))[0, 1])


def rank_correlations(maps: Float64[np.ndarray, "map cell"]) -> Float64[np.ndarray, "map map"]:
    """Return ``rank_correlation`` of every two maps: 1 on the diagonal, but NaN for a constant map, which has no order.

    Raises ``InputError`` for no cells, or values that are not finite.
    """
    from scipy.stats import rankdata  # which takes a second that no command should wait for

    _check(maps)
    ranks = rankdata(maps, axis=1) - (maps.shape[1] + 1) / 2
    products = ranks @ ranks.T  # of halves of whole numbers, so exact: as are 1, -1 and the symmetry of what follows
    scale = np.sqrt(np.outer(np.diag(products), np.diag(products)))
    return np.divide(products, scale, out=np.full_like(products, np.nan), where=scale > 0)


def _check(values: Float64[np.ndarray, "*map cell"]) -> None:
    if values.shape[-1] < 1:
        raise InputError("There are no cells to compare; give a map of at least one.")
    if not np.isfinite(values).all():
        raise InputError("A value or a score is not a finite number; compute the map and its scores again.")
