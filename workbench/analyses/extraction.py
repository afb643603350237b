"""Frames to features, once: the only place that has a video decoded for a model.

A feature is of one sampled frame or, for a model that reads several at once, of a window of them. Features
are kept in chunks, each under its own key, so that work that was killed goes on where it stopped, a long
video never stands in memory, and any process or machine that finds the chunks may use them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workbench.analyses.analysis import Report
from workbench.analyses.chunks import Plan, chunk_keys, plan_of
from workbench.analyses.frame_batches import decode_ahead, in_windows, regrouped
from workbench.analyses.kept_rows import KeptRows, in_memory, left_in_store
from workbench.analyses.reuse import Reuse
from workbench.analyses.services import Services
from workbench.errors import StoreError
from workbench.models.protocol import FrameEncoder, ModelSpec, Placement, VideoTextModel
from workbench.settings import LENT
from workbench.store.keys import cache_key
from workbench.types.features import VideoFeatures
from workbench.types.outcome import Progress
from workbench.types.video import FrameBatch, SamplingSpec, VideoInfo

_BATCHES_IN_FLIGHT = 4

Seen = Callable[[VideoFeatures], None]
"""Called with the features of every part of a video as soon as they are there."""


def unseen(part: VideoFeatures) -> None:
    """Look at no part."""


@dataclass(frozen=True)
class Extracted:
    """The features of a video, whether every one came from the cache, and what went not as it should.

    ``is_kept``: whether the cache holds them all from now on.
    """

    features: VideoFeatures
    from_cache: bool
    problem: str | None = None
    is_kept: bool = True


def is_cached(
    services: Services, video: VideoInfo, spec: ModelSpec, sampling: SamplingSpec, reuse_below: float = 0.0
) -> bool:
    """Return whether the features of the video are in memory, or every chunk of them in the store."""
    keys = chunk_keys(video, spec, sampling, reuse_below)
    return _opened(services, _whole_key(keys)) is not None or all(key in services.store for key in keys)


def extract(
    services: Services,
    video: VideoInfo,
    model: VideoTextModel,
    sampling: SamplingSpec,
    report: Report,
    *,
    reuse_below: float = 0.0,
    seen: Seen = unseen,
) -> Extracted:
    """Return the frame features of ``video``; decodes and encodes only what the store does not hold.

    ``reuse_below``: how many levels a frame must differ from the last one encoded to be encoded itself; 0: all are.
    ``seen`` is called where the video has to be read: first with the chunks that were there, then with each new one.
    Raises ``VideoError`` for a video that cannot be decoded, ``InputError`` where frames cannot be reused, what
    ``VideoTextModel.encode_frames`` raises, ``StoreError`` where neither memory nor the store has room for what
    sentences are read against, and whatever ``report`` raises to cancel; finished chunks stay in the store either
    way. Where the disk is full the features are returned all the same, and ``problem`` says why they were not kept.
    """
    keys = chunk_keys(video, model.spec, sampling, reuse_below)
    whole_key = _whole_key(keys)
    if (opened := _opened(services, whole_key)) is not None:
        return Extracted(replace(opened, video_id=video.id, model_id=model.spec.id), from_cache=True)
    plan = plan_of(video, model.spec, sampling)
    chunks = {}
    if all(key in services.store for key in keys):
        chunks = {
            key: in_memory(stored, plan, services.store)
            for at, key in enumerate(keys)
            if (stored := _stored(services, key, plan, at))
        }
    from_cache = len(chunks) == len(keys)
    problem, is_kept = None, True
    if not from_cache:
        what = f"Waiting for {video.title} to be read with {model.spec.title}"
        with services.store.lock(whole_key, lambda: report(Progress(0, 0, what, is_waiting=True))):
            for at, key in enumerate(keys):
                if stored := _stored(services, key, plan, at):
                    chunks[key] = in_memory(stored, plan, services.store)
                    seen(VideoFeatures(video.id, model.spec.id, **stored))
                    report(Progress(0, 0, f"Going through what is kept of {video.title} with {model.spec.title}"))
            missing = list(_missing_runs([key in chunks for key in keys]))
            from_cache = not missing  # whoever waited finds what somebody else has read
            for first, last in missing:
                for at, arrays in _compute_run(
                    services, video, model, sampling, plan, reuse_below, first, last, report
                ):
                    chunks[keys[at]] = in_memory(arrays, plan, services.store)
                    try:
                        services.store.put(keys[at], arrays)
                    except StoreError as full:
                        chunks[keys[at]] = arrays
                        problem, is_kept = str(full), False
                    seen(VideoFeatures(video.id, model.spec.id, **arrays))
        problem = problem or model.placement.notice or None
    parts = [chunks.pop(key) for key in keys]
    context = None if model.spec.separable else left_in_store(services.store, keys, parts, plan)
    whole: dict[str, Any] = {"context": context, **_whole(parts)}
    features = VideoFeatures(video_id=video.id, model_id=model.spec.id, **whole)
    services.opened.keep(whole_key, features)
    return Extracted(features, from_cache, problem, is_kept)


def _whole(chunks: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Return the arrays of all chunks in one, letting go of each chunk as it is copied: a film is held once."""
    n_rows = sum(len(chunk["times_s"]) for chunk in chunks)
    whole = {name: np.empty((n_rows, *array.shape[1:]), array.dtype) for name, array in chunks[0].items()}
    at = 0
    chunks.reverse()
    while chunks:
        chunk = chunks.pop()
        for name, array in chunk.items():
            whole[name][at : at + len(array)] = array
        at += len(chunk["times_s"])
    return whole


