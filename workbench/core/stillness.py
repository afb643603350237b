"""Which frames show what the frame before them showed: told from small copies, in levels of brightness.

Separate because it decides whether a frame is looked at at all, and so must be plain enough to be argued with.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float32, Int, UInt8

GRID = 16
"""The small copy has ``GRID`` x ``GRID`` cells."""


def small_copies(pixels: UInt8[np.ndarray, "time height width 3"]) -> Float32[np.ndarray, "time cell 3"]:
    """Return the mean colour of every cell, 0 to 255. Cost: one pass over the pixels."""
    height, width = pixels.shape[1:3]
    rows, columns = (np.arange(min(GRID, size)) * size // min(GRID, size) for size in (height, width))
    sums = np.add.reduceat(np.add.reduceat(pixels, rows, axis=1, dtype=np.uint32), columns, axis=2)
    areas = np.outer(np.diff([*rows, height]), np.diff([*columns, width]))
    means = sums / areas[None, :, :, None]
    return means.astype(np.float32).reshape(len(pixels), -1, 3)


def stand_ins(
    copies: Float32[np.ndarray, "time cell 3"], below: float, is_fresh: Bool[np.ndarray, "time"]
) -> Int[np.ndarray, "time"]:
    """Return for every frame the frame that may stand for it: itself, or the last one that stood for itself.

    Another may where no cell differs from it by ``below`` levels or more in any colour. Frames that are
    ``is_fresh`` stand for themselves, and so does the first. It is the frame that stands in, and not the one just
    before, that is compared, so that slow changes add up.
    """
    found = np.arange(len(copies))
    for at in range(1, len(copies)):
        last = found[at - 1]
        if not is_fresh[at] and np.abs(copies[at] - copies[last]).max() < below:
            found[at] = last
    return found
