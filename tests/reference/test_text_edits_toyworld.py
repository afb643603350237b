"""Edits of sentences against those of the toy world, which knows what its sentences mean and never reads them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from workbench.core.text_edits.making import make_edits
from workbench.language.lexicons import lexicon
from workbench.language.tagger import tagged
from workbench.toyworld import grammar
from workbench.toyworld.grammar import Clause, Noun, Sentence
from workbench.toyworld.vocabulary import COLOURS, MANNERS, RELATIONS, SHAPES, SIZES, TAKES_ANOTHER, TAKES_MANNER, VERBS

KINDS = {
    "colour": "colour",
    "shape": "object",
    "size": "size",
    "verb": "verb",
    "direction": "direction",
    "manner": "antonym",
    "exchange": "exchange",
    "relation": "place",
    "binding": "binding",
    "order": "order",
    "number": "number",
    "negation": "negation",
}
UNSEEN = 20_261_126


def pick(rng: np.random.Generator, items) -> str:
    return str(rng.choice(list(items)))


def noun(rng: np.random.Generator) -> Noun:
    return Noun(pick(rng, COLOURS), pick(rng, SHAPES), pick(rng, SIZES) if rng.random() < 0.4 else None)


def clause(rng: np.random.Generator) -> Clause:
    verb = pick(rng, VERBS)
    return Clause(
        noun(rng),
        verb,
        manner=pick(rng, MANNERS) if verb in TAKES_MANNER and rng.random() < 0.5 else None,
        other=noun(rng) if verb in TAKES_ANOTHER else None,
        new_colour=pick(rng, COLOURS) if verb == "changes_colour" else None,
    )


def sentences(count: int) -> list[Sentence]:
    """Return sentences of all kinds that name something, of every kind as many."""
    rng, found = np.random.default_rng(UNSEEN), []
    for number in range(count):
        kind = ("event", "order", "presence", "both", "relation", "count")[number % 6]
        if kind in ("event", "order"):
            found.append(Sentence(kind, clauses=tuple(clause(rng) for _ in range(1 + (kind == "order")))))
        else:
            nouns = tuple(noun(rng) for _ in range(2 if kind in ("both", "relation") else 1))
            relation = pick(rng, RELATIONS) if kind == "relation" else None
            n_things = int(rng.integers(1, 4)) if kind == "count" else 1
            found.append(Sentence(kind, nouns, relation=relation, count=n_things))
    return found


@pytest.fixture(scope="module")
def compared() -> list[tuple[Sentence, list[grammar.Edit], set[tuple[str, str]]]]:
    found = []
    for sentence in sentences(120):
        theirs = [edit for seed in range(20) for edit in grammar.edits(sentence, np.random.default_rng(seed))]
        mine = make_edits(tagged(sentence.text), lexicon(), [*KINDS.values(), "paraphrase"], most=40)
        found.append((sentence, theirs, {(edit.kind, edit.text) for edit in mine.edits}))
    return found


def test_every_edit_of_the_toy_world_is_made(compared):
    """But for those that name twice what is there already, such as two red circles of a red and a blue one.

    Colours exchanged say the same as two things exchanged, where both are rings: such an edit is made once.
    """
    missing, n_made = [], Counter()
    for sentence, theirs, mine in compared:
        for kind, text, after in {(edit.kind, edit.text, edit.after) for edit in theirs}:
            if kind in ("colour", "shape") and after in sentence.text.split():
                continue
            n_made[kind] += 1
            kinds = ("binding", "exchange") if kind == "binding" else (KINDS[kind],)
            if not any((name, text) in mine for name in kinds):
                missing.append((kind, sentence.text, text))
    assert missing == []
    assert set(n_made) == set(KINDS)


def test_verbs_directions_and_orders_are_those_of_the_toy_world_alone(compared):
    for _, theirs, mine in compared:
        said = {edit.text for edit in theirs}
        kinds = ("verb", "direction", "order", "place", "exchange")
        assert {(kind, text) for kind, text in mine if kind in kinds and text not in said} == set()


def test_an_edit_stays_in_the_words_of_the_toy_world(compared):
    words = set(grammar.word_list())
    for _, _, mine in compared:
        for kind, text in mine:
            if kind not in ("paraphrase", "number", "negation"):
                assert set(text.split()) <= words, (kind, text)


def test_what_the_toy_world_says_otherwise_is_said_otherwise(compared):
    for sentence, _, mine in compared:
        said = {text for kind, text in mine if kind == "paraphrase"}
        for plain, other in grammar.SYNONYMS.items():
            padded = f" {sentence.text} "
            if padded.count(f" {plain} ") == 1:
                assert padded.replace(f" {plain} ", f" {other} ").strip() in said
