"""One contract for every model whose cosines can be followed back to patches and words."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from tests import tiny_checkpoints
from tests.every_model import every_model, four_pictures, model_registry, rows  # noqa: F401
from workbench.errors import InputError, ModelError
from workbench.models.protocol import Differentiable, VideoTextModel
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings
from workbench.types.features import TextFeatures, VideoFeatures
from workbench.types.maps import AttentionTrace, Gradients
from workbench.types.video import FrameBatch, SamplingSpec

SENTENCE, PROMPTS = ["a red circle"], ["a red circle", "a photo of the red circle"]
FRAME_METHODS, TEXT_METHODS = ("ig", "input-x-gradient", "gradcam"), ("ig", "input-x-gradient")
PAIRS = [("a red circle", "a green circle"), ("a red circle", "a rex circle"), ("red . red", "red > red")]


@pytest.fixture(name="source")
def followed(model: VideoTextModel):
    if not isinstance(model, Differentiable):
        pytest.skip("declares no gradients")
    return model


def a_row(model, batch: FrameBatch) -> VideoFeatures:
    """Return the features of one picture, or of one window."""
    return model.encode_frames(rows(model, batch, [1]))


def arrays(record: AttentionTrace | Gradients) -> dict[str, np.ndarray]:
    found = {item.name: getattr(record, item.name) for item in fields(record)}
    return {name: value for name, value in found.items() if isinstance(value, np.ndarray)}


def assert_same(found, expected, within: float = 1e-4) -> None:
    """Compare records array by array, each relative to the largest number in it; a cosine near 0 is known no closer."""
    expected = arrays(expected)
    for name, value in arrays(found).items():
        least = 1e-2 if name in ("scores", "empty", "full") else 1e-6
        atol = within * max(float(np.abs(expected[name]).max()), least)
        np.testing.assert_allclose(value, expected[name], rtol=0, atol=atol, err_msg=name)


def cosine_of_texts(model, texts: TextFeatures, seen: VideoFeatures) -> float:
    """Return the cosine of texts, as one sentence, with one row: slowly, where they stand for themselves."""
    if not model.spec.separable:
        return float(np.mean([model.similarity(seen, model.encode_texts([text]))[0, 0] for text in texts.texts]))
    mean = np.mean([said / np.linalg.norm(said) for said in texts.embeddings.astype(np.float64)], axis=0)
    return float(mean @ seen.frames[0] / np.linalg.norm(mean))


@pytest.mark.parametrize("texts", [SENTENCE, PROMPTS], ids=["sentence", "prompts"])
def test_the_scores_of_a_trace_are_the_mean_cosines_of_its_frames(source, batch: FrameBatch, texts: list[str]):
    asked, said = rows(source, batch, [0, 1, 2]), source.encode_texts(texts)
    cosines = source.similarity(source.encode_frames(asked), said)
    expected = np.repeat(cosines.mean(axis=0), source.spec.window_frames)
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(source.trace_frames(asked, said).scores, expected, atol=1e-5)


def test_the_weights_of_a_trace_are_the_attention_of_the_same_frames(source, batch: FrameBatch):
    """All but the answer of a token that only its layer knows, which is dropped, and what fills a picture up."""
    asked = rows(source, batch, [0, 1])
    trace, maps = source.trace_frames(asked, source.encode_texts(SENTENCE)), source.attention(asked)
    n_tokens = maps.weights.shape[-1]
    answering = slice(n_tokens - maps.n_suffix)
    np.testing.assert_allclose(
        trace.weights[..., answering, :n_tokens], maps.weights[..., answering, :], rtol=0, atol=1e-6
    )
    assert not trace.weights[..., answering, n_tokens:].any(), "nobody looks at what fills up"
    assert not trace.weights[..., n_tokens - maps.n_suffix : n_tokens, :].any()
    np.testing.assert_allclose(trace.weights[..., answering, :].sum(axis=-1), 1, atol=1e-5)
    first = maps.n_prefix
    assert trace.cells == (tuple(range(first, first + maps.grid[0] * maps.grid[1])),) * len(asked.times_s)
    layout = source.layout(asked.pixels[:1])
    assert (layout.grid, layout.seen) == (maps.grid, maps.seen)


def test_a_trace_reads_the_output_where_the_model_does(source, batch: FrameBatch):
    asked = rows(source, batch, [0, 1])
    trace = source.trace_frames(asked, source.encode_texts(SENTENCE))
    np.testing.assert_allclose(trace.reader.sum(axis=1), 1, atol=1e-5)
    n_prefix = trace.cells[0][0]
    if n_prefix:
        np.testing.assert_array_equal(trace.reader, np.eye(trace.reader.shape[1])[[0] * len(asked.times_s)])
    else:
        assert (np.ptp(trace.reader[:, list(trace.cells[0])], axis=1) > 1e-3).all()
        assert not trace.reader[:, len(trace.cells[0]) :].any()
        np.testing.assert_allclose(trace.pooling.mean(axis=1), trace.reader, atol=1e-6)


def test_only_the_token_that_is_read_answers_in_the_last_layer_and_all_do_in_the_layers_before(
    source, batch: FrameBatch
):
    """Which proves that gradients begin with the first layer, as weights do."""
    if source.spec.window_frames > 1 or not source.attention(rows(source, batch, [0])).n_prefix:
        pytest.skip("the patches of the last layer are read as well")
    trace = source.trace_frames(rows(source, batch, [0, 1]), source.encode_texts(SENTENCE))
    assert not trace.gradients[:, -1, :, 1:].any()
    assert (np.abs(trace.gradients[:, :-1]).max(axis=(2, 4)) > 0).all()
    # In each layer on its own, too, it is the one token that is read.
    assert not trace.early_gradients[:, :, :, 1:].any()
    assert (np.abs(trace.early_gradients[:, :, :, 0]).max(axis=(2, 3)) > 0).all()
    np.testing.assert_allclose(trace.early_gradients[:, -1], trace.gradients[:, -1], rtol=1e-4, atol=1e-7)
    for early, late in zip(trace.early_gradients[:, 0], trace.gradients[:, 0], strict=True):
        assert not np.allclose(early[:, 0], late[:, 0], rtol=0.1)


def test_gradients_by_weights_and_by_what_they_give_are_two_sides_of_the_same(source, batch: FrameBatch):
    """Scaling a head's weights scales what it gives: by how much that moves the score is the same on either side."""
    trace = source.trace_frames(rows(source, batch, [0, 1]), source.encode_texts(SENTENCE))
    if trace.pooling is None:
        weights, gradients = trace.weights[:, -1, :, 0], trace.gradients[:, -1, :, 0]
    else:
        weights, gradients = trace.pooling, trace.early_gradients[:, -1, :, 0]
    by_weights = (gradients * weights).sum(axis=2)
    n_rows, n_heads, n_keys = weights.shape
    values = trace.values.reshape(n_rows, n_keys, n_heads, -1)
    given = np.einsum("rhk,rkhd->rhd", weights, values)
    by_output = (given * trace.output_gradient[:, 0].reshape(given.shape)).sum(axis=2)
    assert np.abs(by_output).max() > 1e-6
    np.testing.assert_allclose(by_weights, by_output, rtol=1e-3, atol=1e-4 * np.abs(by_output).max())


