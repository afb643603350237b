"""The shipped toy model that sees motion against the bars it was made for, on seeds it has never seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from workbench import Workbench
from workbench.models.registry import ModelRegistry
from workbench.settings import ASSETS, Settings
from workbench.toyworld.story import random_story
from workbench.toyworld.training import IMAGE_PX
from workbench.toyworld.truth import sentence_of
from workbench.toyworld.video_model import load_frame_model
from workbench.toyworld.window import N_FRAMES, SAMPLE_FPS, centred_on, cut
from workbench.toyworld.window_batches import StoryWindow
from workbench.toyworld.window_exam import examine_windows, scores_of_frame_model, scores_of_video_model
from workbench.types.video import FrameBatch, SamplingSpec

FOLDER = ASSETS / "models" / "toyworld-video"


@pytest.fixture(scope="module")
def model():
    from transformers import XCLIPModel

    return XCLIPModel.from_pretrained(FOLDER, dtype="float32").eval()


def test_it_is_small_and_holds_no_pickle():
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 16 * 2**20
    assert not list(FOLDER.glob("*.bin")) + list(FOLDER.glob("*.pt"))


@pytest.fixture(scope="module")
def marks(model):
    return examine_windows(scores_of_video_model(model))


@pytest.fixture(scope="module")
def blind_marks():
    return examine_windows(scores_of_frame_model(load_frame_model(ASSETS / "models" / "toyworld-frame")))


def test_what_happens_is_told_from_its_opposite(marks):
    for kind in ("direction", "direction (moves)", "direction (spins)"):
        assert marks[kind].share >= 0.90
    assert marks["verb"].share >= 0.90
    assert marks["verb (backwards)"].share >= 0.90
    assert marks["colour"].share >= 0.95
    assert marks["shape"].share >= 0.95


def test_a_model_of_single_frames_is_right_about_half_of_what_is_shown_backwards_and_no_more(marks, blind_marks):
    for kind in ("direction", "direction (moves)", "direction (spins)", "verb (backwards)"):
        assert blind_marks[kind].n_asked == marks[kind].n_asked >= 100
        assert 2 * blind_marks[kind].n_right == pytest.approx(blind_marks[kind].n_asked, abs=2)


def test_the_card_tells_the_figures_of_the_weights_beside_it(marks, blind_marks):
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    for kind, mark in marks.items():
        assert f"| {kind} | {mark.share:.3f} | {blind_marks[kind].share:.3f} | {mark.n_asked} |" in card


def test_of_real_footage_and_of_how_fast_there_is_no_verdict(settings):
    bench = Workbench(replace(settings, device="cpu"))
    real = bench.ground("big-buck-bunny", "a red circle moves left", model="toyworld-video").result
    assert np.isnan(real.p_absent[0])
    assert "no video of the kind" in " ".join(real.warnings)
    asked = ["a red circle moves left", "a red circle moves left slowly"]
    drawn = bench.ground("toy-test-72-002", asked, model="toyworld-video").result
    assert np.isnan(drawn.p_absent).tolist() == [False, True]
    assert "was not measured on sentences with “slowly”" in " ".join(drawn.warnings)
    faster = bench.ground("toy-test-72-002", asked[0], model="toyworld-video", fps=4).result
    assert [absent.kind for absent in (*drawn.absent[:1], *faster.absent)] == ["measured", "estimated"]
    assert "read at 0.5 or 1 or 2 frames a second" in " ".join(faster.warnings)


def test_the_workbench_reads_it_as_it_was_trained(model):
    """The adapter, preprocessing included, against the network that the training examines."""
    story = random_story(3, 0, "test")
    event = next(event for event in story.events if event.verb.startswith("moves"))
    window = StoryWindow(*cut(story, centred_on(story, event)))
    sentence = sentence_of(story, event)
    texts = [sentence.text, "a red circle", "a large blue star spins clockwise quickly"]
    pixels = window.pixels(IMAGE_PX)
    loaded = ModelRegistry(Settings(offline=True, device="cpu")).load("toyworld-video")
    assert (loaded.spec.window_frames, loaded.spec.separable, loaded.spec.frame_independent) == (N_FRAMES, False, False)
    features = loaded.encode_frames(
        FrameBatch("film", SamplingSpec(SAMPLE_FPS), pixels, np.arange(N_FRAMES) / SAMPLE_FPS)
    )
    found = loaded.similarity(features, loaded.encode_texts(texts))[:, 0]
    np.testing.assert_allclose(
        found, scores_of_video_model(model)(pixels, np.arange(N_FRAMES)[None], texts)[0], atol=1e-4
    )


def test_what_frames_show_does_not_hang_on_their_order(model):
    """The examination reads them once and shows them in two orders: here the whole network reads both."""
    story = random_story(3, 0, "test")
    window = StoryWindow(*cut(story, centred_on(story, story.events[0])))
    pixels, texts = window.pixels(IMAGE_PX), ["a red circle moves left", "a red circle moves right"]
    orders = np.stack([np.arange(N_FRAMES), np.arange(N_FRAMES)[::-1], np.roll(np.arange(N_FRAMES), 3)])
    frame_model = load_frame_model(ASSETS / "models" / "toyworld-frame")
    for scores in (scores_of_video_model(model), scores_of_frame_model(frame_model)):
        whole = [scores(pixels[order], np.arange(N_FRAMES)[None], texts)[0] for order in orders]
        np.testing.assert_allclose(scores(pixels, orders, texts), whole, atol=1e-5)
