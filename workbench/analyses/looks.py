"""What can be seen of an answer while the video is still being read: the raw cosines of what was read so far.

Separate because it is a courtesy to whoever waits. Where sentences are read against the video, who saw all of it
has the curves of the answer, too.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np
from jaxtyping import Float32, Float64

from workbench.analyses.analysis import Report
from workbench.analyses.prompts import Asked
from workbench.errors import OutOfMemoryError
from workbench.models.protocol import VideoTextModel
from workbench.types.features import VideoFeatures
from workbench.types.outcome import Glimpse, Progress


class Looks:
    """Reports progress together with the cosines of all parts of the video that were read."""

    def __init__(self, model: VideoTextModel, asked: Asked, fps: float, report: Report) -> None:
        """``fps``: frames read from each second of the video."""
        self._model, self._asked, self._report = model, asked, report
        self._step_s = model.spec.window_step / fps
        self._parts: list[tuple[np.ndarray, np.ndarray]] = []
        self._is_new = False

    def seen(self, part: VideoFeatures) -> None:
        """Take note of a part; parts may come in any order. Cost: one matrix product."""
        with suppress(OutOfMemoryError):  # there is no look ahead then, and an answer all the same
            self._parts.append((part.times_s, self._asked.curves(self._model, part)))
            self._is_new = True

    def report(self, progress: Progress) -> None:
        """Pass the progress on, with a glimpse where there is something new to see.

        There is none before the reading begins and progress is counted: the first holds all that was kept before,
        so that whoever goes on with a film never sees less of it than when they stopped.
        """
        if self._is_new and progress.total:
            progress, self._is_new = replace(progress, glimpse=self._glimpse()), False
        self._report(progress)

    def whole(self, times_s: Float64[np.ndarray, "time"]) -> Float32[np.ndarray, "query time"] | None:
        """Return the cosines at ``times_s``, those of the whole video, or None where not all of it was seen."""
        if not self._parts:
            return None
        seen = self._glimpse()
        return seen.similarity if np.array_equal(seen.times_s, times_s) else None

    def _glimpse(self) -> Glimpse:
        times_s = np.concatenate([times for times, _ in self._parts])
        order = np.argsort(times_s)
        similarity = np.concatenate([rows for _, rows in self._parts], axis=1)
        return Glimpse(self._asked.texts, times_s[order], similarity[:, order], self._step_s)
