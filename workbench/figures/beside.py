"""Where a number stands beside its place on a map, so that it covers no point.

Separate because it counts in pixels, and a map in lengths that mean nothing: how wide a map is drawn is known to the
browser alone, so a spot must be free on a page and on a phone, both of which show all of the map at first.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int

_MAPS_PX = ((630, 500), (340, 380))
"""How wide and high the points of a map are spread, on a page and on a phone."""
_HALF_PX = (12, 11)
"""From the middle of a number to that of a mark that it just does not touch, sideways and up."""
_FARTHEST_PX = 45
_ANGLES = np.linspace(0, 2 * np.pi, 16, endpoint=False)
_SPOTS_PX = np.concatenate(
    [radius * np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1) for radius in range(13, _FARTHEST_PX + 1, 4)]
).astype(int)
_REACH_PX = _FARTHEST_PX + max(_HALF_PX)


def beside(
    places: Float64[np.ndarray, "place 2"],
    marks: Float64[np.ndarray, "mark 2"],
    shifts_px: Float64[np.ndarray, "mark 2"],
) -> list[tuple[int, int]]:
    """Return how many pixels to the right of each place, and above it, a number covers the fewest marks: none, mostly.

    ``shifts_px`` are how far right of and above its coordinates a mark is drawn. Of spots alike the closest is taken.
    """
    spread = np.maximum(np.ptp(marks, axis=0), 1e-9)
    scales = [np.min(np.array(size) / spread) for size in _MAPS_PX]
    chosen = np.zeros((0, 2), int)
    for at, place in enumerate(places):
        n_covered = np.zeros(len(_SPOTS_PX), int)
        for scale in scales:
            taken = np.concatenate([(marks - place) * scale + shifts_px, (places[:at] - place) * scale + chosen])
            n_covered += _n_covered(taken)
        chosen = np.concatenate([chosen, _SPOTS_PX[n_covered.argmin()][None]])
    return [(int(right), int(up)) for right, up in chosen]


def _n_covered(taken_px: Float64[np.ndarray, "mark 2"]) -> Int[np.ndarray, "spot"]:
    """Return how many marks a number covers at each spot. Cost: that of the marks, and not of marks times spots."""
    pixels = np.rint(taken_px[(np.abs(taken_px) < _REACH_PX).all(axis=1)]).astype(int) + _REACH_PX
    side = 2 * _REACH_PX + 1
    n_in = np.bincount(pixels @ (side, 1), minlength=side**2).reshape(side, side)
    n_below = np.pad(n_in.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    (left, bottom), (right, top) = (_SPOTS_PX + _REACH_PX - _HALF_PX).T, (_SPOTS_PX + _REACH_PX + 1 + _HALF_PX).T
    return n_below[right, top] - n_below[left, top] - n_below[right, bottom] + n_below[left, bottom]
