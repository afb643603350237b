"""Features on the device: copied there once, and there for as long as somebody holds the array they came from.

Separate because who keeps an open video's features in memory knows nothing of devices, and who computes with
them knows nothing of videos: an array is the same array as long as it lives.
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
        """Return the tensor of ``array``, which must not be written to afterwards. Cost: one copy, once."""
        if self._compute.device == "cpu":
            return self._compute.torch.from_numpy(array)
        with self._lock:
            if (copy := self._copies.get(id(array))) is None:
                copy = self._copies[id(array)] = self._compute.send(array)
                weakref.finalize(array, _forget, weakref.ref(self), id(array))
            return copy


def _forget(resident: weakref.ref[Resident], key: int) -> None:
    """Drop a copy, unless all of them went with their model."""
    if (held := resident()) is not None:
        held._copies.pop(key, None)
