"""The gap between the pictures and the sentences of a space, and what closing it does to finding one by the other.

Separate from maps, on which the gap cannot be seen: there a sentence is put among the pictures that fit it best.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float32

from workbench.analyses.prompts import ask
from workbench.analyses.spaces import Space, known_at
from workbench.core.modality_gap import centred, gap_axes, gap_between
from workbench.core.probing import retrieval
from workbench.types.embedding import GapView, ModalityGap

_FEWEST = 2
_ALIKE = 1e-6
_MOST_SHOWN = 2_000
Rows = Float32[np.ndarray, "row dim"]


def gap_of(space: Space, vocabulary: Sequence[str]) -> ModalityGap | None:
    """Return the gap between items and the sentences of a vocabulary; None where too few differ to be centred.

    So it is, too, where a model reads a sentence against a film: such a sentence is no point of the space.
    """
    if not space.model.spec.separable or min(len(vocabulary), len(space.features)) < _FEWEST:
        return None
    if float(np.ptp(space.features, axis=0).max()) < _ALIKE:
        return None
    sentences = _embedded(space, vocabulary)
    raw = gap_between(space.features, sentences)
    picture_mean, sentence_mean = (rows.mean(axis=0, dtype=np.float64) for rows in (space.features, sentences))
    closed_pictures, closed_sentences = centred(space.features), centred(sentences)
    closed = gap_between(closed_pictures, closed_sentences)
    shown = np.linspace(0, len(space.features) - 1, min(len(space.features), _MOST_SHOWN)).astype(np.int64)
    axes = gap_axes(space.features, sentences)
    turned = replace(axes, mean=np.zeros(len(axes.mean)))
    n_known, before, after = 0, 0.0, 0.0
    for rows, texts, truth in _known(space):
        pictures, said = space.features[rows], _embedded(space, texts)
        apart = centred(said, sentence_mean) @ centred(pictures, picture_mean).T
        n_known += len(texts)
        before += len(texts) * retrieval(said @ pictures.T, truth).r_at_1
        after += len(texts) * retrieval(apart, truth).r_at_1
    return ModalityGap(
        distance=raw.distance,
        centred_distance=closed.distance,
        across=raw.across,
        within_pictures=raw.within_first,
        within_sentences=raw.within_second,
        told_apart=raw.told_apart,
        recall=before / n_known if n_known else float("nan"),
        centred_recall=after / n_known if n_known else float("nan"),
        n_known=n_known,
        sentences=tuple(vocabulary),
        shown=shown,
        apart=GapView(axes.place(space.features[shown]), axes.place(sentences)),
        centred=GapView(turned.place(closed_pictures[shown]), turned.place(closed_sentences)),
    )


def _embedded(space: Space, texts: Sequence[str]) -> Rows:
    return ask(space.services, space.model, tuple(texts)).said.embeddings


def _known(space: Space) -> Iterator[tuple[slice, list[str], Bool[np.ndarray, "text item"]]]:
    """Yield the rows of each film of which sentences are known to be true of some items, and these, and of which."""
    at = 0
    for film in space.films:
        rows = slice(at, at + len(film.starts))
        at = rows.stop
        known = known_at(space.services.library.truth_for(film.video.id), space.items.columns["time"][rows])
        told = [(query, true) for query, true in known if true.any() and not true.all()]
        if told:
            yield rows, [query for query, _ in told], np.stack([true for _, true in told])
