"""Patch features, attention and where patches lie: against the libraries' own parts, and arithmetic written out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests import tiny_checkpoints
from tests.reference.test_transformers_dual import frames
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings
from workbench.toyworld.grammar import Noun, Sentence
from workbench.toyworld.render import coverage
from workbench.toyworld.seeds import generator
from workbench.toyworld.stills import draw_stills, random_stills
from workbench.toyworld.training import IMAGE_PX
from workbench.toyworld.vocabulary import COLOURS, SHAPES
from workbench.types.video import FrameBatch, SamplingSpec

FAMILIES = {
    "clip": tiny_checkpoints.save_tiny_clip,
    "metaclip2": tiny_checkpoints.save_tiny_metaclip2,
    "xclip": tiny_checkpoints.save_tiny_xclip,
    "siglip": tiny_checkpoints.save_tiny_siglip,
    "siglip2": tiny_checkpoints.save_tiny_siglip2,
    "open_clip": tiny_checkpoints.save_tiny_open_clip,
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("patches")
    return {name: save(place / name, seed=5) for name, save in FAMILIES.items()}


def load(folder: Path):
    return ModelRegistry(Settings(offline=True, device="cpu")).load(str(folder))


def prepared_by_library(folder: Path, batch: FrameBatch):
    import torch
    from transformers import AutoImageProcessor

    pictures = [torch.from_numpy(picture).permute(2, 0, 1) for picture in batch.pixels]
    return AutoImageProcessor.from_pretrained(folder)(pictures, return_tensors="pt")


def unit(rows) -> np.ndarray:
    return (rows / rows.norm(dim=-1, keepdim=True)).numpy()


@pytest.mark.parametrize(
    ("family", "first_norm"), [("clip", "pre_layrnorm"), ("metaclip2", "pre_layrnorm"), ("xclip", "pre_layernorm")]
)
def test_a_patch_of_clip_is_what_the_last_layers_attention_says_of_it_alone(folders, family: str, first_norm: str):
    """The library's own attention over one token, which can only look at itself."""
    import torch
    from transformers import AutoModel

    batch = frames(90, 160)
    batch = replace(batch, pixels=batch.pixels[:4], times_s=batch.times_s[:4])  # a window of X-CLIP
    network = AutoModel.from_pretrained(folders[family]).eval()
    vision = network.vision_model
    *layers, last = vision.encoder.layers
    with torch.no_grad():
        tokens = getattr(vision, first_norm)(vision.embeddings(**prepared_by_library(folders[family], batch)))
        for layer in layers:
            tokens = layer(tokens, attention_mask=None)
        patches = last.layer_norm1(tokens)[:, 1:]
        alone = last.self_attn(patches.flatten(0, 1)[:, None])[0].reshape(patches.shape)
        expected = unit(network.visual_projection(vision.post_layernorm(alone)))
    maps = load(folders[family]).encode_patches(batch)
    np.testing.assert_allclose(maps.patches, expected, atol=1e-4)


@pytest.mark.parametrize(
    "settings",
    [
        {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}},
        {"size": {"shortest_edge": 40}, "crop_size": {"height": 32, "width": 32}},
        {"size": {"height": 32, "width": 32}, "do_center_crop": False},
    ],
    ids=["shortest", "shortest, less", "squashed"],
)
def test_patches_of_xclip_are_the_same_whichever_of_its_image_processors_prepares_them(
    folders, tmp_path: Path, settings: dict
):
    """Its checkpoints come with VideoMAE's or CLIP's; here both are told to resize and normalise alike."""
    from transformers import CLIPImageProcessor, VideoMAEImageProcessor

    batch = frames(90, 160)
    batch = replace(batch, pixels=batch.pixels[:4], times_s=batch.times_s[:4])  # a window
    models = []
    for kind in (CLIPImageProcessor, VideoMAEImageProcessor):
        folder = Path(shutil.copytree(folders["xclip"], tmp_path / kind.__name__))
        kind(image_mean=[0.4] * 3, image_std=[0.3] * 3, resample=3, **settings).save_pretrained(folder)
        models.append(load(folder))
    clips, videos = (model.encode_patches(batch) for model in models)
    assert (videos.grid, videos.seen) == (clips.grid, clips.seen)
    np.testing.assert_allclose(videos.patches, clips.patches, atol=1e-5)
    clips, videos = (model.attention(batch) for model in models)
    assert videos.seen == clips.seen
    np.testing.assert_allclose(videos.weights, clips.weights, atol=1e-5)


