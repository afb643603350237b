"""Words of a sentence as players, and frames with words: what the text encoder makes of every coalition, once.

Separate because the sentence is on this side: the film stands as it is, or its frames play too. Where sentences stand
for themselves, what a frame and a word add together is the product of what each adds to its own side, so that all
coalitions of both are visited in the time that those of each take.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from workbench.analyses.attributed import attribution
from workbench.analyses.chunks import chunk_keys
from workbench.analyses.frame_games import ABSENT as ABSENT_FRAME
from workbench.analyses.frame_games import frames_or_segments, require_frames
from workbench.analyses.prompts import CURVES_VERSION, Asked
from workbench.analyses.question import Question, about_words, between
from workbench.analyses.word_coalitions import (
    ABSENT,
    WORDS_VERSION,
    ask_coalitions,
    phrases_of,
    without_one,
    words_in,
)
from workbench.core.banzhaf import estimate_indices, exact_indices
from workbench.core.coalitions import Game, coalition_table, game_of
from workbench.core.estimation import least_budget
from workbench.core.hierarchy import contiguous_clusters
from workbench.core.indices import Indices
from workbench.core.pooled import PooledFrames, pooled_rows
from workbench.core.walsh import low_order_vectors
from workbench.store.keys import cache_key
from workbench.types.attribution import Attribution, Player
from workbench.types.outcome import Progress

MOST_EXACT = 12
"""Words whose coalitions are all read: 4,096 texts."""
MOST_ESTIMATED = 30
"""Words that play one by one, in a sample of the coalitions; of more, phrases of them."""
_TEXTS = 2048
"""Texts that are read of a longer sentence: seconds."""
MOST_FRAMES = 16
"""Frames, or segments of them, that play with words."""
EMPTY = "no word: what begins and ends a text, with its punctuation and the model's own prompt, if any"


@dataclass(frozen=True, eq=False)
class Spoken:
    """Words or phrases as players, few enough for all their coalitions."""

    players: tuple[Player, ...]
    warnings: tuple[str, ...]


def explain_words(question: Question) -> Attribution:
    """Return what each word adds to the score of the moment over that of the whole video.

    All coalitions are read of up to ``MOST_EXACT`` words; of more, as many as the budget allows; beyond
    ``MOST_ESTIMATED``, neighbouring words that move the sentence alike play together.
    """
    spoken = _at_most(question, MOST_ESTIMATED)
    return _explained(question, spoken.players, spoken.warnings)


def explain_phrases(question: Question) -> Attribution:
    """Return the same of phrases: neighbouring words that move the sentence in like directions play together."""
    words = words_in(question.query)
    players = phrases_of(
        words, _phrase_starts(question, words, min(MOST_EXACT, max(1, round(len(words) / 2)))), question.query
    )
    return _explained(question, players, _warnings(question))


def explain_frames_and_words(question: Question) -> Attribution:
    """Return what frames and words add to the cosine of the mean of the frames with the sentence, and all pairs.

    The frames are those of the chosen span, or of the best moment with as much on either side. Exact over all
    coalitions of both.
    """
    require_frames(question)
    spoken = few_players(question)
    rows = np.flatnonzero(question.rows_in(surroundings(question)))
    parts = frames_or_segments(question, rows.tolist(), MOST_FRAMES)
    said = all_coalitions(question, spoken.players).said.embeddings.astype(np.float64)
    found = product_indices(parts.sums, said)
    span_s = (parts.players[0].span[0], parts.players[-1].span[1])
    n_frames = len(parts.players)

    def game(coalitions: Bool[np.ndarray, "coalition player"]) -> Float64[np.ndarray, "coalition"]:
        spoken_rows = said[coalitions[:, n_frames:] @ (1 << np.arange(len(spoken.players)))]
        return (pooled_rows(parts.sums, coalitions[:, :n_frames]) * spoken_rows).sum(axis=1)

    return attribution(
        question,
        (*parts.players, *spoken.players),
        found,
        game,
        score=f"cosine of the words with the mean of the frames {between(span_s)}",
        absent=f"{ABSENT_FRAME}; {ABSENT}",
        empty="no frame: 0, whatever the words",
        warnings=(*spoken.warnings, *parts.warnings),
    )


def product_indices(sums: Float64[np.ndarray, "part dim"], said: Float64[np.ndarray, "coalition dim"]) -> Indices:
    """Return the indices of the game of frames and words, over all coalitions of both, without their table.

    ``sums`` are the features of what plays on the side of the frames, ``said`` unit embeddings of all coalitions of
    the words. Players are the frames, then the words.
    """
    frames = PooledFrames(sums)
    mean_pooled, by_frame = frames.added()
    mean_said, by_word, word_pairs = low_order_vectors(said)
    own = frames.scored(mean_said)
    n_frames, n_words = len(sums), len(by_word)
    pairs = np.zeros((n_frames + n_words,) * 2)
    pairs[:n_frames, :n_frames] = own.pairs
    pairs[n_frames:, n_frames:] = word_pairs @ mean_pooled
    pairs[:n_frames, n_frames:] = by_frame @ by_word.T
    pairs[n_frames:, :n_frames] = pairs[:n_frames, n_frames:].T
    values = np.concatenate([own.values, by_word @ mean_pooled])
    return Indices(values, pairs, 0.0, float(frames.pooled @ said[-1]), 2 ** (n_frames + n_words), own.mean)


def all_coalitions(question: Question, players: Sequence[Player]) -> Asked:
    """Return the sentence as every coalition of its ``players`` leaves it."""
    coalitions = coalition_table(len(players))
    return ask_coalitions(question.services, question.model, question.query, players, coalitions, question.report)


def few_players(question: Question) -> Spoken:
    """Return the words as players, or phrases of them where there are too many for all coalitions."""
    return _at_most(question, MOST_EXACT)


def _at_most(question: Question, most: int) -> Spoken:
    words = words_in(question.query)
    said = _warnings(question)
    if len(words) <= most:
        return Spoken(words, said)
    players = phrases_of(words, _phrase_starts(question, words, most), question.query)
    why = f"{len(words)} words have too many coalitions, so they play as {len(players)} phrases."
    return Spoken(players, (*said, why))


def surroundings(question: Question) -> tuple[float, float]:
    """Return the chosen span; without one, the best moment with as much on either side, or the whole video."""
    if question.span_s is not None:
        return question.span_s
    if (moment := question.moment_s) is None:
        return 0.0, question.video.duration_s
    length = max(moment[1] - moment[0], 2 / question.sampling.rate_for(question.video.duration_s))
    return max(0.0, moment[0] - length), min(question.video.duration_s, moment[1] + length)


def _phrase_starts(question: Question, words: tuple[Player, ...], n_phrases: int) -> list[int]:
    """Return where phrases begin: words are told apart by how the sentence changes without them."""
    asked = ask_coalitions(
        question.services, question.model, question.query, words, without_one(len(words)), question.report
    )
    rows = asked.said.embeddings.reshape(len(words) + 1, -1).astype(np.float64)
    return contiguous_clusters(rows[0] - rows[1:], n_phrases).tolist()


def _explained(question: Question, players: tuple[Player, ...], warnings: tuple[str, ...]) -> Attribution:
    moment, n_rows = question.moment_s, len(question.features.times_s)
    inside = np.ones(n_rows, bool) if moment is None else question.rows_in(moment)
    is_lead = not inside.all()
    weights = inside / inside.sum() - (1 / n_rows if is_lead else 0.0)

    def game(coalitions: Bool[np.ndarray, "coalition player"]) -> Float64[np.ndarray, "coalition"]:
        return _mean_cosines(question, players, coalitions, weights)

    again: Game = game
    if len(players) <= MOST_EXACT and not 0 < question.budget < 2 ** len(players):
        worth = game(coalition_table(len(players)))
        found, again = exact_indices(worth), game_of(worth)
    else:
        budget = question.budget or max(_TEXTS, least_budget(len(players), order=2))
        found = estimate_indices(game, len(players), budget, question.seed)
    score = "mean cosine over the whole video"
    if is_lead and moment is not None:
        score = f"mean cosine {between(moment)}, less that of the whole video"
    return attribution(question, players, found, again, score=score, absent=ABSENT, empty=EMPTY, warnings=warnings)


def _mean_cosines(
    question: Question,
    players: tuple[Player, ...],
    coalitions: Bool[np.ndarray, "coalition player"],
    weights: Float64[np.ndarray, "time"],
) -> Float64[np.ndarray, "coalition"]:
    """Return the score of every coalition; kept where sentences must be read against the video, which takes long."""
    spec = question.model.spec

    def compute() -> dict[str, np.ndarray]:
        asked = ask_coalitions(question.services, question.model, question.query, players, coalitions, question.report)
        return {"scores": asked.weighted(question.model, question.features, weights, question.report)}

    if spec.separable:
        return compute()["scores"]
    key = cache_key(
        kind="word-game",
        version=[1, WORDS_VERSION, CURVES_VERSION],
        chunks=chunk_keys(question.video, spec, question.sampling, question.grounding.reuse_below),
        query=question.query,
        prompts=spec.prompts,
        players=[player.span for player in players],
        coalitions=[list(coalitions.shape), hashlib.sha256(np.packbits(coalitions).tobytes()).hexdigest()],
        weights=hashlib.sha256(weights.tobytes()).hexdigest(),
    )
    waiting = Progress(0, 0, f"Waiting for sentences to be read against the video with {spec.title}", is_waiting=True)
    return question.services.store.get_or_compute(key, compute, lambda: question.report(waiting))["scores"]


def _warnings(question: Question) -> tuple[str, ...]:
    """Return what a person should know of the sentence before believing the values of its words."""
    alone = "A sentence of one word has one player: its value is all that the sentence adds to an empty one."
    return (*about_words(question), *((alone,) if len(words_in(question.query)) == 1 else ()))
