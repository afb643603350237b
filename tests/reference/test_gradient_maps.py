"""Maps of attention and gradients against networks written out in double precision, and the papers' formulas in loops.

The forward passes are arithmetic on the raw weights, one layer after another; of X-CLIP, what comes after its vision
encoder is the library's own. Gradients are autograd's through that arithmetic, and held against differences.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests import tiny_checkpoints
from tests.reference.test_transformers_dual import frames
from workbench.analyses.maps import maps_of_trace
from workbench.models.captum_gradients import N_STEPS
from workbench.models.opened import with_network
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings
from workbench.types.maps import AttentionTrace
from workbench.types.video import FrameBatch
from workbench.validation.slow_attention import Slow, all_maps

WITHIN = 1e-5
"""Of the largest number in a map; the adapters, too, are run in double precision, and answer in float32."""
IN_FLOAT32 = 1e-3
"""Of the largest number in a map; noise, most of all in X-CLIP, where little of a sentence reaches the cosine."""
SENTENCE, PROMPTS = ["a red circle"], ["a red circle", "a photo of the red circle"]

# What the matrices of the tiny checkpoints are scaled by, so that attention is spread out and no gradient vanishes.
FAMILIES = {
    "clip": (tiny_checkpoints.save_tiny_clip, 0.4),
    "metaclip2": (tiny_checkpoints.save_tiny_metaclip2, 0.4),
    "siglip": (tiny_checkpoints.save_tiny_siglip, 0.15),
    "siglip2": (tiny_checkpoints.save_tiny_siglip2, 0.15),
    "xclip": (tiny_checkpoints.save_tiny_xclip, 0.25),
    "open_clip": (tiny_checkpoints.save_tiny_open_clip, 0.7),
    "open_clip-siglip": (tiny_checkpoints.save_tiny_open_clip_siglip, 0.7),
}


@dataclass(frozen=True)
class Layer:
    """One layer's weights: matrices with their biases, and norms with theirs and what is added to the variance."""

    first_norm: Any
    query: Any
    keys: Any
    values: Any
    out: Any
    second_norm: Any
    up: Any
    down: Any
    message: Any = None


@dataclass
class Watched:
    """What happened in a forward pass, layer by layer."""

    weights: list[Any] = field(default_factory=list)
    query: list[Any] = field(default_factory=list)
    keys: list[Any] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    given: list[Any] = field(default_factory=list)
    normed: list[Any] = field(default_factory=list)
    tokens: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class Network:
    """An encoder written out: what makes tokens, its layers, and what makes a score of the tokens after any of them.

    ``score`` also gives the pass through the pooling attention, where there is one.
    """

    begin: Callable[[Any], Any]
    layers: list[Layer]
    n_heads: int
    activation: str
    score: Callable[[Any], tuple[Any, Watched | None]]
    mask: Any = None


def activated(x, name: str):
    if name == "quick_gelu":
        return x / (1 + torch.exp(-1.702 * x))
    if name == "gelu":
        return x * (1 + torch.erf(x / 2**0.5)) / 2
    assert name == "gelu_pytorch_tanh"
    return x * (1 + torch.tanh((2 / torch.pi) ** 0.5 * (x + 0.044715 * x**3))) / 2


def normed(x, norm):
    centred = x - x.mean(dim=-1, keepdim=True)
    return centred / torch.sqrt((centred**2).mean(dim=-1, keepdim=True) + norm.eps) * norm.weight + norm.bias


def times(x, matrix: tuple[Any, Any]):
    weight, bias = matrix
    product = torch.einsum("...i,oi->...o", x, weight)
    return product if bias is None else product + bias


