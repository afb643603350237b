"""Dual encoders of the transformers library: what CLIP, SigLIP and their kin have in common.

Separate because loading and preparing pictures are one thing, whatever the family. A family is a
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
from jaxtyping import Bool

from workbench.errors import ModelError, said_by
from workbench.models import checkpoint, hub
from workbench.models.compute import is_out_of_memory
from workbench.models.entry import ModelEntry
from workbench.models.resizing import resize_as_on_processor
from workbench.models.runtime import from_folder
from workbench.models.tokenization import TextReader, TokenizedTexts
from workbench.models.transformers_vision import TransformersVision
from workbench.settings import Settings

log = logging.getLogger(__name__)


class TransformersDualEncoder(TransformersVision):
    """A model that encodes pictures and sentences into one space, each by itself unless ``reads_as`` says otherwise.

    ``fills_context``: whether the family reads texts filled up to their full length; see ``TextReader``.
    Raises ``ModelError`` while loading: files missing, incomplete, pickled or not fitting each other,
    no network, no such device.
    """

    fills_context: ClassVar[bool] = False

    def __init__(self, entry: ModelEntry, settings: Settings) -> None:
        super().__init__(settings)
        folder = hub.obtain(entry, settings)
        model, tokenizer, self._image_processor = load(folder, entry.id)
        self._model = model.eval().requires_grad_(False).to(self._device)
        text_config = model.config.text_config
        self._reader = TextReader(tokenizer, text_config.max_position_embeddings, fills_context=self.fills_context)
        _check_end_of_text(self.end_token(text_config, len(tokenizer)), self._reader.suffix, entry.id)
        self._side_px = _side_px(model.config.vision_config)
        dim = self._try_once(entry.id, self._side_px)
        card = checkpoint.card(folder)
        self.spec = self._spec(
            entry,
            card,
            revision=checkpoint.revision(folder),
            dim=dim,
            image_px=self._side_px,
            logit_scale=float(model.logit_scale.exp()),
            preprocessing=digest(self._image_processor),
            **self.reads_as(model.config),
        )

    @staticmethod
    def reads_as(config: Any) -> Mapping[str, Any]:
        """Return the fields of ``ModelSpec`` that say what frames and texts depend on; by default on nothing."""
        return {}

    @staticmethod
    def end_token(config: Any, n_vocabulary: int) -> int | None:
        """Return the token that a text is read at, or None where it is read at its last place."""
        return None

    def prepare(self, pixels: np.ndarray) -> Any:
        """Return what the network takes, by name, prepared as one batch on the device."""
        images = self._compute.send(pixels).permute(0, 3, 1, 2)
        options = {"return_tensors": "pt", "input_data_format": "channels_first"}
        return self._image_processor(list(images), **options).to(self._device)

    def look(self, prepared: Any) -> Any:
        """Return raw features of frames that are prepared."""
        return _pooled(self._model.get_image_features(**prepared))

    def read(self, texts: Sequence[str], absent: Bool[np.ndarray, "query token"] | None = None) -> TokenizedTexts:
        """Return texts as the tokenizer cuts them; tokens marked ``absent`` are not attended to."""
        return self._reader(texts, absent)

    def say(self, ids: np.ndarray, attention: np.ndarray) -> Any:
        """Return raw features of texts that are tokenized."""
        inputs = {"input_ids": self._compute.send(ids), "attention_mask": self._compute.send(attention)}
        return _pooled(self._model.get_text_features(**inputs))


def _side_px(config: Any) -> int:
    """Return the side of the square that the vision encoder sees, or of a square with as many patches."""
    side = getattr(config, "image_size", None)
    return side or round(config.num_patches**0.5) * config.patch_size


def load(folder: Path, name: str, processor: str = "AutoImageProcessor", part: str = "") -> tuple[Any, Any, Any]:
    """Return model, tokenizer and ``processor`` of a folder; no code of the folder is run.

    ``part`` names the one model to load of several that the folder holds, as its config does.
    Raises ``ModelError`` if a file is damaged or lacking, or does not fit the others.
    """
    import transformers

    options = {
        "use_safetensors": True,
        "dtype": "float32",
        "output_loading_info": True,
        "ignore_mismatched_sizes": True,  # and named below
    }
    try:
        if part:
            options["config"] = getattr(from_folder(transformers.AutoConfig, folder), f"{part}_config")
        model, report = from_folder(transformers.AutoModel, folder, **options)
        tokenizer = from_folder(transformers.AutoTokenizer, folder)
        prepares = from_folder(getattr(transformers, processor), folder)
    # Whatever a damaged or foreign folder makes the library raise is one thing to the person.
    except Exception as error:
        if is_out_of_memory(error):
            raise
        log.debug("loading %s failed", folder, exc_info=True)
        raise ModelError(
            f"“{name}” cannot be loaded ({said_by(error)}); check that its files are complete and belong together."
        ) from error
    if misshapen := sorted(report["mismatched_keys"]):
        weight, found, wanted = misshapen[0]
        raise ModelError(
            f"“{name}” has weights of another shape than its config asks for, such as {weight}, {_shape(found)} where "
            f"{_shape(wanted)} is asked for; fetch it again, or correct its config.json."
        )
    lacking = sorted(report["missing_keys"])
    if lacking and f"module.{lacking[0]}" in report["unexpected_keys"]:
        raise ModelError(
            f"The weights of “{name}” have names that begin with “module.”, as DataParallel saves them; save the model "
            f"within it (model.module.save_pretrained), or take that off the names."
        )
    if lacking:
        raise ModelError(
            f"“{name}” lacks {len(lacking)} of the weights that its config asks for, such as {lacking[0]}; "
            f"fetch it again, or correct its config.json."
        )
    _own(model)
    return model, tokenizer, resize_as_on_processor(prepares)


def _own(model: Any) -> None:
    """Copy the weights out of their file: mapped into memory, they would change with whatever is written to it."""
    for weight in (*model.parameters(), *model.buffers()):
        weight.data = weight.data.clone()


def _shape(sizes: Sequence[int]) -> str:
    return " x ".join(map(str, sizes))


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


def digest(processor: Any) -> str:
    """Return a digest of all settings of an image or video processor and of what carries them out."""
    settings = {key: value for key, value in processor.to_dict().items() if key != "transformers_version"}
    settings["class"] = type(processor).__name__
    return hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()
