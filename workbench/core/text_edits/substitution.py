"""Edits that put another word in the place of one: colours, sizes, opposites, directions, places, numbers, synonyms.

Separate from verbs and objects, which are inflected and must fit what stands around them, and from edits that move
words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from numpy.random import Generator

from workbench.core.text_edits.lexicon import Choices, Described, Lexicon
from workbench.core.text_edits.rewriting import Replacement, Rewrite
from workbench.core.text_edits.sentence import NounPhrase, Sentence, VerbGroup

Place = list[Rewrite]
"""All that one place of a sentence may become, the best first."""
_DESCRIBING = ("JJ", "VBN", "NN", "NNP", "VBG", "VB")


def swap(sentence: Sentence, first: int, past: int, text: str, *others: Replacement) -> Rewrite:
    """Return words replaced by a text, and what else must be so that the rest agrees."""
    return Rewrite((Replacement(first, past, text), *others), sentence.part(first, past), text)


def drawn(options: Sequence[str], rng: Generator) -> list[str]:
    """Return options that are equally good in a random order."""
    return [options[int(at)] for at in rng.permutation(len(options))]


def colours(sentence: Sentence, lexicon: Lexicon, rng: Generator) -> Iterator[Place]:
    """Yield other colours; never one that the sentence names already."""
    named = {word.lower for word in sentence.words}
    for at, word in enumerate(sentence.words):
        if word.lower not in lexicon.colours or not (word.tag in _DESCRIBING or word.tag.startswith("NN")):
            continue
        if sentence.lower(at + 1) == "juice" or (word.tag == "NNS"):
            continue
        others = [colour for colour in lexicon.colours[word.lower] if colour not in named]
        yield [swap(sentence, at, at + 1, other) for other in drawn(others, rng)]


def sizes(sentence: Sentence, lexicon: Lexicon, rng: Generator) -> Iterator[Place]:
    """Yield the opposite sizes."""
    yield from _adjectives(sentence, lexicon, lexicon.sizes)


def opposites(sentence: Sentence, lexicon: Lexicon, rng: Generator) -> Iterator[Place]:
    """Yield the opposites of adjectives and adverbs that are neither sizes nor directions."""
    yield from _adjectives(sentence, lexicon, lexicon.opposites)
    for at, word in enumerate(sentence.words):
        if word.tag in ("RB", "JJ") and word.lower in lexicon.adverbs:
            yield [swap(sentence, at, at + 1, other) for other in lexicon.adverbs[word.lower]]


def _adjectives(sentence: Sentence, lexicon: Lexicon, table: Described) -> Iterator[Place]:
    phrases = sentence.noun_phrases
    for at, word in enumerate(sentence.words):
        if word.tag not in ("JJ", "VBN"):
            continue
        inside = next((phrase for phrase in phrases if phrase.core <= at < phrase.head), None)
        if inside is None and (
            sentence.lower(at + 1) in ("of", "to", "with") or not _is_said_of_something(sentence, at)
        ):
            continue
        head = inside.head if inside else next((p.head for p in reversed(phrases) if p.head < at), None)
        is_living = None if head is None else lexicon.is_living(sentence.lower(head))
        others = table.others(word.lower, is_living)
        if head is not None and lexicon.noun_forms.get(sentence.lower(head)) in lexicon.children:
            others = tuple(other for other in others if other != "old")
        yield [swap(sentence, at, at + 1, other) for other in others]


def _is_said_of_something(sentence: Sentence, at: int) -> bool:
    before = [sentence.lower(at - 1), sentence.lower(at - 2)]
    return any(word in ("is", "are", "was", "were") for word in before)


def directions(sentence: Sentence, lexicon: Lexicon, rng: Generator) -> Iterator[Place]:
    """Yield the opposite directions; of up, into and the like only where something moves."""
    ways, groups = lexicon.directions, sentence.verb_groups
    for at, word in enumerate(sentence.words):
        if word.lower in ("left", "right") and (word.is_verb or sentence.lower(at + 1) == "of"):
            continue
        of_motion = _moves(sentence, lexicon, groups, at)
        tables = [
            ways.anywhere,
            *([ways.of_motion] if of_motion and not _belongs(sentence, lexicon, groups, at) else []),
        ]
        is_particle = sentence.tag(at + 1) in ("", "IN", "RB", "CC", ".", ",")
        if of_motion and is_particle and not _belongs(sentence, lexicon, groups, at):
            tables.append(ways.particles)
        yield from _phrases(sentence, at, tables)


def _moves(sentence: Sentence, lexicon: Lexicon, groups: Sequence[VerbGroup], at: int) -> bool:
    """Return whether the verb that a word goes with is one of motion."""
    start, _ = sentence.clause_of(at)
    before = [group for group in groups if start <= group.main < at]
    uses = lexicon.verb_forms.get(sentence.lower(before[-1].main), ()) if before else ()
    return any(verb in lexicon.verbs.motion for verb, _ in uses)


def _belongs(sentence: Sentence, lexicon: Lexicon, groups: Sequence[VerbGroup], at: int) -> bool:
    """Return whether a word is a part of the verb, as "up" of "picks up"."""
    before = [group for group in groups if group.main < at]
    uses = lexicon.verb_forms.get(sentence.lower(before[-1].main), ()) if before else ()
    phrases = {(verb, f"{verb} {sentence.lower(at)}") for verb, _ in uses}
    known = lexicon.verbs.known
    return any(whole in (lexicon.verbs.opposites if verb in lexicon.verbs.motion else known) for verb, whole in phrases)


def places(sentence: Sentence, lexicon: Lexicon, rng: Generator) -> Iterator[Place]:
    """Yield other relations in space, such as behind for in front of."""
    ways, groups, phrases = lexicon.directions, sentence.verb_groups, sentence.noun_phrases
    for at in range(len(sentence.words)):
        tables = [ways.places]
        after = next((phrase for phrase in phrases if phrase.first == at + 1), None)
        is_at_furniture = after is not None and lexicon.noun_forms.get(sentence.lower(after.head)) in (
            *lexicon.categories["furniture"],
            *lexicon.categories["seats"],
        )
        if is_at_furniture and not _belongs(sentence, lexicon, groups, at):
            tables.append(ways.at_furniture)
        if sentence.tag(at) in ("IN", "RB", "JJ", "NN", "RP", "VBN", "VBD"):
            yield from (found for found in _phrases(sentence, at, tables) if _leads_to_a_noun(sentence, found))


def _leads_to_a_noun(sentence: Sentence, found: Place) -> bool:
    return sentence.tag(found[0].replacements[0].past) in ("DT", "PRP$", "NN", "NNS", "CD", "JJ", "NNP")


def _phrases(sentence: Sentence, at: int, tables: Sequence[Choices]) -> Iterator[Place]:
    """Yield what the longest phrase of the tables that begins at a word may become."""
    lengths = {phrase: sentence.says(at, phrase) for table in tables for phrase in table}
    longest = max(lengths, key=lengths.__getitem__, default="")
    if longest and lengths[longest]:
        others = next(table[longest] for table in tables if longest in table)
        yield [swap(sentence, at, at + lengths[longest], other) for other in others]


def numbers(sentence: Sentence, lexicon: Lexicon, rng: Generator) -> Iterator[Place]:
    """Yield one more and one less; noun and verb agree where one becomes two or two one."""
    for phrase in sentence.noun_phrases:
        for at in range(phrase.first, phrase.head):
            word = sentence.lower(at)
            if word in lexicon.quantities and sentence.tag(at) == "JJ":
                yield [swap(sentence, at, at + 1, other) for other in lexicon.quantities[word]]
            elif word in lexicon.numbers and sentence.tag(at) == "CD":
                yield list(_other_numbers(sentence, lexicon, phrase, at, lexicon.numbers.index(word) + 1))
            elif word.isascii() and word.isdigit() and len(word) < 5 and int(word) > 1:
                yield [swap(sentence, at, at + 1, str(int(word) + 1))]


def _other_numbers(sentence: Sentence, lexicon: Lexicon, phrase: NounPhrase, at: int, number: int) -> Iterator[Rewrite]:
    head = sentence.lower(phrase.head)
    plain = lexicon.noun_forms.get(head)
    for other in (number + 1, number - 1):
        if not 1 <= other <= len(lexicon.numbers):
            continue
        agreeing: list[Replacement] = []
        if 1 in (number, other):
            verb = _agreeing(sentence, lexicon, phrase, is_plural=other > 1)
            if plain is None or verb is None:
                continue
            noun = lexicon.inflection.plural(plain) if other > 1 else plain
            agreeing = [Replacement(phrase.head, phrase.past, noun), *verb]
        yield swap(sentence, at, at + 1, lexicon.numbers[other - 1], *agreeing)


def _agreeing(sentence: Sentence, lexicon: Lexicon, phrase: NounPhrase, is_plural: bool) -> list[Replacement] | None:
    """Return how the verb after a noun must change, or None where that cannot be told."""
    start, stop = sentence.clause_of(phrase.head)
    rest = sentence.words[phrase.past :]
    if sentence.lower(phrase.first - 1) == "between" or any(
        word.tag in ("PRP", "PRP$") or word.lower in ("other", "together") for word in rest
    ):
        return None
    groups = [group for group in sentence.verb_groups if group.first >= phrase.past]
    if any(sentence.words[group.first].is_finite for group in groups if group.first >= stop):
        return None
    if any(sentence.lower(at) in ("is", "are", "was", "were") for at in range(start, phrase.first)):
        return None
    mine = next((group.first for group in groups if sentence.words[group.first].is_finite), None)
    if mine is None or sentence.words[mine].tag in ("VBD", "MD"):
        return [] if mine is None or sentence.lower(mine) not in ("was", "were") else [
            Replacement(mine, mine + 1, "were" if is_plural else "was")
        ]  # fmt: skip
    form = sentence.lower(mine)
    spoken = {"is": "are", "has": "have", "does": "do"}
    spoken |= {other: one for one, other in spoken.items()}
    uses = lexicon.verb_forms.get(form, ())
    if form in spoken:
        return [Replacement(mine, mine + 1, spoken[form])]
    lemma = next((verb for verb, tag in uses if tag == ("VBZ" if is_plural else "VBP")), None)
    new = lexicon.inflection.verb(lemma, "VBP" if is_plural else "VBZ") if lemma else None
    return [Replacement(mine, mine + 1, new)] if new else None
