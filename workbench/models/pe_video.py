"""Perception Encoder for video: frames that look at each other, sentences that stand for themselves.

Separate because its parts are not those of ``transformers_dual``: a timm network looks at every frame, a
transformer at a window of them, its frames come through a video processor, and its class has no methods for
features that can be called from outside. All of this follows ``PeVideoModel.forward``.
Checkpoints that also hear (``pe_audio_video``, such as facebook/pe-av-large) hold such a model: it alone is loaded.
Source: Vyas et al., Pushing the Frontier of Audiovisual Perception with Large-Scale Multimodal Correspondence
Learning, 2025.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool

from workbench.errors import ModelError
from workbench.models import checkpoint, hub
from workbench.models.dual import DualEncoder
from workbench.models.entry import ModelEntry
from workbench.models.rows import middle_times, unit_rows
from workbench.models.runtime import missing_packages
from workbench.models.tokenization import TextReader, TokenizedTexts
from workbench.models.transformers_dual import digest, load
from workbench.settings import Settings
from workbench.types.features import VideoFeatures
from workbench.types.video import FrameBatch


class PeVideo(DualEncoder):
    """``PeVideoModel`` of the transformers library; windows begin a quarter of their length apart.

    Its logits scale the product of embeddings as long as they come, and add a learned offset; lengths and
    offset are left out here, as everywhere else.
    ``window_frames``: the network takes any number; the published checkpoints for a set number of frames
    (facebook/pe-av-base-16-frame) read 16.
    Raises ``ModelError`` while loading: files missing, incomplete, pickled or not fitting each other, no timm,
    no network, no such device.
    """

    window_frames: ClassVar[int] = 16

    def __init__(self, entry: ModelEntry, settings: Settings) -> None:
        super().__init__(settings)
        if missing_packages(["timm"]):
            raise ModelError(
                f"“{entry.id}” looks at frames through the package timm, which is not installed; install it with "
                f"“pip install timm”."
            )
        folder = hub.obtain(entry, settings)
        _check_towers(folder, entry.id)
        part = "video" if checkpoint.model_type(folder, entry.id) == "pe_audio_video" else ""
        model, tokenizer, self._processor = load(folder, entry.id, "AutoVideoProcessor", part)
        self._model = model.eval().requires_grad_(False).to(self._device)
        self._reader = TextReader(tokenizer, model.config.text_config.max_position_embeddings)
        side_px = _side_px(self._processor, entry.id)
        dim = self._try_once(entry.id, side_px)
        card = checkpoint.card(folder)
        self.spec = self._spec(
            entry,
            card,
            revision=checkpoint.revision(folder),
            dim=dim,
            image_px=side_px,
            logit_scale=float(model.text_video_logit_scale),
            preprocessing=digest(self._processor),
            frame_independent=False,
            window_frames=self.window_frames,
            window_step=self.window_frames // 4,
        )

    def encode_frames(self, frames: FrameBatch) -> VideoFeatures:
        """Return unit features, float32, one row per window; ``frames`` are whole windows.

        Cost: one forward pass per frame of every window.
        """
        rows = self._by_window(frames, self.look, "frames")
        return VideoFeatures(
            video_id=frames.video_id,
            model_id=self.spec.id,
            times_s=middle_times(frames, self.window_frames),
            frames=unit_rows(rows),
        )

    def see(self, pixels: np.ndarray) -> Any:
        """Return raw features of windows that repeat one picture, to try the network."""
        return self.look(self.prepare(np.repeat(pixels, self.window_frames, axis=0)))

    def prepare(self, pixels: np.ndarray) -> Any:
        """Return frames ``[time 3 height width]`` as the video processor makes them, on the device."""
        video = self._compute.send(pixels).permute(0, 3, 1, 2)
        options = {"return_tensors": "pt", "input_data_format": "channels_first", "do_sample_frames": False}
        return self._processor([video], **options)["pixel_values_videos"][0].to(self._device)

    def look(self, prepared: Any) -> Any:
        """Return raw features of windows whose frames are prepared."""
        windows = prepared.reshape(-1, self.window_frames, *prepared.shape[1:])
        seen = self._model.video_encoder(pixel_values_videos=windows)
        return self._model.video_head(seen.pooler_output)

    def read(self, texts: Sequence[str], absent: Bool[np.ndarray, "query token"] | None = None) -> TokenizedTexts:
        """Return texts as the tokenizer cuts them; tokens marked ``absent`` are not attended to."""
        return self._reader(texts, absent)

    def say(self, ids: np.ndarray, attention: np.ndarray) -> Any:
        """Return raw features of texts that are tokenized."""
        read = self._model.text_model(
            input_ids=self._compute.send(ids),
            attention_mask=self._compute.send(attention),
            # The last of them is last_hidden_state, unless the checkpoint's config says tie_last_hidden_states: false.
            output_hidden_states=-1,
        )
        return self._model.text_video_head(read.hidden_states[-1][:, 0])


def _check_towers(folder: Path, name: str) -> None:
    """Raise ``ModelError`` if the config would have timm ask the network for a network, or open a pickle."""

    def check(part: dict[str, Any]) -> dict[str, Any]:
        if ":" in str(part.get("architecture")) or "checkpoint_path" in part:
            raise ModelError(
                f"The config.json of “{name}” has timm fetch a network from elsewhere, which is not done here; "
                f"name one of timm's own architectures."
            )
        return part

    json.loads((folder / "config.json").read_text(encoding="utf-8"), object_hook=check)


def _side_px(processor: Any, name: str) -> int:
    """Return the longer side of what the processor makes of any frame; raise ``ModelError`` if that is open."""
    size = processor.crop_size if processor.do_center_crop else processor.size if processor.do_resize else None
    if not size:
        raise ModelError(
            f"The video processor of “{name}” leaves frames as large as they are; save the one it was trained with."
        )
    return max(dict(size).values())
