"""What an attribution is asked about: one sentence, one film as one model reads it, and the part that is explained.

Separate because every method and every kind of player starts from the same things, fetched once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float32, Float64

from workbench.analyses.analysis import Report
from workbench.analyses.chunks import chunk_keys
from workbench.analyses.ground import Ground, GroundParams, clock
from workbench.analyses.patches import windows_of
from workbench.analyses.prompts import Asked, ask, curves_of
from workbench.analyses.services import Services
from workbench.core.intervals import frame_edges
from workbench.models.protocol import VideoTextModel
from workbench.types.features import VideoFeatures
from workbench.types.video import FrameBatch, SamplingSpec, VideoInfo

_MOST_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Question:
    """One sentence about one film; ``span_s`` and ``at_s`` are what a person chose of it, or None."""

    services: Services
    video: VideoInfo
    model: VideoTextModel
    sampling: SamplingSpec
    features: VideoFeatures
    query: str
    grounding: GroundParams
    report: Report
    span_s: tuple[float, float] | None
    at_s: float | None
    budget: int
    absent: str
    seed: int
    _windows: dict[int, FrameBatch] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def edges_s(self) -> Float64[np.ndarray, "edge"]:
        """The edges of what each row of the features stands for, in seconds."""
        return frame_edges(self.features.times_s, self.video.duration_s)

    @cached_property
    def asked(self) -> Asked:
        """The whole sentence, as the model is asked it."""
        return ask(self.services, self.model, (self.query,))

    @cached_property
    def curve(self) -> Float32[np.ndarray, "time"]:
        """The cosine of the whole sentence over time."""
        keys = chunk_keys(self.video, self.model.spec, self.sampling, self.grounding.reuse_below)
        return curves_of(self.services, self.model, self.asked, self.features, keys, self.report)[0]

    @cached_property
    def moment_s(self) -> tuple[float, float] | None:
        """What is explained: the span that was chosen, else the best moment of the sentence, else None: the film."""
        if self.span_s is not None:
            return self.span_s
        moments = Ground().run(self.services, self.grounding, self.report).result.moments[0]
        return (moments[0].start_s, moments[0].end_s) if moments else None

    def rows_in(self, span_s: tuple[float, float]) -> Bool[np.ndarray, "time"]:
        """Return which rows of the features lie in a span; the one nearest to its middle where none does."""
        (start_s, end_s), times_s = span_s, self.features.times_s
        inside = (times_s >= start_s - 1e-6) & (times_s < end_s - 1e-6)
        if not inside.any():
            inside[np.abs(times_s - (start_s + end_s) / 2).argmin()] = True
        return inside

    def windows(self, rows: Sequence[int]) -> list[FrameBatch]:
        """Return the frames that each row of the features is made of; what was decoded is held while it is small."""
        missing = sorted(set(rows) - self._windows.keys())
        decoded = dict(windows_of(self.services, self.video, self.model, self.sampling, missing))
        found = [decoded[row] if row in decoded else self._windows[row] for row in rows]
        if sum(window.pixels.nbytes for window in (*self._windows.values(), *decoded.values())) <= _MOST_BYTES:
            self._windows.update(decoded)
        return found

    def row_at(self) -> int:
        """Return the row of the features nearest to ``at_s``; where none was chosen, where the sentence fits best."""
        times_s = self.features.times_s
        if self.at_s is None:
            inside = np.ones(len(times_s), bool) if self.span_s is None else self.rows_in(self.span_s)
            return int(np.where(inside, self.curve, -np.inf).argmax())
        return int(np.abs(times_s - self.at_s).argmin())


def between(span_s: tuple[float, float]) -> str:
    """Return a span in words, for people."""
    return f"from {clock(span_s[0])} to {clock(span_s[1])}"


def about_words(question: Question) -> tuple[str, ...]:
    """Return which words of the sentence the model has never seen, and whether it reads it to its end."""
    asked, title = question.asked, question.model.spec.title
    said = []
    if asked.unknown_words[0]:
        named = ", ".join(f"“{word}”" for word in asked.unknown_words[0])
        said.append(f"{title} has never seen {named}: what such a word adds says nothing of its meaning.")
    if asked.is_truncated[0]:
        said.append(f"The sentence is longer than {title} reads; the words at its end are worth exactly 0.")
    return tuple(said)
