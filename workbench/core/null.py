"""Whether a peak is higher than sentences reach that are not in the film, at a stated error rate.

Separate from grounding because it is a test on numbers and knows nothing of films.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64
from numpy.typing import ArrayLike
from scipy.stats import t as student

from workbench.errors import InputError

MIN_DISTRACTORS = 8
_CLIPPED_AT = 0.005
DF = lambda null: 0.3 * len(null)
_ROUNDS = 10


def p_absent(peaks: ArrayLike, null_peaks: ArrayLike) -> Float64[np.ndarray, "query"]:
    """Return the probability of a peak at least this high for a sentence that is not in the film.

    ``peaks [query]`` against ``null_peaks [distractor]``, the peaks of sentences most of which are not in
    the film. Those that are stand far out and are set aside; centre and spread are read from the lower
    half of the rest, where none of them can be, so that what is left of them makes the test more careful
    and never more lenient. The tail is Student's, with the degrees of freedom of the values that were
    used: 1 % means 1 % also with few distractors. NaN, no decision, with fewer than ``MIN_DISTRACTORS``.

    The lower half is trusted to say how the upper half would look without sentences that are in the film:
    if absent sentences can resemble what is there, put such sentences among the distractors.

    Raises ``InputError`` for values that are not finite.

    Source: Efron, "Large-scale simultaneous hypothesis testing: the choice of a null hypothesis", JASA 2004.
    """
    values = np.atleast_1d(np.asarray(peaks, dtype=np.float64))
    null = np.sort(np.asarray(null_peaks, dtype=np.float64).ravel())
    if not (np.isfinite(values).all() and np.isfinite(null).all()):
        raise InputError("A peak is not a finite number; compute the curves again.")
    if len(null) < MIN_DISTRACTORS:
        return np.full(values.shape, np.nan)
    kept = null
    for _ in range(_ROUNDS):
        is_absent = _tail(null, kept) > _CLIPPED_AT
        if is_absent.sum() == len(kept):
            break
        kept = null[is_absent]
    return _tail(values, kept)


def is_in_video(
    peaks: ArrayLike, null_peaks: ArrayLike, error_rate: float = 0.01
) -> Bool[np.ndarray, "query"]:
    """Tell which peaks an absent sentence reaches with a probability of ``error_rate`` at most.

    False where there is no decision for lack of distractors. Raises ``InputError`` for a rate outside (0, 0.5).
    """
    if not 0 < error_rate < 0.5:
        raise InputError(f"An error rate of {error_rate} makes no decision; choose one between 0 and 0.5.")
    return p_absent(peaks, null_peaks) <= error_rate


def _tail(values: Float64[np.ndarray, "query"], null: Float64[np.ndarray, "distractor"]):
    """Return Student's upper tail of ``values``, centre and spread from the lower half of sorted ``null``."""
    centre = np.median(null)
    below = null[: (len(null) + 1) // 2]
    spread = np.sqrt(np.mean((below - centre) ** 2))
    floor = 1e-6 * max(np.abs(null).max(), 1e-12)
    z = (values - centre) / max(spread, floor) / np.sqrt(1 + np.pi / 2 / len(null))
    return student.sf(z, df=DF(null))
