"""Frames that hardly differ from one that was encoded: its feature stands for theirs, where a person asks for that.

Separate because it changes what a feature is of; it is off unless switched on, and recorded where it is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from workbench.analyses.chunks import Plan
from workbench.core.stillness import small_copies, stand_ins
from workbench.errors import InputError
from workbench.models.protocol import FrameEncoder
from workbench.types.features import VideoFeatures
from workbench.types.video import FrameBatch


class Reuse:
    """Encodes frames in order, those alone that differ by ``below`` levels or more from the last one encoded.

    The first frame of every chunk is encoded, so that a chunk is the same whatever was there before it.
    Raises ``InputError`` for a model that reads several frames at once.
    """

    def __init__(self, model: FrameEncoder, plan: Plan, below: float) -> None:
        if not model.spec.frame_independent:
            raise InputError(
                f"{model.spec.title} reads several frames at once, so none can stand for another; set Reuse to 0."
            )
        self._model, self._rows_in_chunk, self._below = model, plan.rows_in_chunk, below
        self._copy = np.zeros((0, 1, 3), np.float32)
        self._feature: np.ndarray | None = None

    def encode(self, batch: FrameBatch, first_row: int) -> VideoFeatures:
        """Return the features of the frames that follow those of the last call; the first makes ``first_row``."""
        is_fresh = (first_row + np.arange(len(batch.times_s))) % self._rows_in_chunk == 0
        copies = small_copies(batch.pixels)
        if self._feature is not None:
            copies, is_fresh = np.concatenate([self._copy, copies]), np.r_[True, is_fresh]
        found = stand_ins(copies, self._below, is_fresh)
        n_before = len(copies) - len(batch.times_s)
        own = np.flatnonzero(found == np.arange(len(found)))
        asked = own[own >= n_before] - n_before
        encoded = self._model.encode_frames(replace(batch, pixels=batch.pixels[asked], times_s=batch.times_s[asked]))
        rows = encoded.frames if self._feature is None else np.concatenate([self._feature, encoded.frames])
        whole = rows[np.searchsorted(own, found)]
        self._copy, self._feature = copies[found[-1:]], whole[-1:]
        return replace(encoded, times_s=batch.times_s, frames=whole[n_before:])
