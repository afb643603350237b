"""Patches and attention of the frames somebody looks at, once: each row is computed on demand and kept by itself.

Separate from ``extraction``, which reads whole films in chunks: here a few rows are asked for, anywhere in the
film. A row is a sampled frame or, for a model that reads several at once, the window of them that makes one
feature; all frames of its window are returned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
from jaxtyping import Float32, Float64

from workbench.analyses.chunks import plan_of, row_key
from workbench.analyses.frame_batches import in_windows
from workbench.analyses.services import Services
from workbench.errors import InputError, ModelError, StoreError
from workbench.models.protocol import (
    MAX_ATTENTION_BYTES,
    AttentionSource,
    FrameAttention,
    PatchFeatures,
    VideoTextModel,
)
from workbench.types.features import AttentionMaps, PatchMaps
from workbench.types.video import FrameBatch, SamplingSpec, VideoInfo

Arrays = dict[str, np.ndarray]

_KEPT_AS = {"patches": "patches, version 2", "attention": "attention, version 1"}
"""A version is raised whenever the same weights give other maps than before."""


def patch_maps(
    services: Services, video: VideoInfo, model: VideoTextModel, sampling: SamplingSpec, frames: Sequence[int]
) -> PatchMaps:
    """Return what ``model`` makes of every patch of the sampled ``frames``, in the order they are asked for.

    For a model that reads several frames at once, ``frames`` are rows of its features: see above.
    Decodes and encodes only what the store does not hold. Raises ``ModelError`` for a model without patches,
    ``InputError`` for frames that the video does not have, ``VideoError`` where it cannot be decoded.
    """
    if not isinstance(model, PatchFeatures):
        raise ModelError(
            f"{model.spec.title} makes nothing of single patches; choose a model with the capability “patches”."
        )
    encode = model.encode_patches

    def arrays_of(window: FrameBatch) -> Arrays:
        found = encode(window)
        return {"times_s": found.times_s, "patches": found.patches, **_layout(found)}

    rows = _rows(services, video, model, sampling, frames, "patches", arrays_of)
    return PatchMaps(video.id, model.spec.id, _joined(rows, "times_s"), _joined(rows, "patches"), *_layout_in(rows[0]))


def attention_maps(
    services: Services, video: VideoInfo, model: VideoTextModel, sampling: SamplingSpec, frames: Sequence[int]
) -> AttentionMaps:
    """Return the attention weights of ``model`` in the sampled ``frames``, in the order they are asked for.

    For a model that reads several frames at once, ``frames`` are rows of its features: see above.
    Decodes and encodes only what the store does not hold. Raises ``ModelError`` for a model whose attention
    cannot be seen, ``InputError`` for frames that the video does not have or that would take more than
    ``MAX_ATTENTION_BYTES`` together, ``VideoError`` where the video cannot be decoded.
    """
    if not isinstance(model, AttentionSource):
        raise ModelError(
            f"{model.spec.title} does not show its attention; choose a model with the capability “attention”."
        )
    attention = model.attention

    def arrays_of(window: FrameBatch) -> Arrays:
        found = attention(window)
        around = np.array([found.n_prefix, found.n_suffix])
        return {"times_s": found.times_s, "weights": found.weights, "around": around, **_layout(found)}

    rows = _rows(services, video, model, sampling, frames, "attention", arrays_of)
    n_prefix, n_suffix = rows[0]["around"].tolist()
    weights = _joined(rows, "weights")
    times_s = _joined(rows, "times_s")
    return AttentionMaps(video.id, model.spec.id, times_s, weights, n_prefix, n_suffix, *_layout_in(rows[0]))


def between_frames(
    services: Services, video: VideoInfo, model: VideoTextModel, sampling: SamplingSpec, row: int
) -> tuple[Float32[np.ndarray, "layer head query_frame key_frame"], Float64[np.ndarray, "frame"]]:
    """Return how much the frames of the window of a row look at each other, and when they are shown.

    Raises ``ModelError`` for a model whose frames do not, or do not show it.
    """
    if not isinstance(model, FrameAttention):
        raise ModelError(f"{model.spec.title} does not show how its frames look at each other; choose an X-CLIP.")
    look = model.between_frames

    def compute() -> Arrays:
        _, window = next(windows_of(services, video, model, sampling, [row]))
        return {"weights": look(window)[0], "times_s": window.times_s}

    key = row_key("between frames, version 1", video, model.spec, sampling, row)
    kept = services.store.get_or_compute(key, compute)
    return kept["weights"], kept["times_s"]


def _rows(
    services: Services,
    video: VideoInfo,
    model: VideoTextModel,
    sampling: SamplingSpec,
    asked: Sequence[int],
    kind: str,
    arrays_of: Callable[[FrameBatch], Arrays],
) -> list[Arrays]:
    """Return the arrays of each row that is asked for: the store's, or ``arrays_of`` the frames of its window."""
    n_rows = plan_of(video, model.spec, sampling).n_rows
    if not asked or not all(0 <= row < n_rows for row in asked):
        raise InputError(f"“{video.title}” is read in {n_rows} steps; ask for at least one of 0 to {n_rows - 1}.")
    keys = {row: row_key(_KEPT_AS[kind], video, model.spec, sampling, row) for row in asked}
    kept: dict[int, Arrays] = {}

    def keep(row: int, arrays: Arrays) -> None:
        n_bytes = len(keys) * sum(array.nbytes for array in arrays.values())
        if n_bytes > MAX_ATTENTION_BYTES:
            raise InputError(
                f"The {kind} of {model.spec.title} at {len(keys)} times would take {n_bytes / 1e9:.1f} GB, and "
                f"{MAX_ATTENTION_BYTES / 1e9:.1f} GB may be asked for at once; ask for fewer times."
            )
        kept[row] = arrays

    def keep_stored() -> list[int]:
        """Keep what the store holds, and return the rows that it lacks."""
        for row, key in keys.items():
            if row not in kept and (stored := services.store.get(key)) is not None:
                keep(row, stored)
        return sorted(keys.keys() - kept.keys())

    if keep_stored():
        with services.store.lock(row_key(f"all {kind}", video, model.spec, sampling, 0)):
            for row, window in windows_of(services, video, model, sampling, keep_stored()):
                arrays = arrays_of(window)
                with suppress(StoreError):  # a full disk costs the cache and not the answer
                    services.store.put(keys[row], arrays)
                keep(row, arrays)
    return [kept[row] for row in asked]


def windows_of(
    services: Services, video: VideoInfo, model: VideoTextModel, sampling: SamplingSpec, rows: list[int]
) -> Iterator[tuple[int, FrameBatch]]:
    """Yield each of the rising ``rows`` with the frames of its window; rows in a row are decoded together."""
    plan = plan_of(video, model.spec, sampling)
    for run in filter(len, np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)):
        row = int(run[0])
        start, stop = plan.frames_of(row, int(run[-1]) + 1)
        for batch in in_windows(services.library.frames(video.id, sampling, start=start, stop=stop), plan):
            for first in range(0, len(batch.times_s), plan.window):
                part = slice(first, first + plan.window)
                yield row, replace(batch, pixels=batch.pixels[part], times_s=batch.times_s[part])
                row += 1


def _layout(maps: PatchMaps | AttentionMaps) -> Arrays:
    return {"grid": np.array(maps.grid), "seen": np.array(maps.seen)}


def _layout_in(row: Arrays) -> tuple[tuple[int, int], tuple[float, float, float, float]]:
    return tuple(row["grid"].tolist()), tuple(row["seen"].tolist())


def _joined(rows: list[Arrays], name: str) -> np.ndarray:
    return np.concatenate([row[name] for row in rows])
