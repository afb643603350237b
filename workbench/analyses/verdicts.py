"""What the evidence for a map says, in plain sentences written from its numbers.

Separate from the evidence, whose numbers do not know how they read.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from workbench.types.maps import Evidence, HeatMaps

MOST_BY_CHANCE, LEAST_SIGMAS = 0.05, 2.0
"""How often a random order may do as well as a map that is said to be better than random, and how many of their
standard deviations it is beyond their mean at least: none of 19 does as well as many a map that is hardly better."""
SAME_RANKS = 0.9
"""The rank correlation from which two maps say the same."""
MOST_OTHERS, LEAST_OTHERS = 0.05, 19
"""How many of the other sentences may fit a picture as well as one whose score says something, and of how many."""
LEAST_RISE = 0.02
"""The least rise of the cosine, from nothing to all in sight, of which shares are told."""


def is_better_than_random(evidence: Evidence, row: int) -> bool:
    """Return whether cells that a map puts first bring the score back sooner than random ones."""
    areas = evidence.random_areas[row]
    beyond = float(evidence.insertion_areas[row] - areas.mean())
    return bool(evidence.p_random[row] <= MOST_BY_CHANCE and beyond > LEAST_SIGMAS * areas.std(ddof=1))


def fits_no_better(evidence: Evidence, row: int) -> bool:
    """Return whether other sentences fit the picture as well, so that its score says little."""
    return bool(evidence.standing[row] > MOST_OTHERS)


def is_about_model(evidence: Evidence, row: int) -> bool | None:
    """Return whether a map is about what the model has learned, or None where that cannot be tested.

    It is not where other sentences fit the picture as well, where it does no better than random, or where weights drawn
    anew give the same map, or one as good. Of a model that has learned nothing, one in twenty scores stands out by
    chance.
    """
    if evidence.n_others < LEAST_OTHERS:
        return None
    if fits_no_better(evidence, row) or not is_better_than_random(evidence, row):
        return False
    if not evidence.randomised.shape[1]:
        return None
    is_same = bool((evidence.randomised[row] >= SAME_RANKS).any())
    return not is_same and bool(evidence.insertion_areas[row] > evidence.randomised_areas[row].max())


def is_about_sentence(maps: HeatMaps, evidence: Evidence, row: int) -> bool | None:
    """Return whether the map changes with the sentence, or None where one of the two maps has no order."""
    if not maps.is_about_sentence:
        return False
    correlation = float(evidence.contrast_correlations[row])
    return None if correlation != correlation else correlation < SAME_RANKS


def verdicts(maps: HeatMaps, evidence: Evidence) -> tuple[tuple[str, ...], ...]:
    """Return what is to be said of every map, or of that of a window: the mean over its frames."""
    return tuple(
        (_random(maps, evidence, row), _model(evidence, row), _sentence(maps, evidence, row), _measured(evidence, row))
        for row in range(len(evidence.p_random))
    )


def share(evidence: Evidence, row: int, area: float) -> float:
    """Return an area as the share of the rise that was reached on average, from nothing to all in sight."""
    empty, full = float(evidence.insertion[row, 0]), float(evidence.insertion[row, -1])
    return (area - empty) / (full - empty)


def has_something_to_find(evidence: Evidence, row: int) -> bool:
    """Return whether the whole picture fits the sentence clearly better than one with every cell hidden."""
    return float(evidence.insertion[row, -1] - evidence.insertion[row, 0]) >= LEAST_RISE


def _random(maps: HeatMaps, evidence: Evidence, row: int) -> str:
    is_window = len(maps.times_s) > len(evidence.p_random)
    mean, n_orders = float(evidence.random_areas[row].mean()), evidence.random_areas.shape[1]
    own = float(evidence.insertion_areas[row])
    measured = f"a cosine of {_cosine(own)} against {_cosine(mean)} on average"
    if has_something_to_find(evidence, row):
        shares = share(evidence, row, own), share(evidence, row, mean)
        if min(shares) >= -1 and max(shares) <= 2:  # else the curve rises above both of its ends, or falls below
            own_share, mean_share = map(_correlation, shares)
            measured = f"{own_share} against {mean_share} of the rise from nothing to all in sight, on average"
    chance = f"{round(evidence.p_random[row] * (n_orders + 1)) - 1} of {n_orders} random orders do as well"
    return (
        f"Better than random on this {'window' if is_window else 'picture'}: "
        f"{'yes' if is_better_than_random(evidence, row) else 'not shown'}, {measured}; {chance}."
    )


def _model(evidence: Evidence, row: int) -> str:
    head = "About what the model has learned"
    if evidence.n_others < LEAST_OTHERS:
        return f"{head}: cannot be told, the model brings too few other sentences to hold the score against."
    n_fitting = round(evidence.standing[row] * (1 + evidence.n_others)) - 1
    fitting = f"{n_fitting} of {evidence.n_others} other sentences fit this picture as well"
    if fits_no_better(evidence, row):
        return f"{head}: no, {fitting}, so the score itself says little."
    if not is_better_than_random(evidence, row):
        return f"{head}: not shown, as it is not shown to be better than random."
    if (is_about := is_about_model(evidence, row)) is None:
        return f"{head}: cannot be told, its weights cannot be drawn anew here."
    if is_about:
        return (
            f"{head}: yes, {fitting}, and weights drawn anew give other maps, which find less of the score (rank "
            f"correlations with it {_span(evidence.randomised[row])})."
        )
    if (evidence.randomised[row] >= SAME_RANKS).any():
        return f"{head}: no, weights drawn anew give the same map."
    return f"{head}: no, as far as this picture tells: weights drawn anew give a map that finds the score as well."


def _sentence(maps: HeatMaps, evidence: Evidence, row: int) -> str:
    if not maps.is_about_sentence:
        return "Depends on the sentence: no, the sentence does not enter this method."
    if (is_about := is_about_sentence(maps, evidence, row)) is None:
        return f"Depends on the sentence: cannot be told, this map or that of “{evidence.contrast}” is flat."
    return (
        f"Depends on the sentence: {'yes' if is_about else 'no'}, the map of “{evidence.contrast}” has a rank "
        f"correlation of {_correlation(float(evidence.contrast_correlations[row]))} with it ({SAME_RANKS:.2f} and more "
        f"is called the same)."
    )


def _measured(evidence: Evidence, row: int) -> str:
    areas = evidence.insertion_areas[row], evidence.reversed_areas[row], evidence.random_areas[row].mean()
    own, reverse, random = (_cosine(float(area)) for area in areas)
    return (
        f"Mean cosine while cells come into sight: {own} the highest first (insertion), {reverse} the lowest first "
        f"(which is deletion read backwards), {random} in random order. On {evidence.n_masks} random halves of the "
        f"picture, the map in sight and the cosine have a rank correlation of "
        f"{_correlation(float(evidence.rank_correlations[row]))}."
    )


def _span(values: Float64[np.ndarray, "model"]) -> str:
    known = values[np.isfinite(values)]
    if not len(known):
        return "none, as they are flat"
    return f"{_correlation(known.min())} to {_correlation(known.max())}"


def _cosine(value: float) -> str:
    return f"{value:.3f}".replace("-", "\N{MINUS SIGN}")


def _correlation(value: float) -> str:
    return "none" if value != value else f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
