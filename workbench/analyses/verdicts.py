"""What the evidence for a map says, in plain sentences written from its numbers.

Separate from the evidence, whose numbers do not know how they read.
"""

from __future__ import annotations

from workbench.types import Evidence, HeatMaps

MOST_BY_CHANCE = 0.05
"""How often a random order may do as well as a map that is said to be better than random."""
SAME_RANKS = 0.9
"""The rank correlation from which two maps say the same."""
MOST_OTHERS = 0.1
"""How many of the other sentences may fit a picture as well as one whose score says something."""


def is_better_than_random(evidence: Evidence, row: int) -> bool:
    """Return whether cells that a map puts first bring the score back sooner than random ones."""
    return bool(evidence.p_random[row] <= MOST_BY_CHANCE)


def is_about_model(evidence: Evidence, row: int) -> bool | None:
    """Return whether a map is about what the model has learned, or None where its weights cannot be drawn anew.

    It is not where it does no better than random, where other sentences fit the picture as well, or where weights
    drawn anew give the same map, or one as good.
    """
    if not is_better_than_random(evidence, row) or evidence.standing[row] > MOST_OTHERS:
        return False
    if not evidence.randomised.shape[1]:
        return None
    is_same = bool((evidence.randomised[row] >= SAME_RANKS).any())
    return not is_same and bool(evidence.insertion_areas[row] > evidence.randomised_areas[row].max())


def is_about_sentence(maps: HeatMaps, evidence: Evidence, row: int) -> bool:
    """Return whether the map changes with the sentence."""
    return maps.is_about_sentence and not evidence.contrast_correlations[row] >= SAME_RANKS


def verdicts(maps: HeatMaps, evidence: Evidence) -> tuple[tuple[str, ...], ...]:
    """Return what is to be said of every map."""
    return tuple(
        (_random(evidence, row), _model(evidence, row), _sentence(maps, evidence, row))
        for row in range(len(evidence.p_random))
    )


def share(evidence: Evidence, row: int, area: float) -> float:
    """Return an area as the share of the score that was reached on average, from nothing to all in sight."""
    empty, full = float(evidence.insertion[row, 0]), float(evidence.insertion[row, -1])
    return (area - empty) / (full - empty)


def has_something_to_find(evidence: Evidence, row: int) -> bool:
    """Return whether the whole picture fits the sentence better than one with every cell hidden."""
    return float(evidence.insertion[row, -1] - evidence.insertion[row, 0]) > 0


def _random(evidence: Evidence, row: int) -> str:
    is_better = is_better_than_random(evidence, row)
    mean, n_orders = float(evidence.random_areas[row].mean()), evidence.random_areas.shape[1]
    own = float(evidence.insertion_areas[row])
    if has_something_to_find(evidence, row):
        own, mean = share(evidence, row, own), share(evidence, row, mean)
        measured = f"{own:.2f} against {mean:.2f} of the score on average"
    else:
        measured = f"a cosine of {own:.3f} against {mean:.3f} on average"
    chance = f"{round(evidence.p_random[row] * (n_orders + 1)) - 1} of {n_orders} random orders do as well"
    return f"Better than random on this picture: {'yes' if is_better else 'no'}, {measured}; {chance}."


def _model(evidence: Evidence, row: int) -> str:
    is_about = is_about_model(evidence, row)
    if is_about is None:
        return "Whether it is about what the model has learned cannot be told: its weights cannot be drawn anew here."
    if is_about:
        return (
            f"About what the model has learned: yes, weights drawn anew give maps with rank correlations of "
            f"{_correlation(evidence.randomised[row].min())} to {_correlation(evidence.randomised[row].max())} with "
            f"it, which find less of the score."
        )
    if not is_better_than_random(evidence, row):
        return "About what the model has learned: no, it finds the score no better than chance."
    if evidence.standing[row] > MOST_OTHERS:
        return (
            f"About what the model has learned: no, {evidence.standing[row]:.0%} of other sentences fit this picture "
            f"as well, so there is little to explain."
        )
    if (evidence.randomised[row] >= SAME_RANKS).any():
        return "About what the model has learned: no, weights drawn anew give the same map."
    return (
        "About what the model has learned: no, as far as this picture tells: weights drawn anew give a map that finds "
        "the score as well."
    )


def _sentence(maps: HeatMaps, evidence: Evidence, row: int) -> str:
    if not maps.is_about_sentence:
        return "Depends on the sentence: no, the sentence does not enter this method."
    correlation = float(evidence.contrast_correlations[row])
    is_about = is_about_sentence(maps, evidence, row)
    return (
        f"Depends on the sentence: {'yes' if is_about else 'no'}, the map of “{evidence.contrast}” has a rank "
        f"correlation of {_correlation(correlation)} with it."
    )


def _correlation(value: float) -> str:
    return "none" if value != value else f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
