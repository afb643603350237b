"""What is done to the pictures of a film: cut, blurred, covered, without its scene or without its motion.

Separate from moving frames about: a picture that was changed has to be encoded again, whatever the model. All functions
take and return ``uint8[time height width 3]``, RGB, smaller where they cut; a region is the same in all frames.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64, UInt8
from numpy.random import Generator
from scipy.ndimage import gaussian_filter

Pixels = UInt8[np.ndarray, "time height width 3"]
Cut = UInt8[np.ndarray, "time cut_height cut_width 3"]
Paint = Callable[[Pixels, Generator], Pixels | Cut]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue in what is seen as brightness. Source: ITU-R BT.601."""
_SIDE = 0.5
"""Side of a region that is covered or kept, in sides of the frame: a quarter of its area."""
_KEPT_SIDE = 0.7
_BLUR = 0.03
"""Width of the blur, in heights of the frame: letters and faces are gone, objects are not."""
_CUT_OFF = 1 / 16
"""Part of the highest frequency below which a picture is kept."""
_NOISE = 20.0
"""Levels of 255. Source: Hendrycks and Dietterich, ICLR 2019, arXiv:1903.12261 (Gaussian noise, severity 1)."""
_GREY = 128
_BRIGHTER = 1.15
"""Moves the levels of common films by 13 to 20, as the blur, the coarse shapes and the grain do, by their squares."""
_ASIDE = 0.1
"""Widths of the frame by which it is moved aside."""


def greyscale(pixels: Pixels, rng: Generator) -> Pixels:
    """Return the film without its colours."""
    found = np.empty_like(pixels)
    for at, frame in enumerate(pixels):
        found[at] = (frame.astype(np.float32) @ _LUMA).round()[..., None]
    return found


def mirror(pixels: Pixels, rng: Generator) -> Pixels:
    """Return left for right."""
    return np.ascontiguousarray(pixels[:, :, ::-1])


def crop(pixels: Pixels, rng: Generator) -> Cut:
    """Return the middle of the picture, half of its area."""
    return _cut(pixels, 0.5, 0.5)


def crop_anywhere(pixels: Pixels, rng: Generator) -> Cut:
    """Return half of the area from a random place."""
    return _cut(pixels, *rng.random(2).tolist())


def blur(pixels: Pixels, rng: Generator) -> Pixels:
    """Return the film out of focus."""
    width = _BLUR * pixels.shape[1]
    found = np.empty_like(pixels)
    for at, frame in enumerate(pixels):
        gaussian_filter(frame, (width, width, 0), output=found[at])
    return found


def low_pass(pixels: Pixels, rng: Generator) -> Pixels:
    """Return the coarse shapes alone: no wave shorter than sixteen of the shortest is kept."""
    _, height, width, _ = pixels.shape
    along = np.fft.fftfreq(height)[:, None] / 0.5
    across = np.fft.rfftfreq(width)[None] / 0.5
    is_kept = np.hypot(along, across) <= _CUT_OFF
    found = np.empty_like(pixels)
    for at, frame in enumerate(pixels):
        waves = np.fft.rfft2(frame, axes=(0, 1)) * is_kept[..., None]
        found[at] = np.fft.irfft2(waves, s=(height, width), axes=(0, 1)).round().clip(0, 255)
    return found


def occlude(pixels: Pixels, rng: Generator) -> Pixels:
    """Return the film with the middle of the picture covered, a quarter of its area, in its mean colour."""
    return _covered(pixels, 0.5, 0.5)


def occlude_anywhere(pixels: Pixels, rng: Generator) -> Pixels:
    """Return the film with as much covered in a random corner, half of which may be the middle's."""
    return _covered(pixels, *rng.integers(2, size=2).tolist())


def noise(pixels: Pixels, rng: Generator) -> Pixels:
    """Return the film under grain, each frame under its own."""
    found = np.empty_like(pixels)
    for at, frame in enumerate(pixels):
        grain = rng.normal(0, _NOISE, frame.shape).astype(np.float32)
        found[at] = (frame + grain).round().clip(0, 255)
    return found


def shift(pixels: Pixels, rng: Generator) -> Pixels:
    """Return the picture moved a tenth of its width aside; where it has left, its edge goes on."""
    width = pixels.shape[2]
    aside = round(_ASIDE * width) * int(rng.choice([-1, 1]))
    return pixels[:, :, (np.arange(width) + aside).clip(0, width - 1)]


def brighten(pixels: Pixels, rng: Generator) -> Pixels:
    """Return the film as under a brighter light, which nobody would call another film."""
    levels = (np.arange(256) * _BRIGHTER).round().clip(0, 255).astype(np.uint8)
    return levels[pixels]


def motion_alone(pixels: Pixels, rng: Generator) -> Pixels:
    """Return what moves, on grey: each frame less what is seen in its place most of the time."""
    scene, found = _scene(pixels).astype(np.float32) - _GREY, np.empty_like(pixels)
    for at, frame in enumerate(pixels):
        found[at] = (frame - scene).round().clip(0, 255)
    return found


def scene_alone(pixels: Pixels, rng: Generator) -> Pixels:
    """Return what is seen in each place most of the time, throughout: the film without what moves."""
    return np.repeat(_scene(pixels).round().astype(np.uint8)[None], len(pixels), axis=0)


def _scene(pixels: Pixels) -> Float64[np.ndarray, "height width 3"]:
    """Return the median over time, row by row: a sorted copy of a whole film need not fit into memory."""
    return np.stack([np.median(pixels[:, row], axis=0) for row in range(pixels.shape[1])])


def _box(pixels: Pixels, side: float, down: float, across: float) -> tuple[slice, slice]:
    """Return the rows and columns of a region of even sides, ``down`` and ``across`` from 0 to 1 of where it may be."""
    _, height, width, _ = pixels.shape
    tall, wide = (max(2, 2 * round(side * extent / 2)) for extent in (height, width))
    top, left = round(down * max(0, height - tall)), round(across * max(0, width - wide))
    return slice(top, top + tall), slice(left, left + wide)


def _cut(pixels: Pixels, down: float, across: float) -> Cut:
    rows, columns = _box(pixels, _KEPT_SIDE, down, across)
    return np.ascontiguousarray(pixels[:, rows, columns])


def _covered(pixels: Pixels, down: float, across: float) -> Pixels:
    rows, columns = _box(pixels, _SIDE, down, across)
    found = pixels.copy()
    found[:, rows, columns] = pixels.mean(axis=(1, 2), keepdims=True).round().astype(np.uint8)
    return found
