"""The architecture of ``toyworld-video``: an ``XCLIPModel`` whose frames start as those of ``toyworld-frame``.

Separate from its training so that the shipped weights can be examined without it. A window is read in two
steps: what its frames show (``FrameFacts``), which depends on the vision tower alone and can be kept, and how
well sentences fit it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional
from transformers import CLIPModel, XCLIPConfig, XCLIPModel

from workbench.toyworld.tokens import BOS, EOS, OF_WINDOWS, PAD
from workbench.toyworld.window import N_FRAMES

PROJECTION = 256
_N_HEADS = 8
_FAINT = 0.1  # of the usual size
_SHARPNESS = 1.6  # with which a frame picks the one before it: most of its attention goes there


def video_config(frame_model: CLIPModel) -> XCLIPConfig:
    """Return the architecture: the towers of the frame model, and time on top of them, 256 wide."""
    towers = frame_model.config
    vision = {
        name: getattr(towers.vision_config, name)
        for name in ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
    }
    vision |= {
        "image_size": towers.vision_config.image_size,
        "patch_size": towers.vision_config.patch_size,
        "hidden_act": towers.vision_config.hidden_act,
        "num_frames": N_FRAMES,
        "mit_hidden_size": PROJECTION,
        "mit_intermediate_size": 4 * PROJECTION,
        "mit_num_hidden_layers": 3,
        "mit_num_attention_heads": _N_HEADS,
    }
    text = {name: value for name, value in towers.text_config.to_dict().items() if name in _TEXT}
    text |= {f"{name}_token_id": OF_WINDOWS.ids[token] for name, token in (("bos", BOS), ("eos", EOS), ("pad", PAD))}
    return XCLIPConfig(
        text_config=text,
        vision_config=vision,
        projection_dim=PROJECTION,
        prompt_layers=2,
        prompt_num_attention_heads=8,
        prompt_hidden_act="gelu",
        prompt_alpha=0.0,
        logit_scale_init_value=2.66,
    )


_TEXT = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "max_position_embeddings",
    "hidden_act",
)


def load_frame_model(folder: Path) -> CLIPModel:
    """Return the frame model of a folder."""
    return CLIPModel.from_pretrained(folder, local_files_only=True, use_safetensors=True).eval()


def new_video_model(frame_model: CLIPModel, seed: int, position_gain: float = 1.0) -> XCLIPModel:
    """Return a model with the vision tower of ``frame_model``, whose frames send each other no messages yet.

    Its text tower begins anew: the frame model's has learned to drop verbs, and all sentences about an object
    were one to it.
    ``position_gain`` multiplies the position embedding of the patches: the frame model hardly uses it, and what
    it learned to ignore is not taken up again at its old size.
    """
    torch.manual_seed(seed)
    model = XCLIPModel(video_config(frame_model))
    # The frame model spells the same layers alike, but for one historical slip.
    tower = frame_model.vision_model.state_dict()
    state = {name.replace("pre_layrnorm", "pre_layernorm"): value for name, value in tower.items()}
    found = model.vision_model.load_state_dict(state, strict=False)
    assert not found.unexpected_keys
    assert all(".message_" in name for name in found.missing_keys), found.missing_keys
    with torch.no_grad():
        model.vision_model.embeddings.position_embedding.weight[1:] *= position_gain
    for layer in model.vision_model.encoder.layers:
        for last in (layer.message_fc, layer.message_attn.out_proj):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
    _look_back(model, torch.Generator().manual_seed(seed))
    return model


@torch.no_grad()
def _look_back(model: XCLIPModel, rng: torch.Generator) -> None:
    """Let every frame look at the one before it, and layers over time say little at first.

    How an object turns is a product of what two frames say. From the library's random start it is not learned in
    thousands of steps: nothing is gained by looking back before products are taken, nor the other way round.
    """
    mit, head_dim = model.mit, PROJECTION // _N_HEADS
    model.visual_projection.weight *= _FAINT
    marks = nn.init.orthogonal_(torch.empty(N_FRAMES, PROJECTION), generator=rng)
    mit.position_embedding.copy_(5 * _FAINT * marks)
    first = mit.encoder.layers[0]
    for weight, seen in ((first.self_attn.q_proj.weight, marks[1:]), (first.self_attn.k_proj.weight, marks[:-1])):
        of_heads = weight.zero_().unflatten(0, (_N_HEADS, head_dim))
        of_heads[:, : N_FRAMES - 1] = _SHARPNESS * seen
    nn.init.orthogonal_(first.self_attn.v_proj.weight, generator=rng)
    nn.init.orthogonal_(first.self_attn.out_proj.weight, gain=1.5 * _FAINT, generator=rng)
    first.mlp.fc1.weight *= 2
    for layer in mit.encoder.layers:
        layer.mlp.fc2.weight *= 2 * _FAINT
        if layer is not first:
            layer.self_attn.out_proj.weight *= 2 * _FAINT


@dataclass(frozen=True)
class FrameFacts:
    """What the vision tower says of windows: frames ``[window frame dim]``, patches ``[window patch dim]``.

    The patches are the mean over the frames, normalised but not yet scaled, so that they depend on nothing
    that is learned after the vision tower.
    """

    frames: torch.Tensor
    patches: torch.Tensor


def frame_facts(model: XCLIPModel, pixels: torch.Tensor) -> FrameFacts:
    """Return the facts of windows ``[window frame 3 height width]``. Cost: one forward pass per frame."""
    seen = model.vision_model(pixel_values=pixels.flatten(0, 1))
    patches = functional.layer_norm(seen.last_hidden_state[:, 1:], seen.last_hidden_state.shape[-1:])
    return FrameFacts(
        frames=seen.pooler_output.unflatten(0, pixels.shape[:2]),
        patches=patches.unflatten(0, pixels.shape[:2]).mean(1),
    )


def over_time(model: XCLIPModel, frames: torch.Tensor) -> torch.Tensor:
    """Return what every frame says after it has seen the others, ``[window frame dim]``; its mean is the window's."""
    return model.mit(model.visual_projection(frames)).last_hidden_state


def embed_windows(model: XCLIPModel, facts: FrameFacts) -> tuple[torch.Tensor, torch.Tensor]:
    """Return unit embeddings ``[window dim]`` and what sentences are read against, ``[window patch dim]``."""
    windows = over_time(model, facts.frames).mean(1)
    scale = model.prompts_visual_layernorm
    context = (facts.patches * scale.weight + scale.bias) @ model.prompts_visual_projection
    return functional.normalize(windows, dim=-1), context


def embed_texts(model: XCLIPModel, token_ids: torch.Tensor, token_mask: torch.Tensor) -> torch.Tensor:
    """Return embeddings of sentences before they are read against a window, ``[sentence dim]``."""
    return model.text_projection(model.text_model(input_ids=token_ids, attention_mask=token_mask).pooler_output)


def cosine_of(model: XCLIPModel, windows: torch.Tensor, context: torch.Tensor, said: torch.Tensor) -> torch.Tensor:
    """Return the cosine ``[window sentence]`` of every window with its own sentences ``said [window sentence dim]``."""
    read = functional.normalize(said + model.prompts_generator(said, context), dim=-1)
    return torch.einsum("wd,wsd->ws", windows, read)
