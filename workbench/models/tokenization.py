"""Sentences to word pieces and back to what a person typed: cut, masked, padded, and honest about it.

Separate because every family that reads text through a tokenizer of the hub needs the same five things:
the ids, the pieces to show, the words it does not know, whether the end was cut off, and the mask.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import numpy as np
from jaxtyping import Bool, Int64

from workbench.errors import InputError

SENTENCEPIECE_SPACE = "\u2581"
Span = tuple[int, int]
"""Where something stands in a text: its first character, and the one past its last."""

WORD = re.compile(r"[\w'-]+|[^\s\x00-\x7f]+")


@dataclass(frozen=True)
class TokenizedTexts:
    """Texts as a text encoder reads them; ``attention`` is 0 on absent tokens and on what is masked to fill up.

    ``spans`` are where in its text each of ``tokens`` stands.
    """

    ids: Int64[np.ndarray, "query position"]
    attention: Int64[np.ndarray, "query position"]
    tokens: tuple[tuple[str, ...], ...]
    unknown_words: tuple[tuple[str, ...], ...]
    is_truncated: tuple[bool, ...]
    spans: tuple[tuple[Span, ...], ...]


@dataclass(frozen=True)
class _Pieces:
    """One text as the tokenizer cuts it, without the tokens that begin and end every text."""

    ids: list[int]
    shown: tuple[str, ...]
    unknown_words: tuple[str, ...]
    spans: tuple[Span, ...]


class TextReader:
    """A tokenizer with the length its model can read; safe to share between threads.

    ``fills_context``: the model learned from texts filled up to the full length, and attends to the filling
    (SigLIP); else texts are as long as the longest of them, and what fills the others is masked.
    """

    def __init__(self, tokenizer: Any, context: int, *, fills_context: bool = False) -> None:
        self._tokenizer = tokenizer
        self._read = _reading(tokenizer)
        self._lock = threading.Lock()
        probe = tokenizer("a", return_special_tokens_mask=True)
        is_special = np.array(probe["special_tokens_mask"], dtype=bool)
        ids, n_prefix = probe["input_ids"], int(np.argmin([*is_special, False]))
        self._prefix, self._suffix = ids[:n_prefix], ids[n_prefix + int((~is_special).sum()) :]
        self._room = context - len(self._prefix) - len(self._suffix)
        self._fills_context = fills_context
        self._is_filled_in_front = fills_context and tokenizer.padding_side == "left"
        pad = tokenizer.pad_token_id
        self._pad = pad if pad is not None else ids[-1]

    @property
    def suffix(self) -> list[int]:
        """Return the ids that end every text."""
        return list(self._suffix)

    def __call__(self, texts: Sequence[str], absent: Bool[np.ndarray, "query token"] | None = None) -> TokenizedTexts:
        """Return ``texts`` tokenized; tokens marked ``absent`` keep their place and are not attended to.

        Raises ``InputError`` if ``absent`` has no row per text or no column per token.
        """
        with self._lock:
            read = [self._read(self._tokenizer, text) for text in texts]
        pieces = [item.ids[: self._room] for item in read]
        longest = max(map(len, pieces), default=0)
        if absent is not None and (absent.shape[0] != len(texts) or absent.shape[1] < longest):
            raise InputError(
                f"The mask of absent tokens has shape {absent.shape} where the texts need "
                f"({len(texts)}, {longest}); make it from the tokens of the same texts."
            )
        n_special = len(self._prefix) + len(self._suffix)
        width = (self._room if self._fills_context else longest) + n_special
        ids = np.full((len(texts), width), self._pad, dtype=np.int64)
        attention = np.full_like(ids, self._fills_context)
        for row, item in enumerate(pieces):
            whole = [*self._prefix, *item, *self._suffix]
            first = width - len(whole) if self._is_filled_in_front else 0
            ids[row, first:][: len(whole)] = whole
            attention[row, first:][: len(whole)] = 1
            if absent is not None:
                attention[row, first + len(self._prefix) :][: len(item)] = ~absent[row, : len(item)]
        return TokenizedTexts(
            ids=ids,
            attention=attention,
            tokens=tuple(item.shown[: self._room] for item in read),
            unknown_words=tuple(item.unknown_words for item in read),
            is_truncated=tuple(len(item.ids) > self._room for item in read),
            spans=tuple(item.spans[: self._room] for item in read),
        )


def unknown_words(tokenizer: Any, text: str) -> tuple[str, ...]:
    """Return the words of a text that a tokenizer of the transformers library has no pieces for."""
    return _reading(tokenizer)(tokenizer, text).unknown_words


def spans_in(text: str, pieces: Sequence[str]) -> tuple[Span, ...]:
    """Return where in ``text`` each of its pieces stands, as they follow one another in it.

    A tokenizer may rewrite a text before it cuts it, drop marks, or have no piece for a word: the letters of all
    pieces are aligned with those of the text, and a piece of which no letter is found stands for what lies between
    its neighbours, for one word of it where there are as many words as such pieces.

    Cost: proportional to the text, and to the cube of what stands after the first piece that is not as in the text.
    """
    lowered = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    found, first, begins = _as_they_stand(lowered, pieces)
    letters = [(at, char) for at, piece in enumerate(pieces[first:], first) for char in piece.lower()]
    matcher = SequenceMatcher(None, lowered[begins:], "".join(char for _, char in letters), autojunk=False)
    for in_text, in_letters, size in matcher.get_matching_blocks():
        for step in range(size):
            at, place = letters[in_letters + step][0], begins + in_text + step
            found[at] = (min(place, found.get(at, (place, 0))[0]), place + 1)
    spans: list[Span] = []
    for is_found, run in itertools.groupby(range(len(pieces)), lambda at: at in found):
        numbers = list(run)
        if is_found:
            spans += [found[at] for at in numbers]
            continue
        start = spans[-1][1] if spans else 0
        stop = found[numbers[-1] + 1][0] if numbers[-1] + 1 in found else len(text)
        words = [match.span() for match in WORD.finditer(text, start, max(start, stop))]
        spans += words if len(words) == len(numbers) else [(start, max(start, stop))] * len(numbers)
    return tuple(spans)


def _as_they_stand(lowered: str, pieces: Sequence[str]) -> tuple[dict[int, Span], int, int]:
    """Return where the first pieces stand, up to one that is not next but for marks and spaces; and where that begins.

    To align letters of a text that says the same again and again takes minutes.
    """
    found: dict[int, Span] = {}
    at = 0
    for number, piece in enumerate(pieces):
        start = lowered.find(piece.lower(), at) if piece else -1
        if start < 0 or any(char.isalnum() for char in lowered[at:start]):
            return found, number, at
        at = start + len(piece)
        found[number] = (start, at)
    return found, len(pieces), at


def _reading(tokenizer: Any) -> Callable[[Any, str], _Pieces]:
    return _read_by_offsets if getattr(tokenizer, "is_fast", False) else _read_by_words


def _read_by_offsets(tokenizer: Any, text: str) -> _Pieces:
    """Return the pieces of a text by a tokenizer that says where in the text each of them stands."""
    # split_special_tokens: somebody who types "<|endoftext|>" has typed text and ends nothing.
    encoded = tokenizer(
        text, add_special_tokens=False, return_offsets_mapping=True, split_special_tokens=True, verbose=False
    )
    ids, offsets = list(encoded["input_ids"]), encoded["offset_mapping"]
    unknown = []
    for match in WORD.finditer(text):
        covering = [piece for piece, (a, b) in zip(ids, offsets, strict=True) if a < match.end() and b > match.start()]
        if not covering or tokenizer.unk_token_id in covering:
            unknown.append(match.group())
    spans = tuple((int(start), int(end)) for start, end in offsets)
    return _Pieces(ids, tuple(text[start:end] for start, end in offsets), tuple(dict.fromkeys(unknown)), spans)


def _read_by_words(tokenizer: Any, text: str) -> _Pieces:
    """Return the pieces of a text by a tokenizer that does not: unknown words are asked for one by one."""
    pieces = tokenizer.tokenize(text, split_special_tokens=True)
    words = dict.fromkeys(match.group() for match in WORD.finditer(text))

    def is_unknown(word: str) -> bool:
        ids = tokenizer.convert_tokens_to_ids(tokenizer.tokenize(word, split_special_tokens=True))
        return not ids or tokenizer.unk_token_id in ids

    shown = tuple(piece.replace(SENTENCEPIECE_SPACE, " ").strip() for piece in pieces)
    return _Pieces(
        ids=list(tokenizer.convert_tokens_to_ids(pieces)),
        shown=shown,
        unknown_words=tuple(filter(is_unknown, words)),
        spans=spans_in(text, shown),
    )