def attended(x_query, x, layer: Layer, n_heads: int, mask, watched: Watched | None, nudge=None):
    """Return what attention gives, head by head; ``nudge`` (head, query, key, by) moves a weight of the first row."""
    query, keys, values = times(x_query, layer.query), times(x, layer.keys), times(x, layer.values)
    width = query.shape[-1] // n_heads
    all_weights, given = [], []
    for head in range(n_heads):
        own = slice(head * width, (head + 1) * width)
        like = torch.einsum("tqd,tkd->tqk", query[..., own], keys[..., own]) / width**0.5
        if mask is not None:
            like = like.masked_fill(~mask, -torch.inf)
        powers = torch.exp(like - like.max(dim=-1, keepdim=True).values)
        weights = powers / powers.sum(dim=-1, keepdim=True)
        if nudge is not None and nudge[0] == head:
            moved = torch.zeros_like(weights)
            moved[0, nudge[1], nudge[2]] = nudge[3]
            weights = weights + moved
        all_weights.append(weights)
    # Taken apart again below, so that all heads are one tensor that can be differentiated by.
    together = torch.stack(all_weights, dim=1)
    for head in range(n_heads):
        own = slice(head * width, (head + 1) * width)
        given.append(torch.einsum("tqk,tkd->tqd", together[:, head], values[..., own]))
    side_by_side = torch.cat(given, dim=-1)
    if watched is not None:
        watched.weights.append(together)
        watched.query.append(query)
        watched.keys.append(keys)
        watched.values.append(values)
        watched.given.append(side_by_side)
    return times(side_by_side, layer.out)


def passed(network: Network, x, nudge=None) -> tuple[Watched, Any]:
    """Return what happened on the way through all layers, and the score; ``nudge`` begins with the layer."""
    watched = Watched()
    tokens = network.begin(x)
    for number, layer in enumerate(network.layers):
        n_tokens = tokens.shape[1]
        if layer.message is not None:
            tokens = torch.cat([tokens, layer.message(tokens[:, 0])], dim=1)
        before = normed(tokens, layer.first_norm)
        watched.normed.append(before)
        own = nudge[1:] if nudge is not None and nudge[0] == number else None
        tokens = tokens + attended(before, before, layer, network.n_heads, network.mask, watched, own)
        tokens = tokens[:, :n_tokens]
        hidden = activated(times(normed(tokens, layer.second_norm), layer.up), network.activation)
        tokens = tokens + times(hidden, layer.down)
        watched.tokens.append(tokens)
    return watched, network.score(tokens)


def matrix(linear) -> tuple[Any, Any]:
    return linear.weight, linear.bias


def transformers_layer(layer, message=None) -> Layer:
    own = layer.self_attn
    parts = [matrix(part) for part in (own.q_proj, own.k_proj, own.v_proj, own.out_proj)]
    return Layer(layer.layer_norm1, *parts, layer.layer_norm2, matrix(layer.mlp.fc1), matrix(layer.mlp.fc2), message)


def open_clip_layer(block) -> Layer:
    own = block.attn
    parts = zip(own.in_proj_weight.chunk(3), own.in_proj_bias.chunk(3), strict=True)
    return Layer(block.ln_1, *parts, matrix(own.out_proj), block.ln_2, matrix(block.mlp.c_fc), matrix(block.mlp.c_proj))


def patch_rows(pixels, kernel):
    """Return ``[row patch dim]``, patch by patch."""
    side = kernel.shape[-1]
    found = []
    for top in range(0, pixels.shape[2], side):
        for left in range(0, pixels.shape[3], side):
            found.append(torch.einsum("tchw,dchw->td", pixels[:, :, top : top + side, left : left + side], kernel))
    return torch.stack(found, dim=1)


def unit(rows):
    return rows / torch.sqrt((rows**2).sum(dim=-1, keepdim=True))


def mean_cosine(features, said):
    return (unit(features) @ unit(said).T).mean(dim=1)


def vision_of(model, said) -> Network:
    """Return the vision encoder of a model, written out on a copy in double precision, and its cosine with texts."""
    network, said = copy.deepcopy(model._model).double(), torch.from_numpy(said).double()
    if keeps_proportions(model):
        return siglip2_vision(network, said, model.layout(pictures(model).pixels[:1]).grid)
    return {"clip": clip_vision, "metaclip2": clip_vision, "siglip": siglip_vision, "xclip": xclip_vision}.get(
        model.spec.family, open_clip_vision
    )(network, said)


