"""Pictures with parts hidden: what a model makes of every coalition of frames or of patches, by running its encoder.

Separate because it is the one kind of coalition that costs an encoder call each: they are made in small batches, told
of, kept as they come, and each is encoded once, however many sentences are held against it.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, UInt8
from scipy.ndimage import gaussian_filter

from workbench.analyses.analysis import Report
from workbench.analyses.chunks import row_key
from workbench.analyses.services import Services
from workbench.errors import InputError
from workbench.models.protocol import VideoTextModel
from workbench.types.features import VideoFeatures
from workbench.types.outcome import Progress
from workbench.types.video import FrameBatch, SamplingSpec, VideoInfo

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

Hide = Callable[[Bool[np.ndarray, "part"]], Pixels]
"""Returns a window in which only the parts that are present can be seen."""


@dataclass(frozen=True)
class MadeOf:
    """What windows with hidden parts depend on: the row of the film, and ``how``: who is hidden, and in which way."""

    video: VideoInfo
    sampling: SamplingSpec
    row: int
    how: Mapping[str, Any]

    def key(self, model: VideoTextModel, coalitions: Bool[np.ndarray, "coalition part"]) -> str:
        """Return what those of some coalitions are kept under."""
        digest = hashlib.sha256(np.packbits(coalitions).tobytes()).hexdigest()
        named = ", ".join(f"{name} {value}" for name, value in sorted(self.how.items()))
        kind = f"hidden, version {_VERSION}, {named}, {coalitions.shape}, {digest}"
        return row_key(kind, self.video, model.spec, self.sampling, self.row)


_VERSION = 2
"""Raised whenever the same parts hidden give other pictures than before."""
_AT_ONCE = 32
_MOST_BYTES = 192 * 2**20
_GREY = 128
_BLUR = 0.08
"""Width of the blur, in heights of the frame: objects of a tenth of it are gone."""


def ways_to_hide(players: str) -> tuple[str, ...]:
    """Return the ways in which ``players`` can be left out of pictures; none for those that are in no picture."""
    if players.startswith("frames"):
        return tuple(how for how in HIDING if how != "blur")
    return tuple(how for how in HIDING if how != "held") if players.startswith("patches") else ()


def check_hiding(how: str, players: str) -> None:
    """Raise ``InputError`` where ``players`` cannot be left out in that way."""
    ways = ways_to_hide(players)
    if ways and how not in ways:
        why = {"blur": "A frame that is left out cannot be blurred", "held": "A patch has no nearest one in time"}[how]
        raise InputError(f"{why}; choose {', '.join(ways[:-1])} or {ways[-1]}.")


def encode_hidden(
    services: Services,
    model: VideoTextModel,
    window: FrameBatch,
    coalitions: Bool[np.ndarray, "coalition part"],
    hide: Hide,
    made_of: MadeOf,
    report: Report,
) -> Iterator[VideoFeatures]:
    """Yield rows, one a coalition, a few at a time: what the model makes of ``window`` with absent parts hidden.

    Kept under what they are made of. Raises whatever ``report`` raises to cancel; what was encoded is kept.
    Cost: one encoder call a coalition.
    """
    size = max(1, min(_AT_ONCE, _MOST_BYTES // window.pixels.nbytes))
    what = f"Encoding {made_of.video.title} in part with {model.spec.title}"
    for at in range(0, len(coalitions), size):
        report(Progress(at, len(coalitions), what, unit="picture"))
        part = coalitions[at : at + size]

        def compute(part: Bool[np.ndarray, "coalition part"] = part) -> dict[str, np.ndarray]:
            pixels = np.concatenate([hide(present) for present in part])
            # A model of windows prepares frames of one time once: these are all different pictures.
            times_s = np.arange(len(pixels), dtype=float)
            found = model.encode_frames(FrameBatch(window.video_id, window.sampling, pixels, times_s))
            return {"frames": found.frames} | ({} if found.context is None else {"context": found.context[:]})

        waiting = functools.partial(report, Progress(at, len(coalitions), what, unit="picture"))
        kept: dict[str, Any] = services.store.get_or_compute(made_of.key(model, part), compute, waiting)
        yield VideoFeatures(made_of.video.id, model.spec.id, np.arange(len(part), dtype=float), **kept)
    report(Progress(len(coalitions), len(coalitions), what, unit="picture"))


def hide_frames(how: str, pixels: Pixels) -> Hide:
    """Return how absent frames of a window are replaced."""
    colours = np.full((len(pixels), 3), _GREY) if how == "grey" else pixels.mean(axis=(1, 2))
    painted_over = colours.round().astype(np.uint8)[:, None, None]

    def hide(present: Bool[np.ndarray, "part"]) -> Pixels:
        if how == "held" and present.any():
            there = np.flatnonzero(present)
            return pixels[there[np.abs(np.arange(len(present))[:, None] - there).argmin(axis=1)]]
        painted = pixels.copy()
        painted[~present] = painted_over[~present]
        return painted

    return hide


def hide_cells(how: str, pixels: Pixels, cells: Cells) -> Hide:
    """Return how absent cells of a picture are painted over, in every frame of a window alike."""
    if how == "grey":
        over = np.full_like(pixels, _GREY)
    elif how == "mean":
        mean = pixels.mean(axis=(1, 2), keepdims=True).round().astype(np.uint8)
        over = np.broadcast_to(mean, pixels.shape).copy()  # rows that lie in memory are copied several times as fast
    else:
        width = _BLUR * pixels.shape[1]
        over = gaussian_filter(pixels, (0, width, width, 0))

    def hide(present: Bool[np.ndarray, "part"]) -> Pixels:
        painted = pixels.copy()
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