@pytest.mark.parametrize("family", ["siglip", "siglip2"])
def test_a_patch_of_siglip_is_what_the_librarys_head_says_of_one_token(folders, family: str):
    import torch
    from transformers import AutoModel

    batch = frames(90, 160)
    network = AutoModel.from_pretrained(folders[family]).eval()
    maps = load(folders[family]).encode_patches(batch)
    n_patches = maps.grid[0] * maps.grid[1]
    with torch.no_grad():
        tokens = network.vision_model(**prepared_by_library(folders[family], batch)).last_hidden_state
        alone = [[network.vision_model.head(token[None, None])[0] for token in row[:n_patches]] for row in tokens]
        expected = unit(torch.stack([torch.stack(row) for row in alone]))
    np.testing.assert_allclose(maps.patches, expected, atol=1e-4)


def save_scaled_open_clip(folder: Path, seed: int) -> Path:
    """Write an open_clip CLIP that scales what its layers add, each number by another factor, to ``folder``."""
    import torch
    from safetensors.torch import load_file, save_file

    vision = {"image_size": 32, "layers": 2, "width": 32, "head_width": 8, "patch_size": 8, "ls_init_value": 0.1}
    text = {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 4, "layers": 2}
    model = {"embed_dim": 24, "vision_cfg": vision, "text_cfg": text}
    tiny_checkpoints._save_open_clip(folder, seed, model, {"resize_mode": "shortest"})
    file = folder / "open_clip_model.safetensors"
    weights = load_file(file)
    scales = {name: torch.rand(weight.shape) for name, weight in weights.items() if name.endswith("gamma")}
    assert len(scales) == 4
    save_file(weights | scales, file)
    return folder


@pytest.mark.parametrize("save", [tiny_checkpoints.save_tiny_open_clip, save_scaled_open_clip])
def test_a_patch_of_open_clip_is_what_the_last_layers_attention_says_of_it_alone(tmp_path: Path, save):
    """The library's own attention over one token, which can only look at itself."""
    import open_clip
    import torch
    from PIL import Image

    batch, folder = frames(90, 160), save(tmp_path / "model", seed=5)
    network, transform = open_clip.create_model_from_pretrained(f"local-dir:{folder}")
    visual = network.eval().visual
    *layers, last = visual.transformer.resblocks
    with torch.no_grad():
        tokens = visual._embeds(torch.stack([transform(Image.fromarray(picture)) for picture in batch.pixels]))
        for layer in layers:
            tokens = layer(tokens)
        patches = last.ln_1(tokens)[:, 1:]
        alone = last.ls_1(last.attention(patches.flatten(0, 1)[:, None])).reshape(patches.shape)
        expected = unit(visual.ln_post(alone) @ visual.proj)
        picture = unit(visual.ln_post(last(tokens)[:, 0]) @ visual.proj)
    model = load(folder)
    np.testing.assert_allclose(model.encode_patches(batch).patches, expected, atol=1e-4)
    np.testing.assert_allclose(model.encode_frames(batch).frames, picture, atol=1e-4)


def test_patches_that_show_the_named_object_are_more_like_its_name_than_the_others():
    """A known answer: 0.71 as measured, 0.55 with the token added, and upside down (0.21) for last-layer tokens."""
    model = ModelRegistry(Settings(offline=True, device="cpu")).load("toyworld-frame")
    shares = [share for seed in range(5) for share in shares_in_order(model, seed)]
    assert len(shares) > 400
    assert np.mean(shares) > 0.68