def keeps_proportions(model) -> bool:
    """Return whether a picture is prepared as a row of patches, filled up to their full number (SigLIP 2)."""
    return "Siglip2" in type(model._model).__name__


def clip_vision(network, said) -> Network:
    vision, config = network.vision_model, network.config.vision_config
    own = vision.embeddings

    def begin(pixels):
        first = own.class_embedding.expand(len(pixels), 1, -1)
        tokens = torch.cat([first, patch_rows(pixels, own.patch_embedding.weight)], dim=1)
        return normed(tokens + own.position_embedding.weight, vision.pre_layrnorm)

    def score(tokens):
        features = normed(tokens[:, 0], vision.post_layernorm) @ network.visual_projection.weight.T
        return mean_cosine(features, said), None

    layers = [transformers_layer(layer) for layer in vision.encoder.layers]
    return Network(begin, layers, config.num_attention_heads, config.hidden_act, score)


def siglip_vision(network, said, begin=None, mask=None) -> Network:
    vision, config = network.vision_model, network.config.vision_config
    own, head = vision.embeddings, vision.head
    packed = head.attention
    parts = zip(packed.in_proj_weight.chunk(3), packed.in_proj_bias.chunk(3), strict=True)
    pooling = Layer(None, *parts, matrix(packed.out_proj), head.layernorm, matrix(head.mlp.fc1), matrix(head.mlp.fc2))

    def begin_square(pixels):
        rows = patch_rows(pixels, own.patch_embedding.weight) + own.patch_embedding.bias
        return rows + own.position_embedding.weight

    def score(tokens):
        watched = Watched()
        probe = head.probe.expand(len(tokens), 1, -1)
        last = normed(tokens, vision.post_layernorm)
        pooled = attended(probe, last, pooling, config.num_attention_heads, mask, watched)
        hidden = activated(times(normed(pooled, pooling.second_norm), pooling.up), config.hidden_act)
        return mean_cosine((pooled + times(hidden, pooling.down))[:, 0], said), watched

    layers = [transformers_layer(layer) for layer in vision.encoder.layers]
    return Network(begin or begin_square, layers, config.num_attention_heads, config.hidden_act, score, mask)


def siglip2_vision(network, said, grid: tuple[int, int]) -> Network:
    """Return SigLIP's encoder of pictures of ``grid`` patches, whose places are spread over it as an image is."""
    own = network.vision_model.embeddings
    side, n_patches = round(own.num_patches**0.5), grid[0] * grid[1]
    down, across = (torch.from_numpy(by_triangles(side, n)) for n in grid)
    square = own.position_embedding.weight.unflatten(0, (side, side))
    places = torch.einsum("ri,cj,ijd->rcd", down, across, square).flatten(0, 1)
    # What fills a picture up stands where its first patch does.
    places = torch.cat([places, places[:1].expand(own.num_patches - n_patches, -1)])

    def begin(patches):
        return times(patches, matrix(own.patch_embedding)) + places

    return siglip_vision(network, said, begin, torch.arange(own.num_patches) < n_patches)


def by_triangles(n_from: int, n_to: int) -> np.ndarray:
    """Return ``[to from]``: what a row of numbers is multiplied by where it is resized, bilinear with antialiasing."""
    scale = n_from / n_to
    centres = (np.arange(n_to)[:, None] + 0.5) * scale
    found = np.maximum(1 - np.abs(np.arange(n_from) + 0.5 - centres) / max(scale, 1), 0)
    return found / found.sum(axis=1, keepdims=True)


