"""Maps of pictures and sentences: from the network's own traces, cell by cell, kept, and refused in words."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.attribution import QUERY, World, ensemble, refuse
from workbench.analyses.attribute import Attribute
from workbench.analyses.map_methods import METHODS, TRACED
from workbench.analyses.maps import maps_of_trace
from workbench.core import attention
from workbench.errors import InputError, ModelError
from workbench.settings import Settings
from workbench.types.maps import AttentionTrace, Gradients, HeatMaps
from workbench.types.outcome import Progress
from workbench.types.video import FrameBatch, SamplingSpec

AT_S = 10.0


def maps_of(world: World, method: str, model: str = "", **more) -> HeatMaps:
    chosen = {"video": world.toy, "fps": 1.0, "at_s": AT_S} | more
    return world.ask("words", model, method=method, **chosen).result


def picture(world: World, at_s: float = AT_S) -> FrameBatch:
    """Return the one picture that is mapped, decoded here."""
    pixels = world.pixels(world.toy, 1.0)
    return FrameBatch("f" * 64, SamplingSpec(), pixels[int(at_s)][None], np.zeros(1))


def said(world: World, model: str = ""):
    """Return the sentence as one embedding, the mean over the model's prompts."""
    loaded = world.services.models.load(model or world.clip)
    features = loaded.encode_texts([prompt.replace("{}", QUERY) for prompt in loaded.spec.prompts])
    return replace(
        features,
        embeddings=ensemble(
            [replace(features, embeddings=features.embeddings[at][None]) for at in range(len(features.embeddings))]
        ).astype(np.float32),
    )


def test_maps_are_the_papers_formulas_on_the_traces_of_that_picture(world: World):
    trace = world.services.models.load(world.clip).trace_frames(picture(world), said(world))
    weights, gradients, reader = trace.weights[0], trace.gradients[0], trace.reader[0]
    expected = {
        "raw": weights[-1, :, 0].mean(axis=0),
        "rollout": attention.rollout(weights, reader),
        "relevance": attention.relevance(weights, gradients, reader),
        "grad-eclip": attention.grad_eclip(trace.query[0], trace.keys[0], trace.values[0], trace.output_gradient[0]),
        "legrad": np.maximum(trace.early_gradients[0], 0).mean(axis=(0, 1, 2)),
    }
    for method, whole in expected.items():
        found = maps_of(world, method)
        assert (found.method, found.query, found.grid) == (method, QUERY, (4, 4))
        np.testing.assert_allclose(found.values[0], whole[1:], atol=1e-5 * np.abs(whole).max())
        assert found.scores[0] == pytest.approx(trace.scores[0], abs=1e-5)
        assert found.times_s.tolist() == [AT_S]
        assert (found.is_signed, found.is_about_sentence) == (False, method not in ("raw", "rollout"))


def test_the_first_layer_that_counts_can_be_chosen(world: World):
    trace = world.services.models.load(world.clip).trace_frames(picture(world), said(world))
    weights, gradients, reader = trace.weights[0], trace.gradients[0], trace.reader[0]
    late = attention.relevance(weights, gradients, reader, start_layer=1)[1:]
    np.testing.assert_allclose(maps_of(world, "relevance", start_layer=2).values[0], late, atol=1e-5 * late.max())
    assert np.abs(maps_of(world, "relevance").values[0] - late).max() > 0.01 * late.max()
    with pytest.raises(InputError, match="There are 2 layers, counted from 1; begin at one of them, not at 3"):
        maps_of(world, "relevance", start_layer=3)


def a_trace(n_layers: int, n_heads: int = 2, n_tokens: int = 5) -> AttentionTrace:
    """Return a trace of random numbers of an encoder with a class token, which is read."""
    random = np.random.default_rng(n_layers)
    square = (1, n_layers, n_heads, n_tokens, n_tokens)
    weights = random.dirichlet(np.ones(n_tokens), square[:-1]).astype(np.float32)
    gradients, early = random.normal(size=(2, *square)).astype(np.float32)
    query, keys, values, given = (random.normal(size=(1, n, 4)).astype(np.float32) for n in (1, n_tokens, n_tokens, 1))
    reader = np.eye(1, n_tokens, dtype=np.float32)
    scores, cells = np.zeros(1, np.float32), (tuple(range(1, n_tokens)),)
    return AttentionTrace(scores, weights, gradients, early, reader, query, keys, values, given, cells)


