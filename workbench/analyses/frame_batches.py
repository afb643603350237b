"""Frames on their way from the decoder to a model: decoded ahead, made into windows, as many at once as it likes.

Separate because nothing here knows what becomes of frames; it is a pipe with three joints.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace

import numpy as np

from workbench.analyses.chunks import Plan
from workbench.media.library import VideoLibrary
from workbench.types.video import FrameBatch, SamplingSpec, VideoInfo

BATCH_FRAMES = 32
MAX_BYTES_AT_ONCE = 256 * 2**20
_AHEAD_BATCHES = 4


def decode_ahead(
    library: VideoLibrary, video: VideoInfo, sampling: SamplingSpec, start: int, stop: int
) -> Generator[FrameBatch]:
    """Yield the frames from ``start`` up to ``stop``; a thread decodes ahead until the caller closes this."""
    ahead: queue.Queue[FrameBatch | BaseException | None] = queue.Queue(_AHEAD_BATCHES)
    is_over = threading.Event()

    def put(item: FrameBatch | BaseException | None) -> bool:
        while not is_over.is_set():
            try:
                ahead.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def decode() -> None:
        try:
            for batch in library.frames(
                video.id, sampling, start=start, stop=stop, batch_frames=BATCH_FRAMES, cancelled=is_over.is_set
            ):
                if not put(batch):
                    return
            put(None)
        except BaseException as problem:
            put(problem)

    thread = threading.Thread(target=decode, name="decode", daemon=True)
    thread.start()
    try:
        while (item := ahead.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        is_over.set()
        thread.join()


def in_windows(batches: Iterator[FrameBatch], plan: Plan) -> Iterator[FrameBatch]:
    """Yield the windows that frames in a row make, several one after another in a batch.

    Windows begin ``plan.step`` apart, the last one where it ends with the last frame.
    """
    if plan.window == 1 == plan.step:
        yield from batches
        return
    held: FrameBatch | None = None
    next_start = 0  # of the frames that are held
    for batch in batches:
        held = batch if held is None else _joined([held, batch])
        n_windows = 1 + (len(held.times_s) - next_start - plan.window) // plan.step
        if n_windows > 0:
            starts = next_start + np.arange(n_windows) * plan.step
            yield _taken(held, (starts[:, None] + np.arange(plan.window)).ravel())
            # The last window may begin less than a step after this one.
            kept_from = int(starts[-1]) + 1
            next_start = int(starts[-1]) + plan.step - kept_from
            held = _taken(held, slice(kept_from, None))
    if held is None:
        return
    n_held = len(held.times_s)
    if plan.n_frames < plan.window:  # a short video: its frames, some of them twice
        yield _taken(held, np.linspace(0, n_held - 1, plan.window).round().astype(int))
    elif n_held >= plan.window:
        yield _taken(held, slice(n_held - plan.window, None))


def regrouped(batches: Iterator[FrameBatch], window: int, rows_at_once: Callable[[], int]) -> Iterator[FrameBatch]:
    """Yield the same frames with as many whole windows at once as is asked for at the time, bounded in bytes."""
    held: list[FrameBatch] = []
    n_held = 0
    for batch in batches:
        held.append(batch)
        n_held += len(batch.times_s)
        while n_held >= (n_wanted := window * min(rows_at_once(), most_rows(batch, window))):
            whole = _joined(held)
            yield _taken(whole, slice(n_wanted))
            n_held -= n_wanted
            held = [_taken(whole, slice(n_wanted, None))] if n_held else []
    if n_held:
        yield _joined(held)


def most_rows(batch: FrameBatch, window: int) -> int:
    """Return how many windows of such frames may be held at once."""
    return max(1, MAX_BYTES_AT_ONCE // (window * batch.pixels[0].nbytes))


def _joined(parts: list[FrameBatch]) -> FrameBatch:
    if len(parts) == 1:
        return parts[0]
    pixels, times_s = (np.concatenate([getattr(part, name) for part in parts]) for name in ("pixels", "times_s"))
    return replace(parts[0], pixels=pixels, times_s=times_s)


def _taken(batch: FrameBatch, frames: np.ndarray | slice) -> FrameBatch:
    return replace(batch, pixels=batch.pixels[frames], times_s=batch.times_s[frames])
