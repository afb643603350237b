"""X-CLIP: eight frames that look at each other, and sentences that are read against the video.

Separate because nothing of it is true of one frame alone: a feature is of a window, and what a sentence means
depends on the window it is held against. What can be kept is kept: the window's own embedding, and the tokens
(``context``) that its sentences are read against.
Source: Ni et al., Expanding Language-Image Pretrained Models for General Video Recognition, ECCV 2022.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float32

from workbench.models.clip import Clip
from workbench.models.rows import middle_times, unit_rows
from workbench.models.vision import EncoderShape
from workbench.types.features import TextFeatures, VideoFeatures
from workbench.types.video import FrameBatch

WINDOWS_AT_ONCE = 8


class XClip(Clip):
    """``XCLIPModel`` of the transformers library; windows begin a quarter of their length apart.

    A window is read at the class tokens of its frames; the patches only bend the sentence that it is held against.
    """

    seeing = replace(Clip.seeing, read_at=0)

    @staticmethod
    def reads_as(config: Any) -> Mapping[str, Any]:
        """Return that frames depend on the frames beside them, and texts on the video."""
        n_frames = config.vision_config.num_frames
        return {
            "frame_independent": False,
            "separable": False,
            "window_frames": n_frames,
            "window_step": max(1, n_frames // 4),
        }

    @staticmethod
    def end_token(config: Any, n_vocabulary: int) -> int | None:
        """Return the largest id: the library reads a text there, whatever the config names."""
        return n_vocabulary - 1

    @property
    def _n_frames(self) -> int:
        return self._model.config.vision_config.num_frames

    def encode_frames(self, frames: FrameBatch) -> VideoFeatures:
        """Return unit features and context, float32, one row per window; ``frames`` are whole windows.

        Cost: one forward pass per frame of every window.
        """
        rows = self._by_window(frames, self.look, "frames")
        return VideoFeatures(
            video_id=frames.video_id,
            model_id=self.spec.id,
            times_s=middle_times(frames, self._n_frames),
            frames=unit_rows(rows[:, 0]),
            context=np.ascontiguousarray(rows[:, 1:]),
        )

    def similarity(self, video: VideoFeatures, text: TextFeatures) -> Float32[np.ndarray, "query time"]:
        """Return the cosine of every text, read against each window, with that window.

        Cost: the prompt generator once per window, for all texts together; what stands in a file is read for it.
        """
        return self._compute.comparing(lambda: self._curves(video, text))

    def _curves(self, video: VideoFeatures, text: TextFeatures) -> Float32[np.ndarray, "query time"]:
        assert video.context is not None
        said = self._compute.send(text.embeddings)
        seen = self._resident(video.frames)
        context = self._resident(video.context) if isinstance(video.context, np.ndarray) else None
        curves = []
        for i in range(0, len(video.frames), WINDOWS_AT_ONCE):
            rows = slice(i, i + WINDOWS_AT_ONCE)
            against = self._compute.send(video.context[rows]) if context is None else context[rows]
            read = self._read_against(said[None].expand(len(against), -1, -1), against)
            curves.append(self._torch.einsum("td,tqd->qt", seen[rows], read))
        return self._torch.cat(curves, dim=1).cpu().numpy()

    def _read_against(self, said: Any, context: Any) -> Any:
        """Return unit embeddings ``[window query dim]`` of sentences as they are read against each window."""
        return self._torch.nn.functional.normalize(said + self._model.prompts_generator(said, context), dim=-1)

    def compare(self, seen: Any, said: Any) -> Any:
        """Return the cosine ``[window query]`` of raw windows with their context and sentences read against them."""
        read = self._read_against(said[None].expand(len(seen), -1, -1), seen[:, 1:])
        return self._torch.einsum("td,tqd->tq", self._torch.nn.functional.normalize(seen[:, 0], dim=-1), read)

    def heard(self, raw: Any, seen: VideoFeatures) -> Any:
        """Return the mean of the cosines of raw texts ``[group text dim]`` with the one window of ``seen``, a group."""
        assert seen.context is not None
        context = self._compute.send(seen.context[:1])
        read = self._read_against(raw, context.expand(len(raw), -1, -1))
        return (read @ self._compute.send(seen.frames)[0]).mean(dim=1)

    def score(self, video: VideoFeatures, text: TextFeatures) -> Float32[np.ndarray, "query"]:
        """Return the mean over the windows of their cosine with each text."""
        return self.similarity(video, text).mean(axis=1)

    def see(self, pixels: np.ndarray) -> Any:
        """Return raw features and context of windows that repeat one picture, to try the network."""
        return self.look(self.prepare(np.repeat(pixels, self._n_frames, axis=0)))

    def prepare(self, pixels: np.ndarray) -> Any:
        """Return frames one after another; some image processors take them for a video."""
        images = super().prepare(pixels)["pixel_values"]
        return {"pixel_values": images.reshape(-1, *images.shape[-3:])}

    @property
    def shape(self) -> EncoderShape:
        """Return what the attention is made of; last comes the message that a frame gets from its window."""
        return replace(super().shape, n_suffix=1)

    def between_frames(self, frames: FrameBatch) -> Float32[np.ndarray, "window layer head query_frame key_frame"]:
        """Return how much the messages of the frames of each window look at each other. Cost: one forward pass."""
        layers = self.opened.part(self.seeing.encoder).layers

        def messages(prepared: Any) -> Any:
            attentions = [layer.message_attn for layer in layers]
            weights = self.opened.weights(attentions, lambda adapter: adapter.look(prepared))
            return self._torch.stack(weights, dim=1)

        return self._exactly(frames, messages)

    def look(self, prepared: Any) -> Any:
        """Return ``[window 1 + token dim]``: raw window features, then their context.

        The context are the patches, projected and averaged over the frames of the window.
        """
        n_frames, torch = self._n_frames, self._torch
        seen = self._model.vision_model(**self.vision_inputs(prepared))
        by_frame = self._model.visual_projection(seen.pooler_output)
        windows = self._model.mit(by_frame.view(-1, n_frames, by_frame.shape[-1])).pooler_output
        patches = self._model.prompts_visual_layernorm(seen.last_hidden_state[:, 1:])
        context = patches @ self._model.prompts_visual_projection
        context = context.view(-1, n_frames, *context.shape[1:]).mean(dim=1)
        return torch.cat([windows[:, None].float(), context.float()], dim=1)