def shares_in_order(model, seed: int) -> Iterator[float]:
    """Yield how often a patch on a named object is more like its sentence than one that is not, object by object.

    Which is the area under the ROC curve. On it are patches that it covers by more than half; named are those in
    64 frames that have their colour and shape to themselves.
    """
    rng = generator("test", seed, 0)
    scene = random_stills(rng, 64)
    pixels = draw_stills(scene, IMAGE_PX, rng)
    maps = model.encode_patches(FrameBatch("v", SamplingSpec(), pixels, np.arange(64) / 2))
    nouns = [Noun(colour, shape) for colour in COLOURS for shape in SHAPES]
    said = model.encode_texts([Sentence("presence", (noun,)).text for noun in nouns]).embeddings
    name = scene.attributes[..., 0] * len(SHAPES) + scene.attributes[..., 1]
    side_px = IMAGE_PX // maps.grid[0]
    for frame, at in np.argwhere(scene.objects.is_visible).tolist():
        cover = coverage(scene.objects, frame, at, IMAGE_PX).reshape(maps.grid[0], side_px, maps.grid[1], side_px)
        is_on = cover.mean(axis=(1, 3)).ravel() > 0.5
        is_one = (name[frame] == name[frame, at])[scene.objects.is_visible[frame]].sum() == 1
        if is_one and is_on.any():
            likeness = maps.patches[frame] @ said[name[frame, at]]
            yield (likeness[is_on][:, None] > likeness[~is_on]).mean()


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def normalised(x: np.ndarray, norm) -> np.ndarray:
    weight, bias = (tensor.detach().double().numpy() for tensor in (norm.weight, norm.bias))
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + norm.eps) * weight + bias


def first_tokens(pictures: np.ndarray, kernel, class_token, positions) -> np.ndarray:
    """Return tokens ``[time token dim]`` before any layer, in double precision, patch by patch."""
    kernel, class_token, positions = (t.detach().double().numpy() for t in (kernel, class_token, positions))
    side = kernel.shape[-1]
    n_rows, n_columns = pictures.shape[2] // side, pictures.shape[3] // side
    rows = [np.broadcast_to(class_token, (len(pictures), len(class_token)))]
    for row in range(n_rows):
        for column in range(n_columns):
            patch = pictures[:, :, row * side : (row + 1) * side, column * side : (column + 1) * side]
            rows.append(np.einsum("tchw,dchw->td", patch, kernel))
    return np.stack(rows, axis=1) + positions


def attention_of(x: np.ndarray, query, key, n_heads: int) -> np.ndarray:
    """Return weights ``[time head query key]`` of ``query`` and ``key``, each (weight, bias)."""

    def by_head(weight, bias):
        rows = x @ weight.detach().double().numpy().T + bias.detach().double().numpy()
        return rows.reshape(*rows.shape[:2], n_heads, -1).transpose(0, 2, 1, 3)

    queries, keys = by_head(*query), by_head(*key)
    return softmax(queries @ keys.transpose(0, 1, 3, 2) / np.sqrt(queries.shape[-1]))


def test_the_first_layer_of_clips_attention_written_out(folders):
    from transformers import CLIPModel

    batch = frames(90, 160)
    vision = CLIPModel.from_pretrained(folders["clip"]).eval().vision_model
    pictures = prepared_by_library(folders["clip"], batch)["pixel_values"].double().numpy()
    embeddings = vision.embeddings
    x = first_tokens(
        pictures,
        embeddings.patch_embedding.weight,
        embeddings.class_embedding,
        embeddings.position_embedding.weight,
    )
    layer = vision.encoder.layers[0]
    x = normalised(normalised(x, vision.pre_layrnorm), layer.layer_norm1)
    query, key = ((part.weight, part.bias) for part in (layer.self_attn.q_proj, layer.self_attn.k_proj))
    maps = load(folders["clip"]).attention(batch)
    np.testing.assert_allclose(maps.weights[:, 0], attention_of(x, query, key, 4), atol=1e-4)


