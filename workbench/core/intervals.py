"""Spans of time: how sampled frames tile a video, and how much two spans overlap.

Separate because the search for moments and the metrics that judge it must mean the same by both.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike


def temporal_iou(a: ArrayLike, b: ArrayLike) -> Float64[np.ndarray, "a b"]:
    """Return intersection over union of every span of ``a`` with every span of ``b``, in [0, 1].

    ``a [a 2]`` and ``b [b 2]`` hold starts and ends in one unit. Two spans of no length overlap by 0.
    """
    left = np.asarray(a, dtype=np.float64).reshape(-1, 2)
    right = np.asarray(b, dtype=np.float64).reshape(-1, 2)
    start = np.maximum(left[:, None, 0], right[None, :, 0])
    end = np.minimum(left[:, None, 1], right[None, :, 1])
    intersection = np.clip(end - start, 0.0, None)
    lengths = (left[:, 1] - left[:, 0])[:, None] + (right[:, 1] - right[:, 0])[None, :]
    union = lengths - intersection
    return np.divide(intersection, union, out=np.zeros_like(union), where=union != 0)


def frame_edges(times_s: Float64[np.ndarray, "time"], duration_s: float | None = None) -> Float64[np.ndarray, "edge"]:
    """Return the ``time + 1`` edges of the stretches of video that the frames at ``times_s`` stand for.

    An edge lies half-way between two frames: what begins between them is then placed without bias. Where
    ``duration_s`` is given the first stretch begins and the last ends with the video; else they reach half a
    step beyond their frames, but not before 0. One frame alone stands for the whole video, or for one second of it.
    """
    if len(times_s) == 0:
        return np.zeros(1)
    middles = (times_s[1:] + times_s[:-1]) / 2
    step_s = times_s[-1] - times_s[-2] if len(times_s) > 1 else 2.0 * max(0.5, times_s[0])
    first_step_s = times_s[1] - times_s[0] if len(times_s) > 1 else step_s
    start = max(0.0, times_s[0] - first_step_s / 2) if duration_s is None else 0.0
    end = times_s[-1] + step_s / 2 if duration_s is None else max(duration_s, times_s[-1])
    return np.concatenate([[start], middles, [end]])
