"""A curve as few level stretches: where it really changes, and where it only wavers.

Separate because it knows nothing of videos or moments: numbers in, the starts of the stretches out.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

PENALTY = 2.0
MATERIAL = 0.15
MAX_SEGMENTS = 96
MERGED_ONE_BY_ONE = 20


def change_points(curve: Float64[np.ndarray, "time"]) -> Int64[np.ndarray, "segment"]:
    """Return the index of the first value of every level stretch; the first is 0.

    Neighbouring stretches are merged, those first whose merging adds least squared error (Ward), until
    every merge that is left would add more than noise does: ``PENALTY * log(time)`` times the noise
    variance, which is what BIC charges for the two parameters of a change, its place and its height.
    Noise is measured over blocks of values, so that smoothed noise counts in full, and taken as at least
    ``MATERIAL`` of the curve's range: a step far smaller than that is no change. Then every boundary is
    moved to where it fits its two neighbours best. Shifting the curve, or scaling it, changes nothing. A
    curve in which nothing passes for a change is cut in three, as a best guess; a constant one is not
    cut; more than ``MAX_SEGMENTS`` are never returned.

    Source: Ward, JASA 1963, with the neighbourhood constraint; the penalty after Yao, 1988 (BIC).
    Cost: about 2 ms for 7,200 values.
    """
    n = len(curve)
    spread = float(np.ptp(curve)) if n else 0.0
    if n < 2 or spread == 0.0:
        return np.zeros(min(n, 1), dtype=np.int64)
    noise = max(_noise(curve), MATERIAL * spread)
    starts = _merge(curve - curve.mean(), PENALTY * np.log(n) * noise**2)
    return _refine(curve - curve.mean(), starts)


def _noise(curve: Float64[np.ndarray, "time"]) -> float:
    """Return the standard deviation of independent noise that would waver as this curve does.

    Long blocks see that smoothed noise wavers slowly; short ones still lie between the steps of a curve
    that has many. The short ones' estimate is doubled, which is what a moving average of three takes off.
    """
    longest = int(np.clip(len(curve) // 24, 1, 8))
    return min(_block_noise(curve, longest), 2.0 * _block_noise(curve, min(longest, 2)))


def _block_noise(curve: Float64[np.ndarray, "time"], block: int) -> float:
    """Return the same from the median difference between the means of neighbouring blocks."""
    sums = np.concatenate([[0.0], np.cumsum(curve)])
    means = (sums[block:] - sums[:-block]) / block
    if len(means) <= block:
        return 0.0
    difference = np.median(np.abs(means[block:] - means[:-block]))
    return float(difference / 0.6745 * np.sqrt(block / 2))


def _merge(curve: Float64[np.ndarray, "time"], penalty: float) -> Int64[np.ndarray, "segment"]:
    starts = best_guess = np.arange(len(curve))
    sums, counts = curve.copy(), np.ones(len(curve))
    while len(starts) > 1:
        error = counts[1:] * counts[:-1] / (counts[1:] + counts[:-1]) * np.diff(sums / counts) ** 2
        if error.min() > penalty and len(starts) <= MAX_SEGMENTS:
            break
        if len(starts) > MERGED_ONE_BY_ONE:
            chosen = _valleys(error) & (error <= max(penalty, error.min()))
        else:
            chosen = np.arange(len(error)) == np.argmin(error)
        if len(starts) == 3:
            best_guess = starts
        keep = np.concatenate([[True], ~chosen])
        places = np.flatnonzero(keep)
        starts, sums, counts = (
            starts[keep],
            np.add.reduceat(sums, places),
            np.add.reduceat(counts, places),
        )
    return starts if len(starts) > 1 else best_guess


def _valleys(error: Float64[np.ndarray, "pair"]) -> np.ndarray:
    """Mark pairs that are cheaper to merge than both neighbours; of equals, every other one."""
    is_even = np.arange(len(error)) % 2 == 0
    padded = np.concatenate([[np.inf], error, [np.inf]])
    left, right = padded[:-2], padded[2:]
    return ((error < left) | ((error == left) & is_even)) & ((error < right) | ((error == right) & is_even))


def _refine(curve: Float64[np.ndarray, "time"], starts: Int64[np.ndarray, "segment"]) -> Int64[np.ndarray, "segment"]:
    sums = np.concatenate([[0.0], np.cumsum(curve)])
    edges = np.append(starts, len(curve))
    for _ in range(2):
        for k in range(1, len(edges) - 1):
            low, high = edges[k - 1], edges[k + 1]
            if high - low < 3:
                continue
            split = np.arange(low + 1, high)
            n_left, n_right = split - low, high - split
            step = (sums[split] - sums[low]) / n_left - (sums[high] - sums[split]) / n_right
            edges[k] = split[np.argmax(n_left * n_right * step**2)]
    return edges[:-1]