def test_a_traced_row_does_not_depend_on_the_rows_beside_it(source, batch: FrameBatch):
    said, window = source.encode_texts(SENTENCE), source.spec.window_frames
    together = source.trace_frames(rows(source, batch, [0, 1, 2, 3]), said)
    for picture in (0, 3):
        alone = source.trace_frames(rows(source, batch, [picture]), said)
        own = slice(picture * window, (picture + 1) * window)
        assert_same(alone, AttentionTrace(**{k: v[own] for k, v in arrays(together).items()}, cells=alone.cells))
    for method in FRAME_METHODS:
        together = source.frame_gradients(rows(source, batch, [0, 1, 2, 3]), said, method)
        alone = source.frame_gradients(rows(source, batch, [3]), said, method)
        assert_same(alone, Gradients(**{k: v[-window:] for k, v in arrays(together).items()}))


def test_traces_differ_with_the_sentence(source, batch: FrameBatch):
    asked = rows(source, batch, [0, 1])
    one, other = (source.trace_frames(asked, source.encode_texts([text])) for text in ("a red circle", "the dog"))
    np.testing.assert_allclose(one.weights, other.weights, atol=1e-6)
    for name in ("gradients", "early_gradients", "output_gradient"):
        first, second = getattr(one, name), getattr(other, name)
        assert np.abs(first - second).max() > 0.05 * np.abs(first).max()


