"""Frames of a film through decord, for the films that ``routing`` knows it to be right for.

Separate because it is one of two readers behind one signature. decord is trusted with nothing but
pixels: the track says which frame is which, and a reader that disagrees is not used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbench.media.track import Track

# One core is left for the encoder that runs beside it; 0, decord's own choice, fails on VP9 in MP4.
_N_THREADS = max(1, min(4, (os.cpu_count() or 1) - 1))

_BATCH_BYTES = 32 * 2**20


class DecordError(Exception):
    """decord cannot read the film, or sees another one than PyAV; another reader goes on from here."""


def read_frames(path: Path, track: Track, chosen: Sequence[int]) -> Iterator[np.ndarray]:
    """Yield the frames ``chosen``, upright, RGB ``uint8[height width 3]``.

    ``chosen`` are indices into the track that never fall.
    Raises ``DecordError`` in place of the first frame that it cannot give.
    """
    import decord

    decord.logging.set_level(decord.logging.QUIET)
    try:
        reader = decord.VideoReader(str(path), ctx=decord.cpu(0), num_threads=_N_THREADS)
        _check_agreement(reader, track)
        width, height = track.decoded_size_px
        size = max(1, min(32, _BATCH_BYTES // (width * height * 3)))
        for start in range(0, len(chosen), size):
            # decord goes back for an index that is asked for twice.
            indices, places = np.unique(chosen[start : start + size], return_inverse=True)
            pixels = reader.get_batch(indices.tolist()).asnumpy()
            yield from pixels[places] if len(places) > len(indices) else pixels
    except (decord.DECORDError, RuntimeError, IndexError) as problem:
        raise DecordError(str(problem)) from None


def _check_agreement(reader: Any, track: Track) -> None:
    """Raise ``DecordError`` unless decord lists the same frames at the same times, but for a common shift."""
    if len(reader) != len(track.times_s):
        raise DecordError(f"decord lists {len(reader)} frames, the file holds {len(track.times_s)}.")
    off_s = reader.get_frame_timestamp(range(len(reader)))[:, 0].astype(np.float64) - track.times_s
    if np.ptp(off_s) > max(0.25 * float(np.min(np.diff(track.times_s), initial=1.0)), 2 * track.tick_s):
        raise DecordError("decord lists other times than the file holds.")