def test_in_deep_encoders_relevance_is_of_the_last_layer_alone_and_rollout_of_all():
    for n_layers, first in ((6, 0), (7, 6)):
        trace = a_trace(n_layers)
        share = trace.reader[0].astype(float)
        for layer in range(n_layers - 1, first - 1, -1):
            raised = np.maximum(trace.gradients[0, layer] * trace.weights[0, layer], 0).mean(axis=0)
            share = share + share @ raised
        found = maps_of_trace(trace, 0, None)
        np.testing.assert_allclose(found["relevance"], share[1:], rtol=1e-5)
        other = maps_of_trace(trace, 0, n_layers - 1 - first)["relevance"]
        assert np.abs(other - found["relevance"]).max() > 0.01, "another first layer gives another map"
        assert found["rollout"].tolist() == maps_of_trace(trace, 0, 0)["rollout"].tolist()


def test_heads_add_up_to_the_map_where_the_method_says_so(world: World):
    found = maps_of(world, "legrad")
    assert found.by_head.shape == (1, 2, 4, 16)
    np.testing.assert_allclose(found.by_head[0].mean(axis=(0, 1)), found.values[0], rtol=1e-5)
    raw = maps_of(world, "raw")
    np.testing.assert_allclose(raw.by_head[0, -1].mean(axis=0), raw.values[0], rtol=1e-5)
    assert maps_of(world, "grad-eclip").by_head is None


def painted_over(pixels: np.ndarray, row: int, column: int, rows: int, columns: int) -> np.ndarray:
    """Return a picture one cell of which has its mean colour; the tiny model sees the middle square of it."""
    height, width = pixels.shape[:2]
    left, side = (width - height) / 2, height
    y = [round(side * k / rows) for k in (row, row + 1)]
    x = [round(left + side * k / columns) for k in (column, column + 1)]
    painted = pixels.copy()
    painted[y[0] : y[1], x[0] : x[1]] = pixels.reshape(-1, 3).mean(axis=0).round()
    return painted


def test_occlusion_is_what_the_cosine_loses_without_each_cell(world: World):
    found = maps_of(world, "occlusion")
    rows, columns = found.grid
    frame = picture(world).pixels[0]
    hidden = [
        frame,
        *(painted_over(frame, row, column, rows, columns) for row in range(rows) for column in range(columns)),
    ]
    cosines = world.cosines(world.clip, world.encode(world.clip, np.stack(hidden)), QUERY, [set()])[0]
    np.testing.assert_allclose(found.values[0], cosines[0] - cosines[1:], atol=1e-5)
    assert found.is_signed
    assert np.abs(found.values).max() > 1e-3


def test_dense_similarity_is_the_cosine_of_each_patch_over_their_mean(world: World):
    patches = world.services.models.load(world.clip).encode_patches(picture(world)).patches[0]
    cosines = patches.astype(float) @ said(world).embeddings[0]
    found = maps_of(world, "similarity")
    np.testing.assert_allclose(found.values[0], cosines - cosines.mean(), atol=1e-5)
    assert any("no explanation" in warning for warning in found.warnings)


@pytest.mark.parametrize("method", ["ig", "input-x-gradient", "gradcam"])
def test_gradients_are_those_of_the_picture_with_the_sentence(world: World, method: str):
    model = world.services.models.load(world.clip)
    expected = model.frame_gradients(picture(world), said(world), method).values
    found = maps_of(world, method)
    np.testing.assert_allclose(found.values, expected, atol=1e-4 * np.abs(expected).max())
    cosine = world.cosines(world.clip, model.encode_frames(picture(world)), QUERY, [set()])[0, 0]
    assert found.scores[0] == pytest.approx(cosine, abs=1e-5)


@pytest.mark.parametrize(("off", "said"), [(-0.007, ""), (0.009, "0.009"), (-0.2, "0.200")])
def test_integrated_gradients_that_do_not_add_up_say_so(
    world: World, monkeypatch: pytest.MonkeyPatch, off: float, said: str
):
    """The picture adds 0.4 to a plain one, and a fiftieth of that, 0.008, may be missing."""
    values = np.full((1, 16), (0.4 + off) / 16, np.float32)
    found = Gradients(values, np.array([0.1], np.float32), np.array([0.5], np.float32))
    model = world.services.models.load(world.clip)
    monkeypatch.setattr(model, "frame_gradients", lambda *args: found)
    warnings = [one for one in maps_of(world, "ig", query=f"a cat {off}").warnings if "should sum to" in one]
    assert len(warnings) == bool(said)
    assert all(f"to a plain one, and are off by up to {said}: the cosine bends" in one for one in warnings)


