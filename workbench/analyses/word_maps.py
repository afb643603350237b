"""Maps of a sentence: which of its words the cosine with one picture hangs on, by the method of the picture's map.

Separate because a dual encoder has no attention between picture and sentence: these are two maps, of two encoders.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import get_args

import numpy as np
from jaxtyping import Float64

from workbench.analyses.chunks import row_key
from workbench.analyses.map_methods import METHODS, TRACED
from workbench.analyses.maps import Asking, maps_of_trace
from workbench.analyses.texts import encode_texts
from workbench.analyses.word_coalitions import ask_coalitions, holders_of, without_one, words_in
from workbench.errors import ModelError
from workbench.models.protocol import Differentiable, GradientMethod
from workbench.types.attribution import Player
from workbench.types.features import VideoFeatures

_VERSION = 2
"""Raised whenever the same weights give other maps than before."""


@dataclass(frozen=True, eq=False)
class WordMap:
    """The words of a sentence with their values, or with None and why there are none."""

    words: tuple[Player, ...]
    values: Float64[np.ndarray, "word"] | None
    why_not: str = ""


def word_map(asking: Asking, row: int) -> WordMap:
    """Return what each word is to the cosine of the sentence with one row of the features.

    Pieces of a word add up; where the model asks in several prompts, it is their mean. What begins and ends a text,
    punctuation and the prompts themselves belong to no word. A first layer that was chosen is one of the vision
    encoder: the text encoder has others, and counts the usual ones.
    """
    question, method = asking.question, METHODS[asking.method]
    words = words_in(question.query)
    if not method.has_words:
        return WordMap(words, None, f"{method.title} has no map of words.")
    if not encode_texts(question.services, question.model, (question.query,)).tokens[0]:
        return WordMap(words, None, f"{question.model.spec.title} reads no word in the sentence, which has no map.")
    seen = _row_of(asking, row)
    if asking.method == "occlusion":
        said = ask_coalitions(
            question.services, question.model, question.query, words, without_one(len(words)), question.report
        )
        score = said.curves(question.model, seen)[:, 0].astype(np.float64)
        return WordMap(words, score[0] - score[1:])
    try:
        return WordMap(words, _kept(asking, row, seen, words))
    except ModelError as problem:
        return WordMap(words, None, str(problem))


def _row_of(asking: Asking, row: int) -> VideoFeatures:
    features, rows = asking.question.features, slice(row, row + 1)
    context = None if features.context is None else np.asarray(features.context[rows])
    return VideoFeatures(features.video_id, features.model_id, features.times_s[rows], features.frames[rows], context)


def _kept(asking: Asking, row: int, seen: VideoFeatures, words: tuple[Player, ...]) -> Float64[np.ndarray, "word"]:
    question, spec = asking.question, asking.question.model.spec
    seen_as = hashlib.sha256(seen.frames.tobytes()).hexdigest()
    named = f"{asking.method}, of {question.query!r} in {spec.prompts!r}, {seen_as}"
    key = row_key(f"map of words, version {_VERSION}, {named}", question.video, spec, question.sampling, row)
    return question.services.store.get_or_compute(key, lambda: {"values": _values(asking, seen, words)})["values"]


def _values(asking: Asking, seen: VideoFeatures, words: tuple[Player, ...]) -> Float64[np.ndarray, "word"]:
    question, model = asking.question, asking.question.model
    assert isinstance(model, Differentiable)
    prompts = model.spec.prompts
    texts = [prompt.replace("{}", question.query) for prompt in prompts]
    if asking.method in TRACED:
        trace = model.trace_texts(texts, seen)
        by_text = [maps_of_trace(trace, at, None)[asking.method] for at in range(len(texts))]
    else:
        assert asking.method in get_args(GradientMethod)
        by_text = list(model.text_gradients(texts, seen, asking.method).values)  # type: ignore[arg-type]
    total = np.zeros(len(words))
    for prompt, spans, values in zip(prompts, model.encode_texts(texts).spans, by_text, strict=True):
        before = prompt.index("{}")
        holders = holders_of([(start - before, stop - before) for start, stop in spans], words)
        # A piece of two words is shared between them.
        shares = holders / np.maximum(holders.sum(axis=0), 1)
        total += shares @ values[: len(spans)]
    return total / len(texts)
