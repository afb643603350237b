"""Frames are resized on a GPU to the very levels that they are resized to on a processor."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2.functional import resize

from tests.tiny_checkpoints import save_tiny_clip, save_tiny_pe_video, save_tiny_siglip, save_tiny_siglip2
from workbench.models import resizing
from workbench.models.pillow import resized_levels, torch_matrix
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings
from workbench.types.video import FrameBatch, SamplingSpec

FILTERS = {"bilinear": InterpolationMode.BILINEAR, "bicubic": InterpolationMode.BICUBIC}


def pictures(height: int, width: int) -> np.ndarray:
    """Return noise, and noise of black and white, where resizing overshoots most."""
    noise = np.random.default_rng(0).integers(0, 256, (2, height, width, 3), np.uint8)
    noise[1] = np.where(noise[1] > 127, 255, 0)
    return noise


@pytest.mark.parametrize("kind", FILTERS)
@pytest.mark.parametrize(
    ("source", "target"),
    [
        ((270, 480), (224, 398)),
        ((72, 96), (32, 42)),
        ((100, 90), (224, 224)),
        ((24, 40), (48, 32)),
        ((17, 19), (9, 19)),
    ],
)
def test_a_resized_picture_is_pytorchs_to_the_level(source, target, kind):
    images = torch.from_numpy(pictures(*source)).permute(0, 3, 1, 2)
    down, across = (
        None if have == want else torch.from_numpy(torch_matrix(have, want, kind))
        for have, want in zip(source, target, strict=True)
    )
    expected = resize(images, list(target), interpolation=FILTERS[kind], antialias=True)
    np.testing.assert_array_equal(resized_levels(images, across, down).numpy(), expected.numpy())


@pytest.mark.parametrize("save", [save_tiny_clip, save_tiny_siglip, save_tiny_siglip2, save_tiny_pe_video])
def test_a_processor_prepares_the_same_where_resizing_is_taken_from_it(tmp_path, monkeypatch, save):
    model = ModelRegistry(Settings(offline=True, device="cpu")).load(str(save(tmp_path / "model")))
    frames = pictures(72, 96)
    expected, spec = model.prepare(frames), model.spec
    taken = []
    monkeypatch.setattr(resizing, "is_resized_in_fractions", lambda image: image.device.type != "meta")
    resized = resizing._resized
    monkeypatch.setattr(resizing, "_resized", lambda *args: taken.append(args) or resized(*args))
    found = model.prepare(frames)
    assert taken
    pairs = [(found, expected)] if torch.is_tensor(found) else [(found[name], expected[name]) for name in expected]
    for one, other in pairs:
        np.testing.assert_array_equal(one.numpy(), other.numpy())
    again = ModelRegistry(Settings(offline=True, device="cpu")).load(spec.id)
    assert again.spec.preprocessing == spec.preprocessing, "what features are kept under"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("save", [save_tiny_clip, save_tiny_siglip, save_tiny_siglip2, save_tiny_pe_video])
def test_features_of_a_gpu_are_those_of_a_processor(tmp_path, save):
    folder, frames = str(save(tmp_path / "model")), np.resize(pictures(72, 96), (16, 72, 96, 3))
    batch = FrameBatch("f" * 64, SamplingSpec(), frames, np.arange(16) / 2)
    there, here = (
        ModelRegistry(Settings(offline=True, device=device, precision="float32")).load(folder).encode_frames(batch)
        for device in ("cuda", "cpu")
    )
    np.testing.assert_allclose(there.frames, here.frames, atol=1e-4)
