"""One contract for every model that can be loaded here, the bundled, the tiny and the template alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.every_model import READY, TEXTS, TINY, every_model, four_pictures, model_registry, rows  # noqa: F401
from tests.tiny_checkpoints import save_tiny_clip
from workbench.errors import InputError
from workbench.models import adapter_template, builtin
from workbench.models.protocol import AttentionSource, Differentiable, PatchFeatures, VideoTextModel
from workbench.models.registry import ModelRegistry
from workbench.settings import Settings
from workbench.types.video import FrameBatch, SamplingSpec


def test_is_the_protocol_and_says_what_it_is(model: VideoTextModel):
    assert isinstance(model, VideoTextModel)
    spec = model.spec
    assert spec.id
    assert spec.title
    assert spec.family
    assert spec.revision
    assert spec.preprocessing
    assert spec.licence
    assert spec.n_parameters > 0
    assert spec.logit_scale > 0
    assert all(prompt.count("{}") == 1 for prompt in spec.prompts)
    assert len(spec.distractors) >= 8
    assert len(set(spec.distractors)) == len(spec.distractors)


def test_frames_become_unit_rows_that_are_finite_and_differ(model: VideoTextModel, batch: FrameBatch):
    asked = rows(model, batch, [0, 1, 2, 3])
    features = model.encode_frames(asked)
    assert features.frames.shape == (4, model.spec.dim)
    assert features.frames.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(features.frames, axis=1), 1, atol=1e-5)
    windows_s = asked.times_s.reshape(4, model.spec.window_frames)
    np.testing.assert_array_equal(features.times_s, (windows_s[:, 0] + windows_s[:, -1]) / 2)
    assert (features.video_id, features.model_id) == (batch.video_id, model.spec.id)
    similarity = features.frames @ features.frames.T
    assert similarity[~np.eye(4, dtype=bool)].max() < 0.99999


def test_texts_become_rows_that_are_finite_and_differ(model: VideoTextModel):
    features = model.encode_texts(TEXTS)
    assert features.embeddings.shape == (3, model.spec.dim)
    assert features.embeddings.dtype == np.float32
    assert np.isfinite(features.embeddings).all()
    lengths = np.linalg.norm(features.embeddings, axis=1)
    if model.spec.separable:
        np.testing.assert_allclose(lengths, 1, atol=1e-5)
    assert features.texts == tuple(TEXTS)
    assert [len(row) for row in (features.tokens, features.unknown_words, features.is_truncated)] == [3, 3, 3]
    assert list(map(len, features.spans)) == list(map(len, features.tokens))
    for text, spans in zip(features.texts, features.spans, strict=True):
        assert all(0 <= start <= stop <= len(text) for start, stop in spans)
        assert list(spans) == sorted(spans)
    assert (features.embeddings[0] @ features.embeddings[1:].T / lengths[0] / lengths[1:]).max() < 0.99999


def test_the_same_input_gives_the_same_output(model: VideoTextModel, batch: FrameBatch):
    asked = rows(model, batch, [0, 1])
    # To rounding: how many rows are encoded at once is measured, and may differ from call to call.
    np.testing.assert_allclose(model.encode_frames(asked).frames, model.encode_frames(asked).frames, atol=1e-6)
    np.testing.assert_allclose(model.encode_texts(TEXTS).embeddings, model.encode_texts(TEXTS).embeddings, 1e-4, 1e-5)


def test_a_text_does_not_depend_on_the_texts_beside_it(model: VideoTextModel):
    together = model.encode_texts(TEXTS).embeddings
    alone = np.concatenate([model.encode_texts([text]).embeddings for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_rows_do_not_depend_on_the_rows_beside_them(model: VideoTextModel, batch: FrameBatch):
    together = model.encode_frames(rows(model, batch, [0, 1, 2, 3])).frames
    alone = [model.encode_frames(rows(model, batch, [i])).frames for i in range(4)]
    np.testing.assert_allclose(together, np.concatenate(alone), atol=1e-5)
    shuffled = model.encode_frames(rows(model, batch, [3, 0, 1, 2])).frames
    np.testing.assert_allclose(shuffled, together[[3, 0, 1, 2]], atol=1e-5)


def test_frames_depend_on_the_frames_of_their_window_only_where_declared(model: VideoTextModel, batch: FrameBatch):
    spec = model.spec
    assert spec.frame_independent == (spec.window_frames == 1)
    asked = rows(model, batch, [0])
    turned = replace(asked, pixels=asked.pixels[::-1].copy())
    is_same = np.allclose(model.encode_frames(asked).frames, model.encode_frames(turned).frames, atol=1e-5)
    assert is_same == spec.frame_independent


def test_a_long_film_is_the_same_in_one_piece(model: VideoTextModel, batch: FrameBatch):
    pictures = [i % 4 for i in range(34)]
    expected = model.encode_frames(rows(model, batch, [0, 1, 2, 3])).frames[pictures]
    np.testing.assert_allclose(model.encode_frames(rows(model, batch, pictures)).frames, expected, atol=1e-5)


def test_similarity_is_the_cosine_of_rows_that_stand_alone(model: VideoTextModel, batch: FrameBatch):
    video, text = model.encode_frames(rows(model, batch, [0, 1, 2])), model.encode_texts(TEXTS)
    found = model.similarity(video, text)
    assert found.shape == (3, 3)
    assert found.dtype == np.float32
    assert np.abs(found).max() <= 1 + 1e-5
    assert (video.context is None) == model.spec.separable
    if model.spec.separable:
        slow = [[float(np.dot(row, said)) for row in video.frames] for said in text.embeddings]
        np.testing.assert_allclose(found, slow, atol=1e-5)


def test_score_is_the_cosine_of_the_mean_frame(model: VideoTextModel, batch: FrameBatch):
    video, text = model.encode_frames(rows(model, batch, [0, 1, 2, 3])), model.encode_texts(TEXTS)
    scores = model.score(video, text)
    assert scores.shape == (3,)
    assert scores.dtype == np.float32
    if model.spec.separable:
        mean = video.frames.astype(np.float64).mean(axis=0)
        for score, embedding in zip(scores, text.embeddings, strict=True):
            assert score == pytest.approx(embedding @ mean / np.linalg.norm(mean), abs=1e-5)


def test_an_absent_mask_that_is_empty_changes_nothing(model: VideoTextModel):
    plain = model.encode_texts(TEXTS)
    nothing = np.zeros((3, max(map(len, plain.tokens))), dtype=bool)
    np.testing.assert_array_equal(model.encode_texts(TEXTS, nothing).embeddings, plain.embeddings)


def test_an_absent_token_changes_its_text_and_no_other(model: VideoTextModel):
    plain = model.encode_texts(TEXTS)
    absent = np.zeros((3, max(map(len, plain.tokens))), dtype=bool)
    absent[0, plain.tokens[0].index("red") if "red" in plain.tokens[0] else 1] = True
    masked = model.encode_texts(TEXTS, absent)
    assert masked.tokens == plain.tokens
    lengths = np.linalg.norm(masked.embeddings[0]) * np.linalg.norm(plain.embeddings[0])
    assert masked.embeddings[0] @ plain.embeddings[0] / lengths < 0.99999
    np.testing.assert_allclose(masked.embeddings[1:], plain.embeddings[1:], atol=1e-6)


def test_what_an_absent_token_says_no_longer_matters(model: VideoTextModel):
    texts = ["a red circle", "a green circle"]
    tokens = model.encode_texts(texts).tokens
    if len(tokens[0]) != len(tokens[1]):
        pytest.skip("the two words have different numbers of pieces in this model's vocabulary")
    absent = np.zeros((2, len(tokens[0])), dtype=bool)
    differ = [i for i, (one, other) in enumerate(zip(*tokens, strict=True)) if one != other]
    absent[:, differ] = True
    red, green = model.encode_texts(texts, absent).embeddings
    np.testing.assert_allclose(red, green, atol=1e-6 * np.linalg.norm(red))


def test_no_texts_give_no_rows(model: VideoTextModel):
    features = model.encode_texts([])
    assert features.embeddings.shape == (0, model.spec.dim)
    assert features.tokens == ()


def test_a_very_long_text_is_cut_and_says_so_or_is_read_whole(model: VideoTextModel):
    long, short = model.encode_texts(["cat " * 600, "cat"]).is_truncated
    assert not short
    if long:
        one, other = model.encode_texts(["cat " * 600 + "red", "cat " * 600 + "dog"]).embeddings
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_capability_is_declared_exactly_where_it_is(model: VideoTextModel):
    kinds = {"attention": AttentionSource, "differentiable": Differentiable, "patches": PatchFeatures}
    assert model.spec.capabilities == {name for name, kind in kinds.items() if isinstance(model, kind)}
    families = {family.name: family for family in (*builtin.FAMILIES, adapter_template.FAMILY)}
    assert model.spec.capabilities <= families[model.spec.family].capabilities


def test_patches_are_unit_rows_in_the_space_of_texts_that_differ(model: VideoTextModel, batch: FrameBatch):
    if not isinstance(model, PatchFeatures):
        pytest.skip("declares no patches")
    asked = rows(model, batch, [0, 1, 2, 3])
    maps = model.encode_patches(asked)
    assert maps.patches.shape == (len(asked.times_s), maps.grid[0] * maps.grid[1], model.spec.dim)
    assert maps.patches.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(maps.patches, axis=2), 1, atol=1e-5)
    np.testing.assert_array_equal(maps.times_s, asked.times_s)
    assert (maps.video_id, maps.model_id) == (batch.video_id, model.spec.id)
    for frame in maps.patches:
        assert (frame @ frame.T)[~np.eye(len(frame), dtype=bool)].max() < 0.99999
    alone = [model.encode_patches(rows(model, batch, [i])).patches for i in range(4)]
    np.testing.assert_allclose(maps.patches, np.concatenate(alone), atol=1e-5)


def still(model: VideoTextModel, pixels: np.ndarray) -> FrameBatch:
    """Return pictures that each stand still for as long as the model looks at once."""
    shown = pixels.repeat(model.spec.window_frames, axis=0)
    return FrameBatch("f" * 64, SamplingSpec(), shown, np.arange(len(shown)) / 2)


def span_of(maps, index: int) -> tuple[slice, slice]:
    """Return how the pixels of a patch are taken from a frame, by what the record says of grid and frame."""
    top, left, bottom, right = maps.seen
    (row, column), (n_rows, n_columns) = divmod(index, maps.grid[1]), maps.grid
    y = [round(HEIGHT * (top + (bottom - top) * k / n_rows)) for k in (row, row + 1)]
    x = [round(WIDTH * (left + (right - left) * k / n_columns)) for k in (column, column + 1)]
    return slice(*y), slice(*x)


HEIGHT, WIDTH = 72, 112


def test_a_corner_that_is_painted_changes_the_patch_at_that_corner_most(model: VideoTextModel):
    """Which proves the order of the grid, and where it lies on the frame."""
    if not isinstance(model, PatchFeatures):
        pytest.skip("declares no patches")
    pixels = np.random.default_rng(3).integers(0, 256, (12, 9, 14, 3), dtype=np.uint8).repeat(8, 1).repeat(8, 2)
    maps = model.encode_patches(still(model, pixels))
    n_rows, n_columns = maps.grid
    for corner in (0, n_columns - 1, (n_rows - 1) * n_columns, n_rows * n_columns - 1):
        painted = pixels.copy()
        painted[:, *span_of(maps, corner)] ^= 255
        changed = 1 - (model.encode_patches(still(model, painted)).patches * maps.patches).sum(axis=2).mean(axis=0)
        assert changed.argmax() == corner


def test_what_lies_outside_of_what_is_seen_changes_nothing(model: VideoTextModel):
    if not isinstance(model, PatchFeatures):
        pytest.skip("declares no patches")
    pixels = np.random.default_rng(3).integers(0, 256, (2, 9, 14, 3), dtype=np.uint8).repeat(8, 1).repeat(8, 2)
    maps = model.encode_patches(still(model, pixels))
    outside = np.ones((HEIGHT, WIDTH), dtype=bool)
    top, left, bottom, right = (
        round(part * side) for part, side in zip(maps.seen, (HEIGHT, WIDTH, HEIGHT, WIDTH), strict=True)
    )
    reach = 8  # pixels that resizing mixes into their neighbours
    outside[max(0, top - reach) : bottom + reach, max(0, left - reach) : right + reach] = False
    painted = pixels.copy()
    painted[:, outside] ^= 255
    assert outside.any() == (maps.seen != (0, 0, 1, 1))
    np.testing.assert_allclose(model.encode_patches(still(model, painted)).patches, maps.patches, atol=1e-5)


def test_attention_is_a_distribution_over_keys_in_every_layer_and_head(model: VideoTextModel, batch: FrameBatch):
    if not isinstance(model, AttentionSource):
        pytest.skip("declares no attention")
    asked = rows(model, batch, [0, 1, 2, 3])
    maps = model.attention(asked)
    n_tokens = maps.n_prefix + maps.grid[0] * maps.grid[1] + maps.n_suffix
    assert maps.weights.shape[3:] == (n_tokens, n_tokens)
    assert maps.weights.shape[:3] == (len(asked.times_s), model.shape.n_layers, model.shape.n_heads)
    if model.spec.id.startswith("/"):
        assert maps.weights.shape[1:3] == (2, 4)  # as the tiny checkpoints are made
    assert maps.weights.dtype == np.float32
    assert maps.weights.min() >= 0
    np.testing.assert_allclose(maps.weights.sum(axis=4), 1, atol=1e-4)
    np.testing.assert_array_equal(maps.times_s, asked.times_s)
    assert not np.allclose(maps.weights[:, 0], maps.weights[:, 1], atol=1e-3)
    alone = [model.attention(rows(model, batch, [i])).weights for i in range(4)]
    np.testing.assert_allclose(maps.weights, np.concatenate(alone), atol=1e-4)


def test_looking_at_attention_changes_nothing_for_others_at_the_same_time(model: VideoTextModel, batch: FrameBatch):
    if not isinstance(model, AttentionSource):
        pytest.skip("declares no attention")
    asked = rows(model, batch, [0, 1, 2, 3])
    before, weights = model.encode_frames(asked).frames, model.attention(asked).weights
    with ThreadPoolExecutor(4) as threads:
        others = [threads.submit(model.encode_frames, asked) for _ in range(8)]
        watched = [threads.submit(model.attention, asked) for _ in range(4)]
        others += [threads.submit(model.encode_frames, asked) for _ in range(8)]
    for other in others:
        np.testing.assert_allclose(other.result().frames, before, atol=1e-4)
    for watching in watched:
        np.testing.assert_allclose(watching.result().weights, weights, atol=1e-4)
    np.testing.assert_array_equal(model.encode_frames(asked).frames, before)


def test_attention_that_would_fill_the_memory_is_refused_in_words(
    model: VideoTextModel, batch: FrameBatch, monkeypatch: pytest.MonkeyPatch
):
    if not isinstance(model, AttentionSource):
        pytest.skip("declares no attention")
    monkeypatch.setattr("workbench.models.vision.MAX_ATTENTION_BYTES", 1000)
    with pytest.raises(InputError, match="may be asked for at once; ask for fewer frames"):
        model.attention(rows(model, batch, [0]))


def test_the_same_files_give_the_same_spec(tmp_path: Path):
    folder = save_tiny_clip(tmp_path / "one")
    settings = Settings(offline=True, device="cpu")
    first = ModelRegistry(settings).load(str(folder)).spec
    assert ModelRegistry(settings).load(str(folder)).spec == first
    assert hash(first) == hash(ModelRegistry(settings).load(str(folder)).spec)
    other = ModelRegistry(settings).load(str(save_tiny_clip(tmp_path / "two", seed=3))).spec
    assert other.revision != first.revision
    assert other.preprocessing == first.preprocessing
