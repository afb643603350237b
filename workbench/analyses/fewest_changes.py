"""How little has to go until the answer is another one: the fewest frames, or words, without which another wins.

Separate from the edits, which are made beforehand: here the model's own scores say what is left out. Both searches are
exact; the second is over at most three words.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float64

from workbench.analyses.analysis import Report
from workbench.analyses.edited_films import Weighted
from workbench.analyses.film_scores import film_scores
from workbench.analyses.prompts import Asked
from workbench.analyses.services import Services
from workbench.analyses.word_coalitions import ask_coalitions, words_in
from workbench.core.sensitivity import fewest_left_out, is_above
from workbench.models.protocol import VideoTextModel
from workbench.types.probe import TIE, FewestChanges, Probed

MOST_WORDS_OUT = 3
_MOST_READ_AGAINST = 1
"""Words that are left out at once where each sentence has to be read against each film."""
MOST_WORDS = 16
"""Words of a sentence beyond which leaving out every three of them takes too many passes, and none is left out."""


def fewest_changes(
    services: Services,
    model: VideoTextModel,
    found: Probed,
    film: Weighted,
    asked: Asked,
    others: Sequence[Weighted],
    report: Report,
) -> tuple[FewestChanges, ...]:
    """Return the fewest frames without which an edit of the meaning wins, and the fewest words without which one does.

    Of words, where there are other films, those without which another film fits better. Nothing is said where the
    sentence does not win to begin with, or has no rival, nor of the frames of a film of one. Cost: no encoder call for
    frames; a text pass for each set of one, two or three words.
    """
    said = []
    if found.rivals and len(film.counts) > 1 and found.answer(0, found.rivals) == 0:
        said.append(_fewest_frames(model, found, film, asked, report))
    among = found.among
    if among and others and is_above(float(found.scores[0, 0]), float(among.of_other_films[:, 0].max())):
        said += _fewest_words(services, model, found.query, among.other_films, film, others, report)
    return tuple(said)


def _fewest_frames(model: VideoTextModel, found: Probed, film: Weighted, asked: Asked, report: Report) -> FewestChanges:
    """Return the fewest rows without which any rival is not below the sentence, and who then comes first."""
    gains = _gains(model, film, asked, found.rivals, report)
    sets = [left_out for each in gains if (left_out := fewest_left_out(each)) is not None]
    what: Literal["frames", "windows"] = "frames" if model.spec.window_frames == 1 else "windows"
    n_rows = gains.shape[1]
    if not sets:
        return FewestChanges(what, "", None, n_rows, n_rows - 1)
    fewest = min(sets, key=lambda left_out: int(left_out.sum()))
    first = found.rivals[int(gains[:, ~fewest].sum(axis=1).argmin())]
    parts = tuple(film.features.times_s[fewest].tolist())
    return FewestChanges(what, found.texts[first - 1].text, parts, n_rows, n_rows - 1)


def _gains(
    model: VideoTextModel, film: Weighted, asked: Asked, rivals: Sequence[int], report: Report
) -> Float64[np.ndarray, "rival time"]:
    """Return what each row of a film adds to the score of the sentence over that of each rival, up to its length."""
    if model.spec.separable:
        embeddings = asked.said.embeddings.astype(np.float64)
        return (embeddings[0] - embeddings[list(rivals)]) @ film.features.frames.astype(np.float64).T
    curves = asked.curves(model, film.features, report).astype(np.float64)
    return curves[0] - curves[list(rivals)]


def _fewest_words(
    services: Services,
    model: VideoTextModel,
    query: str,
    titles: Sequence[str],
    film: Weighted,
    others: Sequence[Weighted],
    report: Report,
) -> list[FewestChanges]:
    words = words_in(query)
    if len(words) < 2:
        return []
    if len(words) > MOST_WORDS:
        return [FewestChanges("words", "", None, len(words), 0)]
    most_out = MOST_WORDS_OUT if model.spec.separable else _MOST_READ_AGAINST
    for n_out in range(1, min(most_out, len(words) - 1) + 1):
        coalitions = _without(len(words), n_out)
        said = ask_coalitions(services, model, query, words, coalitions, report)
        scores = film_scores(model, [film, *others], said, report)
        loses = scores[1:].max(axis=0) - scores[0]
        if (loses >= -TIE).any():
            best = int(loses.argmax())
            winner = titles[int(scores[1:, best].argmax())]
            gone = tuple(word.label for word, stays in zip(words, coalitions[best], strict=True) if not stays)
            return [FewestChanges("words", winner, gone, len(words), n_out)]
    return [FewestChanges("words", "", None, len(words), min(most_out, len(words) - 1))]


def _without(n_words: int, n_out: int) -> Bool[np.ndarray, "coalition word"]:
    sets = list(combinations(range(n_words), n_out))
    present = np.ones((len(sets), n_words), bool)
    for row, gone in enumerate(sets):
        present[row, list(gone)] = False
    return present