def test_the_first_layer_of_open_clips_attention_written_out(folders):
    import open_clip
    from PIL import Image

    batch = frames(90, 160)
    network, transform = open_clip.create_model_from_pretrained(f"local-dir:{folders['open_clip']}")
    visual = network.eval().visual
    pictures = np.stack([transform(Image.fromarray(picture)).double().numpy() for picture in batch.pixels])
    x = first_tokens(pictures, visual.conv1.weight, visual.class_embedding, visual.positional_embedding)
    block = visual.transformer.resblocks[0]
    x = normalised(normalised(x, visual.ln_pre), block.ln_1)
    weights, biases = block.attn.in_proj_weight.chunk(3), block.attn.in_proj_bias.chunk(3)
    expected = attention_of(x, (weights[0], biases[0]), (weights[1], biases[1]), 4)
    np.testing.assert_allclose(load(folders["open_clip"]).attention(batch).weights[:, 0], expected, atol=1e-4)


def test_the_first_layer_of_xclips_messages_written_out(folders):
    """Each frame's message is made of its class token, and they look at each other before anybody reads them."""
    from transformers import XCLIPModel

    batch = frames(90, 160)
    batch = replace(batch, pixels=batch.pixels[:4], times_s=batch.times_s[:4])
    vision = XCLIPModel.from_pretrained(folders["xclip"]).vision_model
    parts, layer = vision.embeddings, vision.encoder.layers[0]
    pictures = prepared_by_library(folders["xclip"], batch)["pixel_values"].double().numpy()
    x = first_tokens(pictures, parts.patch_embedding.weight, parts.class_embedding, parts.position_embedding.weight)
    classes = normalised(x, vision.pre_layernorm)[:, 0]
    weight, bias = (t.detach().double().numpy() for t in (layer.message_fc.weight, layer.message_fc.bias))
    messages = normalised(classes @ weight.T + bias, layer.message_ln)[None]
    looking = layer.message_attn
    sides = [(side.weight, side.bias) for side in (looking.q_proj, looking.k_proj)]
    found = load(folders["xclip"]).between_frames(batch)
    assert found.shape == (1, 2, 4, 4, 4)
    np.testing.assert_allclose(found[:, 0], attention_of(messages, *sides, 4), atol=1e-4)


@pytest.mark.parametrize("family", ["clip", "metaclip2", "siglip", "siglip2", "open_clip"])
def test_the_network_that_is_watched_gives_the_same_embeddings_on_the_same_weights(folders, family: str):
    import torch

    model, batch = load(folders[family]), frames(90, 160)
    watched = model.opened.adapter
    # PyTorch's own attention is in parts there, which are views of its one matrix.
    storages = {weight.untyped_storage().data_ptr() for weight in model._model.parameters()}
    assert {weight.untyped_storage().data_ptr() for weight in watched._model.parameters()} == storages
    with torch.no_grad():
        seen = [adapter.look(adapter.prepare(batch.pixels)) for adapter in (watched, model)]
    np.testing.assert_allclose(unit(seen[0]), unit(seen[1]), atol=1e-4)
    model.attention(batch)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in watched._model.modules())
    if family != "open_clip":
        settings = [network.vision_model.config._attn_implementation for network in (watched._model, model._model)]
        assert settings == ["eager", "sdpa"]


def test_attention_is_computed_in_float32_also_where_features_are_in_16_bits(folders):
    batch, registry = frames(90, 160), ModelRegistry(Settings(offline=True, device="cpu", precision="bfloat16"))
    model = registry.load(str(folders["clip"]))
    assert model.spec.precision == "bfloat16"
    expected = load(folders["clip"]).attention(batch).weights
    np.testing.assert_allclose(model.attention(batch).weights, expected, atol=1e-6)


