"""Sentences as open_clip's tokenizers write them: ids, pieces to show, unknown words, cuts, and what is left out.

Separate because the library has two kinds of tokenizers, its own and those of transformers, and both are called
with a list of texts and answer with ids alone; the rest is found out here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Int64

from workbench.errors import InputError
from workbench.models.tokenization import TokenizedTexts, spans_in, unknown_words


def as_typed(tokenizer: Any) -> Any:
    """Return ``tokenizer``, changed to read “<end_of_text>” as text: somebody who types it ends nothing."""
    if _is_own(tokenizer):
        from open_clip.tokenizer import re  # not Python's: its patterns know kinds of letters

        special = "|".join(tokenizer.decoder[number] for number in tokenizer.all_special_ids)
        tokenizer.pat = re.compile(tokenizer.pat.pattern.removeprefix(f"{special}|"), tokenizer.pat.flags)
        tokenizer.cache = {}  # what it holds at first are the special tokens, each as one piece
    else:
        tokenizer.tokenizer.split_special_tokens = True
    return tokenizer


def read(tokenizer: Any, texts: Sequence[str], absent: Bool[np.ndarray, "query token"] | None) -> TokenizedTexts:
    """Return ``texts`` tokenized; tokens marked ``absent`` keep their place and are not attended to.

    Raises ``InputError`` if ``absent`` has no row per text or no column per token.
    """
    if not texts:
        return TokenizedTexts(np.zeros((0, 0), np.int64), np.zeros((0, 0), np.int64), (), (), (), ())
    ids = tokenizer(list(texts)).numpy()
    # What stands for a part of a text, and not for its begin, its end or nothing.
    is_piece = np.zeros(ids.shape, dtype=bool)
    is_truncated: list[bool] = []
    unknown: list[tuple[str, ...]] = []
    for row, text in enumerate(texts):
        if _is_own(tokenizer):
            n_pieces, room = len(tokenizer.encode(text)), ids.shape[1] - 2
            unknown.append(())  # a text is read byte by byte if need be
            is_piece[row, 1 : 1 + min(n_pieces, room)] = True
        else:
            whole = tokenizer.tokenizer(tokenizer.clean_fn(text), return_special_tokens_mask=True)
            n_pieces, n_special = whole["special_tokens_mask"].count(0), sum(whole["special_tokens_mask"])
            room = ids.shape[1] - n_special
            is_piece[row] = ~np.isin(ids[row], _ends(tokenizer.tokenizer))
            unknown.append(unknown_words(tokenizer.tokenizer, tokenizer.clean_fn(text)))
        is_truncated.append(n_pieces > room)
    tokens = tuple(tuple(map(_shown(tokenizer), row[mask].tolist())) for row, mask in zip(ids, is_piece, strict=True))
    keep = np.ones_like(ids) if absent is None else _kept(is_piece, absent)
    spans = tuple(spans_in(text, [_letters(piece) for piece in own]) for text, own in zip(texts, tokens, strict=True))
    return TokenizedTexts(ids, keep, tokens, tuple(unknown), tuple(is_truncated), spans)


def _is_own(tokenizer: Any) -> bool:
    """Return whether it is the library's own kind, of bytes, and not one of transformers."""
    return hasattr(tokenizer, "encode")


def _ends(tokenizer: Any) -> list[int]:
    """Return the ids that stand for no part of a text; that of a word it does not know is one, and stays."""
    named = (getattr(tokenizer, f"{name}_token_id") for name in ("bos", "eos", "pad", "cls", "sep", "mask"))
    return [number for number in named if number is not None]


def _shown(tokenizer: Any) -> Callable[[int], str]:
    """Return what turns an id into the piece of text that it stands for."""
    if _is_own(tokenizer):
        return lambda piece: tokenizer.decode([piece]).strip()
    return lambda piece: tokenizer.tokenizer.decode([piece]).strip()


def _letters(piece: str) -> str:
    """Return a piece without what stands for no letter: a part of a letter, or a word that is not known."""
    return "" if "\N{REPLACEMENT CHARACTER}" in piece or re.fullmatch(r"[\[<].*[\]>]", piece) else piece


def _kept(
    is_piece: Bool[np.ndarray, "query position"], absent: Bool[np.ndarray, "query token"]
) -> Int64[np.ndarray, "query position"]:
    longest = int(is_piece.sum(axis=1).max(initial=0))
    if absent.shape[0] != len(is_piece) or absent.shape[1] < longest:
        raise InputError(
            f"The mask of absent tokens has shape {absent.shape} where the texts need "
            f"({len(is_piece)}, {longest}); make it from the tokens of the same texts."
        )
    keep = np.ones(is_piece.shape, dtype=np.int64)
    for row, mask in enumerate(is_piece):
        places = np.flatnonzero(mask)
        keep[row, places] = ~absent[row, : len(places)]
    return keep
