"""What is said of a window to learn from: sentences that are true of it, and others that differ by a word.

Separate from the grammar, which makes the edits of one sentence: here the same object does something else,
or another object the same, which is what a model that looks at stills alone can never tell apart.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from workbench.toyworld import grammar, truth
from workbench.toyworld.grammar import Clause, Noun, Sentence
from workbench.toyworld.story import Event, Story
from workbench.toyworld.vocabulary import COLOURS, MANNERS, SHAPES, TAKES_ANOTHER, TAKES_MANNER, VERBS
from workbench.toyworld.window import frames_of, judge

N_SENTENCES = 12


def sentences_for(story: Story, start_s: float, rng: np.random.Generator) -> list[Sentence]:
    """Return ``N_SENTENCES`` sentences: first one that is true of the window where there is one, then its rivals."""
    told = [event for event in story.events if judge(story, truth.sentence_of(story, event), start_s)]
    nouns = _nouns_in(story, start_s)
    shown = Sentence("presence", (_loosened(_pick(nouns, rng), rng),), frame=int(rng.integers(36)))
    said = [shown, *(edit.sentence for edit in grammar.edits(shown, rng) if edit.kind in ("colour", "shape"))]
    if told:
        event = _told_event(story, _pick(told, rng), rng)
    else:
        event = Sentence("event", clauses=(_clause(_pick(nouns, rng), _pick(list(VERBS), rng), nouns, rng),))
    rivals = [edit.sentence for edit in grammar.edits(event, rng)] + _rivals(event.clauses[0], nouns, rng)
    said = [event, *rivals, *said] if told else [*said, event, *rivals]
    while len(said) < N_SENTENCES:
        noun = _pick(nouns, rng)
        said.append(Sentence("event", clauses=(_clause(noun, _pick(list(VERBS), rng), nouns, rng),)))
    return [said[0], *(said[i] for i in sorted(rng.permutation(np.arange(1, len(said)))[: N_SENTENCES - 1]))]


def sentences_in_order(story: Story, start_s: float, rng: np.random.Generator) -> list[Sentence]:
    """Return ``N_SENTENCES`` about a window in which one thing is done after another.

    First that it is, then that it is the other way round, or that either is its opposite, then what any window is told.
    """
    told = Sentence("order", clauses=tuple(_told_event(story, event, rng).clauses[0] for event in story.events))
    rivals = [edit.sentence for edit in grammar.edits(told, rng) if edit.kind in ("order", "direction", "verb")]
    return [told, *rivals, *sentences_for(story, start_s, rng)][:N_SENTENCES]


def _nouns_in(story: Story, start_s: float) -> list[Noun]:
    """Return the objects that the window shows, or one that it does not where it is empty."""
    frames = frames_of(story, start_s)
    shown = [(i, frames[actor.is_visible[frames]]) for i, actor in enumerate(story.actors)]
    nouns = [truth.noun_of(story, i, seen[len(seen) // 2] / story.fps) for i, seen in shown if len(seen)]
    return nouns or [Noun("red", "circle")]


def _told_event(story: Story, event: Event, rng: np.random.Generator) -> Sentence:
    clause = truth.sentence_of(story, event).clauses[0]
    if rng.random() < 0.4:
        clause = replace(clause, manner=None)
    if rng.random() < 0.2:
        clause = replace(clause, noun=truth.noun_of(story, event.actor, event.start_s, with_size=True))
    return Sentence("event", clauses=(replace(clause, noun=_loosened(clause.noun, rng)),))


def _loosened(noun: Noun, rng: np.random.Generator) -> Noun:
    """Return the noun, now and then without its colour or its shape."""
    if rng.random() < 0.1:
        return replace(noun, **{_pick(["colour", "shape"], rng): None})
    return noun


def _rivals(clause: Clause, nouns: list[Noun], rng: np.random.Generator) -> list[Sentence]:
    """Return the same object doing three other things, and two other objects doing the same."""
    verbs = [verb for verb in VERBS if verb not in (clause.verb, VERBS[clause.verb][1])]
    rng.shuffle(verbs)
    said = [_clause(clause.noun, verb, nouns, rng) for verb in verbs[:3]]
    others = [noun for noun in nouns if noun != clause.noun]
    crossed = replace(_pick(nouns, rng), shape=_pick(list(SHAPES), rng))
    said += [replace(clause, noun=noun) for noun in (_pick(others or [crossed], rng), crossed)]
    return [Sentence("event", clauses=(one,)) for one in said]


def _clause(noun: Noun, verb: str, nouns: list[Noun], rng: np.random.Generator) -> Clause:
    with_manner = verb in TAKES_MANNER and rng.random() < 0.6
    others = [other for other in nouns if other != noun] or [Noun(_pick(list(COLOURS), rng), _pick(list(SHAPES), rng))]
    return Clause(
        noun,
        verb,
        manner=_pick(list(MANNERS), rng) if with_manner else None,
        other=_pick(others, rng) if verb in TAKES_ANOTHER else None,
        new_colour=_pick(list(COLOURS), rng) if verb == "changes_colour" else None,
    )


def _pick(items: list, rng: np.random.Generator) -> Any:
    return items[int(rng.integers(len(items)))]
