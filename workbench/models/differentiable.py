"""What a cosine hangs on, in the pixels of frames, the words of a sentence and the attention of both encoders.

Separate because it needs gradients, which nothing else does: passes in float32, one back for each forward. A subclass
says where its encoders keep their parts, and how its network compares what it saw with what it read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float32, UInt8

from workbench.errors import InputError, ModelError
from workbench.models import captum_gradients
from workbench.models.opened import Inside, Traced, with_network
from workbench.models.protocol import MAX_ATTENTION_BYTES, Capability, GradientMethod
from workbench.models.vision import AttendingEncoder, Layout
from workbench.types.features import TextFeatures, VideoFeatures
from workbench.types.maps import AttentionTrace, Gradients
from workbench.types.video import FrameBatch

_MOST_ROWS = 64
"""Frames, or texts, that are differentiated at once."""


class DifferentiableEncoder(AttendingEncoder):
    """A dual encoder of which both sides are opened; a subclass gives ``reading``, and may give ``compare``."""

    capabilities: ClassVar[frozenset[Capability]] = frozenset({"attention", "differentiable"})

    @property
    def reading(self) -> Inside | None:
        """Return where the text encoder keeps its parts, or None where it is of another kind."""
        raise NotImplementedError

    def compare(self, seen: Any, said: Any) -> Any:
        """Return the cosine ``[row query]`` of raw features ``[row ... dim]`` with texts ``[query dim]``."""
        unit = self._torch.nn.functional.normalize
        return unit(seen.float(), dim=-1) @ unit(said.float(), dim=-1).T

    def most_traced(self, pixels: UInt8[np.ndarray, "time height width 3"]) -> int:
        """Return how many such frames ``trace_frames`` has room for at once."""
        return MAX_ATTENTION_BYTES // self._traced_bytes(self.layout(pixels[:1]))

    def trace_frames(self, frames: FrameBatch, said: TextFeatures) -> AttentionTrace:
        """Return what became of the cosine with ``said``, the mean over its texts, in the vision encoder.

        One row per frame; the scores are those of the rows of ``encode_frames``, for a model of windows those of the
        windows that the frames stand in. Cost: three passes forward and one back. Raises ``InputError`` where there is
        too much of it.
        """
        layout, shape = self.layout(frames.pixels[:1]), self.shape
        self._check_room(layout, len(frames.pixels))
        texts = self._compute.send(said.embeddings)

        def run(prepared: Any) -> dict[str, Any]:
            def scores(adapter: Any) -> Any:
                return adapter.compare(adapter.look(prepared), texts).mean(dim=1)

            return _named(self.opened.trace(self.seeing, scores), len(_rows_of(prepared)))

        arrays = self._traced_by_window(frames, run)
        cells = tuple(range(shape.n_prefix, shape.n_prefix + layout.n_patches))
        return AttentionTrace(**arrays, cells=(cells,) * len(frames.pixels))

    def trace_texts(self, texts: Sequence[str], seen: VideoFeatures) -> AttentionTrace:
        """Return what became of the cosine of ``texts``, as one, with ``seen``, one row, in the text encoder.

        One row per text. Where texts stand for themselves, the cosine is that of the mean of their unit embeddings,
        else the mean of their cosines. Raises ``ModelError`` where the text encoder is of another kind.
        """
        inside, (ids, attention, cells) = self._reading(), self._pieces(texts)

        def scores(adapter: Any) -> Any:
            return adapter.heard(adapter.say(ids, attention)[None], seen)

        # All texts at once: they are one sentence in several prompts.
        arrays = self._compute.traced_in_batches(
            1, lambda _: _named(self.opened.trace(inside, scores), len(texts)), len(texts)
        )
        return AttentionTrace(**arrays, cells=cells)

    def frame_gradients(self, frames: FrameBatch, said: TextFeatures, method: GradientMethod) -> Gradients:
        """Return how far the pixels of each patch make the cosine with ``said``; one row per frame.

        Cost: one pass forward and back, fifty for integrated gradients.
        """
        layout, shape = self.layout(frames.pixels[:1]), self.shape
        texts, window = self._compute.send(said.embeddings), self.spec.window_frames
        cells = slice(shape.n_prefix, shape.n_prefix + layout.n_patches)
        # Weights, their products and what is kept for the way back: some six times the attention of a frame.
        most_rows = min(_MOST_ROWS, MAX_ATTENTION_BYTES // (6 * self._attention_bytes(layout))) // window

        def run(prepared: Any) -> dict[str, Any]:
            pixels, others = _split(prepared)

            def scores(windows: Any, *others: Any) -> Any:
                again = _joined(prepared, windows.flatten(0, 1), [other.flatten(0, 1) for other in others])
                return self.opened.adapter.compare(self.opened.adapter.look(again), texts).mean(dim=1)

            def by_window(tensor: Any) -> Any:
                return tensor.unflatten(0, (-1, window))

            windows, extra = by_window(pixels), tuple(map(by_window, others))
            if method == "gradcam":
                with self.opened.cells_of_last_layer(self.seeing, cells) as grid:
                    found = captum_gradients.grad_cam(scores, grid, windows, extra)
                return {"values": found[:, 0]}
            with self.opened.alone():
                found, empty = captum_gradients.attributions(method, scores, windows, extra, most_rows)
                full = scores(windows, *extra)
            return {
                "values": self.by_patch(found.flatten(0, 1), layout),
                "empty": empty.repeat_interleave(window),
                "full": full.repeat_interleave(window),
            }

        return Gradients(**self._traced_by_window(frames, run))

    def text_gradients(self, texts: Sequence[str], seen: VideoFeatures, method: GradientMethod) -> Gradients:
        """Return how far the pieces of each text make the cosine of all of them, as one, with ``seen``, one row.

        One row per text, filled up with zeros. Raises ``ModelError`` where the text encoder is of another kind, or the
        method has no map of words.
        """
        if method == "gradcam":
            raise ModelError("Grad-CAM is of pictures; choose another method for words.")
        inside, (ids, attention, cells) = self._reading(), self._pieces(texts)

        def run(_: slice) -> dict[str, Any]:
            with self.opened.alone():  # else they might be what somebody else has read instead
                words = self.opened.part(inside.embedding)(self._compute.send(ids)).detach()

            def scores(words: Any) -> Any:
                n = len(words)
                with self.opened.reading_words(inside, words.flatten(0, 1)) as adapter:
                    said = adapter.say(np.tile(ids, (n, 1)), np.tile(attention, (n, 1)))
                return self.heard(said.unflatten(0, (n, -1)), seen)

            nothing = words.clone()
            for row, own in enumerate(cells):
                nothing[row, list(own)] = 0
            most_rows = _MOST_ROWS // len(texts)
            found, empty = captum_gradients.attributions(method, scores, words[None], (), most_rows, nothing[None])
            longest = max(map(len, cells))
            values = words.new_zeros(len(texts), longest)
            for row, own in enumerate(cells):
                values[row, : len(own)] = found[0, row, list(own)].sum(dim=-1)
            full = scores(words[None])
            return {"values": values, "empty": empty.expand(len(texts)), "full": full.expand(len(texts))}

        return Gradients(**self._compute.traced_in_batches(1, run, len(texts)))

    def heard(self, raw: Any, seen: VideoFeatures) -> Any:
        """Return the cosine of raw features of texts ``[group text dim]`` with the one row of ``seen``, one a group.

        Where texts stand for themselves, that of the mean of the unit features of a group, else the mean of cosines.
        """
        unit = self._torch.nn.functional.normalize
        frames = self._compute.send(seen.frames)
        return (unit(unit(raw.float(), dim=-1).mean(dim=1), dim=-1) @ frames.T)[:, 0]

    def by_patch(self, pixels: Any, layout: Layout) -> Any:
        """Return the sum over every patch ``[row patch]`` of what is told of the pixels of frames that are prepared."""
        rows, columns = layout.grid
        side = self.patch_px
        cut = pixels.sum(dim=1)[:, : rows * side[0], : columns * side[1]]
        return cut.unflatten(2, (columns, side[1])).unflatten(1, (rows, side[0])).sum(dim=(2, 4)).flatten(1)

    @property
    def patch_px(self) -> tuple[int, int]:
        """Return height and width of a patch in frames that are prepared."""
        raise NotImplementedError

    def redrawn(self, seed: int) -> DifferentiableEncoder:
        """Return the model with rows and columns of every weight in random order: all that it has learned is gone.

        Its spec is that of the model, with a revision of its own: what it says is kept apart. Cost: the memory of the
        model once more.
        """
        network = self.opened.redrawn(seed)
        other = with_network(self, network)
        other.spec = replace(self.spec, revision=f"{self.spec.revision}, drawn anew with seed {seed}")
        return other

    def _reading(self) -> Inside:
        if self.reading is None:
            raise ModelError(
                f"The text encoder of {self.spec.title} is of a kind that is not opened here, so words have no map by "
                f"this method; occlusion and Banzhaf have one."
            )
        return self.reading

    def _pieces(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray, tuple[tuple[int, ...], ...]]:
        """Return ids and attention of texts, and at which tokens their pieces stand."""
        read = self.read(texts)
        hidden = np.ones((len(texts), max(map(len, read.tokens), default=0)), bool)
        is_piece = self.read(texts, hidden).attention != read.attention
        return read.ids, read.attention, tuple(tuple(np.flatnonzero(row).tolist()) for row in is_piece)

    def _traced_by_window(
        self, frames: FrameBatch, trace: Callable[[Any], dict[str, Any]]
    ) -> dict[str, Float32[np.ndarray, "..."]]:
        window = self.spec.window_frames

        def trace_windows(part: slice) -> dict[str, Any]:
            # Prepared without a trace, and copied, so that it can be differentiated by.
            return trace(_copied(self.prepare(frames.pixels[part.start * window : part.stop * window])))

        return self._compute.traced_in_batches(len(frames.pixels) // window, trace_windows, window)

    def _attention_bytes(self, layout: Layout) -> int:
        """Return what the attention weights of one frame take."""
        shape = self.shape
        n_tokens = shape.n_prefix + layout.n_patches + shape.n_suffix
        return 4 * shape.n_layers * shape.n_heads * n_tokens**2

    def _traced_bytes(self, layout: Layout) -> int:
        """Return what a trace of one frame takes: weights, and two kinds of gradients of each."""
        return 3 * self._attention_bytes(layout)

    def _check_room(self, layout: Layout, n_frames: int) -> None:
        bytes_a_frame = self._traced_bytes(layout)
        if n_frames * bytes_a_frame <= MAX_ATTENTION_BYTES:
            return
        what = "ask for fewer frames" if n_frames > self.spec.window_frames else "choose a smaller model or a gradient"
        raise InputError(
            f"What “{self.spec.id}” does in {n_frames} frames takes {n_frames * bytes_a_frame / 1e9:.1f} GB, and "
            f"{MAX_ATTENTION_BYTES / 1e9:.1f} GB may be asked for at once; {what}."
        )


def _named(traced: Traced, n_rows: int) -> dict[str, Any]:
    """Return tensors by name; a score of several rows stands at each of them."""
    found = {item.name: value for item in fields(traced) if (value := getattr(traced, item.name)) is not None}
    return found | {"scores": found["scores"].repeat_interleave(n_rows // len(found["scores"]))}


def _split(prepared: Any) -> tuple[Any, list[Any]]:
    """Return the pixels of what was prepared, and what else there is of each frame."""
    if not isinstance(prepared, Mapping):
        return prepared, []
    return prepared["pixel_values"], [value for name, value in prepared.items() if name != "pixel_values"]


def _joined(prepared: Any, pixels: Any, others: list[Any]) -> Any:
    if not isinstance(prepared, Mapping):
        return pixels
    names = [name for name in prepared if name != "pixel_values"]
    return {"pixel_values": pixels, **dict(zip(names, others, strict=True))}


def _rows_of(prepared: Any) -> Any:
    return _split(prepared)[0]


def _copied(prepared: Any) -> Any:
    if isinstance(prepared, Mapping):
        return {name: value.detach().clone() for name, value in prepared.items()}
    return prepared.detach().clone()
