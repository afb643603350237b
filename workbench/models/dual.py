"""Dual encoders: models that embed frames, or windows of them, and sentences into one space.

Separate because batching, similarity, the pooled score and the trial run are one thing, whatever library the
network is of. A family says what its network makes of pixels and of tokens; ``transformers_dual`` and
``openclip`` say it for two libraries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float32, UInt8

from workbench.errors import ModelError, said_by
from workbench.models.checkpoint import Card
from workbench.models.compute import Compute, Work, is_out_of_memory
from workbench.models.entry import ModelEntry
from workbench.models.protocol import Capability, ModelSpec, Placement
from workbench.models.resident import Resident
from workbench.models.rows import mean_pooled_score, unit_rows
from workbench.models.tokenization import TokenizedTexts
from workbench.settings import Settings
from workbench.types.features import TextFeatures, VideoFeatures
from workbench.types.video import FrameBatch


class DualEncoder:
    """What is common to dual encoders; a subclass gives ``spec``, ``prepare``, ``look``, ``read`` and ``say``."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    spec: ModelSpec

    def __init__(self, settings: Settings) -> None:
        self._compute = Compute(settings)
        self._resident = Resident(self._compute)
        self._torch, self._device = self._compute.torch, self._compute.device
        self._model: Any = None

    def prepare(self, pixels: np.ndarray) -> Any:
        """Return what the network takes, on the device, of ``uint8[time height width 3]``: one row a frame."""
        raise NotImplementedError

    def look(self, prepared: Any) -> Any:
        """Return raw features ``[time dim]``, on the device, of what ``prepare`` made: the bare forward pass."""
        raise NotImplementedError

    def see(self, pixels: np.ndarray) -> Any:
        """Return raw features ``[time ... dim]``, on the device, of ``uint8[time height width 3]``."""
        return self.look(self.prepare(pixels))

    def read(self, texts: Sequence[str], absent: Bool[np.ndarray, "query token"] | None = None) -> TokenizedTexts:
        """Return texts as the network takes them."""
        raise NotImplementedError

    def say(self, ids: np.ndarray, attention: np.ndarray) -> Any:
        """Return raw features ``[query dim]``, on the device, of texts that are tokenized."""
        raise NotImplementedError

    @property
    def placement(self) -> Placement:
        """Return where the model is and what it costs, as of now."""
        return self._compute.placement(0 if self._model is None else self._n_bytes)

    @cached_property
    def _n_bytes(self) -> int:
        """The bytes of the network, counted once: who checks that something is a model asks for its placement."""
        return sum(tensor.nbytes for tensor in (*self._model.parameters(), *self._model.buffers()))

    def encode_frames(self, frames: FrameBatch) -> VideoFeatures:
        """Return unit features, float32, one per frame. Cost: one forward pass per frame, in batches."""
        rows = self._in_batches(len(frames.pixels), lambda part: self.see(frames.pixels[part]))
        return VideoFeatures(frames.video_id, self.spec.id, frames.times_s, unit_rows(rows))

    def encode_texts(self, texts: Sequence[str], absent: Bool[np.ndarray, "query token"] | None = None) -> TextFeatures:
        """Return unit embeddings, float32; ``absent`` tokens keep their place and are not attended to.

        The tokens that begin and end a text are always kept. Cost: one forward pass per text, in batches.
        Raises ``InputError`` if ``absent`` has no row per text or no column per token.
        """
        read = self.read(texts, absent)
        rows = self._in_batches(len(texts), lambda part: self.say(read.ids[part], read.attention[part]), "texts")
        return TextFeatures(
            model_id=self.spec.id,
            texts=tuple(texts),
            embeddings=unit_rows(rows) if self.spec.separable else rows,
            tokens=read.tokens,
            unknown_words=read.unknown_words,
            is_truncated=read.is_truncated,
            spans=read.spans,
        )

    def similarity(self, video: VideoFeatures, text: TextFeatures) -> Float32[np.ndarray, "query time"]:
        """Return the cosine of every text with every frame. Cost: one matrix product, where the features are."""
        return self._compute.comparing(lambda: self._curves(video, text))

    def _curves(self, video: VideoFeatures, text: TextFeatures) -> Float32[np.ndarray, "query time"]:
        # In this order of factors the product reads the long matrix once: twice as fast as the other.
        product = self._resident(video.frames) @ self._compute.send(text.embeddings).T
        return np.ascontiguousarray(product.cpu().numpy().T)

    def score(self, video: VideoFeatures, text: TextFeatures) -> Float32[np.ndarray, "query"]:
        """Return the cosine between the mean of the frames and each text.

        Order is lost by construction: the same frames in another order score the same.
        Raises ``ModelError`` for a video without frames. Cost: one matrix product.
        """
        return mean_pooled_score(video, text)

    def _spec(self, entry: ModelEntry, card: Card, **known: Any) -> ModelSpec:
        """Return the spec: what card and entry say of the model, and what is ``known`` of its network."""
        return ModelSpec(
            id=entry.id,
            title=card.title or entry.title,
            family=entry.family,
            licence=card.licence or entry.licence or "not stated",
            n_parameters=sum(weight.numel() for weight in self._model.parameters()),
            precision=self._compute.precision,
            capabilities=self.capabilities,
            prompts=card.prompts,
            distractors=card.distractors,
            measured_nulls=card.measured_nulls,
            note=card.note,
            **known,
        )

    def forward_rate(self, pixels: UInt8[np.ndarray, "time height width 3"], most_rows: int) -> float:
        """Return rows a second of the network alone, on frames that are prepared, at the best batch size found.

        ``pixels`` are repeated as need be, up to ``most_rows`` rows at once. Cost: some seconds.
        """
        with self._compute.running():
            return self._compute.best_rate(
                lambda n_rows: self.prepare(np.resize(pixels, (n_rows * self.spec.window_frames, *pixels.shape[1:]))),
                self.look,
                most_rows,
                self.spec.window_frames,
            )

    def _by_window(
        self, frames: FrameBatch, encode: Callable[[Any], Any], work: Work
    ) -> Float32[np.ndarray, "row ..."]:
        """Return ``encode`` of frames that are prepared, whole windows at once; ``frames`` are whole windows.

        A frame that stands in several windows of a batch is prepared once.
        """
        window = self.spec.window_frames

        def encode_windows(part: slice) -> Any:
            rows = slice(part.start * window, part.stop * window)
            _, first, places = np.unique(frames.times_s[rows], return_index=True, return_inverse=True)
            prepared = self.prepare(frames.pixels[rows][first])
            return encode(_taken(prepared, self._compute.send(places)))

        return self._compute.in_batches(len(frames.pixels) // window, encode_windows, work, window)

    def _in_batches(self, n_rows: int, encode: Any, work: Work = "frames") -> Float32[np.ndarray, "row ..."]:
        return self._compute.in_batches(n_rows, encode, work) if n_rows else np.empty((0, self.spec.dim), np.float32)

    def _once(self, encode: Callable[..., Any], *row: np.ndarray) -> Float32[np.ndarray, "1 ..."]:
        return self._compute.in_batches(1, lambda _: encode(*row))

    def _try_once(self, name: str, side_px: int) -> int:
        """Return the dimension of the space, after a trial: a misfit shows now, as ``ModelError``, not in a film.

        Where products are of 16 bits, they are held against float32 and kept if they say the same of pictures
        from plain to noisy, and of texts of several lengths.
        """
        pictures = _trial_pictures(side_px)
        read = self.read(_TRIAL_TEXTS)

        def trial() -> np.ndarray:
            # One at a time, which says nothing of how fast many are.
            seen = [self._once(self.see, pictures[at]) for at in _each(pictures)]
            said = [self._once(self.say, read.ids[at], read.attention[at]) for at in _each(read.ids)]
            if seen[0].shape[-1] != said[0].shape[-1]:
                raise ValueError(f"pictures have {seen[0].shape[-1]} dimensions, texts {said[0].shape[-1]}")
            return np.concatenate([rows.reshape(-1, rows.shape[-1]) for rows in (*seen, *said)])

        try:
            self._compute.settle_precision(trial)
            rows = trial()
        except (RuntimeError, ValueError, TypeError, LookupError, AttributeError, AssertionError) as error:
            if is_out_of_memory(error):
                raise
            raise ModelError(
                f"The parts of “{name}” do not fit each other ({said_by(error)}); check that its tokenizer and "
                f"image processor are the ones it was trained with."
            ) from error
        if not np.isfinite(rows).all():
            raise ModelError(f"“{name}” answers with what is no number; its weights are damaged, fetch them again.")
        return rows.shape[1]


_TRIAL_TEXTS = ("a", "a red circle", "two people walk along a street in the rain while a dog runs after them")


def _taken(prepared: Any, places: Any) -> Any:
    """Return the frames at ``places`` of what was prepared: a tensor, or several by name."""
    if isinstance(prepared, Mapping):
        return {name: values[places] for name, values in prepared.items()}
    return prepared[places]


def _each(rows: np.ndarray) -> list[slice]:
    return [slice(at, at + 1) for at in range(len(rows))]


def _trial_pictures(side_px: int) -> UInt8[np.ndarray, "4 side twice 3"]:
    """Return a plain picture, one with a red square on it, a slope from dark to bright, and noise."""
    pictures = np.full((4, side_px, 2 * side_px, 3), 128, dtype=np.uint8)
    pictures[1, side_px // 4 : side_px // 2, side_px // 2 : side_px] = (220, 40, 30)
    pictures[2] = np.linspace(0, 255, 2 * side_px).astype(np.uint8)[:, None]
    pictures[3] = np.random.default_rng(0).integers(0, 256, pictures[3].shape)
    return pictures
