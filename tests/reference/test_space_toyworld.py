"""Planted groups of the toy world: colours and forms in the space of the frame model, actions in that of windows.

Each is looked for in the space as the words see it, which tell it apart; seeds that nothing was trained on.
"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from workbench.analyses.services import Services
from workbench.core.clusters import clustered
from workbench.core.facets import through_words
from workbench.core.probing import linear_probe
from workbench.models.protocol import VideoTextModel
from workbench.settings import Settings
from workbench.toyworld import stills
from workbench.toyworld.seeds import generator
from workbench.toyworld.story import Event, Story, random_story
from workbench.toyworld.training import IMAGE_PX
from workbench.toyworld.vocabulary import COLOURS, SHAPES
from workbench.toyworld.window import SPAN_S, centred_on, cut, frames_of
from workbench.toyworld.window_batches import StoryWindow
from workbench.types.features import VideoFeatures
from workbench.types.video import FrameBatch, SamplingSpec

SEED, N_STILLS, N_WINDOWS = 900, 1_000, 240
ACTIONS = {
    "moves_left": "moves left",
    "moves_right": "moves right",
    "moves_up": "moves up",
    "moves_down": "moves down",
    "grows": "grows",
    "shrinks": "shrinks",
}
_UNSEEN = ("appears", "disappears", "stays_still")


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return Services.create(Settings(home=tmp_path_factory.mktemp("planted"), offline=True, device="cpu"))


def encoded(model: VideoTextModel, pixels: np.ndarray) -> VideoFeatures:
    return model.encode_frames(FrameBatch("planted", SamplingSpec(), pixels, np.arange(len(pixels), dtype=float)))


@pytest.fixture(scope="module")
def objects(services: Services) -> tuple[VideoTextModel, VideoFeatures, np.ndarray, np.ndarray]:
    """Return pictures of one object as the frame model reads them, with its colour and its shape."""
    rng = generator("test", SEED, 7)
    drawn = stills.random_stills(rng, 4 * N_STILLS)
    visible = drawn.objects.is_visible
    alone = np.flatnonzero(visible[:, 0] & (visible.sum(axis=1) == 1))[:N_STILLS]
    model = services.models.load("toyworld-frame")
    features = encoded(model, stills.draw_stills(drawn, IMAGE_PX, rng)[alone])
    return model, features, drawn.attributes[alone, 0, 0], drawn.attributes[alone, 0, 1]


def agreement(cosines: np.ndarray, truth: np.ndarray) -> float:
    return adjusted_rand_score(truth, clustered(through_words(cosines.astype(np.float32))).labels)


def test_colours_and_shapes_are_the_groups_that_their_words_see(objects):
    model, features, colours, shapes = objects
    said = model.encode_texts([f"a {colour} object" for colour in COLOURS])
    assert agreement(model.similarity(features, said).T, colours) >= 0.95
    assert agreement(model.similarity(features, said).T, shapes) < 0.1
    said = model.encode_texts([f"a {shape}" for shape in SHAPES])
    assert agreement(model.similarity(features, said).T, shapes) >= 0.8
    assert agreement(model.similarity(features, said).T, colours) < 0.1


def test_the_groups_of_the_whole_space_are_colour_and_shape_together(objects):
    _, features, colours, shapes = objects
    found = clustered(features.frames)
    inside = found.labels >= 0
    assert inside.mean() > 0.5
    assert adjusted_rand_score((colours * len(SHAPES) + shapes)[inside], found.labels[inside]) >= 0.7


def test_a_linear_probe_reads_colour_and_shape(objects):
    _, features, colours, shapes = objects
    groups = np.arange(len(colours))
    assert linear_probe(features.frames, colours, groups, 0).accuracy >= 0.95
    assert linear_probe(features.frames, shapes, groups, 0).accuracy >= 0.9


@pytest.fixture(scope="module")
def windows() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return windows in which one object alone does one thing, with what it does and the story that each is of."""
    pixels, verbs, stories = [], [], []
    for index in range(400):
        story = random_story(SEED, index, "test")
        for event in story.events:
            if event.verb in ACTIONS and _is_alone(story, event):
                pixels.append(StoryWindow(*cut(story, centred_on(story, event))).pixels(IMAGE_PX))
                verbs.append(event.verb)
                stories.append(index)
        if len(pixels) >= N_WINDOWS:
            break
    return np.stack(pixels), np.array(verbs), np.array(stories)


def _is_alone(story: Story, event: Event) -> bool:
    start_s = centred_on(story, event)
    shown = frames_of(story, start_s)
    n_seen = sum(actor.is_visible[shown].any() for actor in story.actors)
    others = [other for other in story.events if other.end_s > start_s and other.start_s < start_s + SPAN_S]
    is_only = all(other is event or other.verb in _UNSEEN for other in others)
    return n_seen == 1 and is_only and event.end_s - event.start_s > 1.5


def actions_seen(model: VideoTextModel, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the cosines of windows with what may happen in them, and their features: of a frame model, the means."""
    n_windows, n_frames = windows.shape[:2]
    features = encoded(model, windows.reshape(-1, *windows.shape[2:]))
    cosines = model.similarity(features, model.encode_texts([f"an object {verb}" for verb in ACTIONS.values()])).T
    if model.spec.window_frames > 1:
        return cosines, features.frames
    return (
        cosines.reshape(n_windows, n_frames, -1).mean(axis=1),
        features.frames.reshape(n_windows, n_frames, -1).mean(axis=1),
    )


def test_actions_are_groups_for_the_model_of_windows_and_not_for_that_of_frames(services: Services, windows):
    pixels, verbs, stories = windows
    truth = np.unique(verbs, return_inverse=True)[1]
    chance = np.bincount(truth).max() / len(truth)
    by_windows, _ = actions_seen(services.models.load("toyworld-video"), pixels)
    by_frames, pooled = actions_seen(services.models.load("toyworld-frame"), pixels)
    assert agreement(by_windows, truth) >= 0.8
    assert agreement(by_frames, truth) < 0.1
    # Of what the words see, and of the mean of the frames: a probe says the same.
    assert linear_probe(by_windows, truth, stories, 0).accuracy >= 0.9
    assert linear_probe(by_frames, truth, stories, 0).accuracy < chance + 0.15
    assert linear_probe(pooled, truth, stories, 0).accuracy < 0.5
