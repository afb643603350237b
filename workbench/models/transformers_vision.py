"""Patches of the transformers library's vision encoders: where they lie, what each says, and what it is made of.

Separate because encoding a film needs none of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import UInt8

from workbench.models.differentiable import DifferentiableEncoder
from workbench.models.opened import Inside
from workbench.models.vision import EncoderShape, Layout, PatchEncoder, covered


class TransformersVision(PatchEncoder, DifferentiableEncoder):
    """The vision encoder of CLIP and its kin: a class token, then the patches."""

    capabilities = PatchEncoder.capabilities | DifferentiableEncoder.capabilities
    seeing = Inside("vision_model.encoder", "layers", "self_attn", "layer_norm1")
    reading = Inside(
        "text_model.encoder", "layers", "self_attn", "layer_norm1", embedding="text_model.embeddings.token_embedding"
    )
    _image_processor: Any

    def vision_inputs(self, prepared: Any) -> Mapping[str, Any]:
        """Return what the vision encoder takes, by name, one row per frame."""
        return prepared

    def layout(self, pixels: UInt8[np.ndarray, "time height width 3"]) -> Layout:
        """Return where the patches of such frames lie, by the image processor's own sizes."""
        config = self._model.config.vision_config
        n_along = config.image_size // config.patch_size
        resized, start = _placed(self._image_processor, *pixels.shape[1:3])
        return Layout((n_along, n_along), covered(resized, start, (config.patch_size,) * 2, (n_along, n_along)))

    @property
    def patch_px(self) -> tuple[int, int]:
        """Return height and width of a patch in frames that are prepared."""
        return (self._model.config.vision_config.patch_size,) * 2

    @property
    def shape(self) -> EncoderShape:
        """Return what the attention of the vision encoder is made of."""
        config = self._model.config.vision_config
        return EncoderShape(config.num_hidden_layers, config.num_attention_heads)

    def look_closely(self, prepared: Any) -> Any:
        """Return what the last layer's attention takes from each patch alone, read as the class token is.

        That is its value, projected out: no other token is mixed in, nor is the patch's own token added or the
        MLP's answer. No training saw to it that this means what the patch shows. On ``toyworld-frame`` it tells
        patches that show the named object from the others with an area under the ROC curve of 0.71; with the
        token added it is 0.55, with the MLP's answer as well 0.46, and last-layer tokens say the opposite (0.21).

        Source: Zhou et al., Extract Free Dense Labels from CLIP (MaskCLIP), ECCV 2022, whose formula it is, though
        their code for vision transformers adds both; that both do harm: Lan et al., ClearCLIP, ECCV 2024.
        """
        vision = self._model.vision_model
        seen = vision(**self.vision_inputs(prepared), output_hidden_states=True)
        last = vision.encoder.layers[-1]
        values = last.self_attn.v_proj(last.layer_norm1(seen.hidden_states[-2][:, 1:]))
        return self._model.visual_projection(vision.post_layernorm(last.self_attn.out_proj(values)))


def _placed(image_processor: Any, height: int, width: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return a frame's (height, width) after resizing, and where in it what the network sees begins (top, left).

    The beginning is below 0 where the picture is smaller than what is cut from its middle, and filled up.
    """
    resized = height, width
    if image_processor.do_resize:
        blank = image_processor.process_image(
            np.zeros((3, height, width), np.uint8), input_data_format="channels_first"
        )
        resized = tuple(image_processor.resize(blank, image_processor.size, image_processor.resample).shape[-2:])
    if not getattr(image_processor, "do_center_crop", False):
        return resized, (0, 0)
    cut = image_processor.crop_size.height, image_processor.crop_size.width
    top, left = (
        int((have - want) / 2) if have >= want else -((want - have) // 2)
        for have, want in zip(resized, cut, strict=True)
    )
    return resized, (top, left)
