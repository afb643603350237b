"""open_clip's own vision transformers: patches, attention, and the choice of what a loaded architecture can show.

Separate because the library has many architectures and only its ``VisionTransformer`` is opened up here:
ResNets have no patches, and those of timm (ConvNeXt, SigLIP, EVA) have each an inside of their own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import UInt8

from workbench.models import checkpoint, hub, openclip_names, openclip_network
from workbench.models.differentiable import DifferentiableEncoder
from workbench.models.entry import ModelEntry
from workbench.models.openclip import OpenClip
from workbench.models.opened import Inside
from workbench.models.protocol import Capability
from workbench.models.runtime import require_torch
from workbench.models.vision import AttendingEncoder, EncoderShape, Layout, PatchEncoder, covered
from workbench.settings import Settings


class AttendingOpenClip(OpenClip, AttendingEncoder):
    """A model of open_clip whose vision encoder is a row of its ordinary attention blocks."""

    seeing = Inside("visual.transformer", "resblocks", "attn", "ln_1")

    def layout(self, pixels: UInt8[np.ndarray, "time height width 3"]) -> Layout:
        """Return where the patches of such frames lie."""
        visual = self._model.visual
        resized, start = self._preparation.placed(pixels.shape[1:3])
        return Layout(visual.grid_size, covered(resized, start, visual.patch_size, visual.grid_size))

    @property
    def shape(self) -> EncoderShape:
        """Return what the attention of the vision encoder is made of."""
        blocks = self._model.visual.transformer.resblocks
        return EncoderShape(len(blocks), blocks[0].attn.num_heads)


class PatchOpenClip(AttendingOpenClip, PatchEncoder, DifferentiableEncoder):
    """One whose pictures are pooled from tokens of patches, so that a patch can be read as the picture is."""

    capabilities = PatchEncoder.capabilities | DifferentiableEncoder.capabilities

    @property
    def patch_px(self) -> tuple[int, int]:
        """Return height and width of a patch in frames that are prepared."""
        return self._model.visual.patch_size

    @property
    def reading(self) -> Inside | None:
        """Return where the text encoder keeps its parts; None for those of the library transformers."""
        where = "text." if hasattr(self._model, "text") else ""
        if not hasattr(self.opened.part(f"{where}transformer"), "resblocks"):
            return None
        return Inside(f"{where}transformer", "resblocks", "attn", "ln_1", embedding=f"{where}token_embedding")

    def look_closely(self, prepared: Any) -> Any:
        """Return what the last layer's attention takes from each patch alone, scaled as there, read as the picture is.

        No training saw to it that this means what the patch shows; see ``TransformersVision.look_closely``.
        Source: Zhou et al., Extract Free Dense Labels from CLIP (MaskCLIP), ECCV 2022.
        """
        visual = self._model.visual
        options = {"intermediates_only": True, "output_fmt": "NLC"}
        tokens, _ = visual.forward_intermediates(prepared, indices=2, **options)["image_intermediates"]
        last = visual.transformer.resblocks[-1]
        weight, bias = (part.chunk(3)[2] for part in (last.attn.in_proj_weight, last.attn.in_proj_bias))
        values = self._torch.nn.functional.linear(last.ln_1(tokens), weight, bias)
        return visual.ln_post(last.ls_1(last.attn.out_proj(values))) @ visual.proj


def load(entry: ModelEntry, settings: Settings) -> OpenClip:
    """Return a model of open_clip, of the class that has what its architecture can show.

    Raises ``ModelError``: no such architecture, tag or file, parts that do not fit, no network.
    """
    require_torch()
    source = openclip_names.locate(entry, settings)
    network, tokenizer = openclip_network.read_network(source, entry.id, settings)
    return _kind(network.visual)(entry, settings, source, network, tokenizer)


def look(entry: ModelEntry, settings: Settings) -> ModelEntry:
    """Return ``entry`` with what its files and its config say of it, where they are on this machine.

    What a model can show is left open until there is a config.
    Raises ``ModelError``: no such architecture or tag, or files that are damaged.
    """
    if (named := openclip_names.named_file(entry)) is not None:
        architecture, path = named
        vision = openclip_names.config_of(architecture)["vision_cfg"]
        return replace(entry, n_bytes=path.stat().st_size, capabilities=capabilities(vision))
    published = openclip_names.published(entry)
    if (folder := hub.on_this_machine(published)) is not None:
        seen = hub.look(published, settings)
        vision = checkpoint.open_clip_model(folder, entry.id)["vision_cfg"]
        return replace(entry, n_bytes=seen.n_bytes, licence=seen.licence, capabilities=capabilities(vision))
    if published.where == entry.where:
        return replace(entry, capabilities=frozenset())
    vision = openclip_names.config_of(entry.where.partition(":")[0])["vision_cfg"]
    return replace(entry, capabilities=capabilities(vision))


_OF_OTHER_BLOCKS = ("qk_norm", "scaled_cosine_attn", "scale_heads", "scale_attn_inner", "scale_attn", "scale_fc")


def capabilities(vision: dict[str, Any]) -> frozenset[Capability]:
    """Return what a network that the library makes of a ``vision_cfg`` can show; ``load`` finds the same of it."""
    is_other = vision.get("timm_model_name") or isinstance(vision.get("layers"), list)
    block = vision.get("block_type") or ("custom" if any(map(vision.get, _OF_OTHER_BLOCKS)) else "default")
    if is_other or block == "custom":
        return OpenClip.capabilities
    return AttendingOpenClip.capabilities if vision.get("attentional_pool") else PatchOpenClip.capabilities


def _kind(visual: Any) -> type[OpenClip]:
    from open_clip.transformer import ResidualAttentionBlock, VisionTransformer

    is_ordinary = isinstance(visual, VisionTransformer) and all(
        isinstance(block, ResidualAttentionBlock) for block in visual.transformer.resblocks
    )
    if not is_ordinary:
        return OpenClip
    # A pool of queries (CoCa) stands between the patches and what is compared with texts.
    return PatchOpenClip if visual.attn_pool is None else AttendingOpenClip
