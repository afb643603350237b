"""One score a sentence and a film as a whole: the one way in which edits, controls and other films are compared.

Separate because it must be exact: where two films have the same frames in the same proportion, whatever their order,
their scores are the same number, so that a gap of zero is zero.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64

from workbench.analyses.analysis import Report, silent
from workbench.analyses.edited_films import Weighted
from workbench.analyses.prompts import Asked
from workbench.core.pooled import unit_rows
from workbench.models.protocol import VideoTextModel


def film_scores(
    model: VideoTextModel, films: Sequence[Weighted], asked: Asked, report: Report = silent
) -> Float64[np.ndarray, "film text"]:
    """Return the score of every sentence with every film.

    Of a separable model the cosine with the direction of the mean of its rows; else the mean of the cosines as
    sentences are read against each row. Raises whatever ``report`` raises to cancel. Cost: a matrix product; where
    sentences are read against the film, milliseconds a row and sentence.
    """
    if model.spec.separable:
        return product(pooled_films(films), asked)
    scores = np.empty((len(films), len(asked.texts)))
    for at, film in enumerate(films):
        weights = film.counts / film.counts.sum()
        scores[at] = asked.curves(model, film.features, report).astype(np.float64) @ weights
    return scores


def pooled_films(films: Sequence[Weighted]) -> Float64[np.ndarray, "film dim"]:
    """Return the direction of the mean of the rows of every film; films with the same counts are one product."""
    found = np.empty((len(films), films[0].features.frames.shape[1]))
    held = {id(film.features): film.features for film in films}
    for name, features in held.items():
        own = [at for at, film in enumerate(films) if id(film.features) == name]
        counts, which = _distinct([films[at].counts for at in own])
        # float64: the sum is then the mean's direction to 1e-16, however many rows there are
        found[own] = unit_rows(counts.astype(np.float64) @ features.frames.astype(np.float64))[which]
    return found


def product(rows: Float64[np.ndarray, "film dim"], asked: Asked) -> Float64[np.ndarray, "film text"]:
    """Return the products of films and sentences; rows that are the same have the same, to the last bit.

    In one matrix product of several rows they need not: its edges are summed in another order.
    """
    distinct, which = _distinct(rows)
    return (distinct @ asked.said.embeddings.T.astype(np.float64))[which]


def _distinct(rows: Sequence[np.ndarray] | np.ndarray) -> tuple[np.ndarray, list[int]]:
    """Return the rows that differ in any bit, and which of them each row is; ``np.unique`` takes many times as long."""
    places: dict[bytes, int] = {}
    which = [places.setdefault(row.tobytes(), len(places)) for row in rows]
    firsts = dict(zip(reversed(which), reversed(rows), strict=True))
    return np.stack([firsts[place] for place in range(len(places))]), which
