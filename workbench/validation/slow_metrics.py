"""The metrics of moments from their definitions alone, in exact fractions: whole seconds are counted one by one.

Separate from what they are held against, with which they share nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

THRESHOLDS = [Fraction(k, 20) for k in range(10, 20)]
RANGES_S = {"short": (0, 10), "middle": (10, 30), "long": (30, 150), "full": (0, 1000)}
Window = Sequence[float]


def overlap(a: Window, b: Window) -> Fraction:
    """Return the seconds that two windows of whole seconds share, over those that either has."""
    seconds_a, seconds_b = (set(range(int(window[0]), int(window[1]))) for window in (a, b))
    return Fraction(len(seconds_a & seconds_b), len(seconds_a | seconds_b))


def average_precision(truth: Sequence[Window], ranked: Sequence[Window], threshold: Fraction) -> Fraction:
    """Return, for each number of true windows found, the best precision of any rank that finds as many, on average."""
    free = list(range(len(truth)))
    precision_at = []
    for rank, window in enumerate(ranked, start=1):
        near = [(overlap(window, truth[k]), k) for k in free if overlap(window, truth[k]) >= threshold]
        if near:
            free.remove(max(near)[1])
        found = len(truth) - len(free)
        precision_at.append((found, Fraction(found, rank)))
    levels = [[p for found, p in precision_at if found >= k] for k in range(1, len(truth) + 1)]
    return sum((max(level) for level in levels if level), Fraction(0)) / len(truth)


def retrieval(
    rows: Sequence[tuple[Sequence[Window], Sequence[Window]]], low_s: float, high_s: float
) -> dict[str, list[Fraction]] | None:
    """Return average precision by overlap, then over all, and first hits by overlap, as shares; None for no window.

    ``rows`` are true windows and predictions ``[start, end, score]``; only true ones longer than ``low_s`` and no
    longer than ``high_s`` count.
    """
    averages, firsts = [], []
    for windows, said in rows:
        truth = [window for window in windows if low_s < window[1] - window[0] <= high_s]
        if not truth:
            continue
        ten = said[:10]
        ranked = sorted(ten, key=lambda window: -window[2])
        averages.append([average_precision(truth, ranked, threshold) for threshold in THRESHOLDS])
        firsts.append(max(overlap(ten[0], window) for window in truth) if ten else Fraction(0))
    if not averages:
        return None
    mean = [sum(column, Fraction(0)) / len(averages) for column in zip(*averages, strict=True)]
    return {
        "MR-mAP": [*mean, sum(mean, Fraction(0)) / len(mean)],
        "MR-R1": [Fraction(sum(first >= threshold for first in firsts), len(averages)) for threshold in THRESHOLDS],
    }