def square(model, seed: int = 4) -> np.ndarray:
    """Return a picture of noise that the model takes as it is, nothing resized."""
    side = model.spec.image_px
    return np.random.default_rng(seed).integers(0, 256, (1, side, side, 3), dtype=np.uint8)


def shown(model, pixels: np.ndarray) -> FrameBatch:
    still = pixels.repeat(model.spec.window_frames, axis=0)
    return FrameBatch("f" * 64, SamplingSpec(), still, np.arange(len(still)) / 2)


def patch_of(model, pixels: np.ndarray, cell: int) -> tuple[slice, slice, slice]:
    """Return where a cell of the grid lies in the pixels of a picture that is seen whole."""
    layout = model.layout(pixels)
    assert layout.seen == (0, 0, 1, 1)
    (row, column), side = divmod(cell, layout.grid[1]), pixels.shape[1] // layout.grid[0]
    return slice(None), slice(row * side, (row + 1) * side), slice(column * side, (column + 1) * side)


def key_that_differs(one: AttentionTrace, other: AttentionTrace, token: int) -> int:
    """Return at which key alone the first layer's weights are no multiples of each other, for all tokens but one."""
    weights = [np.delete(trace.weights[0, 0], token, axis=1).astype(np.float64) for trace in (one, other)]
    change = np.zeros(one.weights.shape[-1])
    for first, second in zip(*(each.reshape(-1, len(change)) for each in weights), strict=True):
        seen = (first > 1e-30) & (second > 1e-30)
        if seen.sum() > 2:  # some networks here hardly look at more than one
            ratio = np.log(first[seen]) - np.log(second[seen])
            change[seen] = np.maximum(change[seen], np.abs(ratio - np.median(ratio)))
    assert change.max() > 0.01
    assert (change > 0.05 * change.max()).sum() == 1
    return int(change.argmax())


