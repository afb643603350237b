"""What a sentence asks of a window, in the terms of ``motions``: which changes of which nouns.

Separate because it knows the grammar and the changes, and no pictures: words for changes that windows tell already
are learned from sentences alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from workbench.toyworld import grammar
from workbench.toyworld.geometry import N_NOUNS
from workbench.toyworld.grammar import Clause, Noun, Sentence
from workbench.toyworld.motions import CHANGES, ChangeHeads
from workbench.toyworld.vocabulary import COLOURS, MANNERS, RELATIONS, SHAPES, SIZES, TAKES_ANOTHER, TAKES_MANNER, VERBS

_MEANING = {
    "appears": {"enters": 1.0},
    "disappears": {"leaves": 1.0},
    "moves_left": {"x": -1.0},
    "moves_right": {"x": 1.0},
    "moves_up": {"y": -1.0},
    "moves_down": {"y": 1.0},
    "grows": {"radius": 1.0},
    "shrinks": {"radius": -1.0},
    "spins_clockwise": {"angle": 1.0},
    "spins_anticlockwise": {"angle": -1.0},
    "bounces": {"taken_back": 1.0, "rests": -0.5},
    "stays_still": {"taken_back": -0.5, "rests": 1.0},
    "moves_towards": {"gap": -1.0, "rests": -0.5},
    "moves_away": {"gap": 1.0, "rests": -0.5},
    "changes_colour": {"leaves": 0.7},
}
_THERE, _OTHER_THERE, _SIZE, _PACE = 0.3, 0.15, 0.3, 0.3
_SIGN = {None: 0.0, "small": -1.0, "large": 1.0, "slowly": -1.0, "quickly": 1.0}
_OFTEN = {"event": 0.7, "presence": 0.2, "both": 0.03, "relation": 0.01, "count": 0.01, "absence": 0.02, "order": 0.03}


@dataclass(frozen=True)
class Lines:
    """Sentences, and what each asks: of every noun, how much of every change, ``[sentence noun change]``."""

    texts: list[str]
    asked: torch.Tensor


def lines(rng: np.random.Generator, count: int) -> Lines:
    """Return random sentences in any of their paraphrases."""
    said = [_sentence(rng) for _ in range(count)]
    texts = []
    for sentence in said:
        texts.append(_pick(rng, [sentence.text, _pick(rng, grammar.paraphrases(sentence) or [sentence.text])]))
    return Lines(texts, torch.from_numpy(np.stack([asked(sentence) for sentence in said])))


def meanings(heads: ChangeHeads, asked: torch.Tensor) -> torch.Tensor:
    """Return the unit embeddings ``[sentence dim]`` by which windows, as ``heads`` read them, tell what is asked."""
    return functional.normalize(torch.einsum("snc,ndc->sd", asked, heads.directions()), dim=-1)


def asked(sentence: Sentence) -> np.ndarray:
    """Return how much of every change the sentence asks of every noun, ``float32 [noun change]``."""
    found = np.zeros((N_NOUNS, len(CHANGES)), np.float32)

    def ask(noun: Noun, change: str, weight: float) -> None:
        codes = list(_codes(noun))
        found[codes, CHANGES.index(change)] += weight / len(codes)

    if sentence.kind == "empty":
        found[:, CHANGES.index("there")] = -1 / N_NOUNS
    for noun in sentence.nouns:
        ask(noun, "there", -1 if sentence.kind == "absence" else 1)
        ask(noun, "large", _SIZE * _SIGN[noun.size])
    for clause in sentence.clauses:
        noun = clause.noun
        ask(noun, "there", _THERE)
        ask(noun, "large", _SIZE * _SIGN[noun.size])
        ask(noun, "pace", _PACE * _SIGN[clause.manner])
        for change, weight in _MEANING[clause.verb].items():
            ask(noun, change, weight)
        if clause.other:
            ask(clause.other, "there", _OTHER_THERE)
        if clause.new_colour:
            ask(replace(noun, colour=clause.new_colour), "enters", _MEANING[clause.verb]["leaves"])
    return found


def _codes(noun: Noun) -> Iterator[int]:
    """Yield the numbers of all nouns that an open one may be."""
    for colour, name in enumerate(COLOURS):
        for shape, form in enumerate(SHAPES):
            if noun.colour in (None, name) and noun.shape in (None, form):
                yield colour * len(SHAPES) + shape


def _sentence(rng: np.random.Generator) -> Sentence:
    kind: Any = _pick(rng, list(_OFTEN), list(_OFTEN.values()))
    if kind in ("event", "order"):
        return Sentence(kind, clauses=tuple(_clause(rng) for _ in range(1 if kind == "event" else 2)))
    nouns = tuple(_noun(rng) for _ in range(2 if kind in ("both", "relation") else 1))
    return Sentence(
        kind,
        nouns,
        relation=_pick(rng, list(RELATIONS)) if kind == "relation" else None,
        count=int(rng.integers(1, 4)) if kind == "count" else 1,
        frame=int(rng.integers(36)),
    )


def _clause(rng: np.random.Generator) -> Clause:
    verb = _pick(rng, list(VERBS))
    has_manner = verb in TAKES_MANNER and rng.random() < 0.6
    return Clause(
        _noun(rng),
        verb,
        manner=_pick(rng, list(MANNERS)) if has_manner else None,
        other=_noun(rng) if verb in TAKES_ANOTHER else None,
        new_colour=_pick(rng, list(COLOURS)) if verb == "changes_colour" else None,
    )


def _noun(rng: np.random.Generator) -> Noun:
    colour, shape = _pick(rng, list(COLOURS)), _pick(rng, list(SHAPES))
    is_open = rng.random()
    return Noun(
        None if is_open < 0.06 else colour,
        None if 0.06 <= is_open < 0.12 else shape,
        size=_pick(rng, list(SIZES)) if rng.random() < 0.25 else None,
    )


def _pick(rng: np.random.Generator, items: list, often: list[float] | None = None) -> Any:
    return items[int(rng.choice(len(items), p=often))]
