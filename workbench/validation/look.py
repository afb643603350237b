"""Where it looked: maps by the papers' formulas, on planted objects, and the verdicts on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from workbench.analyses.analysis import Report, silent
from workbench.analyses.map_methods import METHODS
from workbench.analyses.maps import maps_of_trace
from workbench.analyses.services import Services
from workbench.models.protocol import Differentiable
from workbench.types.maps import AttentionTrace
from workbench.types.video import FrameBatch, SamplingSpec
from workbench.validation.claim import PLANTED, Claim
from workbench.validation.planted_objects import FPS, MODEL, TOLERANCE_PX, Case, cases, pointed
from workbench.validation.slow_attention import Slow, all_maps
from workbench.validation.tested_maps import NOT_SAID, REALLY_BETTER, redrawn_verdicts, trained_verdicts
from workbench.validation.toy_films import films_of_all

TITLE = "Where it looked"
POINTING = ("legrad", "ig", "raw")
"""The best by the rule of the field, the best of those that are strictly on the object, and one that knows no sentence.
"""
MOST_INCOMPLETE = 0.02
EVERY, N_FOLLOWED, N_TESTED, N_REDRAWN = 3, 16, 4, 20
"""Of the objects, every third; of those, the first."""
FORMULAS = {
    "relevance": "Chefer's recursion, in float64",
    "rollout": "Abnar and Zuidema's recursion, in float64",
    "legrad": "LeGrad's formula, in float64",
    "grad-eclip": "Grad-ECLIP's formula, in float64",
}


def claims(services: Services, folder: Path, report: Report = silent) -> Iterator[Claim]:
    """Yield what is claimed of maps and of the verdicts on them."""
    found = pictures(services, folder, report)
    yield from of_maps(services, found, report)
    yield from completeness(services, found[:N_FOLLOWED])
    yield from verdicts(services, found, report)


def pictures(services: Services, folder: Path, report: Report = silent) -> list[Case]:
    """Return the objects that are looked for."""
    return list(cases(services, films_of_all(services, folder, report)))[::EVERY]


def of_maps(services: Services, found: Sequence[Case], report: Report = silent) -> Iterator[Claim]:
    """Yield what is claimed of maps themselves: how they are made, and where they point."""
    yield from formulas(services, found[:N_FOLLOWED])
    there, n_asked = pointed(found, POINTING, report), len(found)
    says = f"the highest cell of LeGrad is at the named object, its middle within {TOLERANCE_PX} px"
    yield Claim(TITLE, says, PLANTED, there.share("legrad", TOLERANCE_PX), 0.90, n_asked=n_asked)
    says = "that of integrated gradients, 32 px wide, has its middle on the object"
    yield Claim(TITLE, says, PLANTED, there.share("ig", 0), 0.90, n_asked=n_asked, known_miss=0.68)
    says = "raw attention, which does not know the sentence, points at it"
    yield Claim(TITLE, says, PLANTED, there.share("raw", TOLERANCE_PX), 0.80, "at most", n_asked)
    says = "any point of the picture would be: chance"
    yield Claim(TITLE, says, PLANTED, there.chance(TOLERANCE_PX), 0.15, "at most", n_asked)


def verdicts(services: Services, found: Sequence[Case], report: Report = silent) -> Iterator[Claim]:
    """Yield whether verdicts are right: on all maps of a few pictures, and on one of each after weights drawn anew."""
    all_maps_of_few = [case for case in found[:N_TESTED] for _ in METHODS]
    really = trained_verdicts(all_maps_of_few, report)[REALLY_BETTER]
    says = "maps said to be better than a random order are better than 95 % of fresh ones"
    yield Claim(TITLE, says, "57 fresh random orders", float(np.mean(really)), 0.95, n_asked=len(really))
    said = redrawn_verdicts(services, found[:N_REDRAWN], report)[NOT_SAID]
    says = "maps of weights drawn anew are not said to be about what the model has learned"
    against = "a model that has learned nothing"
    yield Claim(TITLE, says, against, float(np.mean(said)), 1.0, n_asked=len(said), known_miss=0.85)


def formulas(services: Services, found: Sequence[Case]) -> Iterator[Claim]:
    """Yield how far maps are from the papers' formulas on the attention that the model really has."""
    model = services.models.load(MODEL)
    assert isinstance(model, Differentiable)
    apart = dict.fromkeys(FORMULAS, 0.0)
    for case in found:
        frame, said = _frame(services, case), model.encode_texts([case.query])
        trace = model.trace_frames(frame, said)
        maps, slow = maps_of_trace(trace, 0, None), all_maps(_in_double(trace), trace.cells[0])
        for name in FORMULAS:
            largest = float(np.abs(slow[name]).max())
            apart[name] = max(apart[name], float(np.abs(maps[name] - slow[name]).max()) / largest)
    for name, against in FORMULAS.items():
        says = f"{METHODS[name].title}: values of maps differ by, as a share of the largest"
        yield Claim(TITLE, says, against, apart[name], 1e-5, "at most", len(found))


def completeness(services: Services, found: Sequence[Case]) -> Iterator[Claim]:
    """Yield whether integrated gradients sum to what the picture adds to a plain one, and say so where they do not."""
    model = services.models.load(MODEL)
    assert isinstance(model, Differentiable)
    is_whole, is_said = [], []
    for case in found:
        summed = model.frame_gradients(_frame(services, case), model.encode_texts([case.query]), "ig")
        assert summed.full is not None
        assert summed.empty is not None
        rise, warnings = float(summed.full[0] - summed.empty[0]), case.maps("ig").warnings
        is_whole.append(abs(float(summed.values[0].sum()) - rise) <= MOST_INCOMPLETE * max(abs(rise), 0.05))
        is_said.append(any("should sum to what the picture adds" in warning for warning in warnings))
    against, n_asked = "the axiom of completeness", len(found)
    says = f"integrated gradients sum to what the picture adds, within {MOST_INCOMPLETE * 100:.0f} % of it"
    yield Claim(TITLE, says, against, float(np.mean(is_whole)), None, n_asked=n_asked)
    told = [whole != said for whole, said in zip(is_whole, is_said, strict=True)]
    yield Claim(
        TITLE,
        "where they do not, and nowhere else, the app says so",
        against,
        float(np.mean(told)),
        1.0,
        n_asked=n_asked,
    )


def _frame(services: Services, case: Case) -> FrameBatch:
    """Return the one picture of a case."""
    batches = list(services.library.frames(case.video.id, SamplingSpec(FPS)))
    times_s = np.concatenate([batch.times_s for batch in batches])
    at = int(np.abs(times_s - case.at_s).argmin())
    pixels = np.concatenate([batch.pixels for batch in batches])[at : at + 1]
    return FrameBatch(case.video.id, SamplingSpec(FPS), pixels, times_s[at : at + 1])


def _in_double(trace: AttentionTrace) -> Slow:
    """Return what the formulas take of a trace of one picture, which is read at one token."""

    def of(rows: np.ndarray) -> np.ndarray:
        return rows[0].astype(np.float64)

    return Slow(
        weights=of(trace.weights),
        gradients=of(trace.gradients),
        early_gradients=of(trace.early_gradients),
        reader=of(trace.reader),
        query=of(trace.query)[0],
        keys=of(trace.keys),
        values=of(trace.values),
        output_gradient=of(trace.output_gradient)[0],
    )
