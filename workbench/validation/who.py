"""Who made the score: Banzhaf values and interactions by definition, by another's solver, and on planted truth."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from workbench.analyses.analysis import Report, silent
from workbench.analyses.attribute import Attribute
from workbench.analyses.services import Services
from workbench.core.banzhaf import estimate_indices, exact_indices, frame_word_interactions
from workbench.core.coalitions import coalition_table, game_of
from workbench.core.pooled import PooledFrames, unit_rows
from workbench.types.outcome import Progress
from workbench.types.video import SamplingSpec
from workbench.validation.claim import DEFINITION, PLANTED, Claim
from workbench.validation.planted_players import (
    BARS,
    BY_INTERACTION,
    CHANCE,
    FPS,
    INSIDE,
    MODEL,
    TELLING,
    WITH_THE_WORD,
    Case,
    Tally,
    add_cells,
    add_frames,
    add_words,
    cases,
)
from workbench.validation.slow_banzhaf import Coalition, by_definition, worth_of
from workbench.validation.toy_films import films_of_all

TITLE = Attribute.title
SHAPIQ = "1.4.1"
"""The version to install where there is none, as newer ones want a newer Python."""
ALL_COALITIONS = f"{DEFINITION}, over all coalitions"
GAMES = ("random", "unanimity", "dictator", "additive", "symmetric")
MOST_BY_DEFINITION, MOST_BY_SHAPIQ, N_SAMPLES = 9, 12, 40
_SAYS = {
    TELLING: "the word with the largest value tells the object from the rest of the film",
    INSIDE: "values of frames tell those inside the planted windows, area under the ROC curve",
    BY_INTERACTION: "the cell of the largest interaction is right, frame and word",
    WITH_THE_WORD: "the cell that is outlined is right, frame and word",
}
_KNOWN_MISSES = {BY_INTERACTION: 0.70}


def claims(services: Services, folder: Path, report: Report = silent) -> Iterator[Claim]:
    """Yield what is claimed of values and interactions."""
    yield from references()
    films = films_of_all(services, folder, report)
    found, asked = Tally(list), list(cases(services, films))
    yield _through_the_app(asked[0])
    for number, case in enumerate(asked):
        report(Progress(number, len(asked), f"{TITLE}: asking", unit="sentence"))
        for add in (add_words, add_frames, add_cells):
            add(found, case)
    for name, says in _SAYS.items():
        share, n_asked, known_miss = float(np.mean(found[name])), len(found[name]), _KNOWN_MISSES.get(name)
        yield Claim(TITLE, says, PLANTED, share, BARS[name], n_asked=n_asked, known_miss=known_miss)
    share, n_asked = float(np.mean(found[CHANCE])), len(found[CHANCE])
    yield Claim(TITLE, "any cell would be: chance", PLANTED, share, 0.40, "at most", n_asked)


def references() -> Iterator[Claim]:
    """Yield what is claimed of the solvers, on games of known worth."""
    sizes = range(2, MOST_BY_DEFINITION + 1)
    games = [game_table(kind, n) for n in sizes for kind in GAMES]
    apart = max(map(_apart_from_definition, games))
    says = f"values and pairs of games of 2 to {MOST_BY_DEFINITION} players differ by"
    yield Claim(TITLE, says, ALL_COALITIONS, apart, 1e-9, "at most", len(games))
    yield _like_shapiq()
    apart = max(_closed_form_apart(n_frames, n_words) for n_frames, n_words in ((3, 5), (5, 3), (6, 4)))
    says = "values of frames, and their interactions with words, in closed form differ by"
    yield Claim(TITLE, says, ALL_COALITIONS, apart, 1e-9, "at most", 3)
    share, n_asked = _intervals_that_hold()
    says = "estimated values lie in their intervals of 95 %"
    yield Claim(TITLE, says, "values of the whole game", share, 0.93, n_asked=n_asked)


def game_table(kind: str, n: int) -> Float64[np.ndarray, "coalition"]:
    """Return what all coalitions of ``n`` players are worth in a game of a kind."""
    coalitions, rng = coalition_table(n), np.random.default_rng(n)
    match kind:
        case "unanimity":
            return coalitions[:, : max(1, n // 2)].all(axis=1).astype(float)
        case "dictator":
            return coalitions[:, n - 1].astype(float)
        case "additive":
            return coalitions @ rng.normal(size=n)
        case "symmetric":
            return np.sqrt(coalitions.sum(axis=1))
    return rng.normal(size=2**n)


def _apart_from_definition(table: Float64[np.ndarray, "coalition"]) -> float:
    n, found = len(table).bit_length() - 1, exact_indices(table)
    values, pairs = by_definition(n, worth_of(n, lambda c: float(table[sum(1 << i for i in c)])))
    return max(float(np.abs(found.values - values).max()), float(np.abs(found.pairs - pairs).max()))


def _like_shapiq() -> Claim:
    says = f"values and pairs of games of 2 to {MOST_BY_SHAPIQ} players differ by"
    try:
        against, games = (
            f"shapiq {version('shapiq')}",
            [(kind, n) for n in range(2, MOST_BY_SHAPIQ + 1) for kind in GAMES],
        )
    except PackageNotFoundError:
        return Claim(TITLE, says, f"shapiq {SHAPIQ}", None, 1e-9, "at most", lacks=f"shapiq=={SHAPIQ}")
    apart = max(_apart_from_shapiq(game_table(kind, n)) for kind, n in games)
    return Claim(TITLE, says, against, apart, 1e-9, "at most", len(games))


def _apart_from_shapiq(table: Float64[np.ndarray, "coalition"]) -> float:
    from shapiq.game_theory import ExactComputer

    n, found = len(table).bit_length() - 1, exact_indices(table)
    assert found.pairs is not None
    computer = ExactComputer(lambda coalitions: table[coalitions.astype(bool) @ (1 << np.arange(n))], n)
    singles, pairs = computer("BV", 1), computer("BII", 2)
    apart = [abs(found.values[i] - singles[(i,)]) for i in range(n)]
    return float(max(apart + [abs(found.pairs[j, i] - pairs[(j, i)]) for i in range(n) for j in range(i)]))


def _closed_form_apart(n_frames: int, n_words: int) -> float:
    """Return how far the closed form is from the mean over all coalitions of frames and words, at most."""
    rng = np.random.default_rng(n_frames)
    frames, said = rng.normal(size=(n_frames, 12)), rng.normal(size=(2**n_words, 12))
    by_text = PooledFrames.of(frames).scored(unit_rows(said)[-1])
    values, _ = by_definition(n_frames, worth_of(n_frames, lambda c: _pooled_cosine(frames, said[-1], c)))
    _, pairs = by_definition(n_frames + n_words, worth_of(n_frames + n_words, partial(_cell_game, frames, said)))
    crossing = np.abs(frame_word_interactions(frames, said) - pairs[:n_frames, n_frames:])
    return max(float(crossing.max()), float(np.abs(by_text.values - values).max()))


def _cell_game(frames: np.ndarray, said: np.ndarray, coalition: Coalition) -> float:
    """Return the worth of frames and words together; the words come after the frames."""
    n_frames = len(frames)
    text = said[sum(1 << (player - n_frames) for player in coalition if player >= n_frames)]
    return _pooled_cosine(frames, text, frozenset(player for player in coalition if player < n_frames))


def _pooled_cosine(frames: np.ndarray, text: np.ndarray, chosen: Coalition) -> float:
    if not chosen:
        return 0.0
    mean = np.mean([frames[at] for at in sorted(chosen)], axis=0)
    return float(mean @ text / np.linalg.norm(mean) / np.linalg.norm(text))


def _through_the_app(case: Case) -> Claim:
    """Hold frames and words of a film against the means over all coalitions, read by the model one by one."""
    services, model = case.services, case.services.models.load(MODEL)
    start_s = float(case.times_s[0])
    answer = case.explained("frames+words", (start_s, start_s + 3.0))
    batches = list(services.library.frames(case.video.id, SamplingSpec(FPS)))
    features = np.concatenate([model.encode_frames(batch).frames for batch in batches]).astype(np.float64)
    n_frames = sum(player.kind == "frame" for player in answer.players)
    spans_s = [player.span for player in answer.players[:n_frames]]
    frames = np.stack([features[(case.times_s >= a) & (case.times_s < b)].sum(axis=0) for a, b in spans_s])
    [prompt], query = model.spec.prompts, case.row["query"]
    text, n_words = prompt.replace("{}", query), len(query.split())
    n_before, n_tokens = len(prompt[: prompt.index("{}")].split()), len(model.encode_texts([text]).tokens[0])
    said = []
    for coalition in range(2**n_words):
        absent = np.zeros((1, n_tokens), bool)
        absent[0, [n_before + word for word in range(n_words) if not coalition >> word & 1]] = True
        said.append(model.encode_texts([text], absent).embeddings[0].astype(np.float64))
    n = n_frames + n_words
    values, pairs = by_definition(n, worth_of(n, partial(_cell_game, frames, np.stack(said))))
    assert answer.pairs is not None
    apart = max(float(np.abs(answer.values - values).max()), float(np.abs(answer.pairs - pairs).max()))
    says = f"values and pairs of a film through the app, {n_frames} frames and {n_words} words, differ by"
    return Claim(TITLE, says, ALL_COALITIONS, apart, 1e-5, "at most", 2**n)


def _intervals_that_hold() -> tuple[float, int]:
    """Return how often a value of ten players lies in its interval, of many samples of a game, and of how many."""
    n_players, budget = 10, 256
    rng, coalitions = np.random.default_rng(0), coalition_table(10)
    table = coalitions @ rng.normal(size=n_players) + 0.3 * rng.normal(size=2**n_players)
    truth, holds = exact_indices(table).values, []
    for seed in range(N_SAMPLES):
        found = estimate_indices(game_of(table), n_players, budget, seed)
        assert found.value_errors is not None
        holds += (np.abs(found.values - truth) <= 1.96 * found.value_errors).tolist()
    return float(np.mean(holds)), len(holds)
