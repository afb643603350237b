"""A heat map as pixels: a transparent layer over the whole frame, and the frame under it.

Separate from the figure on the page because a film or a notebook needs the same pixels without plotly.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, UInt8

from workbench.figures.palette import DIVERGING_STOPS, RISING_STOPS, UNSEEN
from workbench.types.maps import HeatMaps

N_COLOURS = 511
"""Colours of a scale: an odd number, so that zero is one of them on the diverging scale, too."""


def heat_rgba(maps: HeatMaps, at: int, height: int, width: int, opacity: float) -> UInt8[np.ndarray, "height width 4"]:
    """Return map number ``at`` as red, green, blue and alpha, not premultiplied, for a frame of that size.

    Values are interpolated between the centres of cells, and the outermost ones reach to the border of what the
    network sees; the rest of the frame is shaded. Colours are those of ``reach``, so that maps of one answer can be
    compared; zero is transparent. ``opacity``, from 0 to 1, scales every alpha. Cost: 0.1 s for a frame of 1920x1080.
    """
    top, left, bottom, right = maps.seen
    rows, columns = maps.grid
    down, is_row_seen = _shares(height, top, bottom, rows)
    across, is_column_seen = _shares(width, left, right, columns)
    values = down @ maps.values[at].reshape(rows, columns) @ across.T
    share = np.clip(values / (reach(maps) or 1.0), -1.0 if maps.is_signed else 0.0, 1.0)
    place = (share + 1) / 2 if maps.is_signed else share
    layer = _colours(maps.is_signed, opacity)[np.rint(place * (N_COLOURS - 1)).astype(np.intp)]
    layer[~np.logical_and.outer(is_row_seen, is_column_seen)] = _pixel(*UNSEEN, opacity)
    return layer


def reach(maps: HeatMaps) -> float:
    """Return the value of the strongest colour: the one farthest from zero in all maps of the answer."""
    return float(np.abs(maps.values).max(initial=0.0))


def overlaid(
    frame: UInt8[np.ndarray, "height width 3"], layer: UInt8[np.ndarray, "height width 4"]
) -> UInt8[np.ndarray, "height width 3"]:
    """Return a frame under a layer, rounded to the nearest of 256 steps."""
    alpha = layer[..., 3:].astype(np.uint16)
    return ((frame * (255 - alpha) + layer[..., :3] * alpha + 127) // 255).astype(np.uint8)


def _shares(
    n_pixels: int, start: float, end: float, n_cells: int
) -> tuple[Float64[np.ndarray, "pixel cell"], Bool[np.ndarray, "pixel"]]:
    """Return the share of every cell in every pixel along one side, and which pixels are seen."""
    centres = (np.arange(n_pixels) + 0.5) / n_pixels
    places = np.clip((centres - start) / (end - start) * n_cells - 0.5, 0, n_cells - 1)
    shares = np.maximum(0.0, 1.0 - np.abs(places[:, None] - np.arange(n_cells)))
    return shares, (start <= centres) & (centres < end)


def _colours(is_signed: bool, opacity: float) -> UInt8[np.ndarray, "colour 4"]:
    places, *channels = np.array(DIVERGING_STOPS if is_signed else RISING_STOPS).T
    wanted = np.linspace(0.0, 1.0, N_COLOURS)
    red, green, blue, alpha = (np.interp(wanted, places, channel) for channel in channels)
    return _pixel(red, green, blue, alpha, opacity)


def _pixel(
    red: np.ndarray | int, green: np.ndarray | int, blue: np.ndarray | int, alpha: np.ndarray | float, opacity: float
) -> UInt8[np.ndarray, "*pixels 4"]:
    return np.rint(np.stack([red, green, blue, 255 * opacity * np.asarray(alpha)], axis=-1)).astype(np.uint8)
