"""Small JPEG pictures of a film at given times, for strips of frames.

Separate because it is the one place that turns frames into a picture format.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from workbench.media.decode import Read, frames_at, read_frames

_QUALITY = 4  # the quantizer of the JPEG encoder, 2 (best) to 31


def read_thumbnails(
    path: Path, title: str, times_s: Sequence[float], height_px: int, read: Read = read_frames
) -> list[bytes]:
    """Return the frames on screen at ``times_s``, in any order, as JPEG files ``height_px`` high.

    Raises ``VideoError`` where the film is damaged. Cost: decodes from the key frame before each time.
    """
    times = np.asarray(times_s, dtype=np.float64)
    order = np.argsort(times, kind="stable")
    jpegs = [b""] * len(times)
    for at, pixels in zip(order, frames_at(path, title, times[order], read), strict=True):
        jpegs[at] = _jpeg(pixels, height_px)
    return jpegs


def _jpeg(pixels: np.ndarray, height_px: int) -> bytes:
    height, width = pixels.shape[:2]
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24").reformat(
        width=max(1, round(width * height_px / height)),
        height=height_px,
        format="yuvj420p",
        interpolation="AREA",
    )
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuvj420p"
    encoder.time_base = Fraction(1)
    encoder.qmin = encoder.qmax = _QUALITY
    return b"".join(bytes(packet) for part in (frame, None) for packet in encoder.encode(part))
