"""Which measured null a sentence is held against, and what to say where none fits.

Separate from grounding because it is about what a model was measured on: peaks of other sentences, or of other
videos, say nothing of this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from workbench.analyses.prompts import Asked
from workbench.core.null import is_of_their_kind
from workbench.models.protocol import ModelSpec
from workbench.models.tokenization import WORD
from workbench.types.grounding import MeasuredNull
from workbench.types.video import SamplingSpec, VideoInfo


@dataclass(frozen=True)
class Nulls:
    """One null a query, or None where it is estimated; ``is_open``: whether it is in the video cannot be said."""

    measured: tuple[MeasuredNull | None, ...]
    is_open: Bool[np.ndarray, "query"]
    warnings: tuple[str, ...]


def nulls_for(
    spec: ModelSpec, video: VideoInfo, sampling: SamplingSpec, asked: Asked, level: Sequence[float], n_values: int
) -> Nulls:
    """Return the null of every sentence; ``level`` is what the video gives all distractors, and the best, on average.

    A sentence with words that the model does not know is open, and one whose end it does not read. Where a model
    brings measured nulls, so is every sentence about a video unlike those it was measured on, such as one that is
    read as a single value (``n_values``), and a sentence with words that none was measured with.
    """
    known = spec.measured_nulls
    has_unknown = [bool(words) for words in asked.unknown_words]
    is_unread = np.array(has_unknown) | asked.is_truncated
    nothing: tuple[None, ...] = (None,) * len(asked.texts)
    if not known:
        return Nulls(nothing, is_unread, ())
    if n_values == 1 or not is_of_their_kind(level, np.array(known[0].levels)):
        foreign = (
            f"This is no video of the kind that {spec.title} was measured on: the moments are its best guesses, and "
            f"whether a sentence is in the video cannot be said; a model of other pictures may know more of it."
        )
        return Nulls(nothing, np.ones(len(nothing), bool), (foreign,))
    lacking = [_lacking(text, known) for text in asked.texts]
    is_open = np.array([bool(words) for words in lacking]) | is_unread
    measured = [None if is_open[at] else _fitting(text, spec, video, sampling) for at, text in enumerate(asked.texts)]
    said = []
    if words := dict.fromkeys(w for own, skip in zip(lacking, has_unknown, strict=True) if not skip for w in own):
        named = ", ".join(f"“{word}”" for word in words)
        said.append(
            f"{spec.title} was not measured on sentences with {named}: whether such a sentence is in the video cannot "
            f"be said."
        )
    if any(null is None for null, open_ in zip(measured, is_open, strict=True) if not open_):
        rates = [f"{fps:g}" for fps in sorted({null.fps for null in known})]
        read = f"{rates[0]} frames a second or more"
        if spec.window_frames > 1:
            read = f"{' or '.join(rates)} frames a second"
        said.append(
            f"Whether a sentence is in the video is estimated here, and a “no” may be wrong; it is measured for videos "
            f"of up to {max(null.longest_s for null in known):g} s read at {read}."
        )
    return Nulls(tuple(measured), is_open, tuple(said))


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def _lacking(text: str, known: Sequence[MeasuredNull]) -> list[str]:
    """Return the words of a sentence without which the nearest of the nulls would be of its kind."""
    return min(([word for word in _words(text) if word not in null.words] for null in known), key=len)


def _fitting(text: str, spec: ModelSpec, video: VideoInfo, sampling: SamplingSpec) -> MeasuredNull | None:
    """Return the null for such a sentence and video: that of the highest rate not above its own.

    Where windows of frames are read, that of its own rate alone: at another one they span another time.
    """
    rate, words = sampling.rate_for(video.duration_s), set(_words(text))
    lowest = rate - 1e-6 if spec.window_frames > 1 else 0.0
    fitting = [
        null
        for null in spec.measured_nulls
        if words <= set(null.words) and lowest <= null.fps <= rate + 1e-6 and video.duration_s <= null.longest_s
    ]
    return max(fitting, key=lambda null: null.fps, default=None)
