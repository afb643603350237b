"""Frames of one window, and patches of one picture, as players: the encoder runs for every coalition.

Separate because nothing here can be taken from the cache: what a model makes of a frame depends on the frames beside
it, and what it makes of a patch on the rest of the picture. Each coalition is encoded once, however many sentences are
held against it, so words may play too at no further cost but that of the text encoder.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, Int64

from workbench.analyses.attributed import attribution
from workbench.analyses.ground import clock
from workbench.analyses.hidden import HIDING, Pixels, hide_frames
from workbench.analyses.hidden_cells import BUDGET_A_PLAYER, Hidden, cosines, encoder, hidden_patches
from workbench.analyses.question import Question
from workbench.analyses.word_coalitions import ABSENT
from workbench.analyses.word_games import Spoken, all_coalitions, few_players
from workbench.core.banzhaf import estimate_indices, exact_indices
from workbench.core.coalitions import Game, coalition_table, game_of
from workbench.core.indices import Indices
from workbench.core.walsh import up_to_pairs
from workbench.types.attribution import Attribution, Player

MOST_FRAMES = 8
"""Frames of a window that play one by one: 256 encoder calls."""


def explain_window(question: Question, with_words: bool) -> Attribution:
    """Return what each frame of one window adds to its cosine with the sentence; all coalitions are encoded."""
    hidden = _frames_of_window(question)
    coalitions = coalition_table(len(hidden.players))
    if not with_words:
        worth = cosines(question.asked, question.model, hidden.encode(coalitions, 0))[0]
        return _answer(question, hidden, exact_indices(worth), game_of(worth))
    spoken = few_players(question)
    said = all_coalitions(question, spoken.players)
    worth = cosines(said, question.model, hidden.encode(coalitions, 0)).reshape(-1)  # words vary most slowly
    return _answer(question, hidden, exact_indices(worth), game_of(worth), spoken)


def explain_patches(question: Question, with_words: bool) -> Attribution:
    """Return what each patch of a picture, or of all pictures of a window, adds to the cosine with the sentence.

    Estimated from as many encoder calls as the budget allows. With words, what each patch and word add together.
    """
    hidden = hidden_patches(question, question.row_at())
    n_patches = len(hidden.players)
    spoken = few_players(question) if with_words else None
    said = question.asked if spoken is None else all_coalitions(question, spoken.players)
    n_words = 0 if spoken is None else len(spoken.players)
    # What the words do over all their coalitions: their mean, and what each adds; without words, the sentence.
    rows = up_to_pairs(n_words)[: 1 + n_words] if n_words else np.ones((1, 1))
    known: dict[bytes, Float64[np.ndarray, "row coalition"]] = {}
    done = [0]

    def scored(coalitions: Bool[np.ndarray, "coalition player"]) -> Float64[np.ndarray, "row coalition"]:
        key = coalitions.tobytes()
        if key not in known:
            parts = hidden.encode(coalitions, done[0])
            known[key] = np.concatenate([rows @ cosines(said, question.model, [part]) for part in parts], axis=1)
            done[0] += len(coalitions)
        return known[key]

    def game(coalitions: Bool[np.ndarray, "coalition player"]) -> Float64[np.ndarray, "coalition"]:
        """Return the score of patches and words, the words last."""
        numbers = coalitions[:, n_patches:] @ (1 << np.arange(n_words))
        table = cosines(said, question.model, hidden.encode(coalitions[:, :n_patches], done[0]))
        return table[numbers, np.arange(len(coalitions))]

    budget = question.budget or BUDGET_A_PLAYER * (1 + n_patches)
    # The same seed draws the same coalitions: each is encoded once for all rows.
    by_row = []
    for row in range(len(rows)):

        def of_row(
            coalitions: Bool[np.ndarray, "coalition player"], row: int = row
        ) -> Float64[np.ndarray, "coalition"]:
            return scored(coalitions)[row]

        by_row.append(estimate_indices(of_row, n_patches, budget, question.seed, order=1))
    if not with_words:
        return _answer(question, hidden, by_row[0], game)
    ends = np.zeros((2, n_patches + n_words), bool)
    ends[1] = True
    empty_value, full_value = game(ends).tolist()
    return _answer(question, hidden, _crossed(by_row, empty_value, full_value), game, spoken)


def _crossed(by_row: list[Indices], empty_value: float, full_value: float) -> Indices:
    """Return the indices of patches and words from those of the patches in what the words do.

    ``by_row``: the patches in the mean over all coalitions of the words, then in what each word adds on average.
    """
    n_patches, n_words = len(by_row[0].values), len(by_row) - 1
    pairs = np.full((n_patches + n_words,) * 2, np.nan)
    np.fill_diagonal(pairs, 0.0)
    errors = pairs.copy()
    for word, found in enumerate(by_row[1:], n_patches):
        pairs[:n_patches, word] = pairs[word, :n_patches] = found.values
        if found.value_errors is not None:
            errors[:n_patches, word] = errors[word, :n_patches] = found.value_errors
    is_exact = by_row[0].is_exact
    means = np.array([found.mean for found in by_row[1:]])
    return Indices(
        values=np.concatenate([by_row[0].values, means]),
        pairs=pairs,
        empty_value=empty_value,
        full_value=full_value,
        n_evaluations=by_row[0].n_evaluations,
        mean=by_row[0].mean,
        value_errors=None if is_exact else np.concatenate([by_row[0].value_errors, [f.mean_error for f in by_row[1:]]]),
        pair_errors=None if is_exact else errors,
    )


def _answer(
    question: Question, hidden: Hidden, found: Indices, game: Game, spoken: Spoken | None = None
) -> Attribution:
    said = () if spoken is None else spoken.players
    return attribution(
        question,
        (*hidden.players, *said),
        found,
        game,
        score=f"cosine of the {'words' if said else 'sentence'} with {hidden.what}",
        absent=HIDING[question.absent].format(hidden.players[0].kind) + (f"; {ABSENT}" if said else ""),
        empty=hidden.empty + (", and no word" if said else ""),
        warnings=(*hidden.warnings, *(() if spoken is None else spoken.warnings)),
        at_s=hidden.at_s,
    )


def _frames_of_window(question: Question) -> Hidden:
    spec, row = question.model.spec, question.row_at()
    window = question.windows([row])[0]
    starts = _starts(window.times_s)
    times_s = window.times_s[starts]
    step_s = 1 / question.sampling.rate_for(question.video.duration_s)
    # Where the film is longer than the window, its last frame stands for as long as any.
    past_s = float(min(window.times_s[-1] + step_s / 2, question.video.duration_s))
    before_s = window.times_s[np.maximum(starts - 1, 0)]
    edges_s = np.append((times_s + before_s) / 2, past_s)
    edges_s[0] = max(0.0, times_s[0] - step_s / 2)
    n_frames, is_grouped = len(window.times_s), len(starts) < len(np.unique(window.times_s))
    players = tuple(
        Player("segment", f"{clock(a)} – {clock(b)}", (a, b)) if is_grouped else Player("frame", clock(t), (a, b))
        for t, a, b in zip(times_s.tolist(), edges_s[:-1].tolist(), edges_s[1:].tolist(), strict=True)
    )
    played = f"{len(players)} runs of those" if is_grouped else "those"
    why = (
        f"{spec.title} reads {n_frames} frames at once, so its frames cannot be taken from the cache one by one: "
        f"{played} of the window from {clock(players[0].span[0])} to {clock(players[-1].span[1])} play, and the "
        f"encoder runs."
    )
    if question.span_s is not None:
        why += " The chosen span says where to look for it; frames beside the span play, too."
    at_s = float(question.features.times_s[row])
    hide_one, lengths = hide_frames(question.absent, window.pixels), np.diff([*starts.tolist(), n_frames])

    def hide(present: Bool[np.ndarray, "part"]) -> Pixels:
        return hide_one(np.repeat(present, lengths))

    how = {"frames": question.absent, "starts": starts.tolist()}
    return Hidden(
        players=players,
        encode=encoder(question, window, row, hide, how, 2 ** len(players)),
        at_s=at_s,
        what=f"the window of {n_frames} frames at {clock(at_s)}",
        empty="every frame painted " + ("grey" if question.absent == "grey" else "in its mean colour"),
        warnings=(why,),
    )


def _starts(times_s: Float64[np.ndarray, "time"]) -> Int64[np.ndarray, "part"]:
    """Return the first frame of each player of a window: a frame shown twice plays once, and of many, runs play."""
    starts = np.flatnonzero(np.diff(times_s, prepend=-1.0))
    if len(starts) > MOST_FRAMES:
        starts = starts[np.linspace(0, len(starts), MOST_FRAMES + 1).round().astype(int)[:-1]]
    return starts