def test_a_cell_is_the_token_of_the_patch_that_is_painted(source):
    """In the first layer one patch moves one key: all other weights keep their proportions."""
    pixels, said = square(source), source.encode_texts(SENTENCE)
    plain = source.trace_frames(shown(source, pixels), said)
    n_cells = len(plain.cells[0])
    for cell in (0, 1, n_cells // 2 + 1, n_cells - 1):
        painted = pixels.copy()
        painted[patch_of(source, pixels, cell)] ^= 255
        trace = source.trace_frames(shown(source, painted), said)
        token = trace.cells[0][cell]
        assert key_that_differs(plain, trace, token) == token


def pixels_of(prepared):
    return prepared if hasattr(prepared, "numpy") else prepared["pixel_values"]


def with_pixels(prepared, pixels):
    return pixels if hasattr(prepared, "numpy") else {**prepared, "pixel_values": pixels}


def neutral(model) -> np.ndarray:
    """Return a plain picture of the colour that the network is shown as nearly nothing."""
    side = model.spec.image_px
    values = np.stack(
        [
            pixels_of(model.prepare(np.full((model.spec.window_frames, side, side, 3), level, np.uint8)))[0].numpy()
            for level in range(100, 160)
        ]
    )
    # Colours come first, or last where a picture is prepared as a row of patches.
    by_colour = values.reshape(60, 3, -1) if values.ndim == 4 else values.reshape(60, -1, 3).transpose(0, 2, 1)
    colour = 100 + np.abs(by_colour).mean(axis=2).argmin(axis=0).astype(np.uint8)
    return np.broadcast_to(colour, (1, side, side, 3)).copy()


def test_input_times_gradient_is_of_the_one_patch_that_is_there(source, monkeypatch: pytest.MonkeyPatch):
    empty, said, prepare = neutral(source), source.encode_texts(SENTENCE), source.prepare

    def rounded(pixels: np.ndarray):
        prepared = prepare(pixels)
        values = pixels_of(prepared)
        return with_pixels(prepared, values * (values.abs() > 0.02))  # the neutral colour is not quite neutral

    assert not pixels_of(rounded(shown(source, empty).pixels)).any()
    n_cells = source.layout(empty).grid[0] * source.layout(empty).grid[1]
    noise = square(source)
    monkeypatch.setattr(source, "prepare", rounded)
    for cell in (1, n_cells - 2):
        pixels, patch = empty.copy(), patch_of(source, empty, cell)
        pixels[patch] = noise[patch]
        values = source.frame_gradients(shown(source, pixels), said, "input-x-gradient").values
        assert values.shape == (source.spec.window_frames, n_cells)
        assert values[:, cell].all()
        assert not np.delete(values, cell, axis=1).any()


@pytest.mark.parametrize("method", TEXT_METHODS)
def test_gradients_of_frames_tell_the_cosines_of_all_and_of_nothing(source, batch: FrameBatch, method: str):
    asked, said = rows(source, batch, [0, 1]), source.encode_texts(PROMPTS)
    found, window = source.frame_gradients(asked, said, method), source.spec.window_frames
    expected = source.similarity(source.encode_frames(asked), said).mean(axis=0).repeat(window)
    np.testing.assert_allclose(found.full, expected, atol=1e-5)
    assert found.values.shape == (2 * window, len(source.trace_frames(asked, said).cells[0]))
    prepared = source.prepare(asked.pixels)
    raw = source.look(with_pixels(prepared, pixels_of(prepared) * 0)).numpy()
    features = VideoFeatures(
        "f",
        source.spec.id,
        np.arange(2.0),
        *([raw] if source.spec.separable else [raw[:, 0], raw[:, 1:]]),
    )
    lengths = np.linalg.norm(features.frames, axis=1, keepdims=True)
    cosines = source.similarity(replace(features, frames=features.frames / lengths), said)
    np.testing.assert_allclose(found.empty, cosines.mean(axis=0).repeat(window), atol=1e-5)
    assert np.abs(found.full - found.empty).max() > 1e-3


def test_grad_cam_raises_and_knows_of_no_empty_picture(source, batch: FrameBatch):
    found = source.frame_gradients(rows(source, batch, [0, 1, 2]), source.encode_texts(SENTENCE), "gradcam")
    assert (found.empty, found.full) == (None, None)
    assert found.values.min() >= 0
    assert found.values.max() > 0


@pytest.mark.parametrize("texts", [["cat"], SENTENCE, PROMPTS], ids=["word", "sentence", "prompts"])
def test_the_scores_of_traced_texts_are_the_cosine_of_all_of_them_as_one(source, batch: FrameBatch, texts: list[str]):
    seen, said = a_row(source, batch), source.encode_texts(texts)
    expected = cosine_of_texts(source, said, seen)
    trace = source.trace_texts(texts, seen)
    np.testing.assert_allclose(trace.scores, [expected] * len(texts), atol=1e-5)
    for method in TEXT_METHODS:
        found = source.text_gradients(texts, seen, method)
        np.testing.assert_allclose(found.full, [expected] * len(texts), atol=1e-5)
        n_pieces = list(map(len, said.tokens))
        assert list(map(len, trace.cells)) == n_pieces
        assert found.values.shape == (len(texts), max(n_pieces))
        for values, n_own in zip(found.values, n_pieces, strict=True):
            assert np.abs(values[:n_own]).min() > 0
            assert not values[n_own:].any()
        assert abs(found.full[0] - found.empty[0]) > 1e-4


def test_traced_texts_are_read_at_one_token_by_weights_that_sum_to_1(source, batch: FrameBatch):
    trace = source.trace_texts(PROMPTS, a_row(source, batch))
    np.testing.assert_allclose(trace.weights.sum(axis=-1), 1, atol=1e-5)
    np.testing.assert_array_equal(np.sort(trace.reader, axis=1)[:, -2:], [[0, 1], [0, 1]])
    read_at = trace.reader.argmax(axis=1)
    for row, token in enumerate(read_at):
        assert token not in trace.cells[row]
        others = np.delete(np.arange(trace.reader.shape[1]), token)
        assert not trace.gradients[row, -1, :, others].any()
        assert np.abs(trace.gradients[row, 0]).max() > 0
        np.testing.assert_allclose(trace.early_gradients[row, -1], trace.gradients[row, -1], rtol=1e-4, atol=1e-7)


def with_one_piece_changed(model) -> tuple[list[str], int]:
    """Return two texts of as many pieces, of which one differs, and which."""
    for texts in PAIRS:
        said = model.encode_texts(list(texts))
        one, other = said.tokens
        differ = [at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b]
        # Two words that a model does not know are the same to it.
        is_told_apart = not np.allclose(*said.embeddings, atol=1e-3)
        if len(one) == len(other) and len(differ) == 1 and is_told_apart:
            return list(texts), differ[0]
    raise AssertionError("no such texts")


def check_cells_of_texts(model, seen: VideoFeatures) -> None:
    texts, piece = with_one_piece_changed(model)
    one, other = (model.trace_texts([text], seen) for text in texts)
    token = one.cells[0][piece]
    assert one.cells == other.cells
    assert key_that_differs(one, other, token) == token


def test_a_cell_of_a_text_is_the_token_of_the_piece_that_is_changed(source, batch: FrameBatch):
    """In the first layer one piece moves one key: all other weights keep their proportions."""
    check_cells_of_texts(source, a_row(source, batch))


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_pieces_of_a_text_are_found_on_either_side_of_what_fills_it_up(
    tmp_path: Path, batch: FrameBatch, side: str
):
    folder = tiny_checkpoints.save_tiny_siglip(tmp_path / "model")
    config = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**config, "padding_side": side}))
    model = ModelRegistry(Settings(offline=True, device="cpu")).load(str(folder))
    seen = a_row(model, batch)
    check_cells_of_texts(model, seen)
    trace = model.trace_texts(["cat", "a red circle"], seen)
    short, long = trace.cells
    assert short[0] >= long[0]
    assert (short[-1] == long[-1]) == (side == "left")
    assert (short[0] == long[0]) == (side == "right")