def xclip_vision(network, said) -> Network:
    vision, config = network.vision_model, network.config.vision_config
    own, n_frames = vision.embeddings, config.num_frames

    def begin(pixels):
        first = own.class_embedding.expand(len(pixels), 1, -1)
        tokens = torch.cat([first, patch_rows(pixels, own.patch_embedding.weight)], dim=1)
        return normed(tokens + own.position_embedding.weight, vision.pre_layernorm)

    def message_of(layer):
        parts = layer.message_attn
        messaging = Layer(
            None, *map(matrix, (parts.q_proj, parts.k_proj, parts.v_proj, parts.out_proj)), None, None, None
        )

        def message(class_tokens):
            told = times(class_tokens, matrix(layer.message_fc)).unflatten(0, (-1, n_frames))
            before = normed(told, layer.message_ln)
            told = told + attended(before, before, messaging, config.num_attention_heads, None, None)
            return told.flatten(0, 1)[:, None]

        return message

    def score(tokens):
        by_frame = normed(tokens[:, 0], vision.post_layernorm) @ network.visual_projection.weight.T
        windows = network.mit(by_frame.unflatten(0, (-1, n_frames))).pooler_output
        context = normed(tokens[:, 1:], network.prompts_visual_layernorm) @ network.prompts_visual_projection
        context = context.unflatten(0, (-1, n_frames)).mean(dim=1)
        read = said[None].expand(len(windows), -1, -1)
        read = unit(read + network.prompts_generator(read, context))
        return torch.einsum("td,tqd->tq", unit(windows), read).mean(dim=1), None

    layers = [transformers_layer(layer, message_of(layer)) for layer in vision.encoder.layers]
    return Network(begin, layers, config.num_attention_heads, config.hidden_act, score)


def open_clip_vision(network, said) -> Network:
    visual = network.visual

    def begin(pixels):
        first = visual.class_embedding.expand(len(pixels), 1, -1)
        tokens = torch.cat([first, patch_rows(pixels, visual.conv1.weight)], dim=1)
        return normed(tokens + visual.positional_embedding, visual.ln_pre)

    def score(tokens):
        return mean_cosine(normed(tokens[:, 0], visual.ln_post) @ visual.proj, said), None

    blocks = visual.transformer.resblocks
    return Network(begin, list(map(open_clip_layer, blocks)), blocks[0].attn.num_heads, "gelu", score)


def texts_of(model, texts: list[str], seen) -> tuple[Network, Any, list[int]]:
    """Return the text encoder of a model, written out, with its cosine with one row of features.

    With it the words, and where each text is read: at its end token, which has the largest number, or the last place.
    """
    network = copy.deepcopy(model._model).double()
    ids = torch.from_numpy(model.read(texts).ids)
    row = torch.from_numpy(seen.frames[0]).double()
    is_open_clip = model.spec.family == "open_clip"
    n_tokens, is_siglip = ids.shape[1], model.spec.family == "siglip" or hasattr(network, "text")
    ends = [n_tokens - 1] * len(ids) if is_siglip else ids.argmax(dim=1).tolist()
    if is_open_clip:
        text = network.text if is_siglip else network
        table, positions, norm = text.token_embedding.weight, text.positional_embedding, text.ln_final
        layers = list(map(open_clip_layer, text.transformer.resblocks))
        n_heads, activation = text.transformer.resblocks[0].attn.num_heads, "gelu"
        projection = matrix(text.text_projection) if is_siglip else (text.text_projection.T, None)
    else:
        text, config = network.text_model, network.config.text_config
        table, positions = text.embeddings.token_embedding.weight, text.embeddings.position_embedding.weight
        norm, layers = text.final_layer_norm, list(map(transformers_layer, text.encoder.layers))
        n_heads, activation = config.num_attention_heads, config.hidden_act
        projection = matrix(text.head if is_siglip else network.text_projection)

    def begin(words):
        return words + positions[:n_tokens]

    def score(tokens):
        said = times(normed(torch.stack([own[at] for own, at in zip(tokens, ends, strict=True)]), norm), projection)
        if model.spec.separable:
            return unit(unit(said).mean(dim=0)) @ row, None
        context = torch.from_numpy(seen.context[:1]).double()
        against = said[None] + network.prompts_generator(said[None], context)
        return (unit(against)[0] @ row).mean(), None

    causal = None if is_siglip else torch.ones(n_tokens, n_tokens, dtype=torch.bool).tril()
    return Network(begin, layers, n_heads, activation, score, causal), table[ids], ends


