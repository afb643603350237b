"""A sentence denied, or one that denies made to affirm.

Separate because English denies by an auxiliary that most sentences lack: "opens" becomes "does not open".
"""

from __future__ import annotations

from collections.abc import Iterator

from numpy.random import Generator

from workbench.core.text_edits.inflection import article
from workbench.core.text_edits.lexicon import Lexicon
from workbench.core.text_edits.rewriting import Replacement, Rewrite, in_the_middle
from workbench.core.text_edits.sentence import AUXILIARIES, MODALS, Sentence
from workbench.core.text_edits.substitution import Place, swap

SHOWING = ("video", "picture", "photo", "image", "clip", "film", "close-up", "view", "shot")
_NOBODY = {"nobody": "somebody", "nothing": "something", "never": "always"}


def negations(sentence: Sentence, lexicon: Lexicon, rng: Generator) -> Iterator[Place]:
    """Yield the sentence denied, or without its denial."""
    affirmed = _affirmed(sentence)
    if affirmed is not None:
        yield [affirmed] if affirmed.replacements else []
        return
    denied = _no_such_thing(sentence) or _not_done(sentence, lexicon) or _fragment(sentence)
    yield [denied] if denied else []


def _affirmed(sentence: Sentence) -> Rewrite | None:
    """Return the sentence without its denial; without any change where it has one that cannot just be left out."""
    for at, word in enumerate(sentence.words):
        if word.lower in _NOBODY:
            return swap(sentence, at, at + 1, _NOBODY[word.lower])
        if word.lower == "no" and sentence.lower(at + 1) == "one":
            return swap(sentence, at, at + 2, "someone")
        if word.lower == "no" and at + 1 < len(sentence.words):
            is_many = sentence.tag(at + 1) == "NNS" or sentence.tag(at + 2) == "NNS"
            return swap(sentence, at, at + 1, "" if is_many else article(sentence.lower(at + 1)))
        if word.lower == "not" and sentence.lower(at - 1) not in ("do", "does", "did"):
            return swap(sentence, at, at + 1, "")
        if word.lower in ("not", "n't", "neither", "without"):
            return Rewrite((), "", "")
    return None


def _no_such_thing(sentence: Sentence) -> Rewrite | None:
    """Return "there is no cat" for "there is a cat"."""
    if sentence.lower(0) != "there" or sentence.lower(1) not in ("is", "are", "was", "were"):
        return None
    if sentence.lower(2) in ("a", "an", "some", "one"):
        return swap(sentence, 2, 3, "no")
    return Rewrite((Replacement(2, 2, "not"),), "", "not") if len(sentence.words) > 2 else None


def _not_done(sentence: Sentence, lexicon: Lexicon) -> Rewrite | None:
    groups = [group for group in sentence.verb_groups if sentence.words[group.first].is_finite]
    opens = sentence.lower(0) in ("after", "before", "while", "when", "as")
    first = [group for group in groups if not opens or group.first > _end_of_opening(sentence)]
    if not first:
        return None
    at, main = first[0].first, first[0].main
    word = sentence.words[at]
    if at != main or word.lower in (*MODALS, "is", "are", "was", "were", "am"):
        return Rewrite((Replacement(at + 1, at + 1, "not"),), word.text, f"{word.text} not")
    plain = _plain(sentence, lexicon, at)
    helper = {"VBZ": "does", "VBP": "do", "VBD": "did"}.get(word.tag)
    if not plain or not helper or word.lower in AUXILIARIES:
        return None
    while sentence.tag(at - 1) == "RB" and at > 1:
        at -= 1
    return swap(sentence, at, main + 1, " ".join([f"{helper} not", sentence.part(at, main), plain]).replace("  ", " "))


def _end_of_opening(sentence: Sentence) -> int:
    return next((at for at, word in enumerate(sentence.words) if word.text == ","), -1)


def _plain(sentence: Sentence, lexicon: Lexicon, at: int) -> str:
    word = sentence.words[at]
    known = [verb for verb, tag in lexicon.verb_forms.get(word.lower, ()) if tag == word.tag]
    return known[0] if known else word.lemma


def _fragment(sentence: Sentence) -> Rewrite | None:
    """Return what has no verb that could be denied, denied: "no red circle", "a girl not eating"."""
    phrases = sentence.noun_phrases
    if not phrases or phrases[0].first > 0 or any(word.is_finite for word in sentence.words):
        return None
    doing = next((phrase.past for phrase in phrases if sentence.tag(phrase.past) == "VBG"), None)
    if doing is not None:
        return Rewrite((Replacement(doing, doing, "not"),), "", "not")
    if sentence.lower(phrases[0].head) in SHOWING and sentence.lower(phrases[0].past) == "of":
        return swap(sentence, phrases[0].past, phrases[0].past + 1, "without")
    core = phrases[0].core
    if core > 0:
        return swap(sentence, 0, core, "no")
    return Rewrite((Replacement(0, 1, f"no {in_the_middle(sentence, 0, 1)}"),), "", "no")