def ramp(height: int, width: int) -> FrameBatch:
    """Return a frame that says where each pixel lies: across in red, down in green; blue where it is no filling."""
    pixels = np.zeros((1, height, width, 3), np.uint8)
    pixels[..., 0] = 255 * (np.arange(width) + 0.5) / width
    pixels[..., 1] = (255 * (np.arange(height) + 0.5) / height)[:, None]
    pixels[..., 2] = 255
    return FrameBatch("v", SamplingSpec(), pixels, np.zeros(1))


def read_off(levels: np.ndarray, patch_px: int, grid: tuple[int, int]) -> list[float]:
    """Return what patches cover, read off the levels ``[3 height width]`` of a ramp that the network is given."""
    is_film = levels[2] > 0.99
    ends = []
    for axis, channel in ((0, 1), (1, 0)):
        inside = np.flatnonzero(is_film.any(axis=1 - axis))[1:-1]  # the outermost are mixed with nothing
        along = levels[channel].max(axis=1 - axis)
        slope, start = np.polyfit(inside + 0.5, along[inside], 1)
        ends.append((start, start + slope * grid[axis] * patch_px))
    (top, bottom), (left, right) = ends
    return [top, left, bottom, right]


@pytest.mark.parametrize(
    "settings",
    [
        {"size": {"shortest_edge": 64}, "crop_size": {"height": 64, "width": 64}},
        {"size": {"shortest_edge": 71}, "crop_size": {"height": 64, "width": 64}},
        {"size": {"shortest_edge": 50}, "crop_size": {"height": 64, "width": 64}},
        {"size": {"height": 64, "width": 64}, "do_center_crop": False},
    ],
    ids=["shortest", "shortest, less", "shortest, filled", "squashed"],
)
@pytest.mark.parametrize("patch_px", [8, 12])
def test_what_clip_sees_is_where_a_ramp_says_it_is(tmp_path: Path, settings: dict, patch_px: int):
    """Also where patches of 12 pixels leave 4 of 64 over."""
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    vocabulary = tiny_checkpoints.save_word_tokenizer(tmp_path)
    config = CLIPConfig(
        text_config=tiny_checkpoints._clip_text(vocabulary, 16),
        vision_config={**tiny_checkpoints.LAYERS, "image_size": 64, "patch_size": patch_px},
        projection_dim=24,
    )
    CLIPModel(config).save_pretrained(tmp_path)
    CLIPImageProcessor(image_mean=[0] * 3, image_std=[1] * 3, **settings).save_pretrained(tmp_path)
    check_layout(load(tmp_path), patch_px)


@pytest.mark.parametrize("fit", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("size", [(64, 64), (48, 80)])
def test_what_open_clip_sees_is_where_a_ramp_says_it_is(tmp_path: Path, fit: str, size: tuple[int, int]):
    model = {
        "embed_dim": 24,
        "vision_cfg": {"image_size": size, "layers": 2, "width": 32, "head_width": 8, "patch_size": 8},
        "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 4, "layers": 2},
    }
    preprocessing = {"resize_mode": fit, "mean": [0] * 3, "std": [1] * 3}
    check_layout(load(tiny_checkpoints._save_open_clip(tmp_path, 0, model, preprocessing)), 8)


def check_layout(model, patch_px: int) -> None:
    for height, width in ((90, 160), (161, 91), (64, 64), (40, 200)):
        batch = ramp(height, width)
        maps = model.encode_patches(batch)
        prepared = model.prepare(batch.pixels)
        levels = (prepared if hasattr(prepared, "numpy") else prepared["pixel_values"]).numpy()[0]
        assert maps.grid == (levels.shape[1] // patch_px, levels.shape[2] // patch_px)
        np.testing.assert_allclose(maps.seen, read_off(levels, patch_px, maps.grid), atol=0.02)