def test_every_method_maps_every_frame_of_a_window(world: World):
    """The tiny X-CLIP reads 4 frames at once; its window nearest to 10 s is that of 8 to 11 s."""
    for method in METHODS:
        found = maps_of(world, method, world.xclip)
        assert found.times_s.tolist() == [8.0, 9.0, 10.0, 11.0]
        assert found.values.shape == (4, found.grid[0] * found.grid[1])
        assert np.isfinite(found.values).all()
        assert len(set(found.scores.tolist())) == 1, "a window has one cosine"
        is_told = "What reaches a frame from the others of its window is not followed back to their patches."
        assert (is_told in found.warnings) == (method in TRACED)
    assert found.between_frames.shape == (2, 4, 4, 4)
    np.testing.assert_allclose(found.between_frames.sum(axis=-1), 1, atol=1e-5)
    assert found.frame_times_s.tolist() == [8.0, 9.0, 10.0, 11.0]


def test_pictures_of_a_span_are_spread_over_it(world: World):
    times_s = maps_of(world, "raw", at_s=None, start_s=4.0, end_s=14.0, pictures=4).times_s
    assert times_s.tolist() == [4.0, 7.0, 10.0, 13.0]
    assert maps_of(world, "raw", at_s=None, start_s=4.0, end_s=7.0).times_s.tolist() == [4.0, 5.0, 6.0]
    inside = maps_of(world, "raw", at_s=None).times_s
    assert 1 <= len(inside) <= 8


def test_maps_are_made_once(world: World, monkeypatch: pytest.MonkeyPatch):
    first = {method: maps_of(world, method) for method in METHODS}
    model = world.services.models.load(world.clip)
    for name in ("trace_frames", "trace_texts", "frame_gradients", "text_gradients", "encode_frames", "encode_patches"):
        monkeypatch.setattr(model, name, refuse)
    for method, before in first.items():
        again = maps_of(world, method)
        np.testing.assert_array_equal(again.values, before.values)
        assert again.word_values is None or again.word_values.tolist() == before.word_values.tolist()


def test_one_trace_serves_all_maps_of_attention(world: World, monkeypatch: pytest.MonkeyPatch):
    maps_of(world, "raw", at_s=17.0)
    monkeypatch.setattr(world.services.models.load(world.clip), "trace_frames", refuse)
    for method in ("relevance", "rollout", "grad-eclip", "legrad"):
        maps_of(world, method, at_s=17.0)


def test_words_have_the_values_of_their_tokens_over_all_prompts(world: World):
    model = world.services.models.load(world.clip)
    features = model.encode_frames(picture(world))
    texts = [prompt.replace("{}", QUERY) for prompt in model.spec.prompts]
    trace, words = model.trace_texts(texts, features), QUERY.split()
    expected = np.zeros(len(words))
    for row, prompt in enumerate(model.spec.prompts):
        whole = attention.relevance(trace.weights[row], trace.gradients[row], trace.reader[row])
        before = 1 + len(prompt[: prompt.index("{}")].split())  # what begins a text is a token, too
        expected += whole[before : before + len(words)] / len(texts)
    found = maps_of(world, "relevance")
    assert [word.label for word in found.words] == words
    np.testing.assert_allclose(found.word_values, expected, atol=1e-5 * np.abs(expected).max())


def test_occlusion_of_words_leaves_one_out(world: World):
    features = world.services.models.load(world.clip).encode_frames(picture(world))
    n_words = len(QUERY.split())
    cosines = world.cosines(world.clip, features, QUERY, [set(), *({word} for word in range(n_words))])[:, 0]
    np.testing.assert_allclose(maps_of(world, "occlusion").word_values, cosines[0] - cosines[1:], atol=1e-5)


@pytest.mark.parametrize("method", ["gradcam", "similarity"])
def test_methods_of_pictures_say_that_they_have_no_map_of_words(world: World, method: str):
    found = maps_of(world, method)
    assert found.word_values is None
    assert f"{METHODS[method].title} has no map of words." in found.warnings


def test_a_first_layer_is_one_of_the_pictures_and_words_count_their_own(world: World):
    """toyworld-frame has 4 layers for pictures and 3 for texts."""
    late = maps_of(world, "relevance", "toyworld-frame", query="a white cross", start_layer=4)
    usual = maps_of(world, "relevance", "toyworld-frame", query="a white cross")
    assert np.abs(late.values - usual.values).max() > 0
    np.testing.assert_array_equal(late.word_values, usual.word_values)


def test_the_best_frame_of_a_window_is_that_of_the_highest_value(world: World):
    found = maps_of(world, "relevance", world.xclip)
    assert found.best == int(found.values.max(axis=1).argmax())
    assert replace(found, scores=np.array([0.1, 0.3, 0.2, 0.0])).best == 1


@pytest.mark.parametrize("method", ["relevance", "grad-eclip", "ig", "occlusion"])
def test_a_sentence_without_words_has_a_map_of_the_picture_alone(world: World, method: str):
    found = maps_of(world, method, "toyworld-frame", query="?!...")
    assert found.word_values is None
    assert np.isfinite(found.values).all()
    assert any("reads no word in the sentence, which has no map" in warning for warning in found.warnings)


