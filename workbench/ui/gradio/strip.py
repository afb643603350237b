"""The strip of pictures under the timeline, made once a film and kept beside its features.

Separate because it is the one thing that the page itself decodes.
"""

from __future__ import annotations

import base64

import numpy as np

from workbench.analyses.services import Services
from workbench.figures.timeline import StripFrame
from workbench.media.decode import DECODE_VERSION
from workbench.store.keys import cache_key
from workbench.types import VideoInfo

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
    names = [f"{at:02}" for at in range(n_pictures)]

    def compute() -> dict[str, np.ndarray]:
        pictures = services.library.thumbnails(video.id, list((edges[1:] + edges[:-1]) / 2), HEIGHT_PX)
        return {name: np.frombuffer(picture, np.uint8) for name, picture in zip(names, pictures, strict=True)}

    key = cache_key(kind="strip", video=video.id, decode=DECODE_VERSION, height_px=HEIGHT_PX, n_pictures=n_pictures)
    kept = services.store.get_or_compute(key, compute)
    uris = ["data:image/jpeg;base64," + base64.b64encode(kept[name].tobytes()).decode() for name in names]
    return [StripFrame(*where) for where in zip(edges[:-1], edges[1:], uris, strict=True)]
