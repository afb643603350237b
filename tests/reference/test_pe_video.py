"""Perception Encoder for video against the library's own forward pass, preprocessing included, window by window."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.reference.test_transformers_dual import frames
from tests.tiny_checkpoints import save_tiny_pe_audio_video, save_tiny_pe_video
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings
from workbench.types.video import FrameBatch

TEXTS = ["a red circle", "a green circle on the red square with the cat and a dog of the scene", "dog"]


@pytest.fixture(scope="module", params=["tied", "untied"])
def folder(request, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkpoint whose text is read after the last norm of its encoder, or before it."""
    folder = save_tiny_pe_video(tmp_path_factory.mktemp("pe-video") / "model", seed=5)
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["tie_last_hidden_states"] = request.param == "tied"
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture(scope="module")
def model(folder: Path):
    return ModelRegistry(Settings(offline=True, device="cpu")).load(str(folder))


@pytest.fixture(scope="module")
def network(folder: Path):
    from transformers import AutoModel

    return AutoModel.from_pretrained(folder).eval()


def windows(height: int, width: int) -> FrameBatch:
    """Return three windows of 16 frames, two of them of the same frames in another order."""
    batch = frames(height, width)
    first = [i % 5 for i in range(16)]
    order = [*first, *reversed(first), *([4, 1] * 8)]
    return replace(batch, pixels=batch.pixels[order], times_s=np.arange(48) / 2)


def expected(network, folder: Path, batch: FrameBatch):
    """Return what the library says, each window a video of its own from which nothing is sampled."""
    import torch
    from transformers import AutoTokenizer, AutoVideoProcessor

    videos = list(batch.pixels.reshape(3, 16, *batch.pixels.shape[1:]))
    options = {"do_sample_frames": False, "input_data_format": "channels_last", "return_tensors": "pt"}
    pictures = AutoVideoProcessor.from_pretrained(folder)(videos, **options)
    texts = AutoTokenizer.from_pretrained(folder)(TEXTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        return network(input_ids=texts["input_ids"], attention_mask=texts["attention_mask"], **pictures)


def unit(rows) -> np.ndarray:
    return (rows / rows.norm(dim=-1, keepdim=True)).numpy()


@pytest.mark.parametrize(("height", "width"), [(32, 32), (90, 160), (161, 91), (24, 20), (3, 60)])
def test_windows_as_the_library_embeds_them(model, network, folder: Path, height: int, width: int):
    batch = windows(height, width)
    features = model.encode_frames(batch)
    rows = unit(expected(network, folder, batch).video_embeds)
    np.testing.assert_allclose(features.frames, rows, atol=1e-4)
    np.testing.assert_array_equal(features.times_s, [3.75, 11.75, 19.75])


def test_texts_as_the_library_embeds_them(model, network, folder: Path):
    rows = unit(expected(network, folder, windows(32, 32)).text_video_embeds)
    np.testing.assert_allclose(model.encode_texts(TEXTS).embeddings, rows, atol=1e-4)


def test_logits_as_the_library_gives_them(model, network, folder: Path):
    batch = windows(90, 160)
    said = expected(network, folder, batch)
    # The class multiplies embeddings as long as they come; the workbench keeps directions only.
    lengths = said.video_embeds.norm(dim=-1)[:, None] * said.text_video_embeds.norm(dim=-1)
    offset = float(network.text_video_logit_bias.detach())
    found = model.similarity(model.encode_frames(batch), model.encode_texts(TEXTS))
    logits = model.spec.logit_scale * found.T * lengths.numpy() + offset
    np.testing.assert_allclose(logits, said.logits_video_text.numpy(), atol=2e-3)


def test_a_text_does_not_depend_on_longer_texts_beside_it(model):
    together = model.encode_texts([*TEXTS, " ".join(["cat"] * 40)])
    assert together.is_truncated == (False, False, False, True)
    for text, row in zip(TEXTS, together.embeddings, strict=False):
        np.testing.assert_allclose(model.encode_texts([text]).embeddings[0], row, atol=1e-5)


def test_order_matters_and_the_flags_say_so(model):
    features = model.encode_frames(windows(90, 160))
    assert (features.frames[0] @ features.frames[1]) < 0.9999  # the same frames in another order
    assert (model.spec.frame_independent, model.spec.separable) == (False, True)
    assert (model.spec.window_frames, model.spec.window_step) == (16, 4)
    assert features.context is None


def test_of_a_checkpoint_that_also_hears_the_same_parts_are_used(tmp_path: Path):
    import torch
    from safetensors.torch import load_file
    from transformers import AutoConfig, PeAudioVideoModel

    folder = save_tiny_pe_audio_video(tmp_path / "model", seed=5)
    # Not from_pretrained: transformers 5.23 takes a buffer of timm's for a tied weight, and stops.
    whole = PeAudioVideoModel(AutoConfig.from_pretrained(folder)).eval()
    assert not whole.load_state_dict(load_file(folder / "model.safetensors"), strict=False).unexpected_keys
    batch = windows(90, 160)
    said = expected(partial(whole, input_values=torch.zeros(3, 1, 1280)), folder, batch)
    model = ModelRegistry(Settings(offline=True, device="cpu")).load(str(folder))
    np.testing.assert_allclose(model.encode_frames(batch).frames, unit(said.video_embeds), atol=1e-4)
    np.testing.assert_allclose(model.encode_texts(TEXTS).embeddings, unit(said.text_video_embeds), atol=1e-4)
    assert model.spec.logit_scale == 12
