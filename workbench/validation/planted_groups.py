"""Planted groups of the toy world: are they the groups of the space as the words see it, and what a probe reads.

Separate from what is claimed of it, since the benchmark tells more of the same. Pictures of one object, and windows in
which one object does one thing, of a seed that nothing was trained on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.analyses.services import Services
from workbench.core.clusters import clustered
from workbench.core.facets import through_words
from workbench.core.probing import linear_probe
from workbench.models.protocol import VideoTextModel
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
SEEN_AS = {"colour": [f"a {colour} object" for colour in COLOURS], "shape": [f"a {shape}" for shape in SHAPES]}
"""The words through which each property is seen."""
_UNSEEN = ("appears", "disappears", "stays_still")


@dataclass(frozen=True, eq=False)
class Objects:
    """Pictures of one object as the frame model reads them, with the ``colour`` and the ``shape`` of each."""

    model: VideoTextModel
    features: VideoFeatures
    truth: dict[str, np.ndarray]

    def agreement(self, seen_as: str, name: str) -> float:
        """Return how far the groups of the space, seen through the words of one property, are those of another."""
        cosines = self.model.similarity(self.features, self.model.encode_texts(SEEN_AS[seen_as])).T
        return agreement(cosines, self.truth[name])

    def both(self) -> tuple[float, float]:
        """Return how far the groups of the whole space are colour and shape together, and the share in a group."""
        from sklearn.metrics import adjusted_rand_score

        found = clustered(self.features.frames).labels
        inside, together = found >= 0, self.truth["colour"] * len(SHAPES) + self.truth["shape"]
        return float(adjusted_rand_score(together[inside], found[inside])), float(inside.mean())

    def read(self, name: str) -> float:
        """Return how often a linear probe reads a property right."""
        return linear_probe(self.features.frames, self.truth[name], np.arange(len(self.truth[name])), 0).accuracy


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows in which one object alone does one thing, with the number of what it does and of its story."""

    pixels: np.ndarray
    truth: np.ndarray
    stories: np.ndarray

    @property
    def chance(self) -> float:
        """How often the most frequent action would be right."""
        return float(np.bincount(self.truth).max() / len(self.truth))

    def read(self, seen: np.ndarray) -> float:
        """Return how often a linear probe, held against other stories, reads the action right."""
        return linear_probe(seen, self.truth, self.stories, 0).accuracy


def objects_of(services: Services) -> Objects:
    """Return the pictures of one object."""
    rng = generator("test", SEED, 7)
    drawn = stills.random_stills(rng, 4 * N_STILLS)
    visible = drawn.objects.is_visible
    alone = np.flatnonzero(visible[:, 0] & (visible.sum(axis=1) == 1))[:N_STILLS]
    model = services.models.load("toyworld-frame")
    features = _encoded(model, stills.draw_stills(drawn, IMAGE_PX, rng)[alone])
    return Objects(model, features, {name: drawn.attributes[alone, 0, at] for at, name in enumerate(SEEN_AS)})


def windows_of() -> Windows:
    """Return the windows of one action."""
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
    return Windows(np.stack(pixels), np.unique(verbs, return_inverse=True)[1], np.array(stories))


def agreement(cosines: np.ndarray, truth: np.ndarray) -> float:
    """Return the adjusted Rand index of what is known with the groups of the space seen through words."""
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(truth, clustered(through_words(cosines.astype(np.float32))).labels))


def actions_seen(model: VideoTextModel, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the cosines of windows with what may happen in them, and their features: of a frame model, the means."""
    n_windows, n_frames = windows.shape[:2]
    features = _encoded(model, windows.reshape(-1, *windows.shape[2:]))
    cosines = model.similarity(features, model.encode_texts([f"an object {verb}" for verb in ACTIONS.values()])).T
    if model.spec.window_frames > 1:
        return cosines, features.frames
    return (
        cosines.reshape(n_windows, n_frames, -1).mean(axis=1),
        features.frames.reshape(n_windows, n_frames, -1).mean(axis=1),
    )


def _encoded(model: VideoTextModel, pixels: np.ndarray) -> VideoFeatures:
    return model.encode_frames(FrameBatch("planted", SamplingSpec(), pixels, np.arange(len(pixels), dtype=float)))


def _is_alone(story: Story, event: Event) -> bool:
    start_s = centred_on(story, event)
    shown = frames_of(story, start_s)
    n_seen = sum(actor.is_visible[shown].any() for actor in story.actors)
    others = [other for other in story.events if other.end_s > start_s and other.start_s < start_s + SPAN_S]
    is_only = all(other is event or other.verb in _UNSEEN for other in others)
    return bool(n_seen == 1 and is_only and event.end_s - event.start_s > 1.5)
