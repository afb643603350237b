"""When a sentence is true of a film."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float32, Float64


@dataclass(frozen=True)
class Moment:
    """A span of a video in seconds, with a score that ranks it among the moments of its query."""

    start_s: float
    end_s: float
    score: float


@dataclass(frozen=True)
class MeasuredNull:
    """How high sentences rise that are known to be absent, measured on videos whose truth is known.

    ``peaks`` are the highest saliency of each of them, read at ``fps`` with ``smoothing_s`` in videos of at most
    ``longest_s``; one value followed another after ``step_s``. ``levels`` are, one pair a video, what its frames gave
    on average to all distractors and to the best of them: a video far from all that is of another kind, and the peaks
    say nothing of it. ``words`` are all words of those sentences, in lower case: of a sentence with another word the
    peaks say nothing, either.
    """

    fps: float
    step_s: float
    smoothing_s: float
    longest_s: float
    levels: tuple[tuple[float, float], ...]
    words: tuple[str, ...]
    peaks: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class AbsentPeaks:
    """The peaks of sentences that are not in the video, which that of a query is held against.

    ``measured`` on sentences known to be absent from videos whose truth is known, or ``estimated`` from the
    model's distractors in this video, some of which may be in it.
    """

    peaks: Float64[np.ndarray, "sentence"]
    kind: Literal["measured", "estimated"]


@dataclass(frozen=True)
class Grounding:
    """When each query is true of the video.

    ``similarity`` is the raw cosine, ``saliency`` the smoothed and normalised curve that the
    moments are read from. ``p_absent`` is the probability of a peak this high for a sentence that
    is *not* in the video, or NaN where it cannot be said; ``is_in_video`` is ``p_absent <= error_rate``.
    ``absent`` is, one a query, what that probability is read from; queries of one kind share theirs.
    ``window_s`` is how much of the video each value is of, about its time; 0 where it is of a single frame.
    """

    queries: tuple[str, ...]
    times_s: Float64[np.ndarray, "time"]
    similarity: Float32[np.ndarray, "query time"]
    saliency: Float32[np.ndarray, "query time"]
    moments: tuple[tuple[Moment, ...], ...]
    peaks: Float64[np.ndarray, "query"]
    absent: tuple[AbsentPeaks, ...]
    p_absent: Float64[np.ndarray, "query"]
    is_in_video: Bool[np.ndarray, "query"]
    error_rate: float
    warnings: tuple[str, ...] = ()
    window_s: float = 0.0