def follow(network: Network, x, read_at: list[int] | None) -> tuple[np.ndarray, list[Slow]]:
    """Return scores and, row by row, what the formulas take; ``read_at`` is where each row is read, if at a token."""
    x = x.detach().clone().requires_grad_()
    watched, (scores, pooled) = passed(network, x)
    gradients = torch.autograd.grad(scores.sum(), watched.weights, retain_graph=True)
    early = []
    for weights, tokens in zip(watched.weights, watched.tokens, strict=True):
        own_scores, own_pooled = network.score(tokens)
        by = weights if own_pooled is None else own_pooled.weights[0]
        early.append(torch.autograd.grad(own_scores.sum(), by, retain_graph=True)[0])
    last = watched if pooled is None else pooled
    (by_given,) = torch.autograd.grad(scores.sum(), last.given[-1])
    found = []
    for row in range(len(x)):
        n_tokens = watched.tokens[-1].shape[1]
        at = 0 if read_at is None else read_at[row]
        reader = np.eye(n_tokens)[at] if pooled is None else array(pooled.weights[0][row, :, 0].mean(dim=0))
        found.append(
            Slow(
                # A token that only one layer knows is no part of the way from layer to layer.
                weights=np.stack([array(layer[row])[:, :n_tokens, :n_tokens] for layer in watched.weights]),
                gradients=np.stack([array(layer[row])[:, :n_tokens, :n_tokens] for layer in gradients]),
                early_gradients=np.stack([array(layer[row]) for layer in early]),
                reader=reader,
                query=array(last.query[-1][row, at]),
                keys=array(last.keys[-1][row]),
                values=array(last.values[-1][row]),
                output_gradient=array(by_given[row, at]),
                pooling=None if pooled is None else array(pooled.weights[0][row, :, 0]),
            )
        )
    return array(scores), found


def array(tensor) -> np.ndarray:
    return tensor.detach().numpy()


def maps_of(trace: AttentionTrace, row: int) -> dict[str, np.ndarray]:
    """Return the maps that the app makes of a trace, those from each first layer among them."""
    found = maps_of_trace(trace, row, None)
    for start in range(len(trace.weights[row])):
        later = maps_of_trace(trace, row, start)
        found |= {f"{name} from {start}": later[name] for name in ("relevance", "rollout")}
    return found


