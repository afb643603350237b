"""A sentence with words replaced: articles agree, the first letter stays large, and every change knows where it is.

Separate because all kinds of edits end here, whatever they change.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.core.text_edits.inflection import article
from workbench.core.text_edits.sentence import Sentence
from workbench.types.edits import Change


@dataclass(frozen=True)
class Replacement:
    """Words from ``first`` to before ``past`` that become ``text``; no words where text is put in before one."""

    first: int
    past: int
    text: str


@dataclass(frozen=True)
class Rewrite:
    """What is replaced, and what is said of it: ``before`` became ``after``."""

    replacements: tuple[Replacement, ...]
    before: str
    after: str


def rewritten(sentence: Sentence, replacements: Sequence[Replacement]) -> tuple[str, tuple[Change, ...]]:
    """Return the text with the words replaced, which must not overlap, and the changes in order."""
    wanted = sorted([*replacements, *_articles(sentence, replacements)], key=lambda made: (made.first, made.past))
    spans = [_span(sentence, made) for made in wanted]
    return _put_together(sentence.text, [(start, stop, text) for start, stop, text in spans])


def replaced_whole(text: str, other: str) -> tuple[str, tuple[Change, ...]]:
    """Return another text in the place of one."""
    return _put_together(text, [(0, len(text), other)])


def between(text: str, other: str) -> tuple[Change, ...]:
    """Return what of a text must change for another one, word by word."""
    mine, theirs = (re.findall(r"\w+|\s+|[^\w\s]", said) for said in (text, other))
    spans = []
    for verdict, first, past, new_first, new_past in difflib.SequenceMatcher(None, mine, theirs, False).get_opcodes():
        if verdict != "equal":
            start = len("".join(mine[:first]))
            spans.append((start, start + len("".join(mine[first:past])), "".join(theirs[new_first:new_past])))
    return _put_together(text, spans)[1]


def folded(text: str) -> str:
    """Return what a text says but for case and spaces: two texts are the same where this is."""
    return "".join(text.casefold().split())


def in_the_middle(sentence: Sentence, first: int, past: int) -> str:
    """Return words as they would stand inside a sentence: without the large letter that begins one."""
    text = sentence.part(first, past)
    if first or not text or sentence.words[0].tag.startswith("NNP") or sentence.words[0].text == "I":
        return text
    return text[0].lower() + text[1:] if not text[1:2].isupper() else text


def _span(sentence: Sentence, made: Replacement) -> tuple[int, int, str]:
    words, text = sentence.words, made.text
    if made.first == 0 and text and words[0].text[0].isupper():
        text = text[0].upper() + text[1:]
    if made.first == made.past:
        at = words[made.first].start if made.first < len(words) else words[-1].stop
        return at, at, f"{text} " if made.first < len(words) else f" {text}"
    start, stop = words[made.first].start, words[made.past - 1].stop
    if not text and made.past < len(words):
        stop = words[made.past].start
    elif not text and made.first:
        start = words[made.first - 1].stop
    return start, stop, text


def _articles(sentence: Sentence, replacements: Sequence[Replacement]) -> list[Replacement]:
    """Return the articles that must change because what stands after them does."""
    found = []
    touched = {at for made in replacements for at in range(made.first, made.past)}
    for at, word in enumerate(sentence.words[:-1]):
        if word.lower not in ("a", "an") or at in touched:
            continue
        changed = [made for made in replacements if made.first == at + 1]
        if changed:
            after = changed[0].text or sentence.lower(changed[0].past)
            wanted = article(after)
            if wanted != word.lower:
                found.append(Replacement(at, at + 1, wanted))
    return found


def _put_together(text: str, spans: Sequence[tuple[int, int, str]]) -> tuple[str, tuple[Change, ...]]:
    parts, changes, at, length = [], [], 0, 0
    for start, stop, new in spans:
        if stop > start and new.endswith(f" {text[start:stop]}"):  # put in before words that stay
            stop, new = start, new.removesuffix(text[start:stop])
        parts += [text[at:start], new]
        length += start - at
        changes.append(Change(text[start:stop], new, (start, stop), (length, length + len(new))))
        at, length = stop, length + len(new)
    return "".join([*parts, text[at:]]), tuple(changes)