def test_grad_cam_has_no_words(source, batch: FrameBatch):
    with pytest.raises(ModelError, match="choose another method for words"):
        source.text_gradients(SENTENCE, a_row(source, batch), "gradcam")


def test_following_cosines_back_changes_nothing_for_others_at_the_same_time(source, batch: FrameBatch):
    asked, said, seen = rows(source, batch, [0, 1]), source.encode_texts(SENTENCE), a_row(source, batch)
    before, weights = source.encode_frames(asked).frames, source.attention(asked).weights
    work = [
        lambda: source.trace_frames(asked, said),
        *(lambda method=method: source.frame_gradients(asked, said, method) for method in FRAME_METHODS),
        lambda: source.trace_texts(SENTENCE, seen),
        # Of as many words and of others: one who reads the other's words is found out.
        *(
            lambda text=text, method=method: source.text_gradients([text], seen, method)
            for text in ("a red circle", "the green cat")
            for method in TEXT_METHODS
        ),
    ]
    alone = [run() for run in work]
    np.testing.assert_array_equal(source.encode_frames(asked).frames, before)
    with ThreadPoolExecutor(6) as threads:
        watched = [(threads.submit(run), own) for _ in range(2) for run, own in zip(work, alone, strict=True)]
        frames = [threads.submit(source.encode_frames, asked) for _ in range(6)]
        texts = [threads.submit(source.encode_texts, SENTENCE) for _ in range(6)]
        maps = [threads.submit(source.attention, asked) for _ in range(3)]
    for watching, own in watched:
        assert_same(watching.result(), own)
    for other in frames:
        np.testing.assert_allclose(other.result().frames, before, atol=1e-5)
    scale = np.abs(said.embeddings).max()
    for other in texts:
        np.testing.assert_allclose(other.result().embeddings, said.embeddings, atol=1e-5 * scale)
    for other in maps:
        np.testing.assert_allclose(other.result().weights, weights, atol=1e-5)
    np.testing.assert_array_equal(source.encode_frames(asked).frames, before)
    np.testing.assert_array_equal(source.encode_texts(SENTENCE).embeddings, said.embeddings)


def test_traces_that_would_fill_the_memory_are_refused_in_words(
    source, batch: FrameBatch, monkeypatch: pytest.MonkeyPatch
):
    asked, said = rows(source, batch, [0]), source.encode_texts(SENTENCE)
    monkeypatch.setattr("workbench.models.differentiable.MAX_ATTENTION_BYTES", 1000)
    with pytest.raises(InputError, match="may be asked for at once; choose a smaller model or a gradient"):
        source.trace_frames(asked, said)