def test_what_the_model_does_not_see_and_has_never_read_is_told(world: World):
    """The film is a square and a half, of which the tiny model sees the middle."""
    (unread, cut) = maps_of(world, "legrad", query="a red aardvark", video=world.film, at_s=3.0).warnings
    assert "has never seen “aardvark”" in unread
    assert "sees 67% of the picture; the rest is cut off before, and has no map" in cut
    assert "longer than" in maps_of(world, "legrad", query="a red cat " * 9).warnings[0]


def test_one_word_is_a_sentence(world: World):
    found = maps_of(world, "relevance", query="cat")
    assert [word.label for word in found.words] == ["cat"]
    assert found.word_values.shape == (1,)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (
            {"method": "relevance", "players": "frames"},
            "Players means nothing to the method relevance, only to banzhaf",
        ),
        ({"method": "relevance", "budget": 9}, "Budget means nothing to the method relevance"),
        ({"method": "banzhaf", "evidence": True}, "Evidence means nothing to the method banzhaf, only to methods that"),
        ({"method": "banzhaf", "pictures": 3}, "Pictures means nothing to the method banzhaf"),
        (
            {"method": "ig", "start_layer": 2},
            "ig has no first layer to choose, only relevance and rollout; leave it out",
        ),
        ({"method": "ig", "contrast": "a dog"}, "Another sentence is for the evidence"),
        ({"method": "ig", "evidence": True, "contrast": f" {QUERY.upper()} "}, "The other sentence is the one that is"),
        ({"method": "ig", "absent": "held"}, "A patch has no nearest one in time"),
        ({"method": "ig", "at_s": 99.0}, "There is no frame at 99 s; choose an instant within the"),
        ({"method": "look"}, "Method is 'look'; choose banzhaf, relevance"),
        ({"method": "ig", "pictures": 0}, "Pictures is 0; choose a value from 1 to 32"),
    ],
)
def test_what_would_change_nothing_is_refused(world: World, asked: dict, why: str):
    players = asked.pop("players", "words")
    with pytest.raises(InputError, match=why):
        world.ask(players, **asked)


def test_a_model_that_cannot_be_opened_offers_what_it_can(world: World, monkeypatch: pytest.MonkeyPatch):
    name = "conse-efficientnet-minilm"
    model = world.services.models.load(name)
    with monkeypatch.context() as patch:
        patch.setattr(model, "encode_frames", refuse)  # told before the film is read
        with pytest.raises(ModelError, match=r"cannot be made with ConSE .*choose occlusion, which asks any model"):
            maps_of(world, "relevance", name)
        with pytest.raises(ModelError, match="makes nothing of single patches"):
            maps_of(world, "similarity", name)
    found = maps_of(world, "occlusion", name)
    assert found.values.shape == (1, 49)
    assert np.abs(found.values).max() > 0
    assert found.word_values is not None


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_gradients_are_taken_in_full_precision_whatever_the_model_runs_in(world: World, tmp_path, precision: str):
    from workbench.analyses.services import Services

    services = Services.create(Settings(home=tmp_path, offline=True, device="cpu", precision=precision))
    assert services.models.load(world.clip).spec.precision == precision
    for method in ("relevance", "ig"):
        half = maps_of(world, method, services=services, video=services.library.get(world.toy.id)).values
        whole = maps_of(world, method).values
        np.testing.assert_allclose(half, whole, atol=0.02 * np.abs(whole).max())


def test_progress_is_told_and_work_can_be_stopped(world: World):
    told: list[Progress] = []
    maps_of(world, "legrad", report=told.append, query="a cat")
    assert [(step.done, step.total) for step in told if "Looking into" in step.what] == [(0, 1)]

    class Stopped(Exception):
        pass

    def stop(progress: Progress) -> None:
        if "Looking into" in progress.what:
            raise Stopped

    with pytest.raises(Stopped):
        maps_of(world, "legrad", report=stop, at_s=24.0, query="the dog")


def test_the_answer_is_plain_json_and_a_few_lines(world: World):
    outcome = world.ask("words", video=world.toy, fps=1.0, at_s=AT_S, method="ig")
    told = json.loads(json.dumps(Attribute().as_json(outcome)))
    assert told["method"] == "ig"
    np.testing.assert_allclose(told["values"], outcome.result.values)
    assert told["provenance"]["parameters"]["at_s"] == AT_S
    assert told["evidence"] is None
    lines = Attribute().as_text(outcome).splitlines()
    assert lines[0] == f"{QUERY}: cosine of the sentence with the frame at 0:10.0"
    assert lines[1].startswith("Integrated gradients is strongest in the frame at 0:10.0 in row")
    assert len([line for line in lines if line.startswith("    |")]) == 4
