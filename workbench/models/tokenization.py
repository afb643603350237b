"""Sentences to word pieces and back to what a person typed: cut, masked, padded, and honest about it.

Separate because every family that reads text through a tokenizer of the hub needs the same five things:
the ids, the pieces to show, the words it does not know, whether the end was cut off, and the mask.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Int64

from workbench.errors import InputError, ModelError

WORD = re.compile(r"[\w'-]+|[^\s\x00-\x7f]+")


@dataclass(frozen=True)
class TokenizedTexts:
    """Texts as a text encoder reads them; ``attention`` is 0 on padding and on absent tokens."""

    ids: Int64[np.ndarray, "query position"]
    attention: Int64[np.ndarray, "query position"]
    tokens: tuple[tuple[str, ...], ...]
    unknown_words: tuple[tuple[str, ...], ...]
    is_truncated: tuple[bool, ...]


class TextReader:
    """A tokenizer with the length its model can read; safe to share between threads."""

    def __init__(self, tokenizer: Any, context: int) -> None:
        if not getattr(tokenizer, "is_fast", False):
            raise ModelError("The model's tokenizer has no tokenizer.json; save it in that form and load again.")
        self._tokenizer = tokenizer
        self._lock = threading.Lock()
        probe = tokenizer("a", return_special_tokens_mask=True)
        is_special = np.array(probe["special_tokens_mask"], dtype=bool)
        ids, n_prefix = probe["input_ids"], int(np.argmin([*is_special, False]))
        self._prefix, self._suffix = ids[:n_prefix], ids[n_prefix + int((~is_special).sum()) :]
        self._room = context - len(self._prefix) - len(self._suffix)
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
        # split_special_tokens: somebody who types "<|endoftext|>" has typed text and ends nothing.
        with self._lock:
            encoded = [
                self._tokenizer(
                    text,
                    add_special_tokens=False,
                    return_offsets_mapping=True,
                    split_special_tokens=True,
                    verbose=False,
                )
                for text in texts
            ]
        pieces = [list(item["input_ids"])[: self._room] for item in encoded]
        longest = max(map(len, pieces), default=0)
        if absent is not None and (absent.shape[0] != len(texts) or absent.shape[1] < longest):
            raise InputError(
                f"The mask of absent tokens has shape {absent.shape} where the texts need "
                f"({len(texts)}, {longest}); make it from the tokens of the same texts."
            )
        n_special = len(self._prefix) + len(self._suffix)
        ids = np.full((len(texts), longest + n_special), self._pad, dtype=np.int64)
        attention = np.zeros_like(ids)
        for row, item in enumerate(pieces):
            whole = [*self._prefix, *item, *self._suffix]
            ids[row, : len(whole)] = whole
            attention[row, : len(whole)] = 1
            if absent is not None:
                attention[row, len(self._prefix) :][: len(item)] = ~absent[row, : len(item)]
        return TokenizedTexts(
            ids=ids,
            attention=attention,
            tokens=tuple(
                tuple(text[start:end] for start, end in item["offset_mapping"][: self._room])
                for text, item in zip(texts, encoded, strict=True)
            ),
            unknown_words=tuple(
                self._unknown(text, item["input_ids"], item["offset_mapping"])
                for text, item in zip(texts, encoded, strict=True)
            ),
            is_truncated=tuple(len(item["input_ids"]) > self._room for item in encoded),
        )

    def _unknown(self, text: str, ids: list[int], offsets: list[tuple[int, int]]) -> tuple[str, ...]:
        """Return the words that became the unknown token, in part or whole, or nothing at all."""
        unknown = self._tokenizer.unk_token_id
        words = []
        for match in WORD.finditer(text):
            covering = [
                piece
                for piece, (start, end) in zip(ids, offsets, strict=True)
                if start < match.end() and end > match.start()
            ]
            if not covering or unknown in covering:
                words.append(match.group())
        return tuple(dict.fromkeys(words))
