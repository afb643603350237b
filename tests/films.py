"""Small films whose every frame is known beforehand, written with PyAV.

Separate because tests of all layers need a film, and none should have to encode one itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

RGB = tuple[int, int, int]
RED, GREEN, BLUE, GRAY = (220, 30, 30), (40, 160, 60), (40, 70, 210), (128, 128, 128)


@dataclass(frozen=True)
class Film:
    """A film on disk, and the plain colour it shows from each of ``starts_s`` on."""

    path: Path
    starts_s: tuple[float, ...]
    colours: tuple[RGB, ...]
    duration_s: float

    def colour_at(self, time_s: float) -> RGB:
        """Return the colour on show at ``time_s``."""
        return self.colours[int(np.searchsorted(self.starts_s, time_s, side="right")) - 1]


def write_film(
    path: Path,
    scenes: Sequence[tuple[float, RGB]],
    fps: int = 10,
    size_px: tuple[int, int] = (96, 64),
    codec: str = "h264",
) -> Film:
    """Write a film of plain colours, one scene of (seconds, colour) after another, and return it."""
    width_px, height_px = size_px
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
        for seconds, colour in scenes:
            picture = np.full((height_px, width_px, 3), colour, dtype=np.uint8)
            for _ in range(round(seconds * fps)):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    lengths_s = np.array([round(seconds * fps) / fps for seconds, _ in scenes])
    starts_s = np.concatenate([[0.0], np.cumsum(lengths_s)[:-1]])
    return Film(path, tuple(starts_s), tuple(colour for _, colour in scenes), float(lengths_s.sum()))
