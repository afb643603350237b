"""A film, how it is sampled, and its frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, UInt8


@dataclass(frozen=True)
class SamplingSpec:
    """How a video is turned into frames: at ``fps`` frames a second, never more than ``max_frames``.

    A video with more than ``max_frames`` frames at ``fps`` is sampled evenly at the lower rate
    that fits, and the rate in use is reported.
    """

    fps: float = 2.0
    max_frames: int = 20_000

    def rate_for(self, duration_s: float) -> float:
        """Return the rate in frames per second that a video of ``duration_s`` is sampled at."""
        if duration_s * self.fps <= self.max_frames:
            return self.fps
        return self.max_frames / duration_s


@dataclass(frozen=True)
class VideoInfo:
    """What is known of a video before a frame of it is used; ``id`` is the sha256 of its bytes, in hex."""

    id: str
    title: str
    duration_s: float
    fps: float
    width_px: int
    height_px: int
    codec: str
    n_bytes: int
    licence: str = ""
    credit: str = ""


@dataclass(frozen=True)
class FrameBatch:
    """Sampled frames of one video, RGB, with the time each of them is shown at; one frame has one time.

    They follow one another, or make windows that do, where a frame may stand in several.
    """

    video_id: str
    sampling: SamplingSpec
    pixels: UInt8[np.ndarray, "time height width 3"]
    times_s: Float64[np.ndarray, "time"]
