"""What a video-text model is to the rest of the workbench: one protocol, one description.

Separate from the adapters so that a caller needs neither torch nor a model family to name one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from workbench.types.features import AttentionMaps, PatchMaps, TextFeatures, VideoFeatures
from workbench.types.grounding import MeasuredNull
from workbench.types.maps import AttentionTrace, Gradients
from workbench.types.video import FrameBatch

Capability = Literal["attention", "differentiable", "patches"]
GradientMethod = Literal["ig", "input-x-gradient", "gradcam"]

MAX_ATTENTION_BYTES = 2 * 2**30
"""What the attention asked for at once may take: a large encoder has 100 MB of it a frame."""


@dataclass(frozen=True)
class ModelSpec:
    """What a model is and what may be done with it.

    ``frame_independent``: a frame's feature does not depend on its neighbours.
    ``separable``: a text's embedding does not depend on the video.
    ``window_frames``: how many sampled frames in a row make one feature; 1 where each makes its own.
    ``window_step``: how many frames further on the next window begins.
    ``prompts``: templates with one ``{}`` whose embeddings are averaged for a query.
    ``distractors``: sentences that make the null distribution of "not in this video".
    ``measured_nulls``: where a model brings them, the null is measured instead of estimated, one a sampling rate.
    ``preprocessing``: a digest of everything between pixels and the network; part of cache keys.
    ``precision``: the type of its matrix products; features are float32 all the same. Part of cache keys.
    """

    id: str
    title: str
    family: str
    revision: str
    dim: int
    image_px: int
    logit_scale: float
    licence: str
    n_parameters: int
    preprocessing: str
    precision: str = "float32"
    capabilities: frozenset[Capability] = frozenset()
    frame_independent: bool = True
    separable: bool = True
    window_frames: int = 1
    window_step: int = 1
    prompts: tuple[str, ...] = ("{}",)
    distractors: tuple[str, ...] = ()
    measured_nulls: tuple[MeasuredNull, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Placement:
    """Where a loaded model is and what it costs: the bytes of its weights, and how many rows it encodes at once.

    ``notice`` is one sentence for people where something did not go as it should, such as memory that ran out.
    """

    device: str
    n_bytes: int
    rows_at_once: int
    notice: str = ""


@runtime_checkable
class VideoTextModel(Protocol):
    """A model that embeds frames and sentences in one space."""

    spec: ModelSpec

    @property
    def placement(self) -> Placement:
        """Return where the model is and what it costs, as of now."""
        ...

    def encode_frames(self, frames: FrameBatch) -> VideoFeatures:
        """Return features with unit rows, float32: one per frame, or one per window.

        Where ``spec.window_frames`` is more than 1, ``frames`` are whole windows one after another, and the
        time of a row is the middle of its window.
        """
        ...

    def encode_texts(self, texts: Sequence[str], absent: Bool[np.ndarray, "query token"] | None = None) -> TextFeatures:
        """Return embeddings, float32; ``absent`` tokens are masked out of attention.

        Rows have unit length where ``spec.separable``; else they are what ``similarity`` starts from.
        """
        ...

    def similarity(self, video: VideoFeatures, text: TextFeatures) -> Float32[np.ndarray, "query time"]:
        """Return the cosine of every text with every row of the video."""
        ...

    def score(self, video: VideoFeatures, text: TextFeatures) -> Float32[np.ndarray, "query"]:
        """Return one similarity per text for the video as a whole."""
        ...


@runtime_checkable
class FrameEncoder(Protocol):
    """What reads films for a model: the model itself, or what stands in for it elsewhere."""

    spec: ModelSpec

    @property
    def placement(self) -> Placement:
        """Return where films are read, and how many rows are read at once."""
        ...

    def encode_frames(self, frames: FrameBatch) -> VideoFeatures:
        """Return features as ``VideoTextModel.encode_frames`` does."""
        ...


@runtime_checkable
class BareForward(Protocol):
    """A model whose forward pass can be timed apart from all that is done before and after it."""

    def forward_rate(self, pixels: UInt8[np.ndarray, "time height width 3"], most_rows: int) -> float:
        """Return rows a second of the network alone, on frames that are prepared, at the best batch size found."""
        ...


@runtime_checkable
class PatchFeatures(VideoTextModel, Protocol):
    """A model that can say what it makes of each part of a frame; declared as ``patches``."""

    def encode_patches(self, frames: FrameBatch) -> PatchMaps:
        """Return features with unit rows, float32, of every patch, one row per frame, also where windows are read.

        Where ``spec.window_frames`` is more than 1, ``frames`` are whole windows one after another.
        """
        ...


@runtime_checkable
class AttentionSource(Protocol):
    """A model whose vision encoder can be watched as it attends; declared as ``attention``."""

    def attention(self, frames: FrameBatch) -> AttentionMaps:
        """Return attention weights, float32, of every layer and head, one row per frame, also where windows are read.

        Where ``spec.window_frames`` is more than 1, ``frames`` are whole windows one after another.
        Raises ``InputError`` where they would take more than ``MAX_ATTENTION_BYTES``.
        """
        ...


@runtime_checkable
class FrameAttention(Protocol):
    """A model whose frames look at each other while they are encoded, where that can be watched."""

    def between_frames(self, frames: FrameBatch) -> Float32[np.ndarray, "window layer head query_frame key_frame"]:
        """Return attention weights, float32, between the frames of each window; ``frames`` are whole windows."""
        ...


@runtime_checkable
class Differentiable(VideoTextModel, Protocol):
    """A model whose cosines can be followed back to frames and words; declared as ``differentiable``.

    ``frames`` are those of ``AttentionSource``; ``said`` is one sentence, in several prompts where it has several rows.
    ``seen`` is one row of features, which the ``texts`` are held against as one sentence.
    """

    def layout(self, pixels: UInt8[np.ndarray, "time height width 3"]) -> Any:
        """Return ``grid`` and ``seen`` of such frames, as ``PatchMaps`` has them."""
        ...

    def most_traced(self, pixels: UInt8[np.ndarray, "time height width 3"]) -> int:
        """Return how many such frames ``trace_frames`` has room for at once."""
        ...

    def trace_frames(self, frames: FrameBatch, said: TextFeatures) -> AttentionTrace:
        """Return what became of the cosine in the attention of the vision encoder, one row per frame."""
        ...

    def trace_texts(self, texts: Sequence[str], seen: VideoFeatures) -> AttentionTrace:
        """Return what became of the cosine in the attention of the text encoder, one row per text."""
        ...

    def frame_gradients(self, frames: FrameBatch, said: TextFeatures, method: GradientMethod) -> Gradients:
        """Return how far each patch makes the cosine, by a method of gradients, one row per frame."""
        ...

    def text_gradients(self, texts: Sequence[str], seen: VideoFeatures, method: GradientMethod) -> Gradients:
        """Return how far each piece of the texts makes the cosine, by a method of gradients, one row per text."""
        ...

    def redrawn(self, seed: int) -> Differentiable:
        """Return the model with rows and columns of every weight in random order: it has learned nothing."""
        ...