def weights_of(model) -> list[np.ndarray]:
    return [weight.detach().cpu().numpy() for weight in model._model.parameters()]


def test_a_redrawn_model_has_the_same_numbers_in_another_order_and_has_learned_nothing(source, batch: FrameBatch):
    asked, said = rows(source, batch, [0, 1, 2]), source.encode_texts(SENTENCE)
    before = [weight.copy() for weight in weights_of(source)]
    plain = source.encode_frames(asked).frames
    drawn = source.redrawn(1)
    assert drawn.spec == replace(source.spec, revision=drawn.spec.revision)
    assert drawn.spec.revision not in (source.spec.revision, source.redrawn(2).spec.revision)
    assert isinstance(drawn, Differentiable)
    for own, new in zip(before, weights_of(drawn), strict=True):
        np.testing.assert_array_equal(np.sort(new, axis=None), np.sort(own, axis=None))
        assert new.shape == own.shape
        if len(np.unique(own)) > 100:
            assert (new != own).mean() > 0.3  # many weights of the toy models are 0, here as there
    for own, after in zip(before, weights_of(source), strict=True):
        np.testing.assert_array_equal(after, own)
    np.testing.assert_array_equal(source.encode_frames(asked).frames, plain)
    features = drawn.encode_frames(asked)
    assert np.abs(features.frames - plain).max() > 0.05
    np.testing.assert_allclose(source.redrawn(1).encode_frames(asked).frames, features.frames, atol=1e-6)
    assert np.abs(source.redrawn(2).encode_frames(asked).frames - features.frames).max() > 0.05
    cosines = drawn.similarity(features, said)[0].repeat(source.spec.window_frames)
    np.testing.assert_allclose(drawn.trace_frames(asked, said).scores, cosines, atol=1e-5)
    np.testing.assert_allclose(drawn.frame_gradients(asked, said, "input-x-gradient").full, cosines, atol=1e-5)
    seen = a_row(drawn, batch)
    expected = cosine_of_texts(drawn, drawn.encode_texts(PROMPTS), seen)
    np.testing.assert_allclose(drawn.trace_texts(PROMPTS, seen).scores, [expected] * 2, atol=1e-5)


def test_words_of_another_librarys_text_encoder_have_no_map_and_pictures_have(tmp_path: Path, batch: FrameBatch):
    folder = tiny_checkpoints.save_tiny_open_clip_bert(tmp_path / "model")
    model = ModelRegistry(Settings(offline=True, device="cpu")).load(str(folder))
    asked, said = rows(model, batch, [0, 1]), model.encode_texts(SENTENCE)
    cosines = model.similarity(model.encode_frames(asked), said)[0]
    np.testing.assert_allclose(model.trace_frames(asked, said).scores, cosines, atol=1e-5)
    seen = a_row(model, batch)
    with pytest.raises(ModelError, match="words have no map by this method; occlusion and Banzhaf have one"):
        model.trace_texts(SENTENCE, seen)
    with pytest.raises(ModelError, match="words have no map by this method; occlusion and Banzhaf have one"):
        model.text_gradients(SENTENCE, seen, "ig")


def test_cosines_are_followed_back_in_float32_also_where_features_are_in_16_bits(tmp_path: Path, batch: FrameBatch):
    folder = str(tiny_checkpoints.save_tiny_clip(tmp_path / "model"))
    exact = ModelRegistry(Settings(offline=True, device="cpu")).load(folder)
    model = ModelRegistry(Settings(offline=True, device="cpu", precision="bfloat16")).load(folder)
    assert (model.spec.precision, exact.spec.precision) == ("bfloat16", "float32")
    asked, said, seen = rows(exact, batch, [0, 1]), exact.encode_texts(SENTENCE), a_row(exact, batch)
    assert_same(model.trace_frames(asked, said), exact.trace_frames(asked, said), 1e-5)
    assert_same(model.trace_texts(SENTENCE, seen), exact.trace_texts(SENTENCE, seen), 1e-5)
    for method in TEXT_METHODS:
        assert_same(model.frame_gradients(asked, said, method), exact.frame_gradients(asked, said, method), 1e-5)
        assert_same(model.text_gradients(SENTENCE, seen, method), exact.text_gradients(SENTENCE, seen, method), 1e-5)
