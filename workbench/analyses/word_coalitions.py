"""Sentences with words left out: what a model makes of every coalition of the words, once.

Separate because it is where words become tokens. An absent word keeps its place and is masked out of attention; what
begins and ends a text, its punctuation and the model's own prompt around it always stay.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float32

from workbench.analyses.analysis import Report
from workbench.analyses.prompts import Asked
from workbench.analyses.services import Services
from workbench.core import grounding
from workbench.models.protocol import VideoTextModel
from workbench.models.tokenization import Span
from workbench.store.keys import cache_key
from workbench.types.attribution import Player
from workbench.types.features import TextFeatures
from workbench.types.outcome import Progress

ABSENT = "an absent word is masked: it keeps its place, and is not attended to"
_JOINERS = "'\N{RIGHT SINGLE QUOTATION MARK}-\N{HYPHEN}\N{NON-BREAKING HYPHEN}"
_AT_ONCE = 512
WORDS_VERSION = 1
"""Raised whenever the same words left out give other embeddings than before."""


def words_in(query: str) -> tuple[Player, ...]:
    """Return the words of a sentence as players; a sentence without a letter is one.

    A word is a run of letters, digits and the marks on them, with single apostrophes and hyphens inside; a run of
    pictures (emoji) is one, too. Other punctuation belongs to no word.
    """
    kinds = "".join(map(_kind, query))
    found = tuple(
        Player("word", query[match.start() : match.end()], match.span())
        for match in re.finditer(r"l+(?:jl+)*|s+", kinds)
    )
    return found or (Player("word", query, (0, len(query))),)


def _kind(char: str) -> str:
    """Return l for what words are made of, j for what joins them, s for pictures, and a space for the rest."""
    category = unicodedata.category(char)
    if category[0] in "LNM" or char == "_":
        return "l"
    if char in _JOINERS:
        return "j"
    return "s" if category in ("So", "Sk") else " "


def phrases_of(words: Sequence[Player], starts: Sequence[int], query: str) -> tuple[Player, ...]:
    """Return runs of words as players, each from one of the ``starts`` to the next."""
    found = []
    for first, past in zip(starts, [*starts[1:], len(words)], strict=True):
        span = (words[first].span[0], words[past - 1].span[1])
        label = query[int(span[0]) : int(span[1])]
        found.append(Player("word" if past - first == 1 else "phrase", label, span))
    return tuple(found)


def ask_coalitions(
    services: Services,
    model: VideoTextModel,
    query: str,
    players: Sequence[Player],
    coalitions: Bool[np.ndarray, "coalition player"],
    report: Report,
) -> Asked:
    """Return the sentence as each coalition of its ``players`` leaves it, in the model's prompts.

    Raises whatever ``report`` raises to cancel. Cost: one text pass a coalition and prompt, the first time.
    """
    prompts = model.spec.prompts
    key = cache_key(
        kind="word-coalitions",
        version=WORDS_VERSION,
        family=model.spec.family,
        revision=model.spec.revision,
        dtype=model.spec.precision,
        query=query,
        prompts=prompts,
        players=[player.span for player in players],
        coalitions=[list(coalitions.shape), hashlib.sha256(np.packbits(coalitions).tobytes()).hexdigest()],
    )

    def compute() -> dict[str, np.ndarray]:
        rows = [_encode(model, query, prompt, players, coalitions, report) for prompt in prompts]
        return {"embeddings": np.stack(rows, axis=1)}

    waiting = Progress(0, 0, f"Waiting for sentences to be read with {model.spec.title}", is_waiting=True)
    embeddings = services.store.get_or_compute(key, compute, lambda: report(waiting))["embeddings"]
    texts = tuple(str(number) for number in range(len(coalitions)))
    nothing: tuple[tuple[str, ...], ...] = ((),) * len(texts)
    if model.spec.separable:
        said = TextFeatures(model.spec.id, texts, grounding.prompt_ensemble(embeddings), ())
    else:
        rows = embeddings.reshape(-1, embeddings.shape[-1])
        said = TextFeatures(model.spec.id, (query,) * len(rows), rows, ())
    return Asked(texts, nothing, (False,) * len(texts), said)


def _encode(
    model: VideoTextModel,
    query: str,
    prompt: str,
    players: Sequence[Player],
    coalitions: Bool[np.ndarray, "coalition player"],
    report: Report,
) -> Float32[np.ndarray, "coalition dim"]:
    text = prompt.replace("{}", query)
    before = prompt.index("{}")
    spans = model.encode_texts([text]).spans[0]
    holders = holders_of([(start - before, stop - before) for start, stop in spans], players)
    absent = ~coalitions @ holders == holders.sum(axis=0)
    absent &= holders.any(axis=0)
    what, parts = f"Reading the sentence without some of its words with {model.spec.title}", []
    for at in range(0, len(coalitions), _AT_ONCE):
        report(Progress(at, len(coalitions), what, unit="sentence"))
        rows = absent[at : at + _AT_ONCE]
        parts.append(model.encode_texts([text] * len(rows), rows).embeddings)
    report(Progress(len(coalitions), len(coalitions), what, unit="sentence"))
    return np.concatenate(parts)


def holders_of(spans: Sequence[Span], players: Sequence[Player]) -> np.ndarray:
    """Return which player each token is a part of, ``int [player token]``; one of two words stays with either."""
    held = [[start < player.span[1] and stop > player.span[0] for start, stop in spans] for player in players]
    return np.array(held, dtype=int).reshape(len(players), len(spans))


def without_one(n_players: int) -> Bool[np.ndarray, "coalition player"]:
    """Return the coalition of all players, and those that lack one."""
    return np.concatenate([np.ones((1, n_players), bool), ~np.eye(n_players, dtype=bool)])
