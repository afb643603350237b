"""Features on the device: copied there once, and there for as long as somebody holds the array they came from.

Separate because who keeps an open video's features in memory knows nothing of devices, and who computes with
them knows nothing of videos: an array is the same array as long as it lives, and rows of it are rows of its copy.
"""

from __future__ import annotations

import threading
import weakref
from typing import Any

import numpy as np

from workbench.models.compute import Compute


class Resident:
    """The copies on one device, by array; a copy goes when its array does. On a processor nothing is copied."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute
        self._copies: dict[int, Any] = {}
        self._lock = threading.Lock()

    def __call__(self, array: np.ndarray) -> Any:
        """Return the tensor of ``array``, which must not be written to afterwards.

        Cost: one copy, once; where ``array`` is rows of another, of all of that.
        """
        if self._compute.device == "cpu":
            return self._compute.torch.from_numpy(array)
        whole, first = _rows_of(array)
        with self._lock:
            if (copy := self._copies.get(id(whole))) is None:
                copy = self._copies[id(whole)] = self._compute.send(whole)
                weakref.finalize(whole, _forget, weakref.ref(self), id(whole))
            return copy[first : first + len(array)]


def _rows_of(array: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the array that ``array`` shows consecutive rows of, and the first of them; itself if it shows none."""
    whole = array.base
    if not isinstance(whole, np.ndarray) or whole.strides != array.strides or whole.shape[1:] != array.shape[1:]:
        return array, 0
    return whole, (array.ctypes.data - whole.ctypes.data) // array.strides[0]


def _forget(resident: weakref.ref[Resident], key: int) -> None:
    """Drop a copy, unless all of them went with their model."""
    if (held := resident()) is not None:
        held._copies.pop(key, None)
