"""Image-text dual encoders of the transformers library: what CLIP, SigLIP and their kin have in common.

Separate because loading, preparing pictures and batching are one thing, whatever the family. A family is a
file of its own with a subclass that says how its text encoder is fed.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float32

from workbench.errors import ModelError
from workbench.models import checkpoint, hub
from workbench.models.entry import ModelEntry
from workbench.models.protocol import ModelSpec
from workbench.models.rows import cosine, mean_pooled_score, unit_rows
from workbench.models.runtime import device_for, from_folder, require_torch
from workbench.models.tokenization import TextReader
from workbench.settings import Settings
from workbench.types import FrameBatch, TextFeatures, VideoFeatures

BATCH = 32
log = logging.getLogger(__name__)


class TransformersDualEncoder:
    """A model that encodes every frame by itself and every sentence by itself into one space.

    ``fills_context``: whether the family reads texts filled up to their full length; see ``TextReader``.
    Raises ``ModelError`` while loading: files missing, incomplete, pickled or not fitting each other,
    no network, no such device.
    """

    fills_context: ClassVar[bool] = False

    def __init__(self, entry: ModelEntry, settings: Settings) -> None:
        self._torch = require_torch()
        self._device = device_for(settings)
        folder = hub.obtain(entry, settings)
        model, tokenizer, self._image_processor = _load(folder, entry.id)
        self._model = model.eval().requires_grad_(False).to(self._device)
        text_config = model.config.text_config
        self._reader = TextReader(tokenizer, text_config.max_position_embeddings, fills_context=self.fills_context)
        _check_end_of_text(self.end_token(text_config, len(tokenizer)), self._reader.suffix, entry.id)
        self._side_px = _side_px(model.config.vision_config)
        image, _ = self._try_once(entry.id)
        card = checkpoint.card(folder)
        self.spec = ModelSpec(
            id=entry.id,
            title=card.title or entry.title,
            family=entry.family,
            revision=checkpoint.revision(folder),
            dim=image.shape[1],
            image_px=self._side_px,
            logit_scale=float(model.logit_scale.exp()),
            licence=card.licence or entry.licence or "not stated",
            n_parameters=sum(weight.numel() for weight in model.parameters()),
            preprocessing=_digest(self._image_processor),
            prompts=card.prompts,
            distractors=card.distractors,
            **self.reads_as(model.config),
            measured_nulls=card.measured_nulls,
            note=card.note,
        )

    @staticmethod
    def reads_as(config: Any) -> Mapping[str, Any]:
        """Return the fields of ``ModelSpec`` that say what frames and texts depend on; by default on nothing."""
        return {}

    @staticmethod
    def end_token(config: Any, n_vocabulary: int) -> int | None:
        """Return the token that a text is read at, or None where it is read at its last place."""
        return None

    def encode_frames(self, frames: FrameBatch) -> VideoFeatures:
        """Return unit features, float32, one per frame. Cost: one forward pass per frame, in batches."""
        rows = [self._encode_pixels(frames.pixels[i : i + BATCH]) for i in range(0, len(frames.pixels), BATCH)]
        return VideoFeatures(frames.video_id, self.spec.id, frames.times_s, self._stacked(rows))

    def encode_texts(self, texts: Sequence[str], absent: Bool[np.ndarray, "query token"] | None = None) -> TextFeatures:
        """Return unit embeddings, float32; ``absent`` tokens keep their place and are not attended to.

        The tokens that begin and end a text are always kept. Cost: one forward pass per text, in batches.
        """
        read = self._reader(texts, absent)
        rows = [
            self._encode_tokens(read.ids[i : i + BATCH], read.attention[i : i + BATCH])
            for i in range(0, len(texts), BATCH)
        ]
        return TextFeatures(
            model_id=self.spec.id,
            texts=tuple(texts),
            embeddings=self._stacked_texts(rows),
            tokens=read.tokens,
            unknown_words=read.unknown_words,
            is_truncated=read.is_truncated,
        )

    def similarity(self, video: VideoFeatures, text: TextFeatures) -> Float32[np.ndarray, "query time"]:
        """Return the cosine of every text with every frame."""
        return cosine(video, text)

    def score(self, video: VideoFeatures, text: TextFeatures) -> Float32[np.ndarray, "query"]:
        """Return the cosine between the mean of the frames and each text."""
        return mean_pooled_score(video, text)

    def _encode_pixels(self, pixels: np.ndarray) -> np.ndarray:
        """Return raw features of ``uint8[time height width 3]``, prepared as one batch on the device."""
        with self._torch.inference_mode():
            return _pooled(self._model.get_image_features(**self.prepared(pixels))).float().cpu().numpy()

    def prepared(self, pixels: np.ndarray) -> Any:
        """Return what the network takes, by name, of ``uint8[time height width 3]``."""
        images = self._torch.from_numpy(np.ascontiguousarray(pixels)).to(self._device).permute(0, 3, 1, 2)
        options = {"return_tensors": "pt", "input_data_format": "channels_first"}
        return self._image_processor(list(images), **options).to(self._device)

    def _encode_tokens(self, ids: np.ndarray, attention: np.ndarray) -> np.ndarray:
        """Return raw features of texts that are tokenized."""
        inputs = (self._torch.from_numpy(array).to(self._device) for array in (ids, attention))
        with self._torch.inference_mode():
            output = self._model.get_text_features(**dict(zip(("input_ids", "attention_mask"), inputs, strict=True)))
        return _pooled(output).float().cpu().numpy()

    def _stacked(self, rows: list[np.ndarray]) -> Float32[np.ndarray, "row dim"]:
        return unit_rows(np.concatenate(rows) if rows else np.empty((0, self.spec.dim)))

    def _stacked_texts(self, rows: list[np.ndarray]) -> Float32[np.ndarray, "query dim"]:
        return self._stacked(rows)

    def _try_once(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the raw features of a picture and a word: a misfit shows now, as ``ModelError``, not in a film."""
        try:
            image = self._encode_pixels(np.full((1, self._side_px, 2 * self._side_px, 3), 128, dtype=np.uint8))
            read = self._reader(["a"])
            text = self._encode_tokens(read.ids, read.attention)
            if image.shape != text.shape:
                raise ValueError(f"pictures have {image.shape[1:]} dimensions, texts {text.shape[1:]}")
        except (RuntimeError, ValueError, TypeError, IndexError, KeyError) as error:
            raise ModelError(
                f"The parts of “{name}” do not fit each other ({first_line(error)}); check that its "
                f"tokenizer and image processor are the ones it was trained with."
            ) from error
        if not (np.isfinite(image).all() and np.isfinite(text).all()):
            raise ModelError(f"“{name}” answers with what is no number; its weights are damaged, fetch them again.")
        return image, text


