"""Speaks about the toy world: structured sentences, their paraphrases and their minimal edits.

A sentence is kept as structure (nouns, verb, manner, how parts join), so that whether it is true of a
video is computed by ``truth`` and never read back from the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from workbench.toyworld.vocabulary import COLOURS, MANNERS, RELATIONS, SHAPES, SIZES, VERBS

Kind = Literal["presence", "absence", "count", "both", "relation", "event", "order", "empty"]

PRESENCE_FRAMES = (
    "{a}",
    "{the}",
    "there is {a}",
    "a picture of {a}",
    "a video of {a}",
    "we see {a}",
    "{a} is visible",
    "{a} can be seen",
    "{a} in the frame",
)
EMPTY_FRAMES = ("an empty scene", "there is nothing", "nothing is visible", "a scene without objects")
SYNONYMS = {
    "small": "little",
    "large": "big",
    "circle": "disc",
    "cross": "plus",
    "ring": "hoop",
    "appears": "shows up",
    "disappears": "vanishes",
    "moves": "goes",
    "grows": "gets bigger",
    "shrinks": "gets smaller",
    "stays still": "does not move",
    "spins": "turns",
}
NUMBERS = {1: "one", 2: "two", 3: "three"}


@dataclass(frozen=True)
class Noun:
    """An object as a sentence names it; ``None`` leaves an attribute open."""

    colour: str | None = None
    shape: str | None = None
    size: str | None = None
    row: str | None = None
    column: str | None = None

    def words(self, is_plural: bool = False) -> str:
        """Return the words without an article, such as ``small red circle at the top left``."""
        head = self.shape or "object"
        if is_plural:
            head = plural(head)
        parts = [self.size, self.colour, head, self._place()]
        return " ".join(part for part in parts if part)

    def _place(self) -> str:
        if self.row is None and self.column is None:
            return ""
        if self.row == self.column == "middle":
            return "in the middle"
        words = [part for part in (self.row, self.column) if part not in (None, "middle")]
        return "at the " + " ".join(words) if words else "in the middle"


@dataclass(frozen=True)
class Clause:
    """One thing that one object does: ``moves_towards`` and ``moves_away`` name another one."""

    noun: Noun
    verb: str
    manner: str | None = None
    other: Noun | None = None
    new_colour: str | None = None

    def words(self) -> str:
        """Return the clause with an indefinite article."""
        parts = [indefinite(self.noun.words()), VERBS[self.verb][0]]
        if self.new_colour:
            parts.append(self.new_colour)
        if self.other:
            parts.append(indefinite(self.other.words()))
        if self.manner:
            parts.append(self.manner)
        return " ".join(parts)


@dataclass(frozen=True)
class Sentence:
    """A statement about a video or a frame.

    ``presence``, ``absence`` and ``count`` use the first noun; ``both`` and ``relation`` the first two;
    ``event`` the first clause and ``order`` both clauses, the first of which ends before the second.
    """

    kind: Kind
    nouns: tuple[Noun, ...] = ()
    clauses: tuple[Clause, ...] = ()
    relation: str | None = None
    count: int = 1
    frame: int = 0

    @property
    def text(self) -> str:
        """The sentence in words."""
        if self.kind == "empty":
            return EMPTY_FRAMES[self.frame % len(EMPTY_FRAMES)]
        if self.kind == "presence":
            words = self.nouns[0].words()
            pattern = PRESENCE_FRAMES[self.frame % len(PRESENCE_FRAMES)]
            return pattern.format(a=indefinite(words), the="the " + words)
        if self.kind == "absence":
            return "no " + self.nouns[0].words()
        if self.kind == "count":
            return f"{NUMBERS[self.count]} {self.nouns[0].words(is_plural=self.count > 1)}"
        if self.kind in ("both", "relation"):
            first, second = (indefinite(noun.words()) for noun in self.nouns)
            return f"{first} {self.relation or 'and'} {second}"
        return " then ".join(clause.words() for clause in self.clauses)


@dataclass(frozen=True)
class Edit:
    """A sentence with one thing changed: what was there before, what stands there now."""

    kind: str
    sentence: Sentence
    text: str
    before: str
    after: str


def indefinite(words: str) -> str:
    """Return ``words`` with the article a or an."""
    return ("an " if words[0] in "aeiou" else "a ") + words


def plural(word: str) -> str:
    """Return the plural of an object's name."""
    return word + ("es" if word.endswith("s") else "s")


