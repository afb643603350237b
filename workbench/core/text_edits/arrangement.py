"""Edits that keep every word and change who has or does what: exchange, binding, order of events, shuffle.

Separate because they move words: a model that reads a bag of words cannot tell these from the sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from numpy.random import Generator

from workbench.core.text_edits.lexicon import Lexicon
from workbench.core.text_edits.rewriting import Replacement, Rewrite, in_the_middle
from workbench.core.text_edits.sentence import NounPhrase, Sentence, VerbGroup
from workbench.core.text_edits.substitution import Place

_ALSO_AFTER_AN_OBJECT = ("to", "at", "by")
_ONE_WAY = ("towards", "toward", "behind", "past", "above", "below", "over", "after")
_ONE_WAY_OF_TWO = ("left of", "right of", "in front of", "away from")
_TRIES = 20


def exchanges(sentence: Sentence, lexicon: Lexicon, rng: Generator) -> Iterator[Place]:
    """Yield who does something exchanged with whom it is done to, where both could do it."""
    phrases = sentence.noun_phrases
    for at, subject in enumerate(phrases):
        if not _is_subject(sentence, subject):
            continue
        _, stop = sentence.clause_of(subject.head)
        for other in phrases[at + 1 :]:
            if other.first < stop and _may_exchange(sentence, lexicon, subject, other):
                yield [_exchanged(sentence, subject, other)]
    for start, end in pairwise(phrases):
        if (sentence.lower(start.first - 1), sentence.lower(end.first - 1)) == (
            "from",
            "to",
        ) and start.past + 1 == end.first:
            yield [_exchanged(sentence, start, end)]


def _exchanged(sentence: Sentence, one: NounPhrase, other: NounPhrase) -> Rewrite:
    first, second = (in_the_middle(sentence, phrase.first, phrase.past) for phrase in (one, other))
    return Rewrite(
        (Replacement(one.first, one.past, second), Replacement(other.first, other.past, first)), first, second
    )


def _is_subject(sentence: Sentence, phrase: NounPhrase) -> bool:
    """Return whether a verb or a relation in space follows, and nothing that the phrase belongs to precedes."""
    if sentence.tag(phrase.first - 1) in ("IN", "TO", "VBG", "VBZ", "RP") and sentence.lower(phrase.first - 1) not in (
        "then", "while", "before", "after", "because", "as",
    ):  # fmt: skip
        return False
    if sentence.lower(phrase.first - 1) == "and" and not _begins_a_clause(sentence, phrase.first - 1):
        return False
    past = phrase.past
    while sentence.tag(past) == "RB" and sentence.lower(past) not in ("left", "right", "above", "below"):
        past += 1
    is_verb = past < len(sentence.words) and sentence.words[past].is_verb
    return (
        is_verb
        or sentence.lower(past) in ("above", "below")
        or sentence.part(past, past + 2).lower() in _ONE_WAY_OF_TWO
    )


def _begins_a_clause(sentence: Sentence, at: int) -> bool:
    return at in sentence.joints and any(word.is_finite for word in sentence.words[:at])


def _may_exchange(sentence: Sentence, lexicon: Lexicon, subject: NounPhrase, other: NounPhrase) -> bool:
    kinds = {lexicon.is_living(sentence.lower(phrase.head)) for phrase in (subject, other)}
    owned = {sentence.tag(phrase.first) for phrase in (subject, other)} | {sentence.tag(other.past)}
    is_even = (sentence.tag(subject.head) == "NNS") == (sentence.tag(other.head) == "NNS")
    if len(kinds) > 1 or None in kinds or not is_even or owned & {"PRP$", "POS"}:
        return False
    if sentence.lower(other.past) in ("of", "and", "in", "with", "or") and not _begins_a_clause(sentence, other.past):
        return False
    if any(word.tag == "PRP" for word in sentence.words[other.past :]):
        return False
    groups = [group for group in sentence.verb_groups if subject.past <= group.first < other.first]
    done = {verb for group in groups[-1:] for verb, _ in lexicon.verb_forms.get(sentence.lower(group.main), ())}
    if not _are_equals(lexicon, sentence.lower(subject.head), sentence.lower(other.head)) and not (
        kinds == {True} and done & lexicon.verbs.of_anyone
    ):
        return False
    if groups and groups[-1].main + 1 == other.first:
        return not done & lexicon.verbs.mutual
    before, two = sentence.lower(other.first - 1), sentence.part(other.first - 2, other.first).lower()
    between = sentence.part(groups[-1].main + 1 if groups else subject.past, other.first).lower()
    if before in _ALSO_AFTER_AN_OBJECT and two not in ("next to", "close to"):
        return True
    return between in _ONE_WAY or between in _ONE_WAY_OF_TWO


def _are_equals(lexicon: Lexicon, first: str, second: str) -> bool:
    """Return whether two nouns could do the same: two people, or two of a category."""
    nouns = [lexicon.noun_forms[noun] for noun in (first, second)]
    shared = set(lexicon.categories_of.get(nouns[0], ())) & set(lexicon.categories_of.get(nouns[1], ()))
    is_open = not set(nouns).isdisjoint(lexicon.categories["anything"])
    return bool(shared) or is_open or all(noun in lexicon.people for noun in nouns)


def bindings(sentence: Sentence, lexicon: Lexicon, rng: Generator) -> Iterator[Place]:
    """Yield what two things are like exchanged: colours, sizes, or opposites such as happy and sad."""
    phrases = sentence.noun_phrases
    for at, phrase in enumerate(phrases):
        for other in phrases[at + 1 :]:
            for mine in range(phrase.first, phrase.head):
                for theirs in range(other.first, other.head):
                    if _are_alike(sentence, lexicon, mine, theirs, (phrase.head, other.head)):
                        first, second = sentence.words[mine].text, sentence.words[theirs].text
                        swapped = (
                            Replacement(mine, mine + 1, second.lower()),
                            Replacement(theirs, theirs + 1, first.lower()),
                        )
                        yield [Rewrite(swapped, f"{first}, {second}", f"{second}, {first}")]


def _are_alike(sentence: Sentence, lexicon: Lexicon, mine: int, theirs: int, heads: tuple[int, int]) -> bool:
    words = (sentence.lower(mine), sentence.lower(theirs))
    if words[0] == words[1]:
        return False
    if all(word in lexicon.colours for word in words):
        return True
    living = [lexicon.is_living(sentence.lower(head)) for head in heads]
    tables = (lexicon.sizes, lexicon.opposites)
    known = [[word for word in words if table.others(word, living[0])] for table in tables]
    if len(known[0]) == 2:
        return sentence.tag(mine) == sentence.tag(theirs) == "JJ" and _measure_the_same(lexicon, *words)
    return any(words[1] in table.others(words[0], living[0]) for table in tables)


def _measure_the_same(lexicon: Lexicon, first: str, second: str) -> bool:
    bulk = ("small", "large", "little", "big", "tiny", "huge", "giant", "gigantic", "enormous")
    both = (first in bulk) + (second in bulk)
    return both == 2 or (both == 0 and second in lexicon.sizes.others(first, None) + lexicon.sizes.others(first, True))


def orders(sentence: Sentence, lexicon: Lexicon, rng: Generator) -> Iterator[Place]:
    """Yield two events in the other order: before for after, or what stands on both sides of then and and."""
    groups = sentence.verb_groups
    for at, word in enumerate(sentence.words):
        if word.lower in ("before", "after") and _is_followed_by_an_event(sentence, groups, at):
            other = "after" if word.lower == "before" else "before"
            yield [Rewrite((Replacement(at, at + 1, other),), word.text, other)]
    joints = sentence.joints
    for at in joints:
        if sentence.lower(at) not in ("then", "and") or sentence.lower(at + 1) == "then":
            continue
        made = _turned_round(sentence, groups, joints, at)
        if made:
            yield [made]


def _is_followed_by_an_event(sentence: Sentence, groups: Sequence[VerbGroup], at: int) -> bool:
    stop = next((i for i in sentence.joints if i > at), len(sentence.words))
    return any(at < group.main < stop for group in groups) and any(
        group.main < at or group.main >= stop for group in groups
    )


def _turned_round(sentence: Sentence, groups: Sequence[VerbGroup], joints: Sequence[int], at: int) -> Rewrite | None:
    left_stop = at
    while sentence.lower(left_stop - 1) in ("and", ","):
        left_stop -= 1
    start = max((joint + 1 for joint in joints if joint < left_stop), default=0)
    right = at + 1
    stop = next((joint for joint in joints if joint > at), len(sentence.words))
    while stop > right and not sentence.words[stop - 1].text[-1].isalnum():
        stop -= 1
    mine = next((group for group in groups if start <= group.main < left_stop), None)
    theirs = next((group for group in groups if right <= group.main < stop), None)
    if mine is None or theirs is None or not _is_event(sentence, mine) or not _is_event(sentence, theirs):
        return None
    opening = next((sentence.lower(i) for i in range(start, mine.first)), "")
    if opening in ("there", "after", "before", "while") or any(sentence.lower(i) == "that" for i in range(start, at)):
        return None
    is_shared = theirs.first == right or all(sentence.tag(i) == "RB" for i in range(right, theirs.first))
    points_back = list(sentence.pronouns(right, stop))
    if is_shared:
        start = mine.first
        while sentence.tag(start - 1) == "RB" and start > 0:
            start -= 1
        points_back = [word for word in points_back if word not in ("his", "her", "their", "its")]
    if points_back or not start < left_stop:
        return None
    first, second = in_the_middle(sentence, start, left_stop), in_the_middle(sentence, right, stop)
    swapped = (Replacement(start, left_stop, second), Replacement(right, stop, first))
    return Rewrite(swapped, first, second)


def _is_event(sentence: Sentence, group: VerbGroup) -> bool:
    """Return whether a verb tells what happens, and not what goes on: "opens", never "is sitting"."""
    return group.first == group.main and sentence.words[group.main].is_finite and sentence.lower(group.main) not in (
        "is", "are", "was", "were", "has", "have",
    )  # fmt: skip


def shuffles(sentence: Sentence, lexicon: Lexicon, rng: Generator) -> Iterator[Place]:
    """Yield the words in random orders; what is written together stays together, and so does the end."""
    runs: list[list[int]] = []
    for at, word in enumerate(sentence.words):
        if runs and word.start == sentence.words[at - 1].stop:
            runs[-1].append(at)
        else:
            runs.append([at])
    while runs and not any(char.isalnum() for char in sentence.words[runs[-1][-1]].text):
        runs[-1].pop()
        runs = [run for run in runs if run]
    if len(runs) < 3:
        return
    said = [in_the_middle(sentence, run[0], run[-1] + 1) for run in runs]
    first, past = runs[0][0], runs[-1][-1] + 1
    for _ in range(_TRIES):
        text = " ".join(said[int(at)] for at in rng.permutation(len(said)))
        if text.split() != " ".join(said).split():
            yield [Rewrite((Replacement(first, past, text),), "", "")]
