"""X-CLIP against the library's own forward pass, window by window, sentences read against each of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.reference.test_transformers_dual import frames
from tests.tiny_checkpoints import save_tiny_xclip
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings
from workbench.types.video import FrameBatch

TEXTS = ["a red circle", "a green circle on the red square with the cat", "dog"]


@pytest.fixture(scope="module", params=["CLIPImageProcessor", "VideoMAEImageProcessor"])
def folder(request, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkpoint with either of the image processors that X-CLIP's checkpoints come with."""
    import transformers

    folder = save_tiny_xclip(tmp_path_factory.mktemp("xclip") / "model", seed=5)
    kind = getattr(transformers, request.param)
    kind(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def model(folder: Path):
    return ModelRegistry(Settings(offline=True, device="cpu")).load(str(folder))


def windows(height: int, width: int) -> FrameBatch:
    """Return three windows of four frames, two of them of the same frames in another order."""
    batch = frames(height, width)
    order = [0, 1, 2, 3, 3, 2, 1, 0, 4, 0, 4, 1]
    return replace(batch, pixels=batch.pixels[order], times_s=np.arange(12) / 2)


def expected(folder: Path, batch: FrameBatch):
    import torch
    from transformers import AutoImageProcessor, AutoTokenizer, XCLIPModel

    network = XCLIPModel.from_pretrained(folder).eval()
    processor = AutoImageProcessor.from_pretrained(folder)
    rows = []
    for window in batch.pixels.reshape(3, 4, *batch.pixels.shape[1:]):
        pictures = processor([torch.from_numpy(frame).permute(2, 0, 1) for frame in window], return_tensors="pt")
        rows.append(pictures["pixel_values"].reshape(4, 3, 32, 32))
    texts = AutoTokenizer.from_pretrained(folder)(TEXTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        return network(pixel_values=torch.stack(rows), **texts)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (90, 160), (161, 91)])
def test_windows_as_the_library_embeds_them(model, folder: Path, height: int, width: int):
    batch = windows(height, width)
    features = model.encode_frames(batch)
    np.testing.assert_allclose(features.frames, expected(folder, batch).video_embeds.numpy(), atol=1e-4)
    np.testing.assert_array_equal(features.times_s, [0.75, 2.75, 4.75])


def test_sentences_are_read_against_each_window_as_the_library_reads_them(model, folder: Path):
    batch = windows(90, 160)
    found = model.similarity(model.encode_frames(batch), model.encode_texts(TEXTS))
    logits = expected(folder, batch).logits_per_text.numpy()
    np.testing.assert_allclose(model.spec.logit_scale * found, logits, atol=2e-3)


def test_order_and_the_video_matter_and_the_flags_say_so(model):
    batch = windows(90, 160)
    features, texts = model.encode_frames(batch), model.encode_texts(TEXTS)
    assert (features.frames[0] @ features.frames[1]) < 0.9999  # the same frames in another order
    assert not np.allclose(features.context[0], features.context[2], atol=1e-3)
    other = replace(features, context=features.context[[2, 0, 1]])
    assert np.abs(model.similarity(features, texts) - model.similarity(other, texts)).max() > 1e-4
    assert (model.spec.frame_independent, model.spec.separable) == (False, False)
    assert (model.spec.window_frames, model.spec.window_step) == (4, 1)


def test_the_score_of_a_film_is_the_mean_over_its_windows_of_what_the_library_says(model, folder: Path):
    batch = windows(90, 160)
    found = model.score(model.encode_frames(batch), model.encode_texts(TEXTS))
    logits = expected(folder, batch).logits_per_text.numpy()
    np.testing.assert_allclose(model.spec.logit_scale * found, logits.mean(axis=1), atol=2e-3)