def paraphrases(sentence: Sentence) -> list[str]:
    """Return other ways to say the same, for controls that must not change an answer."""
    said = []
    if sentence.kind == "presence":
        said += [replace(sentence, frame=frame).text for frame in range(len(PRESENCE_FRAMES))]
    for plain, other in SYNONYMS.items():
        padded = f" {sentence.text} "
        if f" {plain} " in padded:
            said.append(padded.replace(f" {plain} ", f" {other} ").strip())
    return [text for text in dict.fromkeys(said) if text != sentence.text]


def edits(sentence: Sentence, rng: np.random.Generator) -> list[Edit]:
    """Return every minimal edit that the sentence allows, one of each kind and place."""
    return [
        Edit(kind, edited, edited.text, before, after)
        for kind, edited, before, after in _changes(sentence, rng)
        if edited.text != sentence.text
    ]


def _changes(sentence: Sentence, rng: np.random.Generator) -> Iterator[tuple[str, Sentence, str, str]]:
    for at, noun in enumerate(sentence.nouns):
        for kind, changed, before, after in _noun_edits(noun, rng):
            nouns = (*sentence.nouns[:at], changed, *sentence.nouns[at + 1 :])
            yield kind, replace(sentence, nouns=nouns), before, after
    for at, clause in enumerate(sentence.clauses):
        for kind, altered, before, after in _clause_edits(clause, rng):
            clauses = (*sentence.clauses[:at], altered, *sentence.clauses[at + 1 :])
            yield kind, replace(sentence, clauses=clauses), before, after
    if sentence.kind in ("both", "relation"):
        first, second = sentence.nouns
        bound = (replace(first, colour=second.colour), replace(second, colour=first.colour))
        yield "binding", replace(sentence, nouns=bound), f"{first.colour}", f"{second.colour}"
    if sentence.kind == "relation" and sentence.relation:
        yield "exchange", replace(sentence, nouns=sentence.nouns[::-1]), first.words(), second.words()
        other = RELATIONS[sentence.relation]
        yield "relation", replace(sentence, relation=other), sentence.relation, other
    if sentence.kind == "order":
        before, after = (clause.words() for clause in sentence.clauses)
        yield "order", replace(sentence, clauses=sentence.clauses[::-1]), before, after
    if sentence.kind == "count":
        other_count = 2 if sentence.count == 1 else sentence.count - 1
        yield "number", replace(sentence, count=other_count), NUMBERS[sentence.count], NUMBERS[other_count]
    if sentence.kind == "presence":
        yield "negation", replace(sentence, kind="absence"), "", "no"


def _noun_edits(noun: Noun, rng: np.random.Generator) -> Iterator[tuple[str, Noun, str, str]]:
    for attribute, values in (("colour", tuple(COLOURS)), ("shape", SHAPES), ("size", SIZES)):
        before = getattr(noun, attribute)
        if before is not None:
            after = str(rng.choice([value for value in values if value != before]))
            yield attribute, replace(noun, **{attribute: after}), before, after


def _clause_edits(clause: Clause, rng: np.random.Generator) -> Iterator[tuple[str, Clause, str, str]]:
    for kind, noun, before, after in _noun_edits(clause.noun, rng):
        yield kind, replace(clause, noun=noun), before, after
    verb = VERBS[clause.verb][1]
    if verb != clause.verb:
        kind = "direction" if clause.verb.split("_")[0] in ("moves", "spins") else "verb"
        yield kind, replace(clause, verb=verb), VERBS[clause.verb][0], VERBS[verb][0]
    if clause.manner:
        other = MANNERS[1 - MANNERS.index(clause.manner)]
        yield "manner", replace(clause, manner=other), clause.manner, other
    if clause.other:
        exchanged = replace(clause, noun=clause.other, other=clause.noun)
        yield "exchange", exchanged, clause.noun.words(), clause.other.words()


def word_list() -> list[str]:
    """Return every word that the grammar can say, in a fixed order: the vocabulary of the toy models."""
    spoken = [*PRESENCE_FRAMES, *EMPTY_FRAMES, *SYNONYMS.values(), *NUMBERS.values(), *RELATIONS]
    spoken += [words for words, _ in VERBS.values()]
    spoken += [*MANNERS, *COLOURS, *SIZES, *SHAPES, *map(plural, SHAPES)]
    spoken += ["object objects disc hoop plus discs hoops scene photo film frame clip image shape something"]
    spoken += ["no not without and or then before after while first on with to the at in middle top bottom"]
    spoken += ["left right an a of is are one it this that background"]
    words = " ".join(spoken).replace("{a}", "").replace("{the}", "").split()
    return sorted(set(words))
