"""When a sentence is true of a video: the whole recipe from curves of similarity to moments.

Separate from its parts (segmentation, proposals, null) because it is the one place that says in which
order they act and on what.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32, Float64
from scipy.ndimage import uniform_filter1d

from workbench.core.null import MIN_DISTRACTORS, p_absent, p_absent_measured
from workbench.core.proposals import find_moments
from workbench.errors import InputError
from workbench.types.grounding import AbsentPeaks, Grounding, MeasuredNull, Moment

__all__ = ["distractor_peaks", "find_moments", "ground", "peaks_at", "prompt_ensemble", "smooth"]

SMOOTHING_S = 1.0
FLOOR = 0.25
"""The quantile of the measured absent peaks below which saliency says nothing: moments are read above it."""


def prompt_ensemble(embeddings: Float32[np.ndarray, "query prompt dim"]) -> Float32[np.ndarray, "query dim"]:
    """Return one unit embedding per query: the direction of the mean over its prompts.

    Rows of ``embeddings`` count alike whatever their length.

    Source: Radford et al., ICML 2021, section 3.1.4.
    """
    return _unit(_unit(np.asarray(embeddings, dtype=np.float32)).mean(axis=1))


def smooth(
    curves: Float32[np.ndarray, "query time"], times_s: Float64[np.ndarray, "time"], width_s: float
) -> Float32[np.ndarray, "query time"]:
    """Return the moving average of each curve over ``width_s`` seconds, the ends held (replicate padding).

    A frame is averaged with those at most ``width_s / 2`` away, an odd number in all; a width below two
    frame steps changes nothing. A cosine with unit features is linear in them, so this is exactly what
    averaging the features first would give, at a cost of ``query * time`` instead of ``time * dim``.

    Raises ``InputError`` for a width that is negative or not finite.
    """
    if not (np.isfinite(width_s) and width_s >= 0):
        raise InputError(f"A smoothing of {width_s} seconds is no width; choose 0 or more.")
    step_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else np.inf
    reach = min(int(width_s / 2 / step_s + 1e-6), len(times_s))
    return uniform_filter1d(curves, 2 * reach + 1, axis=-1, mode="nearest") if reach else curves


def distractor_peaks(
    curves: Float32[np.ndarray, "distractor time"],
    times_s: Float64[np.ndarray, "time"],
    smoothing_s: float = SMOOTHING_S,
) -> Float64[np.ndarray, "distractor"]:
    """Return the highest saliency of every distractor, each measured against all the others.

    ``curves`` are the cosines of the distractors. Depends on video, model, distractors and smoothing, and on
    no query: worth keeping. None of them with fewer than two distractors.
    """
    n = len(curves)
    if n < 2:
        return np.zeros(0)
    against_others = (curves - curves.mean(axis=0)) * np.float32(n / (n - 1))
    return smooth(against_others, times_s, smoothing_s).max(axis=1).astype(np.float64)


def ground(
    queries: Sequence[str],
    curves: Float32[np.ndarray, "query time"],
    times_s: Float64[np.ndarray, "time"],
    background: Float32[np.ndarray, "time"],
    null_peaks: Float64[np.ndarray, "distractor"],
    *,
    measured: Sequence[MeasuredNull | None] | None = None,
    smoothing_s: float = SMOOTHING_S,
    error_rate: float = 0.01,
    max_moments: int = 10,
    iou_threshold: float = 0.3,
    duration_s: float | None = None,
) -> Grounding:
    """Return when each query is true of the video, and whether it is at all.

    ``curves`` are the cosines of the queries, ``background`` the mean cosine of the distractors, and
    ``null_peaks`` their ``distractor_peaks`` at the same smoothing. Saliency is the cosine of a query minus
    the background, averaged over ``smoothing_s``. A query is in the video if an absent sentence reaches its
    highest saliency with probability ``error_rate`` at most. ``measured``, one a query where a model brings it,
    takes the place of ``null_peaks``, and the peak is then read as it was measured, whatever is shown.
    What lies below a quarter of those is no evidence (a yellow triangle for "a yellow star"): moments are
    read from the part above, their scores too, or from the upper half of a curve that hardly gets there.

    Raises ``InputError`` for a video without frames, or an error rate outside (0, 0.5).

    Source: contrastive normalisation as in TFVTG (Zheng et al., ECCV 2024) and distribution-normalised
    CLIP (Zhou et al., NeurIPS 2023); the empirical null after Efron, JASA 2004.
    Cost: 3 ms a query for 7,200 frames, nearly all of it the search for moments.
    """
    if not 0 < error_rate < 0.5:
        raise InputError(f"An error rate of {error_rate} decides nothing; choose one between 0 and 0.5.")
    if len(times_s) == 0:
        raise InputError("The video has no frames at this sampling; choose a higher rate.")
    saliency = smooth(curves - background, times_s, smoothing_s)
    peaks = saliency.max(axis=1).astype(np.float64)
    nulls = measured or [None] * len(queries)
    probability = p_absent(peaks, null_peaks) if None in nulls else np.full(len(queries), np.nan)
    floors = np.full(len(queries), -np.inf)
    absent = np.full(len(queries), AbsentPeaks(null_peaks, "estimated"), dtype=object)
    for null in {id(null): null for null in nulls if null}.values():
        rows = [at for at, own in enumerate(nulls) if own is null]
        known = np.asarray(null.peaks, dtype=np.float64)
        peaks[rows] = peaks_at(curves[rows] - background, times_s, null.step_s, null.smoothing_s)
        probability[rows] = p_absent_measured(peaks[rows], known)
        floors[rows] = np.quantile(known, FLOOR)
        absent[rows] = AbsentPeaks(known, "measured")
    # Half height bounds the floor, so that no curve is cut down to its tip, or is not, by a hair's breadth.
    half_heights = (saliency.mean(axis=1) + saliency.max(axis=1)) / 2
    evidence = np.maximum(saliency, np.minimum(floors, half_heights)[:, None]).astype(saliency.dtype)
    moments = tuple(
        tuple(find_moments(curve, times_s, max_moments=max_moments, iou_threshold=iou_threshold, duration_s=duration_s))
        for curve in evidence
    )
    return Grounding(
        queries=tuple(queries),
        times_s=times_s,
        similarity=curves,
        saliency=saliency,
        moments=moments,
        peaks=peaks,
        absent=tuple(absent),
        p_absent=probability,
        is_in_video=probability <= error_rate,
        error_rate=error_rate,
        warnings=_warnings(
            queries, moments, len(times_s), min((len(null.peaks) for null in absent), default=MIN_DISTRACTORS)
        ),
    )


def peaks_at(
    contrasted: Float32[np.ndarray, "query time"],
    times_s: Float64[np.ndarray, "time"],
    step_s: float,
    smoothing_s: float,
) -> Float64[np.ndarray, "query"]:
    """Return the highest of each curve, read at the times nearest to instants ``step_s`` apart and smoothed.

    The one way in which peaks are compared that come from videos sampled differently.
    """
    instants = np.arange(times_s[0], times_s[-1] + 1e-6, step_s)
    middles = (times_s[1:] + times_s[:-1]) / 2
    nearest = np.searchsorted(middles, instants, side="right")
    return smooth(contrasted[:, nearest], instants, smoothing_s).max(axis=1).astype(np.float64)


def _warnings(
    queries: Sequence[str], moments: Sequence[Sequence[Moment]], n_values: int, n_null: int
) -> tuple[str, ...]:
    result = []
    if n_values == 1:
        result.append("The video is read as a single value, so nothing can be placed in time.")
    else:
        without = (query for query, found in zip(queries, moments, strict=True) if not found)
        result += [f"“{query}” scores the same everywhere, so it has no moments." for query in without]
    if n_null < MIN_DISTRACTORS:
        result.append(
            f"Whether a sentence is in this video is not decided: that takes at least {MIN_DISTRACTORS} "
            f"distractors, and the model has {n_null}."
        )
    return tuple(result)


def _unit(rows: Float32[np.ndarray, "... dim"]) -> Float32[np.ndarray, "... dim"]:
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)
