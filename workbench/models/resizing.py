"""Frames resized on a GPU to the very levels that the transformers library's processors give on a processor.

Separate because PyTorch resizes pictures in two ways: on a processor in whole levels, across and then down, as Pillow
does and models were trained on; on a GPU in fractions, which at sharp edges are many levels off. The same film would
have other features there.
"""

from __future__ import annotations

import functools
from typing import Any

from workbench.models.pillow import Filter, precision, resized_levels, torch_matrix

_FRAMES_AT_ONCE = 8


def resize_as_on_processor(prepares: Any) -> Any:
    """Return an image or video processor that resizes on any device as it does on a processor.

    It is of a class of the same name, and says the same of itself. Left alone: what is resized by another filter than
    the bilinear and the bicubic, and what is no longer whole levels.
    """
    kind = type(prepares)
    theirs = getattr(kind, "resize", None)
    if theirs is None:
        return prepares

    def resize(self: Any, image: Any, size: Any, resample: Any = None, antialias: bool = True, **more: Any) -> Any:
        chosen = _filter_of(resample)
        if chosen is None or not antialias or not is_resized_in_fractions(image):
            return theirs(self, image, size, resample, antialias=antialias, **more)
        # The library says how large, of a picture without pixels.
        blank = image.new_empty((1, *image.shape[-3:]), device="meta")
        wanted = tuple(theirs(self, blank, size, resample, antialias=antialias, **more).shape[-2:])
        return _resized(image, wanted, chosen)

    prepares.__class__ = type(kind.__name__, (kind,), {"resize": resize, "__module__": kind.__module__})
    return prepares


def is_resized_in_fractions(image: Any) -> bool:
    """Return whether PyTorch would turn whole levels into fractions to resize them."""
    import torch

    return isinstance(image, torch.Tensor) and image.dtype == torch.uint8 and image.device.type != "cpu"


def _resized(image: Any, wanted: tuple[int, int], kind: Filter) -> Any:
    import torch

    down, across = (
        None if have == want else _matrix(have, want, kind, image.device)
        for have, want in zip(image.shape[-2:], wanted, strict=True)
    )
    with torch.autocast(image.device.type, enabled=False):  # levels are no matter for 16 bits
        parts = [resized_levels(part, across, down).to(image.dtype) for part in image.split(_FRAMES_AT_ONCE)]
    return torch.cat(parts)


def _filter_of(resample: Any) -> Filter | None:
    """Return the filter that is named by Pillow's number or by torchvision; bilinear where none is."""
    from torchvision.transforms import InterpolationMode

    known: dict[Any, Filter] = {
        None: "bilinear",
        2: "bilinear",
        3: "bicubic",
        InterpolationMode.BILINEAR: "bilinear",
        InterpolationMode.BICUBIC: "bicubic",
    }
    return known.get(resample)


@functools.lru_cache(maxsize=16)
def _matrix(n_source: int, n_target: int, kind: Filter, device: Any) -> Any:
    import torch

    return torch.from_numpy(torch_matrix(n_source, n_target, kind)).to(device, precision(device))
