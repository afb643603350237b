"""Pictures with parts hidden: what a model makes of every coalition of frames or of patches, by running its encoder.

Separate because it is the one kind of coalition that costs an encoder call each: they are made in small batches, told
of, kept as they come, and each is encoded once, however many sentences are held against it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
from jaxtyping import Bool, UInt8
from scipy.ndimage import gaussian_filter

from workbench.analyses.analysis import Report
from workbench.analyses.chunks import row_key
from workbench.analyses.services import Services
from workbench.errors import InputError, StoreError
from workbench.models.protocol import VideoTextModel
from workbench.types import FrameBatch, Progress, SamplingSpec, VideoFeatures, VideoInfo

Pixels = UInt8[np.ndarray, "time height width 3"]
Cells = tuple[tuple[int, int, int, int], ...]
"""Parts of a frame in pixels: (top, bottom, left, right)."""

HIDING = {
    "mean": "an absent {} is painted in the mean colour of its frame",
    "grey": "an absent {} is painted grey",
    "blur": "an absent {} is blurred beyond recognition",
    "held": "an absent {} is replaced by the nearest one that is present",
}
"""How a part of a picture is left out, in words."""

_AT_ONCE = 32
_MOST_BYTES = 192 * 2**20
_GREY = 128
_BLUR = 0.08
"""Width of the blur, in heights of the frame: objects of a tenth of it are gone."""


def encode_hidden(
    services: Services,
    model: VideoTextModel,
    window: FrameBatch,
    coalitions: Bool[np.ndarray, "coalition part"],
    hide: Callable[[Pixels, Bool[np.ndarray, "part"]], Pixels],
    made_of: tuple[VideoInfo, SamplingSpec, int, Mapping[str, Any]],
    report: Report,
) -> VideoFeatures:
    """Return one row a coalition: what the model makes of ``window`` with the parts hidden that are absent.

    ``made_of`` is what they are kept under: the film, its sampling, the row of it, and how parts are hidden.
    Raises whatever ``report`` raises to cancel; what was encoded is kept. Cost: one encoder call a coalition.
    """
    size = max(1, min(_AT_ONCE, _MOST_BYTES // window.pixels.nbytes))
    what, parts = f"Encoding {window.video_id and made_of[0].title} in part with {model.spec.title}", []
    for at in range(0, len(coalitions), size):
        report(Progress(at, len(coalitions), what, unit="picture"))
        part = coalitions[at : at + size]
        key = _key(model, made_of, part)
        kept = services.store.get(key)
        if kept is None:
            found = model.encode_frames(_batch(window, part, hide))
            kept = {"frames": found.frames} | ({} if found.context is None else {"context": found.context[:]})
            with suppress(StoreError):  # a full disk costs the cache and not the answer
                services.store.put(key, kept)
        parts.append(kept)
    report(Progress(len(coalitions), len(coalitions), what, unit="picture"))
    joined: dict[str, Any] = {name: np.concatenate([kept[name] for kept in parts]) for name in parts[0]}
    return VideoFeatures(made_of[0].id, model.spec.id, np.arange(len(coalitions), dtype=float), **joined)


def _key(model: VideoTextModel, made_of: tuple[VideoInfo, SamplingSpec, int, Mapping[str, Any]], part: Any) -> str:
    video, sampling, row, how = made_of
    digest = hashlib.sha256(np.packbits(part).tobytes()).hexdigest()
    named = ", ".join(f"{name} {value}" for name, value in sorted(how.items()))
    return row_key(f"hidden, version 1, {named}, {part.shape}, {digest}", video, model.spec, sampling, row)


def _batch(window: FrameBatch, coalitions: Any, hide: Callable[[Pixels, Any], Pixels]) -> FrameBatch:
    pixels = np.concatenate([hide(window.pixels, present) for present in coalitions])
    # A model of windows prepares frames of one time once: these are all different pictures.
    return FrameBatch(window.video_id, window.sampling, pixels, np.arange(len(pixels), dtype=float))


def hide_frames(how: str) -> Callable[[Pixels, Bool[np.ndarray, "part"]], Pixels]:
    """Return how absent frames of a window are replaced; raises ``InputError`` where frames cannot be so hidden."""
    if how == "blur":
        raise InputError("A frame that is left out cannot be blurred; choose mean, grey or held.")

    def hide(pixels: Pixels, present: Bool[np.ndarray, "part"]) -> Pixels:
        if how == "held" and present.any():
            there = np.flatnonzero(present)
            nearest = there[np.abs(np.arange(len(present))[:, None] - there).argmin(axis=1)]
            return pixels[nearest]
        painted = pixels.copy()
        colours = np.full((len(pixels), 3), _GREY) if how == "grey" else pixels.mean(axis=(1, 2))
        painted[~present] = colours.round().astype(np.uint8)[~present, None, None]
        return painted

    return hide


def hide_cells(how: str, cells: Cells) -> Callable[[Pixels, Bool[np.ndarray, "part"]], Pixels]:
    """Return how absent cells of a picture are painted over, in every frame of a window alike.

    Raises ``InputError`` where cells cannot be so hidden.
    """
    if how == "held":
        raise InputError("A patch that is left out has no nearest one in time; choose mean, grey or blur.")
    blurred: dict[int, Pixels] = {}

    def ground(pixels: Pixels) -> Any:
        if how == "grey":
            return np.full((len(pixels), 1, 1, 3), _GREY, np.uint8)
        if how == "mean":
            return pixels.mean(axis=(1, 2), keepdims=True).round().astype(np.uint8)
        if id(pixels) not in blurred:
            width = _BLUR * pixels.shape[1]
            blurred[id(pixels)] = gaussian_filter(pixels, (0, width, width, 0))
        return blurred[id(pixels)]

    def hide(pixels: Pixels, present: Bool[np.ndarray, "part"]) -> Pixels:
        painted, over = pixels.copy(), np.broadcast_to(ground(pixels), pixels.shape)
        for is_there, (top, bottom, left, right) in zip(present, cells, strict=True):
            if not is_there:
                painted[:, top:bottom, left:right] = over[:, top:bottom, left:right]
        return painted

    return hide


def cells_of(height: int, width: int, seen: tuple[float, float, float, float], grid: tuple[int, int]) -> Cells:
    """Return the cells of a grid over the part of a frame that is seen, in pixels, row by row.

    ``seen`` is (top, left, bottom, right) in sides of the frame; what of it is filling belongs to no cell.
    """
    top, left, bottom, right = seen
    rows = np.clip(np.linspace(top, bottom, grid[0] + 1), 0, 1) * height
    columns = np.clip(np.linspace(left, right, grid[1] + 1), 0, 1) * width
    across, along = rows.round().astype(int).tolist(), columns.round().astype(int).tolist()
    return tuple((across[i], across[i + 1], along[j], along[j + 1]) for i in range(grid[0]) for j in range(grid[1]))
