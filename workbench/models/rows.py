"""What adapters end with: unit rows, their cosine with sentences, and the score of a pooled video.

Separate so that all families mean the same by "a unit row" and by similarity.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Float32, Float64

from workbench.errors import ModelError
from workbench.types.features import TextFeatures, VideoFeatures
from workbench.types.video import FrameBatch


def unit_rows(rows: Float[np.ndarray, "row dim"]) -> Float32[np.ndarray, "row dim"]:
    """Return ``rows`` scaled to length one, float32; a row of zeros stays zero."""
    rows = np.asarray(rows, dtype=np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)


def cosine(video: VideoFeatures, text: TextFeatures) -> Float32[np.ndarray, "query time"]:
    """Return the cosine of every text with every row of the video. Cost: one matrix product."""
    # In this order of factors the product reads the long matrix once: twice as fast as the other.
    return np.ascontiguousarray((video.frames @ text.embeddings.T).T)


def mean_pooled_score(video: VideoFeatures, text: TextFeatures) -> Float32[np.ndarray, "query"]:
    """Return the cosine between the mean of the frames and each text.

    Order is lost by construction: the same frames in another order score the same.
    Raises ``ModelError`` for a video without frames. Cost: one matrix product.
    """
    if not len(video.frames):
        raise ModelError("The video has no frames to score; sample it at a higher rate.")
    pooled = unit_rows(video.frames.mean(axis=0, keepdims=True))
    return (text.embeddings @ pooled[0]).astype(np.float32)


def middle_times(frames: FrameBatch, n_frames: int) -> Float64[np.ndarray, "window"]:
    """Return the middle of every window of ``n_frames``; ``frames`` are whole windows one after another."""
    times_s = frames.times_s.reshape(-1, n_frames)
    return (times_s[:, 0] + times_s[:, -1]) / 2
