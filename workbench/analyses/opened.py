"""The features of the videos that are open, in memory: the next sentence reads no file."""

from __future__ import annotations

from workbench.store.recent import Recent
from workbench.types.features import VideoFeatures

MAX_BYTES = 512 * 2**20


def opened_features() -> Recent[VideoFeatures]:
    """Return room for features of ``MAX_BYTES`` together, by key."""
    return Recent(_bytes, MAX_BYTES)


def _bytes(features: VideoFeatures) -> int:
    return sum(array.nbytes for array in (features.times_s, features.frames, features.context) if array is not None)