def _side_px(config: Any) -> int:
    """Return the side of the square that the vision encoder sees, or of a square with as many patches."""
    side = getattr(config, "image_size", None)
    return side or round(config.num_patches**0.5) * config.patch_size


def _load(folder: Path, name: str) -> tuple[Any, Any, Any]:
    """Return model, tokenizer and image processor of a folder; no code of the folder is run."""
    import transformers

    try:
        model, report = from_folder(
            transformers.AutoModel, folder, use_safetensors=True, dtype="float32", output_loading_info=True
        )
        tokenizer = from_folder(transformers.AutoTokenizer, folder)
        image_processor = from_folder(transformers.AutoImageProcessor, folder)
    # Whatever a damaged or foreign folder makes the library raise is one thing to the person.
    except Exception as error:
        log.debug("loading %s failed", folder, exc_info=True)
        raise ModelError(
            f"“{name}” cannot be loaded ({first_line(error)}); check that its files are complete and belong together."
        ) from error
    lacking = sorted(report["missing_keys"])
    if lacking:
        raise ModelError(
            f"“{name}” lacks {len(lacking)} of the weights that its config asks for, such as {lacking[0]}; "
            f"fetch it again, or correct its config.json."
        )
    return model, tokenizer, image_processor


def _check_end_of_text(end: int | None, suffix: list[int], name: str) -> None:
    """Raise ``ModelError`` if texts would be read at a token that the tokenizer does not write."""
    if end is not None and end not in suffix:
        raise ModelError(
            f"The tokenizer of “{name}” does not end a text with the token its model reads ({end}); "
            f"save the tokenizer that it was trained with."
        )


def _pooled(output: Any) -> Any:
    """Return the projected feature: transformers 5 wraps in an output what version 4 returned bare."""
    return getattr(output, "pooler_output", output)


def _digest(image_processor: Any) -> str:
    """Return a digest of all settings of the image processor and of what carries them out."""
    settings = {key: value for key, value in image_processor.to_dict().items() if key != "transformers_version"}
    settings["class"] = type(image_processor).__name__
    return hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()


def first_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else text[:159] + "…"