def _stored(services: Services, key: str, plan: Plan, chunk: int) -> dict[str, np.ndarray] | None:
    """Return what the store holds of a chunk; None where that is nothing, or not as many rows as it has."""
    stored, (first, past) = services.store.get(key), plan.rows_of(chunk, chunk + 1)
    if stored is None or not {"times_s", "frames"} <= stored.keys():
        return None
    return stored if all(array.shape[:1] == (past - first,) for array in stored.values()) else None


def _opened(services: Services, whole_key: str) -> VideoFeatures | None:
    """Return the features in memory, unless a part of what belongs to them has gone from the store."""
    found = services.opened.get(whole_key)
    return None if found is not None and isinstance(found.context, KeptRows) and found.context.is_lost else found


def _whole_key(keys: list[str]) -> str:
    return cache_key(kind="extraction", keys=keys)


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
    plan: Plan,
    reuse_below: float,
    first: int,
    last: int,
    report: Report,
) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
    """Yield ``(chunk, arrays)`` for the chunks from ``first`` up to ``last``."""
    row, past_row = plan.rows_of(first, last)
    start, stop = plan.frames_of(row, past_row)
    what = f"Reading {video.title} with {model.spec.title}"
    reader = services.reader(model)
    encode = _encoder(reader, Reuse(reader, plan, reuse_below) if reuse_below else None)
    held: dict[str, np.ndarray] = {}
    at = first
    report(Progress(start, plan.n_frames, what))
    # Closed here, and not when somebody lets go of it: whoever stops the work stops the decoder.
    with closing(decode_ahead(services.library, video, sampling, start, stop)) as frames:
        for batch in regrouped(in_windows(frames, plan), plan.window, lambda: _rows_at_once(reader.placement)):
            held = _joined(held, encode(batch, row))
            row += len(batch.times_s) // plan.window
            while len(held["times_s"]) >= plan.rows_in_chunk or (row == past_row and len(held["times_s"])):
                yield at, {name: array[: plan.rows_in_chunk] for name, array in held.items()}
                held = {name: array[plan.rows_in_chunk :] for name, array in held.items()}
                at += 1
            report(Progress(plan.frames_of(0, row)[1], plan.n_frames, what))


def _rows_at_once(placement: Placement) -> int:
    """Return how many rows are handed over together: on a GPU several batches, so that one is copied during another."""
    return placement.rows_at_once * (1 if placement.device in ("cpu", LENT) else _BATCHES_IN_FLIGHT)


def _encoder(reader: FrameEncoder, reuse: Reuse | None) -> Callable[[FrameBatch, int], VideoFeatures]:
    return (lambda batch, row: reader.encode_frames(batch)) if reuse is None else reuse.encode


def _joined(held: dict[str, np.ndarray], more: VideoFeatures) -> dict[str, np.ndarray]:
    """Return the arrays of features that follow one another, those that the model gives."""
    names = ["times_s", "frames", *(name for name in ("context",) if getattr(more, name) is not None)]
    return {name: np.concatenate([*([held[name]] if held else []), getattr(more, name)]) for name in names}
