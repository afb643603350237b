"""Pictures prepared a batch at a time, on the device, to the very numbers that Pillow gives one by one.

Separate because models were trained on pictures that Pillow had resized: it works in whole levels of 0 to
255, across and then down, with weights rounded to 22 bits, and other resizers are off by a level here and there.
Source: Pillow's ``Resample.c``; torchvision's ``Resize`` and ``CenterCrop`` for sizes and places.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float64

Filter = Literal["bilinear", "bicubic"]
Fit = Literal["shortest", "longest", "squash"]

_PRECISION = 1 << 22
_REACH: dict[str, float] = {"bilinear": 1.0, "bicubic": 2.0}
_FRAMES_AT_ONCE = 8


@dataclass(frozen=True)
class Preparation:
    """How a picture becomes what a network sees: resized to fit, cut or filled up at the middle, normalised.

    ``fit``: the shorter side fills ``size_px`` (height, width) and the rest is cut off, the longer side fits
    and the rest is filled with the level ``fill``, or both sides are squashed to it.
    """

    size_px: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    filter: Filter = "bicubic"
    fit: Fit = "shortest"
    fill: int = 0

    def __call__(self, images: Any) -> Any:
        """Return ``float32 [time 3 height width]`` of a tensor ``uint8 [time 3 h w]``, on its device.

        Cost: two matrix products a frame.
        """
        import torch

        mean, std = (_by_channel(values, images.device) for values in (self.mean, self.std))
        with torch.autocast(images.device.type, enabled=False):  # levels are no matter for 16 bits
            parts = [self._fitted(part) for part in images.split(_FRAMES_AT_ONCE)]
        return (torch.cat(parts) / 255 - mean) / std

    def placed(self, source: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return a picture's (height, width) after resizing, and where in it what is kept begins (top, left).

        The beginning is below 0 where the picture is smaller than ``size_px``, and filled up.
        """
        resized = self.resized(source)
        top, left = (
            _cut_from(have, want) - max(0, want - have) // 2 for have, want in zip(resized, self.size_px, strict=True)
        )
        return resized, (top, left)

    def resized(self, source: tuple[int, int]) -> tuple[int, int]:
        """Return height and width after resizing and before cutting, as the library rounds them."""
        height, width = self.size_px
        if self.fit == "squash":
            return self.size_px
        if self.fit == "shortest" and height == width:
            short, long = min(source), max(source)
            longer = int(height * long / short)
            return (height, longer) if source[0] <= source[1] else (longer, height)
        ratios = (source[0] / height, source[1] / width)
        ratio = max(ratios) if self.fit == "longest" else min(ratios)
        return round(source[0] / ratio), round(source[1] / ratio)

    def _fitted(self, images: Any) -> Any:
        source = tuple(images.shape[2:])
        across, down = (_weights(self, source, axis, images.device) for axis in (1, 0))
        return self._filled(resized_levels(images, across, down).float())

    def _filled(self, levels: Any) -> Any:
        import torch

        lacking = [max(0, wanted - have) for wanted, have in zip(self.size_px, levels.shape[2:], strict=True)]
        if not any(lacking):
            return levels
        sides = [side for missing in reversed(lacking) for side in (missing // 2, (missing + 1) // 2)]
        return torch.nn.functional.pad(levels, sides, value=self.fill)


@functools.lru_cache(maxsize=16)
def _weights(preparation: Preparation, source: tuple[int, int], axis: int, device: Any) -> Any:
    """Return the matrix that resizes and cuts one axis, or None where it stays as it is; copied to a device once."""
    import torch

    resized, wanted = preparation.resized(source)[axis], preparation.size_px[axis]
    start = _cut_from(resized, wanted)
    cut = slice(start, start + min(wanted, resized))
    if resized == source[axis]:
        if resized <= wanted:
            return None
        return torch.eye(resized, dtype=precision(device), device=device)[cut]
    matrix = resize_matrix(source[axis], resized, preparation.filter)[cut]
    return torch.from_numpy(matrix).to(device, precision(device))


@functools.lru_cache(maxsize=16)
def _by_channel(values: tuple[float, ...], device: Any) -> Any:
    """Return a tensor ``[channel 1 1]``, copied to a device once."""
    import torch

    return torch.tensor(values, device=device)[:, None, None]


def _cut_from(resized: int, wanted: int) -> int:
    """Return the first of ``wanted`` lines that are cut from the middle, as the library rounds it."""
    return round(max(0, resized - wanted) / 2.0)


def precision(device: Any) -> Any:
    """Return the type in which levels are exact; Apple's GPUs lack it, and may be a level off where two tie."""
    import torch

    return torch.float32 if device.type == "mps" else torch.float64


@functools.lru_cache(maxsize=64)
def resize_matrix(n_source: int, n_target: int, kind: Filter) -> Float64[np.ndarray, "target source"]:
    """Return the matrix by which Pillow resizes a line of ``n_source`` levels to ``n_target``."""
    return _in_steps_of(1 / _PRECISION, _weights_of(n_source, n_target, kind))


@functools.lru_cache(maxsize=64)
def torch_matrix(n_source: int, n_target: int, kind: Filter) -> Float64[np.ndarray, "target source"]:
    """Return the matrix by which PyTorch resizes a line of levels on a processor, with antialiasing.

    It is Pillow's, but for weights of as many bits as let the largest be a whole number of 16.
    Source: ``compute_index_ranges_int16_weights`` in ATen's ``UpSampleKernel.cpp``.
    """
    weights = _weights_of(n_source, n_target, kind)
    bits = next((bits for bits in range(22) if int(0.5 + weights.max() * 2 ** (bits + 1)) >= 2**15), 22)
    return _in_steps_of(2.0**-bits, weights)


def resized_levels(images: Any, across: Any, down: Any) -> Any:
    """Return levels resized across and then down, whole after each; None leaves an axis as it is."""
    import torch

    levels = images.to(precision(images.device))
    if across is not None:
        levels = torch.floor(levels @ across.T + 0.5).clamp(0, 255)
    if down is not None:
        levels = torch.floor(down @ levels + 0.5).clamp(0, 255)
    return levels


def _weights_of(n_source: int, n_target: int, kind: Filter) -> Float64[np.ndarray, "target source"]:
    scale = n_source / n_target
    stretch = max(scale, 1.0)
    reach = _REACH[kind] * stretch
    matrix = np.zeros((n_target, n_source))
    for target in range(n_target):
        centre = (target + 0.5) * scale
        first, last = max(int(centre - reach + 0.5), 0), min(int(centre + reach + 0.5), n_source)
        weights = _filter((np.arange(first, last) - centre + 0.5) / stretch, kind)
        matrix[target, first:last] = weights / weights.sum()
    return matrix


def _in_steps_of(step: float, weights: Float64[np.ndarray, "target source"]) -> Float64[np.ndarray, "target source"]:
    return np.trunc(weights / step + np.copysign(0.5, weights)) * step


def _filter(x: np.ndarray, kind: Filter) -> np.ndarray:
    x = np.abs(x)
    if kind == "bilinear":
        return np.clip(1 - x, 0, None)
    a = -0.5
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))
