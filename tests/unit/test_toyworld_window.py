"""What is true of a window, against cases made by hand and against the frames themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from workbench.toyworld import truth
from workbench.toyworld.grammar import Clause, Noun, Sentence
from workbench.toyworld.render import random_background
from workbench.toyworld.story import Actor, Event, Story, draw_frames, random_story
from workbench.toyworld.vocabulary import COLOURS
from workbench.toyworld.window import N_FRAMES, SPAN_S, centred_on, cut, frames_of, judge
from workbench.toyworld.window_batches import UNCLEAR, say, windows_of
from workbench.toyworld.window_exam import examine_windows
from workbench.toyworld.window_sentences import N_SENTENCES

RED_CIRCLE = Noun("red", "circle")


def actor(colour: str, shape: str, first_s: float, last_s: float, x: np.ndarray) -> Actor:
    n = len(x)
    seen = (np.arange(n) >= round(first_s * 10)) & (np.arange(n) < round(last_s * 10))
    still = np.full(n, 0.5)
    rgb = np.tile(np.array(COLOURS[colour]) / 255, (n, 1))
    code = np.full(n, list(COLOURS).index(colour))
    return Actor(shape, code, rgb, x, still.copy(), np.full(n, 0.12), np.zeros(n), seen)


@pytest.fixture(scope="module")
def story() -> Story:
    """Return twenty seconds: a red circle comes at 2, moves left from 5 to 7, and goes at 16; a blue ring rests."""
    at_s = np.arange(200) / 10
    moving = np.interp(at_s, [5, 7], [0.7, 0.3])
    events = [
        Event(0, "appears", 2.0, 3.0),
        Event(0, "moves_left", 5.0, 7.0, manner="slowly"),
        Event(1, "stays_still", 10.0, 13.0),
        Event(0, "disappears", 15.5, 16.5),
    ]
    actors = [actor("red", "circle", 2, 16, moving), actor("blue", "ring", 0, 20, np.full(200, 0.9))]
    background = random_background(np.random.default_rng(0), 1)
    return Story("by-hand", 200, actors, events, background, np.ones(200))


def event(verb: str, noun: Noun = RED_CIRCLE, manner: str | None = None, other: Noun | None = None) -> Sentence:
    return Sentence("event", clauses=(Clause(noun, verb, manner, other),))


@pytest.mark.parametrize(
    ("sentence", "start_s", "expected"),
    [
        (event("moves_left"), 4.0, True),
        (event("moves_left", manner="slowly"), 4.0, True),
        (event("moves_left", manner="quickly"), 4.0, False),
        (event("moves_right"), 4.0, False),
        (event("moves_left", Noun("blue", "ring")), 4.0, False),
        (event("moves_left"), 5.4, True),  # 1.6 of 2 seconds
        (event("moves_left"), 6.0, None),  # half of it
        (event("moves_left"), 7.0, False),  # over
        (event("moves_left"), 1.4, False),  # not begun
        (event("moves_left"), 1.6, None),  # just begun
        (event("moves_towards", other=Noun("blue", "ring")), 4.0, None),  # looks much like what happens
        (event("appears"), 0.5, True),
        (event("appears"), 2.0, None),  # it was there in the first frame
        (event("appears"), 4.0, False),
        (event("disappears"), 14.0, True),
        (event("disappears"), 10.0, False),
        (event("stays_still", Noun("blue", "ring")), 10.0, True),
        (event("stays_still", Noun("blue", "ring")), 4.0, None),  # rests, though nobody calls it an event
        (event("stays_still", Noun("red", "circle")), 5.2, None),  # moves two seconds, and rests then
        (event("bounces", Noun("blue", "ring")), 10.0, False),
        (Sentence("presence", (RED_CIRCLE,)), 4.0, True),
        (Sentence("presence", (RED_CIRCLE,)), 0.0, True),  # in half of the frames
        (Sentence("presence", (RED_CIRCLE,)), 15.0, None),  # in two of them
        (Sentence("presence", (RED_CIRCLE,)), 16.0, False),
        (Sentence("presence", (Noun("red", "ring"),)), 4.0, False),
    ],
)
def test_truth_of_windows_by_hand(story: Story, sentence: Sentence, start_s: float, expected: bool | None):
    assert judge(story, sentence, start_s) is expected


def test_an_order_is_true_where_its_two_events_are_seen(story: Story):
    order = Sentence("order", clauses=(event("appears").clauses[0], event("moves_left").clauses[0]))
    assert judge(story, order, 1.8) is True
    assert judge(story, Sentence("order", clauses=order.clauses[::-1]), 1.8) is False


def test_a_window_is_eight_frames_half_a_second_apart(story: Story):
    np.testing.assert_array_equal(frames_of(story, 4.0), [40, 45, 50, 55, 60, 65, 70, 75])
    assert centred_on(story, story.events[1]) == pytest.approx(6 - SPAN_S / 2)
    assert frames_of(story, centred_on(story, Event(0, "appears", 0.0, 1.0)))[0] == 0
    assert frames_of(story, centred_on(story, Event(0, "disappears", 19.5, 20.0)))[-1] <= 199


def test_a_cut_shows_and_says_the_same_as_the_whole_story():
    whole = random_story(5, 0, "train", (40, 41))
    for at, told in enumerate(whole.events):
        start_s = centred_on(whole, told)
        part, part_start_s = cut(whole, start_s)
        assert part.n_frames < whole.n_frames / 2
        for other in whole.events[max(0, at - 3) : at + 3]:
            sentence = truth.sentence_of(whole, other)
            assert judge(part, sentence, part_start_s) == judge(whole, sentence, start_s), sentence.text
        shown = draw_frames(part, frames_of(part, part_start_s), 16)
        np.testing.assert_array_equal(shown, draw_frames(whole, frames_of(whole, start_s), 16))


@pytest.mark.parametrize(
    ("told", "kind", "n_asked"),
    [
        (Event(0, "moves_left", 5.0, 7.0), "direction", 2),
        (Event(0, "disappears", 15.5, 16.5), "verb", 2),
        (Event(1, "stays_still", 10.0, 13.0), "verb", 1),
        (Event(2, "bounces", 10.0, 13.0), "verb", 1),
    ],
    ids=lambda value: value.verb if isinstance(value, Event) else None,
)
def test_what_looks_the_same_backwards_is_examined_forwards_alone(
    story: Story, monkeypatch: pytest.MonkeyPatch, told: Event, kind: str, n_asked: int
):
    """By whoever always holds the truth of what was filmed for true: right forwards, and wrong backwards."""
    bouncing = actor("white", "star", 0, 20, np.full(200, 0.2))
    bouncing.y[100:130] -= 0.15 * np.abs(np.sin(np.linspace(0, 4 * np.pi, 30)))
    only = replace(story, actors=[*story.actors, bouncing], events=[told])
    monkeypatch.setattr("workbench.toyworld.window_exam.random_story", lambda *args: only)
    said = np.arange(0, -100, -1, dtype=np.float32)
    marks = examine_windows(lambda pixels, orders, texts: np.tile(said[: len(texts)], (len(orders), 1)), 8)
    assert (marks[kind].n_asked, marks[kind].n_right) == (8 * n_asked, 8)
    assert (marks["colour"].n_asked, marks["colour"].n_right) == (8, 8)
    assert {name.split()[0] for name in marks} - {"colour", "shape", "order"} == {kind}
    assert (marks["order"].n_asked, marks["order"].n_right) == (8, 8)


def test_batches_hold_true_sentences_and_rivals_that_differ_by_what_happens():
    windows = windows_of("train", 0, 48)
    said = say(windows, np.random.default_rng(0))
    assert said.own.shape == (48, N_SENTENCES)
    assert said.shared.shape == (48, 48)
    np.testing.assert_array_equal(said.own[:, 0], said.shared.diagonal())
    assert (said.own[:, 0] == 1).mean() > 0.9
    assert (said.own == 0).mean() > 0.5
    assert (said.own == UNCLEAR).any()
    is_event = [any(f" {verb}" in texts[0] for verb in ("moves", "spins", "appears", "grows")) for texts in said.texts]
    assert np.mean(is_event) > 0.3
    assert windows[0].pixels(64).shape == (N_FRAMES, 64, 64, 3)


def test_windows_are_the_same_for_the_same_seed_and_others_in_another_split():
    first, again, other = (windows_of(split, 3, 4) for split in ("train", "train", "test"))
    np.testing.assert_array_equal(first[2].pixels(16), again[2].pixels(16))
    assert not np.array_equal(first[2].pixels(16), other[2].pixels(16))
