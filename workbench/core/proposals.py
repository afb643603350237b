"""Spans of a video as candidates for a moment: the map of all of them, and the choice of a few.

Separate from grounding because it sees one curve and no model.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64
from numpy.typing import ArrayLike

from workbench.core.intervals import frame_edges, temporal_iou
from workbench.core.segmentation import change_points
from workbench.errors import InputError
from workbench.types.grounding import Moment

NESTED = 0.7
"""The share of a span inside another from which on the two are one moment, not two."""


def proposal_map(saliency: ArrayLike, n_cells: int = 256) -> Float64[np.ndarray, "start end"]:
    """Return, for every span of the video, how far the curve inside it lies above the video's mean.

    The video is cut into ``n_cells`` stretches of equal length (one per frame where there are fewer
    frames); entry ``[i, j]`` is the span from the start of stretch ``i`` to the end of stretch ``j``, NaN
    for ``j < i``. This is the score that ``find_moments`` gives a span: mean inside minus mean outside,
    times the share of the video that is outside.

    Raises ``InputError`` for a curve that is not finite. Cost: ``n_cells ** 2``; 0.5 ms for 256.
    """
    values = _curve(saliency)
    n = min(n_cells, len(values))
    if n == 0:
        return np.zeros((0, 0))
    sums = np.concatenate([[0.0], np.cumsum(values - values.mean())])
    ends = np.interp(np.linspace(0, len(values), n + 1), np.arange(len(sums)), sums)
    index = np.arange(n)
    n_inside = (index[None, :] - index[:, None] + 1) * (len(values) / n)
    score = np.full((n, n), np.nan)
    return np.divide(ends[None, 1:] - ends[:-1, None], n_inside, out=score, where=n_inside > 0)


def find_moments(
    saliency: ArrayLike,
    times_s: ArrayLike,
    *,
    max_moments: int = 10,
    iou_threshold: float = 0.3,
    min_length_s: float = 0.0,
    duration_s: float | None = None,
) -> list[Moment]:
    """Return the spans in which the curve stands out, best first; no two overlap by more than asked.

    ``saliency [time]`` at increasing ``times_s [time]``. The curve is cut into level stretches, and every
    run of stretches that is higher than both its neighbours is a candidate. Of candidates whose
    intersection over union passes ``iou_threshold``, or of which one holds ``NESTED`` of the other, the
    most prominent stays: the one whose inside lies
    farthest above its higher neighbour, so that a window ends at half height and two windows with a dip
    between them stay two. ``Moment.score`` is the mean inside minus the mean of the whole video, in the
    units of the curve: it ranks by height and not by length. (The scan statistic ranks by length too, and
    a long stretch of half-right frames beats a short true one; mean inside minus mean outside lets a few
    black frames make all the rest of the video the best window.) A span that is not above that mean is none.

    A frame stands for the time half-way to its neighbours; ``duration_s`` is where the last one ends.
    Shifting the curve, or scaling it by a positive factor, changes no window. A constant curve has no
    moments; one that is all noise still gives best guesses.

    Raises ``InputError`` for values that are not finite, times that do not increase, or unequal lengths.

    Source: level sets of a denoised curve, with the prominence of topography; non-maximum suppression as
    in TFVTG (Zheng et al., ECCV 2024). Cost: about 3 ms for 7,200 frames.
    """
    values, times = _curve(saliency), _times(times_s)
    if len(values) != len(times):
        raise InputError("The curve and its times differ in length; give one time per value.")
    span = float(np.ptp(values)) if len(values) else 0.0
    if span == 0:
        return []
    # From 0 to 1, without what is rounding only: spans that are equal stay equal wherever the curve lies.
    values = np.round((values - values.min()) / span, 11)
    bounds = np.append(change_points(values), len(values))
    if len(bounds) < 3:
        return []
    first, last, prominence = _hills(values, bounds)
    sums = np.concatenate([[0.0], np.cumsum(values - values.mean())])
    start, end = bounds[first], bounds[last + 1]
    score = (sums[end] - sums[start]) / (end - start)
    edges_s = frame_edges(times, duration_s)
    spans_s = np.stack([edges_s[start], edges_s[end]], axis=1)
    by_prominence = np.argsort(-prominence, kind="stable")
    is_long = spans_s[:, 1] - spans_s[:, 0] >= min_length_s
    kept = _suppress(spans_s, by_prominence[is_long[by_prominence]], iou_threshold)
    best = kept[np.argsort(-score[kept], kind="stable")]
    best = best[score[best] > 0][:max_moments]
    return [Moment(*map(float, (*spans_s[k], score[k] * span))) for k in best]


def _hills(
    values: Float64[np.ndarray, "time"], bounds: Int64[np.ndarray, "bound"]
) -> tuple[Int64[np.ndarray, "hill"], Int64[np.ndarray, "hill"], Float64[np.ndarray, "hill"]]:
    """Return first and last stretch of every run that is higher than both neighbours, and its prominence.

    Prominence: the middle of mean and lowest level inside, minus the higher level beside, times the
    share of the video outside.
    """
    lengths = np.diff(bounds)
    levels = np.add.reduceat(values, bounds[:-1]) / lengths
    n = len(levels)
    first, last = np.triu_indices(n)
    runs = np.where(np.tri(n, dtype=bool).T, levels, np.inf)
    lowest = np.minimum.accumulate(runs, axis=1)[first, last]
    walled = np.concatenate([[-np.inf], levels, [-np.inf]])
    beside = np.maximum(walled[first], walled[last + 2])
    is_hill = (lowest > beside) & np.isfinite(beside)
    first, last, lowest, beside = first[is_hill], last[is_hill], lowest[is_hill], beside[is_hill]
    sums = np.concatenate([[0.0], np.cumsum(levels * lengths)])
    n_inside = bounds[last + 1] - bounds[first]
    mean = (sums[last + 1] - sums[first]) / n_inside
    return first, last, ((mean + lowest) / 2 - beside) * (1 - n_inside / len(values))


def _suppress(
    spans_s: Float64[np.ndarray, "span 2"], order: Int64[np.ndarray, "candidate"], iou_threshold: float
) -> Int64[np.ndarray, "kept"]:
    """Return those of ``order`` that overlap none kept before them too much, nor lie inside or around one."""
    overlaps = temporal_iou(spans_s, spans_s)
    lengths = spans_s[:, 1] - spans_s[:, 0]
    shared = overlaps / (1 + overlaps) * (lengths[:, None] + lengths)
    is_nested = shared > NESTED * np.minimum(lengths[:, None], lengths)
    kept: list[int] = []
    for candidate in order:
        if not ((overlaps[candidate, kept] > iou_threshold) | is_nested[candidate, kept]).any():
            kept.append(candidate)
    return np.array(kept, dtype=np.int64)


def _curve(saliency: ArrayLike) -> Float64[np.ndarray, "time"]:
    values = np.asarray(saliency, dtype=np.float64)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise InputError("The curve is not a list of finite numbers; compute it again.")
    return values


def _times(times_s: ArrayLike) -> Float64[np.ndarray, "time"]:
    times = np.asarray(times_s, dtype=np.float64)
    if times.ndim != 1 or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise InputError("The times of the curve do not increase; sort the frames by time.")
    return times
