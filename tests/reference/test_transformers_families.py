"""SigLIP, SigLIP 2 and MetaCLIP 2 against the library's own forward pass, preprocessing included.

CLIP itself, with its several tokenizers and configs, is in ``test_transformers_dual``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests import tiny_checkpoints
from tests.reference.test_transformers_dual import frames
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings

TEXTS = ["a red circle", "a green circle on the red square with the cat", "dog"]
FAMILIES = {
    "siglip": tiny_checkpoints.save_tiny_siglip,
    "siglip2": tiny_checkpoints.save_tiny_siglip2,
    "metaclip2": tiny_checkpoints.save_tiny_metaclip2,
}


@pytest.fixture(scope="module", params=FAMILIES)
def folder(request, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return FAMILIES[request.param](tmp_path_factory.mktemp(request.param) / "model", seed=5)


@pytest.fixture(scope="module")
def model(folder: Path):
    return ModelRegistry(Settings(offline=True, device="cpu")).load(str(folder))


@pytest.fixture(scope="module")
def network(folder: Path):
    from transformers import AutoModel

    return AutoModel.from_pretrained(folder).eval()


def text_inputs(folder: Path) -> dict:
    """Return the texts as the library's documentation feeds them to each family."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    if "siglip" in str(folder):
        return {"input_ids": tokenizer(TEXTS, padding="max_length", max_length=16, return_tensors="pt")["input_ids"]}
    return dict(tokenizer(TEXTS, padding=True, return_tensors="pt"))


@pytest.mark.parametrize(("height", "width"), [(32, 32), (90, 160), (161, 91), (24, 20), (3, 60)])
def test_frames_as_the_library_embeds_them(model, network, folder: Path, height: int, width: int):
    import torch
    from PIL import Image
    from transformers import AutoImageProcessor

    processor = AutoImageProcessor.from_pretrained(folder)
    batch = frames(height, width)
    rows = []
    with torch.no_grad():
        for picture in batch.pixels:
            features = network.get_image_features(
                **processor(images=Image.fromarray(picture), return_tensors="pt")
            ).pooler_output
            rows.append(torch.nn.functional.normalize(features, dim=-1)[0].numpy())
    np.testing.assert_allclose(model.encode_frames(batch).frames, np.stack(rows), atol=1e-4)


def test_texts_as_the_library_embeds_them(model, network, folder: Path):
    import torch

    with torch.no_grad():
        features = network.get_text_features(**text_inputs(folder)).pooler_output
    expected = torch.nn.functional.normalize(features, dim=-1).numpy()
    np.testing.assert_allclose(model.encode_texts(TEXTS).embeddings, expected, atol=1e-4)


def test_logits_as_the_library_gives_them(model, network, folder: Path):
    import torch
    from transformers import AutoImageProcessor

    batch = frames(90, 160)
    pictures = AutoImageProcessor.from_pretrained(folder)(images=list(batch.pixels), return_tensors="pt")
    with torch.no_grad():
        expected = network(**text_inputs(folder), **pictures).logits_per_image.numpy()
    cosine = model.encode_frames(batch).frames @ model.encode_texts(TEXTS).embeddings.T
    offset = float(getattr(network, "logit_bias", torch.zeros(1)).detach())
    np.testing.assert_allclose(model.spec.logit_scale * cosine + offset, expected, atol=2e-3)