def assert_same_map(name: str, found: np.ndarray, expected: np.ndarray) -> None:
    apart = np.abs(found - expected).max()
    assert apart <= WITHIN * np.abs(expected).max(), f"{name}: {apart / np.abs(expected).max():.1e}"


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Networks as small as these are ten times slower in several threads, where others want the processor too."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.fixture(scope="module", params=FAMILIES)
def in_float32(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """Return a tiny model whose attention is spread out."""
    return load(request.param, tmp_path_factory.mktemp(request.param) / "model")


def load(family: str, folder: Path):
    save, scale = FAMILIES[family]
    model = ModelRegistry(Settings(offline=True, device="cpu")).load(str(save(folder, seed=5)))
    scaled(model, scale)
    return model


def scaled(model, scale: float) -> None:
    with torch.no_grad():
        for weight in model._model.parameters():
            if weight.ndim > 1:
                weight.mul_(scale)


@pytest.fixture
def model(in_float32, monkeypatch: pytest.MonkeyPatch):
    return in_double(in_float32, monkeypatch)


def in_double(plain, monkeypatch: pytest.MonkeyPatch):
    """Return a model that computes in double precision, whatever it asks for, and hands over float32."""
    as_float, to_cpu, softmax = torch.Tensor.float, torch.Tensor.cpu, torch.nn.functional.softmax
    is_double = lambda tensor: tensor.dtype == torch.float64  # noqa: E731
    monkeypatch.setattr(torch.Tensor, "float", lambda own: own if is_double(own) else as_float(own))
    monkeypatch.setattr(
        torch.Tensor, "cpu", lambda own: to_cpu(own).to(torch.float32) if is_double(own) else to_cpu(own)
    )
    monkeypatch.setattr(torch.nn.functional, "softmax", lambda x, dim, dtype=None: softmax(x, dim))
    model = with_network(plain, copy.deepcopy(plain._model).double())
    model._compute = copy.copy(plain._compute)
    send, prepare = plain._compute.send, plain.prepare

    def sent(values: np.ndarray):
        tensor = send(values)
        return tensor.double() if tensor.is_floating_point() else tensor

    def prepared(pixels: np.ndarray):
        given = prepare(pixels)
        if hasattr(given, "numpy"):
            return given.double()
        return {name: each.double() if each.is_floating_point() else each for name, each in given.items()}

    monkeypatch.setattr(model._compute, "send", sent)
    monkeypatch.setattr(model, "prepare", prepared)
    return model


def pictures(model) -> FrameBatch:
    batch = frames(90, 160)
    order = [0, 1, 2, 3, 3, 4, 1, 0] if model.spec.window_frames == 4 else [0, 1]
    return replace(batch, pixels=batch.pixels[order], times_s=np.arange(len(order)) / 2)


def the_first(model, batch: FrameBatch) -> FrameBatch:
    own = slice(model.spec.window_frames)
    return replace(batch, pixels=batch.pixels[own], times_s=batch.times_s[own])


def prepared(model, batch: FrameBatch):
    given = model.prepare(batch.pixels)
    return (given if hasattr(given, "numpy") else given["pixel_values"]).double()


def read_at(model, n_rows: int) -> list[int] | None:
    return [0] * n_rows if model.spec.family != "siglip" else None


def both_of_pictures(model, texts: list[str]) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Return all maps beside the slow ones, also those of the opposite, where that is seen which lowers the score."""
    batch, said = pictures(model), model.encode_texts(texts)
    found = []
    for embeddings in (said.embeddings, -said.embeddings):
        trace = model.trace_frames(batch, replace(said, embeddings=embeddings))
        scores, slow = follow(vision_of(model, embeddings), prepared(model, batch), read_at(model, len(batch.pixels)))
        np.testing.assert_allclose(trace.scores[:: model.spec.window_frames], scores, atol=1e-5)
        found += both(trace, slow)
    return found


def both(trace: AttentionTrace, slow: list[Slow]) -> list[tuple[str, np.ndarray, np.ndarray]]:
    found = []
    for row, own in enumerate(slow):
        expected = all_maps(own, trace.cells[row])
        found += [(name, values, expected[name]) for name, values in maps_of(trace, row).items()]
    return found


def largest_of(maps: list[tuple[str, np.ndarray, np.ndarray]]) -> dict[str, float]:
    """Return the largest number of all maps of a name, which says that one of them says something."""
    largest: dict[str, float] = {}
    for name, _, expected in maps:
        largest[name] = max(largest.get(name, 0), float(np.abs(expected).max()))
    assert min(largest.values()) > 1e-6, largest
    return largest


@pytest.mark.parametrize("texts", [SENTENCE, PROMPTS], ids=["sentence", "prompts"])
def test_maps_of_pictures_are_the_papers_formulas_of_the_network_written_out(model, texts: list[str]):
    maps = both_of_pictures(model, texts)
    assert largest_of(maps)
    for name, found, expected in maps:
        assert_same_map(name, found, expected)


def test_maps_of_pictures_in_float32_are_those_in_double_precision(in_float32):
    """But for noise, which is large beside a map that is next to nothing: relative to the largest of its kind."""
    maps = both_of_pictures(in_float32, SENTENCE)
    largest = largest_of(maps)
    for name, found, expected in maps:
        assert np.abs(found - expected).max() < IN_FLOAT32 * largest[name], name


@pytest.mark.parametrize("texts", [["cat"], SENTENCE, PROMPTS], ids=["word", "sentence", "prompts"])
def test_maps_of_words_are_the_papers_formulas_of_the_network_written_out(model, texts: list[str]):
    features = model.encode_frames(the_first(model, pictures(model)))
    maps = []
    for rows in (features.frames, -features.frames):
        seen = replace(features, frames=rows)
        trace = model.trace_texts(texts, seen)
        network, words, ends = texts_of(model, texts, seen)
        score, slow = follow(network, words, ends)
        np.testing.assert_allclose(trace.scores, [score] * len(texts), atol=1e-6)
        maps += both(trace, slow)
    assert largest_of(maps)
    for name, found, expected in maps:
        assert_same_map(name, found, expected)


def test_gradients_by_attention_are_what_moving_a_weight_does_to_the_score(model):
    """Which owes nothing to autograd: the network written out, with one weight a little larger, and smaller."""
    batch, said = pictures(model), model.encode_texts(SENTENCE)
    trace = model.trace_frames(batch, said)
    network, pixels = vision_of(model, said.embeddings), prepared(model, batch)
    random = np.random.default_rng(0)
    n_layers, n_heads, n_queries, n_keys = trace.gradients.shape[1:]
    moved_most = 0.0
    for _ in range(24):
        layer, head, key = (int(random.integers(n)) for n in (n_layers, n_heads, n_keys))
        query = int(random.integers(n_queries)) if layer == 0 or model.spec.family == "siglip" else 0
        with torch.no_grad():
            more, less = (
                float(passed(network, pixels, (layer, head, query, key, by))[1][0].sum()) for by in (1e-5, -1e-5)
            )
        slope = (more - less) / 2e-5
        largest = float(np.abs(trace.gradients[0, layer]).max())
        assert trace.gradients[0, layer, head, query, key] == pytest.approx(slope, abs=1e-4 * largest)
        moved_most = max(moved_most, abs(slope) / largest)
    assert moved_most > 0.1


def by_patch(values: np.ndarray, side: int, n_patches: int) -> np.ndarray:
    """Return sums over every patch, one after another, of ``[row 3 height width]``, or of rows of patches."""
    if values.ndim == 3:
        return values[:, :n_patches].sum(axis=2)
    found = []
    for top in range(0, values.shape[2], side):
        for left in range(0, values.shape[3], side):
            found.append(values[:, :, top : top + side, left : left + side].sum(axis=(1, 2, 3)))
    return np.stack(found, axis=1)


def slope_at(network: Network, x) -> np.ndarray:
    x = x.detach().clone().requires_grad_()
    return array(torch.autograd.grad(passed(network, x)[1][0].sum(), x)[0])


def slow_integral(network: Network, full, empty) -> np.ndarray:
    """Return integrated gradients by the Gauss-Legendre rule, point by point."""
    points, shares = np.polynomial.legendre.leggauss(N_STEPS)
    total = np.zeros(full.shape)
    for point, share in zip((points + 1) / 2, shares / 2, strict=True):
        total += share * slope_at(network, empty + float(point) * (full - empty))
    return array(full - empty) * total


@pytest.mark.parametrize("method", ["ig", "input-x-gradient"])
def test_gradients_of_pixels_are_those_of_the_network_written_out(model, method: str):
    batch, said = pictures(model), model.encode_texts(PROMPTS)
    network, pixels = vision_of(model, said.embeddings), prepared(model, batch)
    if method == "ig":
        by_pixel = slow_integral(network, pixels, pixels * 0)
    else:
        by_pixel = slope_at(network, pixels) * array(pixels)
    rows, columns = model.layout(batch.pixels[:1]).grid
    found, expected = model.frame_gradients(batch, said, method), by_patch(by_pixel, 8, rows * columns)
    for row in range(len(expected)):
        assert_same_map(method, found.values[row], expected[row])
    window = model.spec.window_frames
    np.testing.assert_allclose(found.full[::window], array(passed(network, pixels)[1][0]), atol=1e-6)
    np.testing.assert_allclose(found.empty[::window], array(passed(network, pixels * 0)[1][0]), atol=1e-6)


@pytest.mark.parametrize("method", ["ig", "input-x-gradient"])
@pytest.mark.parametrize("texts", [["cat"], PROMPTS], ids=["word", "prompts"])
def test_gradients_of_words_are_those_of_the_network_written_out(model, method: str, texts: list[str]):
    batch = pictures(model)
    seen = model.encode_frames(the_first(model, batch))
    network, words, _ = texts_of(model, texts, seen)
    cells = model.trace_texts(texts, seen).cells
    empty = words.clone()
    for row, own in enumerate(cells):
        for cell in own:
            empty[row, cell] = 0
    by_number = slow_integral(network, words, empty) if method == "ig" else slope_at(network, words) * array(words)
    found = model.text_gradients(texts, seen, method)
    for row, own in enumerate(cells):
        assert_same_map(method, found.values[row, : len(own)], by_number[row].sum(axis=1)[list(own)])
    np.testing.assert_allclose(found.full, [float(passed(network, words)[1][0])] * len(texts), atol=1e-6)
    np.testing.assert_allclose(found.empty, [float(passed(network, empty)[1][0])] * len(texts), atol=1e-6)


def test_grad_cam_weighs_channels_by_their_mean_gradient(model):
    batch, said = pictures(model), model.encode_texts(SENTENCE)
    pixels = prepared(model, batch).requires_grad_()
    largest = 0.0
    for embeddings in (said.embeddings, -said.embeddings):
        watched, (scores, _) = passed(vision_of(model, embeddings), pixels)
        (slopes,) = torch.autograd.grad(scores.sum(), watched.normed[-1])
        activations, slopes = array(watched.normed[-1]), array(slopes)
        own = replace(said, embeddings=embeddings)
        cells = model.trace_frames(batch, own).cells[0]
        found = model.frame_gradients(batch, own, "gradcam").values
        for row in range(len(batch.pixels)):
            expected = np.zeros(len(cells))
            for channel in range(activations.shape[2]):
                weight = np.mean([slopes[row, cell, channel] for cell in cells])
                expected += [weight * activations[row, cell, channel] for cell in cells]
            assert_same_map("gradcam", found[row], np.maximum(expected, 0))
            largest = max(largest, expected.max())
    assert largest > 1e-6


def smooth(model) -> None:
    """Make patches and words small beside where they stand, so that norms do not turn on their way from nothing."""
    own = model._model
    if hasattr(own, "visual"):
        patches, words = own.visual.conv1.weight, getattr(own, "text", own).token_embedding.weight
    else:
        patches, words = (
            own.vision_model.embeddings.patch_embedding.weight,
            own.text_model.embeddings.token_embedding.weight,
        )
    with torch.no_grad():
        patches.mul_(0.01 if model.spec.family == "xclip" else 0.1)
        words.mul_(0.1)


@pytest.mark.parametrize("family", FAMILIES)
def test_integrated_gradients_of_a_smooth_network_add_up_to_the_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: str
):
    plain = load(family, tmp_path / "model")
    smooth(plain)
    model = in_double(plain, monkeypatch)
    batch, said = pictures(model), model.encode_texts(PROMPTS)
    seen = model.encode_frames(the_first(model, batch))
    found = model.frame_gradients(batch, said, "ig")
    window = model.spec.window_frames
    differences = (found.full - found.empty)[::window]
    assert np.abs(differences).min() > 1e-4
    np.testing.assert_allclose(found.values.reshape(2, -1).sum(axis=1), differences, rtol=1e-3)
    found = model.text_gradients(PROMPTS, seen, "ig")
    difference = float(found.full[0] - found.empty[0])
    assert abs(difference) > 1e-4
    assert found.values.sum() == pytest.approx(difference, rel=1e-3)
