"""A sentence as words with parts of speech, and the phrases that are read from these: nouns, verbs, clauses.

Separate from the edits, which ask for phrases and never look at tags. Phrases are read from neighbouring tags alone: a
caption is short, and what is read from a full parse of it is wrong more often.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

_NOUNS = ("NN", "NNS", "NNP", "NNPS")
_MODIFIERS = (*_NOUNS, "JJ", "JJR", "JJS", "VBN", "CD")
_OPENERS = ("DT", "PRP$", "CD", "PDT")
_NOT = ("not", "n't")
BE = ("is", "are", "was", "were", "am", "'s", "'re")
AUXILIARIES = (*BE, "be", "been", "being", "has", "have", "had", "do", "does", "did")
MODALS = ("can", "could", "will", "would", "may", "might", "must", "should")


@dataclass(frozen=True)
class Word:
    """A word, the characters of the sentence where it stands, its Penn Treebank tag, and its plain form."""

    text: str
    start: int
    stop: int
    tag: str
    lemma: str = ""

    @property
    def lower(self) -> str:
        """The word in small letters, as lexicons have it."""
        return self.text.lower()

    @property
    def is_noun(self) -> bool:
        """Whether it names something."""
        return self.tag in _NOUNS

    @property
    def is_verb(self) -> bool:
        """Whether it is a verb in any form."""
        return self.tag.startswith("VB") or self.tag == "MD"

    @property
    def is_finite(self) -> bool:
        """Whether it is a verb that can stand alone with a subject."""
        return self.tag in ("VBZ", "VBP", "VBD", "MD")


@dataclass(frozen=True)
class NounPhrase:
    """Words from ``first`` to before ``past``; ``core`` is the first after the article, ``head`` the noun, the last."""

    first: int
    core: int
    head: int

    @property
    def past(self) -> int:
        """The word after it."""
        return self.head + 1


@dataclass(frozen=True)
class VerbGroup:
    """Words from ``first``, an auxiliary if there is one, to the ``main`` verb."""

    first: int
    main: int


@dataclass(frozen=True)
class Sentence:
    """A text and its words in order; what is between words, such as spaces, belongs to none."""

    text: str
    words: tuple[Word, ...]

    def part(self, first: int, past: int) -> str:
        """Return the text from one word to before another, as far as the sentence goes."""
        words = self.words[max(first, 0) : max(past, 0)]
        return self.text[words[0].start : words[-1].stop] if words else ""

    def tag(self, at: int) -> str:
        """Return the tag of a word, and nothing for one beyond either end."""
        return self.words[at].tag if 0 <= at < len(self.words) else ""

    def lower(self, at: int) -> str:
        """Return a word in small letters, and nothing for one beyond either end."""
        return self.words[at].lower if 0 <= at < len(self.words) else ""

    def says(self, at: int, phrase: str) -> int:
        """Return how many words of the sentence, from one on, are those of the phrase: all of them, or 0."""
        wanted = phrase.split()
        return len(wanted) if [self.lower(at + i) for i in range(len(wanted))] == wanted else 0

    @cached_property
    def noun_phrases(self) -> tuple[NounPhrase, ...]:
        """The longest runs that end in a noun, such as "the two small dogs"; never a pronoun."""
        found, at = [], 0
        while at < len(self.words):
            core = at
            while self.tag(core) in _OPENERS and not self._is_one(core):
                core += 1
            past, head = core, -1
            while self._modifies(past, core):
                if self.words[past].is_noun:
                    head = past
                past += 1
            if head >= 0:
                found.append(NounPhrase(at, core, head))
                at = head + 1
            else:
                at += 1
        return tuple(found)

    def _is_one(self, at: int) -> bool:
        """Return whether "one" stands for a noun, as in "a new one"."""
        return self.lower(at) == "one" and self.tag(at + 1) not in _MODIFIERS

    def _modifies(self, at: int, core: int) -> bool:
        tag = self.tag(at)
        if tag == "VBN" and not (at > 0 and self.tag(at + 1) in _MODIFIERS):
            return False
        if tag == "VBG":  # a walking stick, but not: a dog chasing cats
            return core == at and self.tag(at - 1) in ("DT", "PRP$", "JJ") and self.tag(at + 1) in _NOUNS
        if tag == "POS":
            return at > core and self.tag(at + 1) in _MODIFIERS
        if self.lower(at) == "and":  # a black and white cow
            return self.tag(at - 1) == "JJ" and self.tag(at + 1) == "JJ" and self.tag(at + 2) in _NOUNS
        return tag in _MODIFIERS and not self._is_one(at)

    @cached_property
    def verb_groups(self) -> tuple[VerbGroup, ...]:
        """Every verb with its auxiliaries, such as "is not quickly moving", in order."""
        found, at = [], 0
        while at < len(self.words):
            if not self.words[at].is_verb or self._is_modifier(at):
                at += 1
                continue
            first, main = at, at
            while self.lower(main) in (*AUXILIARIES, *MODALS):
                after = main + 1
                while self.tag(after) in ("RB", "RBR") or self.lower(after) in _NOT:
                    after += 1
                if not (after < len(self.words) and self.words[after].is_verb):
                    break
                main = after
            found.append(VerbGroup(first, main))
            at = main + 1
        return tuple(found)

    def _is_modifier(self, at: int) -> bool:
        """Return whether a participle belongs to a noun phrase: "an animated rabbit", "a shopping cart"."""
        return self.tag(at) in ("VBN", "VBG") and self.tag(at - 1) in ("DT", "PRP$") and self.tag(at + 1) in _MODIFIERS

    def clause_of(self, at: int) -> tuple[int, int]:
        """Return the first word of the clause that a word is in, and the one after it."""
        bounds = [0, *self.joints, len(self.words)]
        return max(bound for bound in bounds if bound <= at), min(bound for bound in bounds if bound > at)

    @cached_property
    def joints(self) -> tuple[int, ...]:
        """The words that join one clause or verb phrase to the next: and, then, before, while, a comma."""
        return tuple(at for at in range(1, len(self.words)) if self._joins(at))

    def _joins(self, at: int) -> bool:
        if self.lower(at) in ("then", "while", "because", "but", "before", "after", "as", "when", ","):
            return True
        return self.lower(at) in ("and", "or") and any(
            self.words[i].is_verb for i in range(at + 1, min(at + 6, len(self.words))) if not self._is_modifier(i)
        )

    def pronouns(self, first: int = 0, past: int | None = None) -> Iterator[str]:
        """Yield the pronouns of a part that point to something said elsewhere."""
        for word in self.words[first:past]:
            if word.tag in ("PRP", "PRP$") or word.lower in ("one", "another", "other"):
                yield word.lower
