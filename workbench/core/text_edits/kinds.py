"""The kinds of edits, one entry each: what it is called, what it does to the meaning, and how it is found.

Separate so that a kind is added by one line here and one function elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from numpy.random import Generator

from workbench.core.text_edits.arrangement import bindings, exchanges, orders, shuffles
from workbench.core.text_edits.lexicon import Lexicon
from workbench.core.text_edits.negation import negations
from workbench.core.text_edits.objects import objects
from workbench.core.text_edits.paraphrase import paraphrases
from workbench.core.text_edits.sentence import Sentence
from workbench.core.text_edits.substitution import Place, colours, directions, numbers, opposites, places, sizes
from workbench.core.text_edits.verbs import verbs
from workbench.types.edits import Role

Finder = Callable[[Sentence, Lexicon, Generator], Iterator[Place]]


@dataclass(frozen=True)
class Kind:
    """A kind of edit: ``why_not`` is said of a sentence in which nothing is found."""

    name: str
    role: Role
    title: str
    find: Finder
    why_not: str


KINDS = (
    Kind("verb", "meaning", "another action", verbs, "It says no action whose opposite or like is known."),
    Kind("direction", "meaning", "the opposite direction", directions, "It says no direction that could be turned."),
    Kind("place", "meaning", "another place", places, "It says no relation in space that could be another."),
    Kind("antonym", "meaning", "the opposite word", opposites, "It has no adjective or adverb with a known opposite."),
    Kind("colour", "meaning", "another colour", colours, "It names no colour."),
    Kind("size", "meaning", "another size", sizes, "It names no size."),
    Kind("number", "meaning", "another number", numbers, "It counts nothing that could be one more or less."),
    Kind("object", "meaning", "another thing", objects, "It names nothing of a known category."),
    Kind("exchange", "meaning", "who and whom exchanged", exchanges, "No two in it could each do this to the other."),
    Kind("binding", "meaning", "attributes exchanged", bindings, "No two in it have attributes to exchange."),
    Kind(
        "order", "meaning", "events in the other order", orders, "It tells of no two events that could change places."
    ),
    Kind("negation", "meaning", "denied", negations, "It has no verb or noun that could be denied."),
    Kind("shuffle", "meaning", "words shuffled", shuffles, "It has fewer than three words to shuffle."),
    Kind("paraphrase", "control", "the same in other words", paraphrases, "No other words for the same are known."),
)
RANDOM, OWN = "random", "own"
NAMES = (*(kind.name for kind in KINDS), RANDOM)
ROLE_OF: dict[str, Role] = {kind.name: kind.role for kind in KINDS} | {RANDOM: "ceiling", OWN: "meaning"}
"""What each kind of edit is there for: one that was corrected is what it was, a control or not."""
