"""Forms of English words: plurals, the forms of verbs, and the article before a word.

Separate because it knows spelling and no lexicon of edits. Regular forms come from rules, the others from a table: only
words of our own lexicons are ever inflected, so that the table can be complete.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

VERB_TAGS = ("VB", "VBP", "VBZ", "VBG", "VBD", "VBN")
_HISSING = ("s", "x", "z", "ch", "sh")
_SILENT = re.compile(r"(hour|honest|honou?r|heir)")
_AS_YOU = re.compile(r"(uni(?!n|m)|use|usual|eu|one\b|once|ukulele|ufo)")


@dataclass(frozen=True)
class Inflection:
    """The irregular words: plurals by noun, past and participle by verb, and verbs that double their last letter."""

    plurals: Mapping[str, str]
    pasts: Mapping[str, tuple[str, str]]
    doubled: frozenset[str]

    def plural(self, noun: str) -> str:
        """Return the plural of a noun; of several words the last one's."""
        first, _, last = noun.rpartition(" ")
        return f"{first} {self.plurals.get(last) or _with_s(last)}".strip()

    def verb(self, lemma: str, tag: str) -> str | None:
        """Return the form of a verb, of several words the first one's; None where it has none."""
        first, space, rest = lemma.partition(" ")
        if rest.startswith("not ") and tag not in ("VB", "VBP", "VBZ", "VBD"):
            return None
        return self._form(first, tag) + space + rest

    def _form(self, verb: str, tag: str) -> str:
        if tag == "VBZ":
            return {"have": "has", "be": "is"}.get(verb) or _with_s(verb, after_o=True)
        if tag == "VBG":
            if verb.endswith("ie"):
                return verb[:-2] + "ying"
            if verb.endswith("e") and not verb.endswith(("ee", "ye", "oe", "be")):
                return verb[:-1] + "ing"
            return self._stem(verb) + "ing"
        if tag in ("VBD", "VBN"):
            if verb in self.pasts:
                return self.pasts[verb][tag == "VBN"]
            if verb.endswith("e"):
                return verb + "d"
            return (verb[:-1] + "ied") if re.search("[^aeiou]y$", verb) else self._stem(verb) + "ed"
        return verb

    def _stem(self, verb: str) -> str:
        is_short = re.fullmatch("[^aeiou]*(?:qu)?[aeiou][^aeiouwxy]", verb)
        return verb + verb[-1] if is_short or verb in self.doubled else verb


def _with_s(word: str, after_o: bool = False) -> str:
    if word.endswith(_HISSING) or (after_o and re.search("[^aeiou]o$", word)):
        return word + "es"
    return word[:-1] + "ies" if re.search("[^aeiou]y$", word) else word + "s"


def article(word: str) -> str:
    """Return a or an, whichever stands before the word."""
    lower = word.lower()
    if _SILENT.match(lower):
        return "an"
    return "an" if lower[:1] in tuple("aeiou") and not _AS_YOU.match(lower) else "a"
