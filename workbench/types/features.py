"""What models make of frames, of the parts of frames, and of sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Float64


@runtime_checkable
class Rows(Protocol):
    """Rows of an array that is not in memory as a whole; ``nbytes`` of it are."""

    @property
    def nbytes(self) -> int:
        """Return the bytes in memory."""
        ...

    def __getitem__(self, rows: slice) -> np.ndarray:
        """Return rows that follow one another."""
        ...


@dataclass(frozen=True)
class VideoFeatures:
    """What a model makes of the frames of a video; rows of ``frames`` have unit length.

    ``context`` is what a sentence is read against where a model is not separable: tokens of each row, as an array
    or, of a long film, as ``Rows`` that are read when they are used.
    """

    video_id: str
    model_id: str
    times_s: Float64[np.ndarray, "time"]
    frames: Float32[np.ndarray, "time dim"]
    context: Float32[np.ndarray, "time token dim"] | Rows | None = None


@dataclass(frozen=True)
class PatchMaps:
    """What a model makes of the parts of frames; rows have unit length and lie in the space of the texts.

    Patches go along the rows of ``grid`` (rows, columns). They cover ``seen`` together: the part of a frame that
    the network sees, as (top, left, bottom, right) in sides of the frame; below 0 or above 1 is filling.
    """

    video_id: str
    model_id: str
    times_s: Float64[np.ndarray, "time"]
    patches: Float32[np.ndarray, "time patch dim"]
    grid: tuple[int, int]
    seen: tuple[float, float, float, float]


@dataclass(frozen=True)
class AttentionMaps:
    """How much every token of a vision encoder looks at every other, the first layer first; keys sum to 1.

    ``n_prefix`` tokens, such as the class token, stand before the patches, and ``n_suffix`` after them, such as
    X-CLIP's message token. ``grid`` and ``seen`` are those of ``PatchMaps``.
    """

    video_id: str
    model_id: str
    times_s: Float64[np.ndarray, "time"]
    weights: Float32[np.ndarray, "time layer head query key"]
    n_prefix: int
    n_suffix: int
    grid: tuple[int, int]
    seen: tuple[float, float, float, float]


@dataclass(frozen=True)
class TextFeatures:
    """What a model makes of sentences; rows of ``embeddings`` have unit length where the model is separable.

    ``tokens`` are the word pieces the model read per text, and ``spans`` where in it they stand, from the first
    character to the one past the last; ``unknown_words`` the words per text that the model has never seen (empty
    where its vocabulary is open).
    """

    model_id: str
    texts: tuple[str, ...]
    embeddings: Float32[np.ndarray, "query dim"]
    tokens: tuple[tuple[str, ...], ...]
    unknown_words: tuple[tuple[str, ...], ...] = ()
    is_truncated: tuple[bool, ...] = ()
    spans: tuple[tuple[tuple[int, int], ...], ...] = ()
