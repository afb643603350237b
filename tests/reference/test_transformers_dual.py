"""The adapter against the library's own forward pass, preprocessing included, on the same files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.tiny_checkpoints import save_byte_pair_tokenizer, save_tiny_clip, save_word_tokenizer
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings
from workbench.types.video import FrameBatch, SamplingSpec

TEXTS = ["a red circle", "a green circle on the red square with the cat", "dog"]


@pytest.fixture(scope="module", params=["words", "byte pairs", "byte pairs, oldest config"])
def folder(request, tmp_path_factory: pytest.TempPathFactory) -> Path:
    save_tokenizer = save_word_tokenizer if request.param == "words" else save_byte_pair_tokenizer
    folder = save_tiny_clip(tmp_path_factory.mktemp("clip"), seed=5, context=77, save_tokenizer=save_tokenizer)
    if request.param.endswith("oldest config"):
        # As the configs that OpenAI's checkpoints came with: the library then reads at the largest id.
        config = json.loads((folder / "config.json").read_text())
        config["text_config"] |= {"bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1}
        (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture(scope="module")
def model(folder: Path):
    return ModelRegistry(Settings(offline=True, device="cpu")).load(str(folder))


def frames(height: int, width: int) -> FrameBatch:
    """Return frames as a film has them: smooth, with edges, different from each other."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [
        [128 + 100 * np.sin(x / (9 + k) + c) * np.cos(y / (13 - k)) + 40 * (x > width * k / 5) for c in range(3)]
        for k in range(5)
    ]
    pixels = np.clip(np.array(waves), 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)
    return FrameBatch("v", SamplingSpec(), np.ascontiguousarray(pixels), np.arange(5) / 2)


def reference(folder: Path, backend: str, pixels: np.ndarray) -> np.ndarray:
    """Return unit image features as the library's documentation makes them, one picture at a time."""
    import torch
    from PIL import Image
    from transformers import AutoImageProcessor, CLIPModel

    processor = AutoImageProcessor.from_pretrained(folder, backend=backend)
    network = CLIPModel.from_pretrained(folder).eval()
    rows = []
    with torch.no_grad():
        for picture in pixels:
            prepared = processor(images=Image.fromarray(picture), return_tensors="pt")
            vision = network.vision_model(**prepared).pooler_output
            rows.append(torch.nn.functional.normalize(network.visual_projection(vision), dim=-1)[0].numpy())
    return np.stack(rows)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (90, 160), (161, 91), (24, 20), (3, 60)])
def test_frames_as_the_library_embeds_them(model, folder: Path, height: int, width: int):
    batch = frames(height, width)
    expected = reference(folder, "torchvision", batch.pixels)
    np.testing.assert_allclose(model.encode_frames(batch).frames, expected, atol=1e-4)


@pytest.mark.parametrize(("height", "width"), [(90, 160), (161, 91)])
def test_frames_as_the_original_preprocessing_embeds_them(model, folder: Path, height: int, width: int):
    # Pillow rounds a resized pixel to the nearest integer by other steps: one level of 255 here and there.
    batch = frames(height, width)
    expected = reference(folder, "pil", batch.pixels)
    assert (model.encode_frames(batch).frames * expected).sum(axis=1).min() > 0.999


def test_texts_as_the_library_embeds_them(model, folder: Path):
    import torch
    from transformers import AutoTokenizer, CLIPModel

    tokenizer = AutoTokenizer.from_pretrained(folder)
    network = CLIPModel.from_pretrained(folder).eval()
    with torch.no_grad():
        text = network.text_model(**tokenizer(TEXTS, padding=True, return_tensors="pt")).pooler_output
        expected = torch.nn.functional.normalize(network.text_projection(text), dim=-1).numpy()
    np.testing.assert_allclose(model.encode_texts(TEXTS).embeddings, expected, atol=1e-4)


def test_similarity_and_scale_as_the_library_gives_them(model, folder: Path):
    import torch
    from transformers import AutoImageProcessor, AutoTokenizer, CLIPModel

    batch = frames(90, 160)
    network = CLIPModel.from_pretrained(folder).eval()
    inputs = {
        **AutoTokenizer.from_pretrained(folder)(TEXTS, padding=True, return_tensors="pt"),
        **AutoImageProcessor.from_pretrained(folder)(images=list(batch.pixels), return_tensors="pt"),
    }
    with torch.no_grad():
        expected = network(**inputs).logits_per_image.numpy()
    cosine = model.encode_frames(batch).frames @ model.encode_texts(TEXTS).embeddings.T
    np.testing.assert_allclose(model.spec.logit_scale * cosine, expected, atol=2e-3)
