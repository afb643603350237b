"""Answers questions about a story: when a sentence is true, where an object is, which words matter.

Separate from the grammar, which only speaks, and from the story, which only happens.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float

from workbench.toyworld import render
from workbench.toyworld.grammar import Clause, Noun, Sentence
from workbench.toyworld.story import Actor, Event, Story, objects_at
from workbench.toyworld.vocabulary import COLOURS, COLUMNS, LARGE_RADIUS, ROWS, SMALL_RADIUS

Window = tuple[float, float]
_NAMES = tuple(COLOURS)


def matches(actor: Actor, noun: Noun) -> Bool[np.ndarray, "time"]:
    """Return in which frames the actor is on stage and is what the noun says."""
    fits = actor.is_visible.copy()
    if noun.shape is not None and noun.shape != actor.shape:
        fits[:] = False
    if noun.colour is not None:
        fits &= actor.colour == _NAMES.index(noun.colour)
    if noun.size is not None:
        fits &= actor.radius <= SMALL_RADIUS[1] if noun.size == "small" else actor.radius >= LARGE_RADIUS[0]
    for value, names, along in ((noun.row, ROWS, actor.y), (noun.column, COLUMNS, actor.x)):
        if value is not None:
            fits &= np.minimum((along * 3).astype(int), 2) == names.index(value)
    return fits


def windows(story: Story, sentence: Sentence) -> list[Window]:
    """Return when the sentence is true, as spans in seconds; none where it never is.

    An ``event`` is true while it happens, an ``order`` from the start of its first event to the end of
    its second, everything else in the frames that show it.
    """
    if sentence.kind == "event":
        return [(event.start_s, event.end_s) for event in _events(story, sentence.clauses[0])]
    if sentence.kind == "order":
        first, second = (_events(story, clause) for clause in sentence.clauses)
        return [(a.start_s, b.end_s) for a in first for b in second if a.end_s <= b.start_s]
    return spans(_frames(story, sentence), story.fps)


def _frames(story: Story, sentence: Sentence) -> np.ndarray:
    if sentence.kind == "empty":
        return ~_any(story, [actor.is_visible for actor in story.actors])
    found = [[matches(actor, noun) for actor in story.actors] for noun in sentence.nouns]
    if sentence.kind == "presence":
        return _any(story, found[0])
    if sentence.kind == "absence":
        return ~_any(story, found[0])
    if sentence.kind == "count":
        return np.sum([np.zeros(story.n_frames, int), *found[0]], axis=0) >= sentence.count
    pairs = []
    for i, first in enumerate(story.actors):
        for j, second in enumerate(story.actors):
            if i != j:
                pairs.append(found[0][i] & found[1][j] & _stands(first, second, sentence.relation))
    return _any(story, pairs)


def _any(story: Story, masks: list[np.ndarray]) -> np.ndarray:
    return np.logical_or.reduce([np.zeros(story.n_frames, bool), *masks])


def _stands(first: Actor, second: Actor, relation: str | None) -> np.ndarray:
    if relation is None:
        return np.ones(len(first.x), bool)
    name = "x" if relation in ("left of", "right of") else "y"
    difference = getattr(first, name) - getattr(second, name)
    return difference < 0 if relation in ("left of", "above") else difference > 0


def _events(story: Story, clause: Clause) -> list[Event]:
    """Return the events that the clause describes; an actor is judged as it is when the event starts."""
    return [event for event in story.events if _fits(story, event, clause)]


def _fits(story: Story, event: Event, clause: Clause) -> bool:
    start = min(round(event.start_s * story.fps), story.n_frames - 1)
    return (
        event.verb == clause.verb
        and (clause.manner is None or event.manner == clause.manner)
        and (clause.new_colour is None or event.new_colour == clause.new_colour)
        and bool(matches(story.actors[event.actor], clause.noun)[start])
        and (
            clause.other is None
            or (event.other is not None and bool(matches(story.actors[event.other], clause.other)[start]))
        )
    )


def spans(is_true: Bool[np.ndarray, "time"], fps: float) -> list[Window]:
    """Return the runs of true frames as spans in seconds."""
    edges = np.flatnonzero(np.diff(np.r_[False, is_true, False].astype(int)))
    return [(int(a) / fps, int(b) / fps) for a, b in edges.reshape(-1, 2)]


def discriminating_words(story: Story, noun: Noun) -> list[str]:
    """Return the words of the noun without which it would fit another object of the video.

    Where nothing in the video is alike, every attribute tells the object apart, and all are returned.
    """
    named = [name for name in ("size", "colour", "shape") if getattr(noun, name) is not None]
    mine = [matches(actor, noun) for actor in story.actors]
    telling = []
    for name in named:
        looser = Noun(**{n: getattr(noun, n) for n in named if n != name})
        others = [matches(actor, looser) & ~own for actor, own in zip(story.actors, mine, strict=True)]
        if any(other.any() for other in others):
            telling.append(getattr(noun, name))
    return telling or [getattr(noun, name) for name in named]


def boxes(story: Story, actor: int) -> Float[np.ndarray, "time 4"]:
    """Return the box of an actor per frame in pixels ``x0 y0 x1 y1``, NaN where it is not on stage."""
    who = story.actors[actor]
    corners = render.outline(who.shape)
    cos, sin = np.cos(who.angle)[:, None], np.sin(who.angle)[:, None]
    x = who.x[:, None] + who.radius[:, None] * (corners[:, 0] * cos - corners[:, 1] * sin)
    y = who.y[:, None] + who.radius[:, None] * (corners[:, 0] * sin + corners[:, 1] * cos)
    found = np.stack([x.min(1), y.min(1), x.max(1), y.max(1)], 1) * story.size_px
    found[~who.is_visible] = np.nan
    return found


def mask(story: Story, actor: int, frame: int) -> Bool[np.ndarray, "height width"]:
    """Return the pixels that an actor covers by more than half in one frame."""
    objects = objects_at(story, np.array([frame]))
    if not objects.is_visible[0, actor]:
        return np.zeros((story.size_px, story.size_px), bool)
    return render.coverage(objects, 0, actor, story.size_px) > 0.5


def noun_of(story: Story, actor: int, at_s: float, with_size: bool = False) -> Noun:
    """Return the actor named by its colour and shape at a time, and by its size on request."""
    who, frame = story.actors[actor], min(round(at_s * story.fps), story.n_frames - 1)
    size = None
    if with_size:
        size = (
            "small"
            if who.radius[frame] <= SMALL_RADIUS[1]
            else "large"
            if who.radius[frame] >= LARGE_RADIUS[0]
            else None
        )
    return Noun(colour=_NAMES[who.colour[frame]], shape=who.shape, size=size)


def sentence_of(story: Story, event: Event) -> Sentence:
    """Return the event as a sentence."""
    other = None if event.other is None else noun_of(story, event.other, event.start_s)
    clause = Clause(noun_of(story, event.actor, event.start_s), event.verb, event.manner, other, event.new_colour)
    return Sentence("event", clauses=(clause,))


def sentences_in_order(story: Story) -> list[Sentence]:
    """Return "A then B" for events that follow one another."""
    told = [event for event in story.events if event.verb not in ("appears", "disappears")]
    follow = [(a, b) for a, b in pairwise(told) if a.end_s <= b.start_s]
    return [
        Sentence("order", clauses=(sentence_of(story, a).clauses[0], sentence_of(story, b).clauses[0]))
        for a, b in follow
    ]
