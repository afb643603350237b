"""Frames to features, once: the only place that decodes a video for a model.

Features are kept in chunks of sampled frames, each under its own key, so that work that was killed goes
on where it stopped, a long video never stands in memory, and any process or machine that finds the chunks
may use them. Decoding runs ahead in a thread of its own while the model encodes.
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

CHUNK_FRAMES = 256
BATCH_FRAMES = 32
_AHEAD_BATCHES = 4


@dataclass(frozen=True)
class Extracted:
    """The features of a video, whether every one came from the cache, and why one could not be kept."""

    features: VideoFeatures
    from_cache: bool
    problem: str | None = None


def chunk_keys(video: VideoInfo, spec: ModelSpec, sampling: SamplingSpec) -> list[str]:
    """Return the store key of every chunk, in order: a pure map from what was asked to where it lies."""
    n_frames = len(sample_instants(video, sampling))
    common = {
        "kind": "frame-features",
        "video": video.id,
        "fps": sampling.rate_for(video.duration_s),
        "decode": DECODE_VERSION,
        "family": spec.family,
        "revision": spec.revision,
        "preprocessing": spec.preprocessing,
        "dtype": "float32",
        "chunk_frames": CHUNK_FRAMES,
    }
    return [
        cache_key(chunk=start // CHUNK_FRAMES, n_frames=min(CHUNK_FRAMES, n_frames - start), **common)
        for start in range(0, n_frames, CHUNK_FRAMES)
    ]


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
    features = VideoFeatures(
        video_id=video.id,
        model_id=model.spec.id,
        times_s=np.concatenate([row["times_s"] for row in rows]),
        frames=np.concatenate([row["frames"] for row in rows]),
    )
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
    n_frames = len(sample_instants(video, sampling))
    start, stop = first * CHUNK_FRAMES, min(last * CHUNK_FRAMES, n_frames)
    what = f"Reading {video.title} with {model.spec.title}"
    times: list[np.ndarray] = []
    frames: list[np.ndarray] = []
    at, n_held, done = first, 0, start
    report(Progress(done, n_frames, what))
    for batch in _decode_ahead(services, video, sampling, start, stop):
        for part in _split_at_chunk(batch, CHUNK_FRAMES - n_held):
            encoded = model.encode_frames(part)
            times.append(encoded.times_s)
            frames.append(encoded.frames)
            n_held += len(encoded.times_s)
            done += len(encoded.times_s)
            if n_held == CHUNK_FRAMES or done == stop:
                yield at, {"times_s": np.concatenate(times), "frames": np.concatenate(frames)}
                at, n_held, times, frames = at + 1, 0, [], []
        report(Progress(done, n_frames, what))


def _split_at_chunk(batch: FrameBatch, room: int) -> list[FrameBatch]:
    if len(batch.times_s) <= room:
        return [batch]
    cuts = [slice(0, room), slice(room, None)]
    return [replace(batch, pixels=batch.pixels[cut], times_s=batch.times_s[cut]) for cut in cuts]


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
