"""Maps over the film itself: one picture as a PNG file, or the stretch that has maps as a film.

Separate from the page because nothing of Gradio is used here: films and pictures are made of maps alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from workbench.analyses.analysis import Report, silent
from workbench.analyses.services import Services
from workbench.figures.heat import heat_rgba, overlaid
from workbench.figures.png import png_file
from workbench.media.encode import write_video
from workbench.types.maps import HeatMaps
from workbench.types.outcome import Progress
from workbench.types.video import SamplingSpec, VideoInfo

MAX_FILM_S, MAX_FPS = 30.0, 60.0
"""How long a film with maps is at most, and how many frames a second it has."""
_MARGIN_S = 0.25
"""How long before the first picture that has a map, and after the last, theirs are on show."""


def stretches(maps: HeatMaps, duration_s: float) -> Float64[np.ndarray, "map 2"]:
    """Return from when to when each map is on show: while it is the nearest in time, within the mapped stretch."""
    times_s = maps.times_s
    gaps = np.diff(times_s)
    margin_s = min(_MARGIN_S, float(gaps.min(initial=np.inf)) / 2)
    edges = np.concatenate([[times_s[0] - margin_s], times_s[:-1] + gaps / 2, [times_s[-1] + margin_s]])
    edges = np.clip(edges, 0.0, max(duration_s, float(times_s[-1])))
    return np.stack([edges[:-1], edges[1:]], axis=1)


def map_at(maps: HeatMaps, duration_s: float, at_s: float) -> int | None:
    """Return the number of the map that is on show at an instant, None outside the mapped stretch."""
    spans = stretches(maps, duration_s)
    if not spans[0, 0] <= at_s <= spans[-1, 1]:
        return None
    return min(int(np.searchsorted(spans[:, 1], at_s, side="right")), len(spans) - 1)


def film_span(maps: HeatMaps, duration_s: float) -> tuple[float, float]:
    """Return from when to when a film with maps goes: the mapped stretch, or the part of it about the best picture."""
    spans = stretches(maps, duration_s)
    start_s, end_s = float(spans[0, 0]), float(spans[-1, 1])
    if end_s - start_s > MAX_FILM_S:
        best_s = float(maps.times_s[maps.best])
        start_s = min(max(start_s, best_s - MAX_FILM_S / 2), end_s - MAX_FILM_S)
    return start_s, min(end_s, start_s + MAX_FILM_S)


def overlay_png(services: Services, video_id: str, maps: HeatMaps, at: int, opacity: float) -> bytes:
    """Return the frame of map number ``at`` under its map, as large as the film, as a PNG file.

    ``opacity`` goes from 0 to 1. Raises ``VideoError`` where the film is damaged.
    """
    (frame,) = services.library.frames_at(video_id, maps.times_s[at : at + 1])
    height, width = frame.shape[:2]
    return png_file(overlaid(frame, heat_rgba(maps, at, height, width, opacity)))


def overlay_mp4(
    services: Services, video_id: str, maps: HeatMaps, opacity: float, path: Path, report: Report = silent
) -> None:
    """Write the mapped stretch, at most ``MAX_FILM_S`` of it, with the map nearest in time over each of its frames.

    Frames are the film's own, as large as it is, but for an odd last row or column. Raises ``VideoError`` where the
    film is damaged, and whatever ``report`` raises to cancel; what was written until then stays at ``path``.
    Cost: 0.05 s for a frame of 1280x720.
    """
    info = services.library.get(video_id)
    write_video(path, _frames(services, info, maps, opacity, report), min(info.fps, MAX_FPS))


def _frames(
    services: Services, info: VideoInfo, maps: HeatMaps, opacity: float, report: Report
) -> Iterator[np.ndarray]:
    fps = min(info.fps, MAX_FPS)
    sampling = SamplingSpec(fps, math.ceil(info.duration_s * fps) + 1)
    start, stop = (math.ceil(edge_s * fps - 1e-6) for edge_s in film_span(maps, info.duration_s))
    start = min(start, max(0, math.ceil(info.duration_s * fps - 1e-6) - 1))
    stop = max(stop, start + 1)
    # The film may begin or end a hair outside the stretch: there it is the first map, or the last.
    ends_s = stretches(maps, info.duration_s)[:-1, 1]
    done, shown, layer = 0, -1, np.zeros((0, 0, 4), np.uint8)
    for batch in services.library.frames(info.id, sampling, start, stop, batch_frames=8):
        for frame, time_s in zip(batch.pixels, batch.times_s.tolist(), strict=True):
            report(Progress(done, stop - start, "Writing the film with its maps", unit="picture"))
            at = int(np.searchsorted(ends_s, time_s, side="right"))
            height, width = frame.shape[:2]
            if at != shown:
                shown, layer = at, heat_rgba(maps, at, height, width, opacity)
            yield overlaid(frame, layer)[: height - height % 2, : width - width % 2]
            done += 1
