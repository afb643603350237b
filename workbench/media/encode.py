"""Frames to a film that every browser plays: H.264, 4:2:0, MP4 with its index in front.

Separate from decoding: films are written by the toy world, by tests, and where a person takes one away.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from workbench.errors import InputError


def write_video(path: Path, frames: Iterable[np.ndarray], fps: float, crf: int = 18) -> None:
    """Write ``uint8[height width 3]`` RGB frames at ``fps`` a second; the same frames give the same bytes.

    ``crf`` is the quality of x264: 0 without loss, 18 visually so, 51 the worst. Raises ``InputError``
    for no frames, odd sizes, or frames of different sizes.
    """
    rate = Fraction(fps).limit_denominator(1001)
    size = None
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        # One thread, and x264's promise to do the same on every processor: without it, frames whose height is
        # no multiple of 16 are weighed by what happens to lie beyond their edge, and the bytes vary.
        options = {"crf": str(crf), "threads": "1", "x264-params": "cpu-independent=1"}
        stream = container.add_stream("libx264", rate=rate, options=options)
        stream.pix_fmt = "yuv420p"
        for pixels in frames:
            if size is None:
                size = pixels.shape
                stream.height, stream.width = size[:2]
                if size[0] % 2 or size[1] % 2:
                    raise InputError(f"Frames of {size[1]} × {size[0]} cannot be written; use even sizes.")
            elif pixels.shape != size:
                raise InputError("The frames of a film must all have one size; make them equal.")
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        if size is None:
            raise InputError("A film needs at least one frame; give some.")
        container.mux(stream.encode(None))
