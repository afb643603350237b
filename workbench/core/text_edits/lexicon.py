"""The words that edits choose from: what is the other of what, made from plain lists.

Separate from the edits so that a word is added without touching code, and from the files, which another layer reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from typing import Any

from workbench.core.text_edits.inflection import VERB_TAGS, Inflection

Choices = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Described:
    """The others of adjectives: of any noun, and first of all of those of the living and of things."""

    anything: Choices
    living: Choices
    things: Choices

    def others(self, word: str, is_living: bool | None) -> tuple[str, ...]:
        """Return the others of an adjective; ``is_living`` is None where that is not known of what it describes."""
        first = {True: self.living, False: self.things, None: {}}[is_living]
        return first.get(word, ()) or self.anything.get(word, ())


@dataclass(frozen=True)
class Verbs:
    """The others of verbs: opposites, and what could be done as well, by what stands after the verb.

    ``prepositions`` are those that change with a verb that becomes its opposite. What is ``mutual`` is as true with
    who and whom exchanged; what is ``of_anyone`` both people and animals do to one another. ``known`` are all verbs in
    their plain form, also those without others.
    """

    opposites: Choices
    alone: Choices
    with_object: Choices
    going: Choices
    prepositions: Mapping[str, Mapping[str, str]]
    motion: frozenset[str]
    mutual: frozenset[str]
    of_anyone: frozenset[str]
    known: frozenset[str]


@dataclass(frozen=True)
class Directions:
    """The others of words for a direction or a place, by where they are said."""

    anywhere: Choices
    of_motion: Choices
    particles: Choices
    places: Choices
    at_furniture: Choices


@dataclass(frozen=True)
class Synonyms:
    """Other words for the same, by what they are."""

    nouns: Choices
    coloured_nouns: Choices
    verbs: Choices
    adjectives: Choices
    phrases: Choices


@dataclass(frozen=True)
class Lexicon:
    """All words that edits know.

    ``categories`` are nouns of one kind, any of which may stand for another, but for those ``kept``; ``stand_ins`` are
    nouns for one that stands for none. Categories that are ``gendered`` are not for a noun that a pronoun gives a
    gender to, unless they are ``of_one_gender``.
    """

    inflection: Inflection
    colours: Choices
    sizes: Described
    opposites: Described
    adverbs: Choices
    categories: Choices
    stand_ins: Choices
    gendered: frozenset[str]
    of_one_gender: frozenset[str]
    kept: frozenset[str]
    children: frozenset[str]
    people: frozenset[str]
    living: frozenset[str]
    verbs: Verbs
    directions: Directions
    numbers: tuple[str, ...]
    quantities: Choices
    synonyms: Synonyms

    @cached_property
    def categories_of(self) -> Mapping[str, tuple[str, ...]]:
        """The categories that a noun is in, by noun."""
        found: dict[str, list[str]] = {}
        for name, nouns in self.categories.items():
            for noun in nouns:
                found.setdefault(noun, []).append(name)
        return {noun: tuple(names) for noun, names in found.items()}

    @cached_property
    def noun_forms(self) -> Mapping[str, str]:
        """The plain form of every noun that is known, by its plural and by itself."""
        nouns = {
            *self.categories_of,
            *self.stand_ins,
            *self.living,
            *self.synonyms.nouns,
            *self.synonyms.coloured_nouns,
        }
        nouns |= {other for others in self.stand_ins.values() for other in others}
        return {self.inflection.plural(noun): noun for noun in nouns} | {noun: noun for noun in nouns}

    @cached_property
    def verb_forms(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """The plain forms and tags that a word may be of, for every form of every verb that is known."""
        found: dict[str, list[tuple[str, str]]] = {}
        for verb in sorted({phrase.split()[0] for phrase in self.verbs.known} - {"do", "be", "have"}):
            for tag in VERB_TAGS:
                found.setdefault(str(self.inflection.verb(verb, tag)), []).append((verb, tag))
        return {form: tuple(uses) for form, uses in found.items()}

    @cached_property
    def verb_phrases(self) -> Mapping[str, tuple[str, ...]]:
        """All known verbs that begin with a word, the longest first."""
        found: dict[str, list[str]] = {}
        for phrase in sorted(self.verbs.known, key=lambda phrase: (-len(phrase), phrase)):
            found.setdefault(phrase.split()[0], []).append(phrase)
        return {verb: tuple(phrases) for verb, phrases in found.items()}

    def is_living(self, noun: str) -> bool | None:
        """Return whether a noun in any form names someone; None for one that is not known."""
        plain = self.noun_forms.get(noun)
        return None if plain is None else plain in self.living


def lexicon_from(data: Mapping[str, Any]) -> Lexicon:
    """Return the lexicon of the lists ``data``, by file: see the files themselves for what each holds."""
    objects, ways, same = data["objects"], data["directions"], data["synonyms"]
    categories = {name: tuple(nouns) for name, nouns in data["categories"].items()}
    people = {noun for name in objects["people"] for noun in categories[name]} | {*objects["more people"]}
    animals = {noun for name in objects["animals"] for noun in categories[name]}
    synonyms = Synonyms(
        *(_choices(same, name) for name in ("nouns", "coloured nouns", "verbs", "adjectives", "phrases"))
    )
    return Lexicon(
        inflection=Inflection(
            data["inflections"]["plurals"],
            {verb: (past, participle) for verb, (past, participle) in data["inflections"]["pasts"].items()},
            frozenset(data["inflections"]["doubled"]),
        ),
        colours={colour: tuple(others) for colour, others in data["colours"].items()},
        sizes=_described(data["adjectives"], "sizes"),
        opposites=_described(data["adjectives"], "opposites"),
        adverbs=_choices(data["adjectives"], "adverbs"),
        categories=categories,
        stand_ins={noun: tuple(others) for noun, others in objects["one way"].items()},
        gendered=frozenset(objects["with a gender"]),
        of_one_gender=frozenset(objects["of a gender"]),
        kept=frozenset(objects["not replaced"]),
        children=frozenset(objects["children"]),
        people=frozenset(people),
        living=frozenset(people | animals),
        verbs=_verbs(data["verbs"], synonyms.verbs),
        directions=Directions(
            anywhere=_choices(ways, "anywhere"),
            of_motion=_choices(ways, "of motion"),
            particles=_choices(ways, "of motion, without a noun"),
            places=_choices(ways, "places"),
            at_furniture=_choices(ways, "places at furniture"),
        ),
        numbers=tuple(data["numbers"]["numbers"]),
        quantities=_choices(data["numbers"], "quantities"),
        synonyms=synonyms,
    )


def _verbs(lists: Mapping[str, Any], synonyms: Choices) -> Verbs:
    opposites = _choices(lists, "opposites")
    alone, with_object, going = (
        {verb: tuple(others) for verb, others in lists[name].items()}
        for name in ("without an object", "with an object", "with an object that goes somewhere")
    )
    known = {*opposites, *synonyms, *lists["motion"], *lists["the same both ways"], *lists["more"], *lists["of anyone"]}
    for table in (opposites, synonyms, alone, with_object, going):
        known |= {*table, *(other for others in table.values() for other in others)}
    return Verbs(
        opposites,
        alone,
        with_object,
        going,
        prepositions=lists["prepositions of opposites"],
        motion=frozenset(lists["motion"]),
        mutual=frozenset(lists["the same both ways"]),
        of_anyone=frozenset(lists["of anyone"]),
        known=frozenset(known),
    )


def _described(lists: Mapping[str, Any], name: str) -> Described:
    return Described(*(_choices(lists, f"{name}{of}") for of in ("", " of the living", " of things")))


def _choices(lists: Mapping[str, Any], name: str) -> Choices:
    """Return, for every word, those that share a group of the list with it, and those of the list that is one way."""
    found: dict[str, dict[str, None]] = {}
    for group in lists.get(name, ()):
        for word, other in permutations(group, 2):
            found.setdefault(word, {})[other] = None
    for word, others in lists.get(f"{name}, one way", {}).items():
        found.setdefault(word, {}).update(dict.fromkeys(others))
    return {word: tuple(others) for word, others in found.items()}
