"""Every model that can be loaded here, the bundled, the tiny and the template alike, for the contracts they keep.

A test file imports ``every_model``, ``model_registry`` and ``four_pictures``, and asks for the fixtures ``model``,
``registry`` and ``batch``: they have other names as functions, so that no argument hides an import.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.tiny_checkpoints import (
    save_byte_pair_tokenizer,
    save_tiny_clip,
    save_tiny_metaclip2,
    save_tiny_open_clip,
    save_tiny_open_clip_queries,
    save_tiny_open_clip_resnet,
    save_tiny_open_clip_siglip,
    save_tiny_pe_audio_video,
    save_tiny_pe_video,
    save_tiny_siglip,
    save_tiny_siglip2,
    save_tiny_xclip,
)
from workbench.models import adapter_template
from workbench.models.protocol import VideoTextModel
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings
from workbench.types.video import FrameBatch, SamplingSpec

READY = [entry.id for entry in ModelRegistry(Settings(offline=True)).list() if entry.state == "ready"]
TEXTS = ["a red circle", "a green circle on the red square with a cat and the dog", "cat"]


def save_tiny_clip_with_byte_pairs(folder: Path) -> Path:
    return save_tiny_clip(folder, seed=1, context=77, save_tokenizer=save_byte_pair_tokenizer)


TINY = {
    "tiny-clip": save_tiny_clip,
    "tiny-clip-byte-pairs": save_tiny_clip_with_byte_pairs,
    "tiny-siglip": save_tiny_siglip,
    "tiny-siglip2": save_tiny_siglip2,
    "tiny-metaclip2": save_tiny_metaclip2,
    "tiny-xclip": save_tiny_xclip,
    "tiny-pe-video": save_tiny_pe_video,
    "tiny-pe-audio-video": save_tiny_pe_audio_video,
    "tiny-open-clip": save_tiny_open_clip,
    "tiny-open-clip-siglip": save_tiny_open_clip_siglip,
    "tiny-open-clip-resnet": save_tiny_open_clip_resnet,
    "tiny-open-clip-queries": save_tiny_open_clip_queries,
}


@pytest.fixture(scope="module", name="registry")
def model_registry() -> ModelRegistry:
    """Return a registry that also knows the template."""
    registry = ModelRegistry(Settings(offline=True, device="cpu"))
    registry.register_family(adapter_template.FAMILY)
    registry.register(adapter_template.ENTRY)
    return registry


@pytest.fixture(scope="module", name="model", params=[*READY, "colour-histogram", *TINY])
def every_model(
    request: pytest.FixtureRequest, registry: ModelRegistry, tmp_path_factory: pytest.TempPathFactory
) -> VideoTextModel:
    """Return one model after the other."""
    if save := TINY.get(request.param):
        return registry.load(str(save(tmp_path_factory.mktemp(request.param) / "model")))
    return registry.load(request.param)


@pytest.fixture(scope="module", name="batch")
def four_pictures() -> FrameBatch:
    """Return four pictures of coarse noise, half a second apart."""
    random = np.random.default_rng(7)
    coarse = random.integers(0, 256, (4, 6, 8, 3), dtype=np.uint8)
    pixels = coarse.repeat(12, axis=1).repeat(12, axis=2)
    return FrameBatch("f" * 64, SamplingSpec(), pixels, np.arange(4) / 2)


def rows(model: VideoTextModel, batch: FrameBatch, pictures: list[int]) -> FrameBatch:
    """Return frames of which ``model`` makes one row per picture: the picture, or a window that begins with it."""
    n_frames = model.spec.window_frames
    order = [(picture + k) % len(batch.pixels) for picture in pictures for k in range(n_frames)]
    return replace(batch, pixels=batch.pixels[order], times_s=np.arange(len(order)) / 2)
