"""All edits of a sentence, of the kinds asked, the best first.

Separate from the kinds: here the same is made of all of them, few enough, none twice, and the same for the same seed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from itertools import islice, zip_longest

import numpy as np

from workbench.core.text_edits.kinds import KINDS, NAMES, RANDOM, Kind
from workbench.core.text_edits.lexicon import Lexicon
from workbench.core.text_edits.rewriting import between, folded, replaced_whole, rewritten
from workbench.core.text_edits.sentence import Sentence
from workbench.errors import InputError, QueryError
from workbench.types.edits import Change, Edit, Edits, Role, Unedited

_BY_NAME = {kind.name: kind for kind in KINDS}


def make_edits(
    sentence: Sentence,
    lexicon: Lexicon,
    kinds: Sequence[str] = NAMES,
    most: int = 2,
    seed: int = 0,
    pool: Sequence[str] = (),
) -> Edits:
    """Return at most so many edits of each kind, and why there are none of a kind that has none.

    Where a kind finds several places, each is edited once before any is again; ``seed`` chooses among what is equally
    good. ``pool`` are other captions, from which those of kind ``random`` are taken. No edit is the sentence itself, up
    to case and spaces, and none comes twice.

    Raises ``InputError`` for a kind that is unknown or fewer than 1 edit.
    """
    check_kinds(kinds)
    if most < 1:
        raise InputError(f"{most} edits of a kind are none; ask for at least 1.")
    found: list[Edit] = []
    unedited = []
    said = {folded(sentence.text)}
    for name in dict.fromkeys(kinds):
        rng = np.random.default_rng([seed, zlib.crc32(f"{name}\n{sentence.text}".encode("utf-8", "surrogatepass"))])
        options = _random(sentence, pool, rng) if name == RANDOM else _edits(sentence, lexicon, _BY_NAME[name], rng)
        fresh = list(islice(_fresh(options, said), most))
        found += fresh
        if not fresh:
            unedited.append(Unedited(name, _BY_NAME[name].why_not if name != RANDOM else _NO_OTHER))
    return Edits(sentence.text, tuple(found), tuple(unedited))


def check_kinds(kinds: Sequence[str]) -> None:
    """Raise ``InputError`` for the first kind that is unknown."""
    unknown = [kind for kind in kinds if kind not in NAMES]
    if unknown:
        raise InputError(f"There is no edit of kind {unknown[0]!r}; ask for any of {', '.join(NAMES)}.")


def _fresh(options: Iterator[Edit], said: set[str]) -> Iterator[Edit]:
    """Yield the edits that were not said before, and remember them."""
    for edit in options:
        text = folded(edit.text)
        if text not in said:
            said.add(text)
            yield edit


_NO_OTHER = "There are no other captions to take one from."


def _edits(sentence: Sentence, lexicon: Lexicon, kind: Kind, rng: np.random.Generator) -> Iterator[Edit]:
    places = list(kind.find(sentence, lexicon, rng)) if sentence.words else []
    for rewrite in (rewrite for turn in zip_longest(*places) for rewrite in turn if rewrite is not None):
        text, changes = rewritten(sentence, rewrite.replacements)
        yield Edit(kind.name, kind.role, text, rewrite.before, rewrite.after, changes)


def _random(sentence: Sentence, pool: Sequence[str], rng: np.random.Generator) -> Iterator[Edit]:
    for at in rng.permutation(len(pool)):
        text, changes = replaced_whole(sentence.text, pool[int(at)])
        yield Edit(RANDOM, "ceiling", text, sentence.text, text, changes)


def edit_by_hand(sentence: str, text: str, kind: str = "own", role: Role = "meaning") -> Edit:
    """Return an edit that a person wrote, with what it changes, word by word.

    Raises ``QueryError`` for an edit that says nothing, or what the sentence says, up to case and spaces.
    """
    if not text.strip():
        raise QueryError("The edit is empty; type the sentence with one thing changed.")
    if folded(sentence) == folded(text):
        raise QueryError(f"The edit “{text.strip()}” says what the sentence says; change something in it.")
    changes: tuple[Change, ...] = between(sentence, text)
    before, after = (" … ".join(part.strip() for part in parts if part.strip()) for parts in _both(changes))
    return Edit(kind, role, text, before, after, changes)


def _both(changes: Sequence[Change]) -> tuple[list[str], list[str]]:
    return [change.before for change in changes], [change.after for change in changes]
