"""Windows to learn from: drawn from stories of one split, with sentences and which of them is true of which.

Separate from training because it knows nothing of networks: a batch is pictures, words and truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int8, UInt8

from workbench.toyworld.grammar import Sentence
from workbench.toyworld.seeds import Split, generator
from workbench.toyworld.story import Story, draw_frames, random_story, solo_story
from workbench.toyworld.vocabulary import COLOURS, SHAPES, SPINNABLE
from workbench.toyworld.window import SPAN_S, centred_on, cut, frames_of, judge
from workbench.toyworld.window_sentences import sentences_for, sentences_in_order

UNCLEAR = -1
_PER_STORY = 16
_DURATION_S = (40.0, 80.0)
_IN_ORDER, _IN_ORDER_S = 5_000_000, 4.0
_STEPS = ("moves_left", "moves_right", "moves_up", "moves_down", "grows", "shrinks")
_SPINS = ("spins_clockwise", "spins_anticlockwise")


@dataclass(frozen=True)
class StoryWindow:
    """A piece of a story, long enough to draw and judge the window that begins at ``start_s`` in it."""

    story: Story
    start_s: float
    in_order: bool = False
    """Whether it shows one object that does one thing after another, and nothing else."""

    def sentences(self, rng: np.random.Generator) -> list[Sentence]:
        """Return what is said of the window, true and false, the first of it true where anything is."""
        say_of = sentences_in_order if self.in_order else sentences_for
        return say_of(self.story, self.start_s, rng)

    def pixels(self, size_px: int) -> UInt8[np.ndarray, "frame height width 3"]:
        """Return the frames of the window."""
        return draw_frames(self.story, frames_of(self.story, self.start_s), size_px)

    def judge(self, sentence: Sentence) -> int:
        """Return 1 for true, 0 for false and ``UNCLEAR``."""
        verdict = judge(self.story, sentence, self.start_s)
        return UNCLEAR if verdict is None else int(verdict)


def windows_of(split: Split, seed: int, n_windows: int) -> list[StoryWindow]:
    """Return windows, three in four centred on an event give or take a second, one anywhere; rare verbs as often."""
    found: list[StoryWindow] = []
    for index in range(-(-n_windows // _PER_STORY)):
        story = random_story(seed, index, split, _DURATION_S)
        rng = generator(split, seed, 3_000_000 + index)
        verbs = sorted({event.verb for event in story.events})
        latest_s = story.duration_s - SPAN_S - 1 / story.fps
        for at in range(_PER_STORY):
            start_s = rng.uniform(0, latest_s)
            if at % 4 and verbs:
                verb = verbs[rng.integers(len(verbs))]
                events = [event for event in story.events if event.verb == verb]
                start_s = centred_on(story, events[rng.integers(len(events))]) + rng.uniform(-1, 1)
            found.append(StoryWindow(*cut(story, float(np.clip(start_s, 0, latest_s)))))
    return found[:n_windows]


def windows_in_order(split: Split, seed: int, n_windows: int) -> list[StoryWindow]:
    """Return windows in which one object does two things, one after the other."""
    found = []
    for index in range(n_windows):
        rng = generator(split, seed, _IN_ORDER + index)
        colour, shape = str(rng.choice(list(COLOURS))), str(rng.choice(SHAPES))
        verbs = rng.permutation([*_STEPS, *(_SPINS if shape in SPINNABLE else ())])[:2].tolist()
        story = solo_story(rng, f"toy-order-{seed}-{index:03d}", colour, shape, verbs, _IN_ORDER_S)
        found.append(StoryWindow(story, 0.0, in_order=True))
    return found


@dataclass(frozen=True)
class Said:
    """Sentences about a batch of windows: every window's own, and the first of each window about all of them.

    ``own`` and ``shared`` are 1 for true, 0 for false, ``UNCLEAR`` for what a loss must leave out; column ``k``
    of ``shared`` is the first sentence of window ``k``.
    """

    texts: list[list[str]]
    own: Int8[np.ndarray, "window sentence"]
    shared: Int8[np.ndarray, "window window"]


def say(windows: list[StoryWindow], rng: np.random.Generator) -> Said:
    """Return sentences about the windows with their truth."""
    said = [window.sentences(rng) for window in windows]
    return Said(
        texts=[[sentence.text for sentence in own] for own in said],
        own=np.array([[w.judge(s) for s in own] for w, own in zip(windows, said, strict=True)], np.int8),
        shared=np.array([[w.judge(own[0]) for own in said] for w in windows], np.int8),
    )
