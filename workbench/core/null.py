"""Whether a peak is higher than sentences reach that are not in the video, at a stated error rate.

Separate from grounding because it is a test on numbers and knows nothing of videos.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

from workbench.errors import InputError

MIN_DISTRACTORS = 8
_SET_ASIDE_AT = 0.01
_MOST_LEANING = 1.6
_ROUNDS = 20
_FARTHER = 1.25
# Equal peaks have no spread: then the width is this share of the range of all peaks, or of their rounding.
_NARROWEST, _ROUNDING = 1e-3, 1e-9


@dataclass(frozen=True)
class Null:
    """How high the peaks of absent sentences are: Student's distribution about ``centre``."""

    centre: float
    scale: float
    freedom: float

    def tail(self, peaks: Float64[np.ndarray, "query"]) -> Float64[np.ndarray, "query"]:
        """Return the probability of a peak at least as high as each of ``peaks``."""
        return stdtr(self.freedom, (self.centre - peaks) / self.scale)

    def threshold(self, error_rate: float) -> float:
        """Return the peak that an absent sentence reaches with probability ``error_rate``."""
        return float(self.centre - self.scale * stdtrit(self.freedom, error_rate))


def empirical_null(null_peaks: ArrayLike) -> Null | None:
    """Return the distribution of the peaks of absent sentences, or None with fewer than 8 distractors.

    ``null_peaks [distractor]`` are the peaks of sentences most of which are not in the video; up to about
    a third may be. The first fit looks at the lower half only, where those are not. Then, in turn, all
    peaks that the fit can explain are taken in and the fit is made again: from the median and the wider
    of the two half-spreads (at most 1.6 times the lower one), since the highest of many values leans to
    the high side. Distractors that stand clear of the rest (they are in the video) never enter; those that
    do not stand clear widen the fit, which makes the test more careful. Few distractors widen it too.

    Measured with 64 distractors at a stated 1 %: 0.7 % for a Gaussian null, 0.5 % where 30 % of them are
    in the video (and 98 % of the sentences found that stand 6 deviations out), 4 % for a Gumbel null.

    Raises ``InputError`` for values that are not finite.

    Source: Efron, "Large-scale simultaneous hypothesis testing: the choice of a null hypothesis", JASA
    2004 (an empirical null from the centre); Billor, Hadi and Velleman, CSDA 2000 (growing a clean core).
    The degrees of freedom, 0.3 per distractor, were measured: see ``tests/property/test_null.py``.
    """
    null = np.sort(np.asarray(null_peaks, dtype=np.float64).ravel())
    if not np.isfinite(null).all():
        raise InputError("A peak is not a finite number; compute the curves again.")
    if len(null) < MIN_DISTRACTORS:
        return None
    narrowest = max(_NARROWEST * float(np.ptp(null)), _ROUNDING * float(np.abs(null).max())) or _ROUNDING
    fit = _fit(null, null[: (len(null) + 1) // 2], narrowest)
    n_kept = 0
    for _ in range(_ROUNDS):
        kept = null[fit.tail(null) > _SET_ASIDE_AT]
        if len(kept) == n_kept:
            break
        n_kept = len(kept)
        half = (n_kept + 1) // 2
        below, above = _fit(kept, kept[:half], narrowest), _fit(kept, kept[-half:], narrowest)
        scale = min(max(below.scale, above.scale), _MOST_LEANING * below.scale)
        fit = Null(below.centre, scale, below.freedom)
    return fit


def p_absent(peaks: ArrayLike, null_peaks: ArrayLike) -> Float64[np.ndarray, "query"]:
    """Return the probability of a peak at least this high for a sentence that is not in the video.

    NaN, which is no decision, with fewer than ``MIN_DISTRACTORS`` distractors. A sentence counts as in
    the video where this is at most the error rate that is asked for.

    Raises ``InputError`` for values that are not finite.
    """
    values = np.atleast_1d(np.asarray(peaks, dtype=np.float64))
    if not np.isfinite(values).all():
        raise InputError("A peak is not a finite number; compute the curves again.")
    null = empirical_null(null_peaks)
    return np.full(values.shape, np.nan) if null is None else null.tail(values)


def p_absent_measured(peaks: ArrayLike, absent_peaks: ArrayLike) -> Float64[np.ndarray, "query"]:
    """Return the share of sentences known to be absent that peak at least this high, the new one counted.

    ``absent_peaks`` come from other videos, whose truth is known. Where the new sentence is absent and drawn
    like those, the result is at most p with probability p, for every p and any distribution. NaN with
    fewer than ``MIN_DISTRACTORS``. The least it can say is 1 / (1 + the number of absent peaks).

    Raises ``InputError`` for values that are not finite.

    Source: conformal p-values, Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World", 2005.
    """
    values = np.atleast_1d(np.asarray(peaks, dtype=np.float64))
    absent = np.sort(np.asarray(absent_peaks, dtype=np.float64).ravel())
    if not (np.isfinite(values).all() and np.isfinite(absent).all()):
        raise InputError("A peak is not a finite number; compute the curves again.")
    if len(absent) < MIN_DISTRACTORS:
        return np.full(values.shape, np.nan)
    n_as_high = len(absent) - np.searchsorted(absent, values, side="left")
    return (n_as_high + 1) / (len(absent) + 1)


def is_of_their_kind(level: ArrayLike, levels: ArrayLike) -> bool:
    """Return whether a video is like those of ``levels [video number]``, judged by its ``level [number]``.

    By its distance from their mean in units of their own spread and correlation (Mahalanobis), which may be
    ``_FARTHER`` times that of the farthest of them. Any video is like fewer than ``MIN_DISTRACTORS`` of them.
    """
    known, asked = np.asarray(levels, dtype=np.float64), np.asarray(level, dtype=np.float64)
    if len(known) < MIN_DISTRACTORS:
        return True
    off = np.vstack([known, asked]) - known.mean(axis=0)
    covariance = np.cov(known.T) + 1e-12 * np.eye(known.shape[1])
    distance = np.sqrt(np.einsum("vi,ij,vj->v", off, np.linalg.inv(covariance), off))
    return bool(distance[-1] <= _FARTHER * distance[:-1].max())


def _fit(sample: Float64[np.ndarray, "distractor"], half: Float64[np.ndarray, "half"], narrowest: float) -> Null:
    """Return the distribution about the median of ``sample``, as wide as ``half`` of it, ``narrowest`` at least."""
    centre = float(np.median(sample))
    spread = np.sqrt(np.mean((half - centre) ** 2) * (1 + np.pi / 2 / len(sample)))
    return Null(centre, max(float(spread), narrowest), 0.3 * len(sample))
