"""Edits of what is seen: a noun becomes another of the same category, in the same number.

Separate because only the head of a phrase may change: never the shopping of a shopping cart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from numpy.random import Generator

from workbench.core.text_edits.lexicon import Lexicon
from workbench.core.text_edits.sentence import NounPhrase, Sentence
from workbench.core.text_edits.substitution import Place, drawn, swap

_OF_A_GENDER = ("he", "him", "his", "she", "her", "himself", "herself")
_LONGEST = 3


def objects(sentence: Sentence, lexicon: Lexicon, rng: Generator) -> Iterator[Place]:
    """Yield other nouns of the same category; people keep their gender where a pronoun says it."""
    named = {word.lower for word in sentence.words}
    has_gender = not named.isdisjoint(_OF_A_GENDER)
    for phrase in sentence.noun_phrases:
        first, noun = known_noun(sentence, lexicon, phrase)
        categories = [name for name in lexicon.categories_of.get(noun, ()) if name not in lexicon.kept]
        if has_gender:
            categories = [name for name in categories if name not in lexicon.gendered - lexicon.of_one_gender]
        others = [] if has_gender and noun in lexicon.people else [*lexicon.stand_ins.get(noun, ())]
        for name in categories:
            others += drawn(lexicon.categories[name], rng)
        alike = {noun, *lexicon.synonyms.nouns.get(noun, ())}
        forms = _in_number(sentence, lexicon, phrase, [other for other in dict.fromkeys(others) if other not in alike])
        yield [swap(sentence, first, phrase.past, form) for form in forms if named.isdisjoint(form.split())]


def _in_number(sentence: Sentence, lexicon: Lexicon, phrase: NounPhrase, nouns: Sequence[str]) -> list[str]:
    """Return nouns in the plural where the phrase is."""
    head = sentence.lower(phrase.head)
    is_plural = (
        sentence.tag(phrase.head) == "NNS" and lexicon.inflection.plural(lexicon.noun_forms.get(head, "")) == head
    )
    return [lexicon.inflection.plural(noun) if is_plural else noun for noun in nouns]


def same_nouns(sentence: Sentence, lexicon: Lexicon) -> Iterator[Place]:
    """Yield other nouns for the same thing."""
    for phrase in sentence.noun_phrases:
        first, noun = known_noun(sentence, lexicon, phrase)
        others = lexicon.synonyms.nouns.get(noun, ())
        is_coloured = any(sentence.lower(at) in lexicon.colours for at in range(phrase.core, phrase.head))
        if is_coloured or noun == "circle":
            others = (*others, *lexicon.synonyms.coloured_nouns.get(noun, ()))
        forms = _in_number(sentence, lexicon, phrase, others)
        yield [swap(sentence, first, phrase.past, form) for form in forms]


def known_noun(sentence: Sentence, lexicon: Lexicon, phrase: NounPhrase) -> tuple[int, str]:
    """Return the first word and the plain form of the noun that a phrase is about; an unknown one has no name."""
    head = phrase.head
    last = lexicon.noun_forms.get(sentence.lower(head), sentence.lower(head))
    if sentence.tag(phrase.past) == "POS":
        return head, ""
    for n_words in range(_LONGEST, 1, -1):
        first = head - n_words + 1
        if first >= phrase.first:
            name = " ".join([*(sentence.lower(at) for at in range(first, head)), last])
            if name in lexicon.noun_forms:
                return first, name
    before = sentence.words[head - 1] if head > phrase.first else None
    is_compound = before is not None and (
        (before.is_noun or before.tag == "VBG" or before.tag == "POS") and before.lower not in lexicon.colours
    )
    is_owned = is_compound and before is not None and before.tag == "POS"
    return (head, "") if is_compound and not is_owned else (head, last)
