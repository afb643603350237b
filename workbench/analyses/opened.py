"""The features of the videos that are open, in memory: the next sentence reads no file.

Separate from the store because it is of this process alone, and small: the store is where features are kept.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from workbench.types.features import VideoFeatures

MAX_BYTES = 512 * 2**20


class OpenedFeatures:
    """Features by key, together within ``max_bytes``; the least recently used are forgotten first."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._features: OrderedDict[str, VideoFeatures] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> VideoFeatures | None:
        """Return the features kept under ``key``, the same arrays each time, or None."""
        with self._lock:
            if key in self._features:
                self._features.move_to_end(key)
            return self._features.get(key)

    def keep(self, key: str, features: VideoFeatures) -> None:
        """Keep features that nobody will write to; what is larger than all there may be is not kept."""
        if _bytes(features) > self._max_bytes:
            return
        with self._lock:
            self._features[key] = features
            while sum(map(_bytes, self._features.values())) > self._max_bytes:
                self._features.popitem(last=False)

    def __contains__(self, key: str) -> bool:
        """Return whether features are kept under ``key``."""
        return key in self._features


def _bytes(features: VideoFeatures) -> int:
    return sum(array.nbytes for array in (features.times_s, features.frames, features.context) if array is not None)
