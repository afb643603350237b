"""Examines models on windows they have never seen: which edits of what happens they tell from the truth.

Separate from the examination on frames because the question is another: half of what is changed here cannot be
seen in any one frame. A model is a function from a window and sentences to scores, so that one that sees motion
and one that cannot are measured in the same way. What frames show is read once, in whatever orders they are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from jaxtyping import Float32, Int, UInt8
from transformers import CLIPModel, XCLIPModel

from workbench.toyworld import grammar, truth
from workbench.toyworld.exam import Mark
from workbench.toyworld.grammar import Sentence
from workbench.toyworld.seeds import generator
from workbench.toyworld.story import Event, Story, random_story
from workbench.toyworld.tokens import OF_FRAMES, OF_WINDOWS
from workbench.toyworld.training import IMAGE_PX, cosine_of, to_network
from workbench.toyworld.video_model import FrameFacts, embed_texts, embed_windows, frame_facts
from workbench.toyworld.video_model import cosine_of as window_cosine_of
from workbench.toyworld.vocabulary import VERBS
from workbench.toyworld.window import N_FRAMES, centred_on, cut, judge
from workbench.toyworld.window_batches import StoryWindow, windows_in_order

Scores = Callable[
    [UInt8[np.ndarray, "frame height width 3"], Int[np.ndarray, "order frame"], list[str]],
    Float32[np.ndarray, "order sentence"],
]
"""How well each sentence fits the frames of a window, shown in each of some orders."""

_PER_STORY = 8
_BOTH_WAYS = np.stack([np.arange(N_FRAMES), np.arange(N_FRAMES)[::-1]])
_REVERSIBLE = tuple(verb for verb in VERBS if verb not in ("bounces", "stays_still", "changes_colour"))


def examine_windows(scores: Scores, n_windows: int = 512, seed: int = 0) -> dict[str, Mark]:
    """Return one mark per kind of edit, over windows of the test split that are centred on an event.

    Every verb is asked as often as the others, as far as it happens. Where the edit is what happens when the
    window is shown backwards, it is shown backwards, too: there the edit must win. Whoever cannot see order
    is right about one of the two at most, that is, about half. ``direction`` is also told apart by what moves
    how: ``direction (moves)``, of which those towards and away from another object are a part, and
    ``direction (spins)``. Of the verbs, those whose opposite is the window shown backwards are told apart, too:
    ``verb (backwards)``; to bounce and to stay still look the same either way. ``order`` is asked of as many other
    windows, in which one object does one thing after another.
    """
    right: dict[str, list[bool]] = {}
    for index in range(-(-n_windows // _PER_STORY)):
        story = random_story(seed, index, "test")
        rng = generator("test", seed, 4_000_000 + index)
        for event in _events(story, rng):
            window = StoryWindow(*cut(story, centred_on(story, event)))
            for kind, is_right in _answers(scores, window, event, truth.sentence_of(story, event), rng):
                right.setdefault(kind, []).append(is_right)
    for window in windows_in_order("test", seed, n_windows):
        clauses = tuple(truth.sentence_of(window.story, event).clauses[0] for event in window.story.events)
        texts = [Sentence("order", clauses=told).text for told in (clauses, clauses[::-1])]
        [said] = scores(window.pixels(IMAGE_PX), _BOTH_WAYS[:1], texts)
        right.setdefault("order", []).append(bool(said[0] > said[1]))
    return {kind: Mark(kind, int(np.sum(marks)), len(marks)) for kind, marks in sorted(right.items())}


def _events(story: Story, rng: np.random.Generator) -> list[Event]:
    """Return events of the story, each verb as likely as another."""
    verbs = sorted({event.verb for event in story.events})
    chosen = []
    for _ in range(_PER_STORY if verbs else 0):
        verb = verbs[rng.integers(len(verbs))]
        events = [event for event in story.events if event.verb == verb]
        chosen.append(events[rng.integers(len(events))])
    return chosen


def _answers(
    scores: Scores, window: StoryWindow, event: Event, sentence: grammar.Sentence, rng: np.random.Generator
) -> Iterator[tuple[str, bool]]:
    """Yield the kind of each edit that is false of the window, and whether it scored strictly below the truth."""
    if not judge(window.story, sentence, window.start_s):
        return
    edits = [
        edit for edit in grammar.edits(sentence, rng) if judge(window.story, edit.sentence, window.start_s) is False
    ]
    texts = [sentence.text, *(edit.text for edit in edits)]
    said, said_backwards = scores(window.pixels(IMAGE_PX), _BOTH_WAYS, texts)
    for at, edit in enumerate(edits, 1):
        answers = [said[0] > said[at]]
        part = f"direction ({event.verb.split('_')[0]})" if edit.kind == "direction" else ""
        if event.verb in _REVERSIBLE and edit.kind in ("direction", "verb"):
            answers.append(said_backwards[at] > said_backwards[0])
            part = part or "verb (backwards)"
        for answer in answers:
            yield edit.kind, bool(answer)
            if part:
                yield part, bool(answer)


def scores_of_video_model(model: XCLIPModel) -> Scores:
    """Return the cosine of a window with each sentence read against it."""

    @torch.inference_mode()
    def scores(pixels: np.ndarray, orders: np.ndarray, texts: list[str]) -> np.ndarray:
        # The vision tower does not know which frame comes first: frames send each other messages without a place.
        facts = frame_facts(model, to_network(pixels)[None])
        ordered = FrameFacts(facts.frames[0, torch.from_numpy(orders)], facts.patches.expand(len(orders), -1, -1))
        windows, context = embed_windows(model, ordered)
        said = embed_texts(model, *map(torch.from_numpy, OF_WINDOWS.encode(texts)))
        return window_cosine_of(model, windows, context, said.expand(len(orders), -1, -1)).numpy()

    return scores


def scores_of_frame_model(model: CLIPModel) -> Scores:
    """Return the cosine of the mean of the frames with each sentence."""

    @torch.inference_mode()
    def scores(pixels: np.ndarray, orders: np.ndarray, texts: list[str]) -> np.ndarray:
        cosine = cosine_of(model, to_network(pixels), *map(torch.from_numpy, OF_FRAMES.encode(texts)))
        return cosine[torch.from_numpy(orders)].mean(1).numpy()

    return scores
