"""Scores of edits to what they say: how often a change is noticed, by how much, and how sure that is.

Separate from making edits and from models: scores come in. What is compared strictly fails in a tie, since a model that
cannot tell two things apart ties exactly; and videos are drawn, not edits, since edits of one video are alike.

Source: Thrush et al., Winoground, CVPR 2022, arXiv:2204.03162 (text, image and group score).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float64, Int64

from workbench.types.probe import TIE, Among, Estimate, Standing

N_DRAWS = 2000
FEWEST_VIDEOS = 5
"""Videos that a mean must be of for draws of them to say how far it can be trusted."""
_INTERVAL = (0.025, 0.975)
_Z = 1.959963984540054


def mean_over_videos(values: Sequence[float], videos: Sequence[str], seed: int) -> Estimate:
    """Return the mean of values, one an edit, and its interval over videos; NaN of fewer than ``FEWEST_VIDEOS``."""
    return _estimated(np.asarray(values, np.float64), videos, seed)


def share_over_videos(is_so: Sequence[bool], videos: Sequence[str], seed: int) -> Estimate:
    """Return how often something is so, and its interval over videos, never narrower than Wilson's of so many.

    Source: Wilson, JASA 1927. Draws alone would call two right answers of two certain.
    """
    found = _estimated(np.asarray(is_so, np.float64), videos, seed)
    low, high = _wilson(found.value, found.n_videos)
    return Estimate(
        found.value,
        low if math.isnan(found.low) else min(low, found.low),
        high if math.isnan(found.high) else max(high, found.high),
        found.n_edits,
        found.n_videos,
    )


def _estimated(values: Float64[np.ndarray, "edit"], videos: Sequence[str], seed: int) -> Estimate:
    if not len(values):
        return Estimate(math.nan, math.nan, math.nan, 0, 0)
    _, own = np.unique(np.asarray(videos), return_inverse=True)
    n_edits = np.bincount(own)
    sums, n_videos = np.bincount(own, values), len(n_edits)
    if n_videos < FEWEST_VIDEOS:
        return Estimate(float(values.mean()), math.nan, math.nan, len(values), n_videos)
    drawn = np.random.default_rng(seed).multinomial(n_videos, np.full(n_videos, 1 / n_videos), size=N_DRAWS)
    low, high = np.quantile((drawn @ sums) / (drawn @ n_edits), _INTERVAL)
    return Estimate(float(values.mean()), float(low), float(high), len(values), n_videos)


def _wilson(share: float, n: int) -> tuple[float, float]:
    if not n:
        return math.nan, math.nan
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def pair_scores(scores: Float64[np.ndarray, "2 2"]) -> tuple[bool, bool, bool]:
    """Return whether both sentences, both films, and all of them are found; true pairs stand on the diagonal."""
    text = is_above(scores[0, 0], scores[0, 1]) and is_above(scores[1, 1], scores[1, 0])
    film = is_above(scores[0, 0], scores[1, 0]) and is_above(scores[1, 1], scores[0, 1])
    return text, film, text and film


def is_above(score: float, other: float) -> bool:
    """Return whether a score is above another by more than what is the same may differ."""
    return bool(score - other > TIE)


def rank_among(own: float, others: Float64[np.ndarray, "other"]) -> int:
    """Return the rank of a score among others, 1 for the highest; ties count against it."""
    return 1 + int((others >= own - TIE).sum())


def standing(scores: Float64[np.ndarray, "film text"], among: Among) -> Standing:
    """Return the ranks of a film and a sentence, and of their edits, among others; ``scores`` are those of the case."""
    films, texts = among.of_other_films, among.of_other_texts
    return Standing(
        n_other_films=len(films),
        n_other_texts=texts.shape[1],
        ranks_by_text=tuple(rank_among(float(score), films[:, at]) for at, score in enumerate(scores[0])),
        ranks_of_film=tuple(rank_among(float(score), films[:, 0]) for score in scores[:, 0]),
        ranks_of_sentence=tuple(rank_among(float(row[0]), texts[at]) for at, row in enumerate(scores)),
        blind_scores=tuple(films.mean(axis=0).tolist()) if len(films) else (),
    )


def fewest_left_out(gains: Float64[np.ndarray, "part"]) -> Bool[np.ndarray, "part"] | None:
    """Return the fewest parts without which the sum of the others is not above zero; None where none will do.

    ``gains`` is what each part adds to the score of one sentence over that of another: for a mean of frames, and for
    their direction, the sign of the sum decides, whatever its length. So the largest go first, and no smaller set does.
    At least one part stays.
    """
    order = np.argsort(-gains, kind="stable")
    for n_out in range(len(gains)):
        if math.fsum(gains[order[n_out:]]) <= 0:
            left_out = np.zeros(len(gains), bool)
            left_out[order[:n_out]] = True
            return left_out
    return None


def ranks_of(scores: Float64[np.ndarray, "item"]) -> Int64[np.ndarray, "item"]:
    """Return the rank of every item among all, 1 for the highest; those that tie have the lowest of their ranks."""
    return len(scores) - np.searchsorted(np.sort(scores), scores, side="left")
