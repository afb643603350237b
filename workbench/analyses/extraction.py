"""Frames to features, once: the only place that decodes a video for a model.

A feature is of one sampled frame or, for a model that reads several at once, of a window of them. Features
are kept in chunks, each under its own key, so that work that was killed goes on where it stopped, a long
video never stands in memory, and any process or machine that finds the chunks may use them. Decoding runs
ahead in a thread of its own while the model encodes.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from workbench.analyses.analysis import Report
from workbench.analyses.services import Services
from workbench.errors import StoreError
from workbench.media.decode import DECODE_VERSION, sample_instants
from workbench.models.protocol import ModelSpec, VideoTextModel
from workbench.store.keys import cache_key
from workbench.types import FrameBatch, Progress, SamplingSpec, VideoFeatures, VideoInfo

CHUNK_FRAMES = 64
BATCH_FRAMES = 32
_AHEAD_BATCHES = 4


@dataclass(frozen=True)
class Extracted:
    """The features of a video, whether every one came from the cache, and why one could not be kept."""

    features: VideoFeatures
    from_cache: bool
    problem: str | None = None


@dataclass(frozen=True)
class _Plan:
    """Which sampled frames make which row of features, and which rows are kept together."""

    n_frames: int
    window: int
    step: int

    @property
    def n_rows(self) -> int:
        """The rows of features: windows that lie whole in the video, or one of all its frames if it is short."""
        return 1 + max(0, self.n_frames - self.window) // self.step

    @property
    def rows_in_chunk(self) -> int:
        """The rows of a chunk: as many as take about ``CHUNK_FRAMES`` frames to encode."""
        return max(1, CHUNK_FRAMES // self.window)

    @property
    def n_chunks(self) -> int:
        """The chunks of the video."""
        return -(-self.n_rows // self.rows_in_chunk)

    def rows_of(self, first: int, last: int) -> tuple[int, int]:
        """Return ``(first, past the last)`` row of the chunks from ``first`` up to ``last``."""
        return first * self.rows_in_chunk, min(last * self.rows_in_chunk, self.n_rows)

    def frames_of(self, first_row: int, past_row: int) -> tuple[int, int]:
        """Return ``(first, past the last)`` sampled frame that the rows are made of."""
        return first_row * self.step, min((past_row - 1) * self.step + self.window, self.n_frames)


def _plan(video: VideoInfo, spec: ModelSpec, sampling: SamplingSpec) -> _Plan:
    return _Plan(len(sample_instants(video, sampling)), spec.window_frames, spec.window_step)


def chunk_keys(video: VideoInfo, spec: ModelSpec, sampling: SamplingSpec) -> list[str]:
    """Return the store key of every chunk, in order: a pure map from what was asked to where it lies."""
    plan = _plan(video, spec, sampling)
    common = {
        "kind": "frame-features",
        "video": video.id,
        "fps": sampling.rate_for(video.duration_s),
        "decode": DECODE_VERSION,
        "family": spec.family,
        "revision": spec.revision,
        "preprocessing": spec.preprocessing,
        "window": [plan.window, plan.step],
        "dtype": "float32",
        "chunk_rows": plan.rows_in_chunk,
    }
    spans = (plan.rows_of(chunk, chunk + 1) for chunk in range(plan.n_chunks))
    return [cache_key(chunk=chunk, n_rows=end - start, **common) for chunk, (start, end) in enumerate(spans)]


def is_cached(services: Services, video: VideoInfo, spec: ModelSpec, sampling: SamplingSpec) -> bool:
    """Return whether every chunk of the video lies in the store."""
    return all(key in services.store for key in chunk_keys(video, spec, sampling))


def extract(
    services: Services, video: VideoInfo, model: VideoTextModel, sampling: SamplingSpec, report: Report
) -> Extracted:
    """Return the frame features of ``video``; decodes and encodes only what the store does not hold.

    Raises ``VideoError`` for a video that cannot be decoded and whatever ``report`` raises to cancel;
    finished chunks stay in the store either way. Where the store is full the features are returned all
    the same, and ``problem`` says why they were not kept.
    """
    keys = chunk_keys(video, model.spec, sampling)
    chunks = {key: stored for key in keys if (stored := services.store.get(key)) is not None}
    from_cache = len(chunks) == len(keys)
    problem = None
    if not from_cache:
        with services.store.lock(cache_key(kind="extraction", keys=keys)):
            chunks |= {key: stored for key in keys if key not in chunks and (stored := services.store.get(key))}
            for first, last in _missing_runs([key in chunks for key in keys]):
                for at, arrays in _compute_run(services, video, model, sampling, first, last, report):
                    chunks[keys[at]] = arrays
                    try:
                        services.store.put(keys[at], arrays)
                    except StoreError as full:
                        problem = str(full)
    rows = [chunks[key] for key in keys]
    whole = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    features = VideoFeatures(video_id=video.id, model_id=model.spec.id, **whole)
    return Extracted(features, from_cache, problem)


def _missing_runs(present: list[bool]) -> Iterator[tuple[int, int]]:
    """Yield ``(first, past the last)`` of every run of chunks that are not present."""
    at = 0
    while at < len(present):
        if present[at]:
            at += 1
            continue
        end = next((i for i in range(at, len(present)) if present[i]), len(present))
        yield at, end
        at = end


def _compute_run(
    services: Services,
    video: VideoInfo,
    model: VideoTextModel,
    sampling: SamplingSpec,
    first: int,
    last: int,
    report: Report,
) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
    """Yield ``(chunk, arrays)`` for the chunks from ``first`` up to ``last``."""
    plan = _plan(video, model.spec, sampling)
    row, past_row = plan.rows_of(first, last)
    start, stop = plan.frames_of(row, past_row)
    what = f"Reading {video.title} with {model.spec.title}"
    held: list[VideoFeatures] = []
    at, n_held = first, 0
    report(Progress(start, plan.n_frames, what))
    for batch in _in_windows(_decode_ahead(services, video, sampling, start, stop), plan):
        whole = plan.rows_in_chunk * plan.window
        for part in _split_at_chunk(batch, whole - n_held * plan.window, whole):
            encoded = model.encode_frames(part)
            held.append(encoded)
            n_held += len(encoded.times_s)
            row += len(encoded.times_s)
            if n_held == plan.rows_in_chunk or row == past_row:
                yield at, _joined(held)
                at, n_held, held = at + 1, 0, []
        report(Progress(plan.frames_of(0, row)[1], plan.n_frames, what))


def _joined(parts: list[VideoFeatures]) -> dict[str, np.ndarray]:
    """Return the arrays of features that follow one another, those that the model gives."""
    names = ["times_s", "frames", *(name for name in ("context",) if getattr(parts[0], name) is not None)]
    return {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}


def _in_windows(batches: Iterator[FrameBatch], plan: _Plan) -> Iterator[FrameBatch]:
    """Yield the windows that frames in a row make, several one after another in a batch."""
    if plan.window == 1 == plan.step:
        yield from batches
        return
    held: FrameBatch | None = None
    for batch in batches:
        held = batch if held is None else _after(held, batch)
        n_windows = 1 + (len(held.times_s) - plan.window) // plan.step
        if n_windows > 0:
            yield _taken(held, (np.arange(n_windows)[:, None] * plan.step + np.arange(plan.window)).ravel())
            held = _taken(held, np.arange(n_windows * plan.step, len(held.times_s)))
    if held is not None and plan.n_frames < plan.window:  # a short video: its frames, some of them twice
        yield _taken(held, np.linspace(0, len(held.times_s) - 1, plan.window).round().astype(int))


def _after(batch: FrameBatch, following: FrameBatch) -> FrameBatch:
    pixels = np.concatenate([batch.pixels, following.pixels])
    return replace(following, pixels=pixels, times_s=np.concatenate([batch.times_s, following.times_s]))


def _taken(batch: FrameBatch, frames: np.ndarray) -> FrameBatch:
    if np.array_equal(frames, np.arange(len(batch.times_s))):
        return batch
    return replace(batch, pixels=batch.pixels[frames], times_s=batch.times_s[frames])


def _split_at_chunk(batch: FrameBatch, room: int, whole: int) -> Iterator[FrameBatch]:
    """Yield the batch in pieces: the first fills a chunk that has room for so many frames, the others whole ones."""
    start = 0
    while start < len(batch.times_s):
        yield _taken(batch, np.arange(start, min(start + room, len(batch.times_s))))
        start, room = start + room, whole


def _decode_ahead(
    services: Services, video: VideoInfo, sampling: SamplingSpec, start: int, stop: int
) -> Iterator[FrameBatch]:
    """Yield decoded batches while a thread decodes the next ones; stops it when the caller stops."""
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
            for batch in services.library.frames(
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
