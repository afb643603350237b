"""Small pictures of a film, those of the strip under the timeline among them, made once and kept beside its features.

Separate because they are the one thing that the page itself decodes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workbench.analyses.services import Services
from workbench.figures.on_picture import jpeg_uri
from workbench.figures.timeline import StripFrame
from workbench.media.decode import DECODE_VERSION
from workbench.store.keys import cache_key
from workbench.types.video import VideoInfo

HEIGHT_PX, ASPECT = 72, 18.0
"""Pictures are made for this strip: twice as tall as on a phone's screen, and so many times as wide as tall."""


def film_strip(services: Services, video: VideoInfo) -> list[StripFrame]:
    """Return evenly spread pictures of the film, each from the middle of the span it stands for.

    A film of a single frame has none: there is nothing to tell apart along its clock. Raises ``VideoError`` where
    the film is damaged. Cost: 6 to 24 seeks the first time, one read afterwards.
    """
    if video.duration_s * video.fps < 1.5:
        return []
    n_pictures = int(np.clip(ASPECT * video.height_px / max(video.width_px, 1), 6, 24))
    edges = np.linspace(0.0, video.duration_s, n_pictures + 1)
    jpegs = pictures(services, video, ((edges[1:] + edges[:-1]) / 2).tolist(), HEIGHT_PX)
    return [StripFrame(*where) for where in zip(edges[:-1], edges[1:], map(jpeg_uri, jpegs), strict=True)]


def pictures(services: Services, video: VideoInfo, times_s: Sequence[float], height_px: int) -> list[bytes]:
    """Return the frames on screen at some times as JPEG files ``height_px`` high.

    Raises ``VideoError`` where the film is damaged. Cost: a seek each the first time, one read afterwards.
    """
    names = [f"{at:02}" for at in range(len(times_s))]

    def compute() -> dict[str, np.ndarray]:
        made = services.library.thumbnails(video.id, times_s, height_px)
        return {name: np.frombuffer(picture, np.uint8) for name, picture in zip(names, made, strict=True)}

    key = cache_key(
        kind="pictures", video=video.id, decode=DECODE_VERSION, height_px=height_px, times_s=[*map(float, times_s)]
    )
    kept = services.store.get_or_compute(key, compute)
    return [kept[name].tobytes() for name in names]
