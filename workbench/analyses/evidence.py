"""The evidence for maps: is each better than chance, about the weights, and about the sentence?

Separate from the maps, which it judges all alike: by the score of the model with some cells of the picture hidden, and
by other maps, of the same model with its weights drawn anew and of the same model for another sentence.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float64

from workbench.analyses.chunks import row_key
from workbench.analyses.hidden_cells import Hidden, cosines, hidden_patches
from workbench.analyses.maps import Asking, heat_maps
from workbench.analyses.prompts import ask
from workbench.analyses.question import Question
from workbench.analyses.texts import encode_texts
from workbench.analyses.verdicts import verdicts
from workbench.core.coalitions import Game
from workbench.core.faithfulness import (
    N_ORDERS,
    N_STEPS,
    Curves,
    curve_of,
    curves,
    order_of,
    random_chains,
    random_masks,
    rank_correlation,
    rank_faithfulness,
    scores_of,
    step_counts,
)
from workbench.core.grids import regridded
from workbench.errors import StoreError
from workbench.models.protocol import Differentiable
from workbench.types.maps import Evidence, HeatMaps
from workbench.types.outcome import Progress

_VERSION = 4
"""Raised whenever the same maps and models give other evidence than before."""
N_MASKS = 32
N_REDRAWN = 3
_TESTS = 2 + N_ORDERS * (N_STEPS - 1) + N_MASKS + 2 * N_STEPS + 2 + N_REDRAWN * (N_STEPS - 1)
"""Encoder calls for one picture of as many cells as steps or more."""
Arrays = dict[str, np.ndarray]


def evidence_for(asking: Asking, maps: HeatMaps, rows: Sequence[int], contrast: str = "") -> Evidence:
    """Return how far the maps of the pictures at ``rows`` can be trusted: one record a row of the features.

    The map of a window is the mean of those of its frames. Without a ``contrast``, it is ``other_sentence``. Cost: some
    170 encoder calls a picture, which serve all methods and sentences, then 40 for each map, and the maps of three
    models whose weights were drawn anew; all of it is kept.
    """
    question = asking.question
    contrast = contrast or other_sentence(question)
    key_of = {row: _key(asking, row, contrast) for row in rows}
    store = question.services.store

    def stored() -> dict[int, Arrays]:
        return {row: found for row, key in key_of.items() if (found := store.get(key)) is not None}

    kept = stored()
    if len(kept) < len(key_of):
        what = f"Waiting for maps to be tested with {question.model.spec.title}"
        waiting = functools.partial(question.report, Progress(0, 0, what, unit="picture", is_waiting=True))
        with store.lock(_key(asking, rows[0], f"all of {contrast}"), waiting):
            kept = stored()
            missing = [row for row in rows if row not in kept]
            others = list(_other_maps(asking, missing, contrast)) if missing else []
            for number, row in enumerate(missing):
                own = _values_of(maps, list(rows).index(row), len(rows))
                told = replace(question, report=_part_of(question, number, len(missing)))
                kept[row] = _judge(told, row, own, [each[number] for each in others])
                with suppress(StoreError):
                    store.put(key_of[row], kept[row])
    arrays = {name: np.stack([kept[row][name] for row in rows]) for name in kept[rows[0]]}
    arrays["shares"] = arrays["shares"][0]  # which are the same for all
    sentences = _others(question)
    found = Evidence(
        n_masks=N_MASKS,
        contrast=contrast,
        standing=_standing(question, rows, sentences),
        n_others=len(sentences),
        **arrays,  # type: ignore[arg-type]
    )
    return replace(found, verdicts=verdicts(maps, found))


def other_sentence(question: Question) -> str:
    """Return the distractor of the model that is least like the sentence; of what is read with a video, the first."""
    model = question.model
    others = _others(question)
    if not model.spec.separable or not others:
        return others[0] if others else "a photo"
    said = encode_texts(question.services, model, (question.query, *others)).embeddings
    return others[int((said[1:] @ said[0]).argmin())]


@dataclass(frozen=True, eq=False)
class _Map:
    """The map of one picture: cell by cell of its own grid."""

    values: Float64[np.ndarray, "cell"]
    grid: tuple[int, int]


def _values_of(maps: HeatMaps, number: int, n_rows: int) -> _Map:
    by_row = maps.values.reshape(n_rows, -1, maps.values.shape[1])
    return _Map(by_row[number].mean(axis=0), maps.grid)


def _other_maps(asking: Asking, rows: Sequence[int], contrast: str) -> Iterator[list[_Map]]:
    """Yield the maps of every row for the other sentence, then those of each model whose weights are drawn anew."""
    question = asking.question

    def mapped(other: Question) -> list[_Map]:
        found = heat_maps(replace(asking, question=other), rows)
        return [_values_of(found, number, len(rows)) for number in range(len(rows))]

    yield mapped(replace(question, query=contrast))
    if isinstance(question.model, Differentiable):
        for seed in range(1, 1 + N_REDRAWN):
            yield mapped(replace(question, model=question.model.redrawn(seed)))


def _judge(question: Question, row: int, own: _Map, others: list[_Map]) -> Arrays:
    hidden = hidden_patches(question, row)
    game = _game(question, hidden)
    assert hidden.place is not None
    place, n_cells = hidden.place, len(hidden.players)

    def on_cells(one: _Map) -> Float64[np.ndarray, "cell"]:
        return regridded(one.values, one.grid, place.grid)[list(place.numbers)]

    rng = np.random.default_rng(question.seed)
    masks = random_masks(n_cells, N_MASKS, rng)
    chains = random_chains(n_cells, N_ORDERS, N_STEPS, rng)
    random, masked = scores_of(chains, game), game(masks)
    values, (contrast, *redrawn) = on_cells(own), others
    found: Curves = curves(values, game, random, rng)
    again = np.zeros(0)
    if redrawn:
        orders = np.stack([order_of(on_cells(one), rng) for one in redrawn])
        again = np.trapezoid(curve_of(orders, game, step_counts(n_cells, N_STEPS)), found.shares, axis=1)
    return {
        "shares": found.shares,
        "insertion": found.insertion,
        "reversed": found.reversed,
        "random": random,
        "insertion_areas": np.array(found.insertion_area),
        "reversed_areas": np.array(found.reversed_area),
        "random_areas": found.random_areas,
        "p_random": np.array(found.p_random),
        "rank_correlations": np.array(rank_faithfulness(values, masks, masked)),
        "randomised": np.array([rank_correlation(own.values, one.values) for one in redrawn]),
        "randomised_areas": again,
        "contrast_correlations": np.array(rank_correlation(own.values, contrast.values)),
    }


def _others(question: Question) -> tuple[str, ...]:
    return tuple(text for text in question.model.spec.distractors if text != question.query)


def _standing(question: Question, rows: Sequence[int], others: tuple[str, ...]) -> Float64[np.ndarray, "row"]:
    """Return how often another sentence fits each picture at least as well, the one asked counted with them."""
    features, model, found = question.features, question.model, []
    for row in rows:
        at = slice(row, row + 1)
        context = None if features.context is None else np.asarray(features.context[at])
        seen = replace(features, times_s=features.times_s[at], frames=features.frames[at], context=context)
        own = question.asked.curves(model, seen)[0, 0]
        fits = ask(question.services, model, others).curves(model, seen)[:, 0] if others else np.zeros(0)
        found.append((1 + (fits >= own).sum()) / (1 + len(others)))
    return np.array(found, dtype=np.float64)


def _game(question: Question, hidden: Hidden) -> Game:
    """Return the cosine of the sentence with the picture of which only some cells are in sight."""
    done = 0

    def game(coalitions: Bool[np.ndarray, "coalition player"]) -> Float64[np.ndarray, "coalition"]:
        nonlocal done
        found = cosines(question.asked, question.model, hidden.encode(coalitions, done))[0]
        done += len(coalitions)
        return found

    return game


def _key(asking: Asking, row: int, contrast: str) -> str:
    question, spec = asking.question, asking.question.model.spec
    named = (
        f"evidence, version {_VERSION}, {asking.method} from layer {asking.start_layer}, of {question.query!r} in "
        f"{spec.prompts!r}, hidden as {question.absent}, seed {question.seed}, against {contrast!r}"
    )
    return row_key(named, question.video, spec, question.sampling, row)


def _part_of(question: Question, number: int, n_pictures: int) -> Callable[[Progress], None]:
    """Return what tells of the tests of one picture as a part of those of all."""
    what = f"Testing the map of picture {number + 1} of {n_pictures} with {question.model.spec.title}"

    def report(progress: Progress) -> None:
        done = min(progress.done, _TESTS)
        question.report(replace(progress, done=number * _TESTS + done, total=n_pictures * _TESTS, what=what))

    return report
