"""Frames of a film at a chosen rate, in constant memory, each with the time it is shown at.

Separate from the readers: which frames are wanted, and when they are shown, must not depend on who
decodes them.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int64

from workbench.errors import Cancelled, InputError
from workbench.media import decord_reader, pyav_reader
from workbench.media.routing import reader_for
from workbench.media.track import Track, read_track
from workbench.types.video import FrameBatch, SamplingSpec, VideoInfo

DECODE_VERSION = 2
"""Raised whenever the same film, asked for in the same way, gives other frames or times than before."""

MAX_BATCH_BYTES = 64 * 2**20
Read = Callable[[Path, Track, Int64[np.ndarray, "time"], str], Iterator[np.ndarray]]
"""What gives the frames of these numbers of a film: ``read_frames``, or ``read_current`` for one of a stranger."""

_log = logging.getLogger(__name__)


def read_frames(path: Path, track: Track, chosen: Int64[np.ndarray, "time"], title: str) -> Iterator[np.ndarray]:
    """Yield the frames ``chosen`` through the reader that is right; PyAV goes on where decord fails."""
    n_read = 0
    if reader_for(track) == "decord":
        try:
            for pixels in decord_reader.read_frames(path, track, chosen.tolist()):
                n_read += 1
                yield pixels
        except decord_reader.DecordError as problem:
            _log.info("decord stopped at frame %d of %s, PyAV goes on: %s", n_read, title, problem)
    if n_read < len(chosen):
        yield from pyav_reader.read_frames(path, track, chosen[n_read:].tolist(), title)


def read_current(path: Path, track: Track, chosen: Int64[np.ndarray, "time"], title: str) -> Iterator[np.ndarray]:
    """Yield the frames ``chosen`` through PyAV, whose FFmpeg is a current one and takes no frame that has grown.

    decord's is of 2020, and a stranger may have made the film for it.
    """
    yield from pyav_reader.read_frames(path, track, chosen.tolist(), title)


def sample_instants(info: VideoInfo, sampling: SamplingSpec) -> Float64[np.ndarray, "time"]:
    """Return the instants a film is sampled at, in seconds: ``k / rate`` before its end, one at least.

    Raises ``InputError`` for a rate or a number of frames that is not positive.
    """
    if not (sampling.fps > 0 and math.isfinite(sampling.fps) and sampling.max_frames > 0):
        raise InputError(
            f"A film cannot be sampled at {sampling.fps} frames a second and at most {sampling.max_frames} "
            "frames; give numbers above zero."
        )
    rate = sampling.rate_for(info.duration_s)
    n_frames = max(1, math.ceil(info.duration_s * rate - 1e-6))
    return np.arange(min(n_frames, sampling.max_frames)) / rate


def sample_frames(
    path: Path,
    info: VideoInfo,
    sampling: SamplingSpec,
    start: int = 0,
    stop: int | None = None,
    batch_frames: int = 32,
    cancelled: Callable[[], bool] | None = None,
    read: Read = read_frames,
) -> Iterator[FrameBatch]:
    """Yield the frames on screen at ``sample_instants(info, sampling)[start:stop]``, in order.

    A frame is on screen from its own time to that of the next one, as in a player; the last one stays.
    ``times_s`` are the exact times the frames appear at, on the player's clock. Where the instant shows
    the same frame as the one before, or comes before the first frame, it is the instant itself: so the
    times always rise, and at each of them that frame is on screen. Pixels are RGB and upright; frames
    with a side above ``MAX_SIDE_PX`` are reduced.

    Batches hold ``batch_frames`` at most, fewer where they would exceed ``MAX_BATCH_BYTES``.
    Raises ``VideoError`` where the film is damaged and ``Cancelled`` once ``cancelled()`` is true.
    """
    track = read_track(path, info.title)
    instants = sample_instants(info, sampling)
    chosen, times_s = _frames_on_screen(track, instants)
    chosen, times_s = chosen[start:stop], times_s[start:stop]
    width, height = track.decoded_size_px
    size = max(1, min(batch_frames, MAX_BATCH_BYTES // (width * height * 3)))
    held: list[np.ndarray] = []
    n_given = 0
    for pixels in read(path, track, chosen, info.title):
        if cancelled is not None and cancelled():
            raise Cancelled("Stopped; what was finished is kept.")
        held.append(pixels)
        if len(held) == size or n_given + len(held) == len(chosen):
            span = slice(n_given, n_given + len(held))
            n_given += len(held)
            yield FrameBatch(info.id, sampling, np.stack(held), times_s[span])
            held = []


def frames_at(
    path: Path, title: str, times_s: Float64[np.ndarray, "time"], read: Read = read_frames
) -> Iterator[np.ndarray]:
    """Yield the frames on screen at rising times, RGB ``uint8[height width 3]``, decoding few others."""
    track = read_track(path, title)
    chosen, _ = _frames_on_screen(track, times_s)
    yield from read(path, track, chosen, title)


def _frames_on_screen(
    track: Track, instants: Float64[np.ndarray, "time"]
) -> tuple[Int64[np.ndarray, "time"], Float64[np.ndarray, "time"]]:
    """Return for rising instants the index of the frame on screen, and the time reported for it."""
    # Many containers round times to milliseconds: a frame that is due at the instant may come just after.
    slack_s = 0.001
    for times in (track.times_s, instants):
        slack_s = min(slack_s, 0.25 * float(np.min(np.diff(times), initial=math.inf)))
    found = np.searchsorted(track.times_s, instants + slack_s, side="right") - 1
    chosen = np.maximum(found, 0)
    is_new = (found >= 0) & (np.diff(chosen, prepend=-1) != 0)
    return chosen, np.where(is_new, track.times_s[chosen], instants)
