"""When a sentence is true: moments and verdicts of films with planted truth, and the metrics they are judged by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from workbench.analyses.analysis import Report, silent
from workbench.analyses.ground import Ground
from workbench.analyses.services import Services
from workbench.core.metrics import area_under_curve, evaluate_moments
from workbench.core.null import p_absent_measured
from workbench.toyworld import dataset
from workbench.toyworld.calibration import absent_events, absent_objects
from workbench.toyworld.grammar import Sentence
from workbench.toyworld.seeds import generator
from workbench.toyworld.story import Story
from workbench.toyworld.truth import sentence_of
from workbench.types.outcome import Progress
from workbench.validation import slow_metrics
from workbench.validation.claim import DEFINITION, PLANTED, Claim
from workbench.validation.toy_films import ToyFilm, films_of_all

TITLE = Ground.title
ERROR_RATE = 0.05
_N_FILES, _N_CURVES, _N_DRAWN = 40, 20, 4_000


def claims(services: Services, folder: Path, report: Report = silent) -> Iterator[Claim]:
    """Yield what is claimed of moments and of the verdict whether a sentence is in the video."""
    yield from references()
    films = films_of_all(services, folder, report)
    scores = moment_scores(services, films, report=report)
    presence, first = scores["in_video"], scores["brief"]["MR-full-R1@0.5"] / 100
    n_there, n_absent = presence["n_present"], presence["n_absent"]
    yield Claim(
        TITLE,
        "the first moment overlaps the planted one by half at least, R1@0.5",
        PLANTED,
        first,
        0.90,
        n_asked=n_there,
    )
    said = presence["present"] / 100
    yield Claim(TITLE, "what is in the video is said to be", PLANTED, said, 0.95, n_asked=n_there)
    said = presence["absent"] / 100
    yield Claim(TITLE, "what is not in it is said not to be", PLANTED, said, 0.95, n_asked=n_absent)
    yield from verdicts_of_events(services, films, report)


def verdicts_of_events(services: Services, films: Sequence[ToyFilm], report: Report = silent) -> Iterator[Claim]:
    """Yield what is claimed of the model that knows what happens: it decides at a stated rate of errors."""
    counted, rate = verdicts(services, films, "toyworld-video", ERROR_RATE, report), f"{ERROR_RATE * 100:.0f} %"
    for kind, least in (("objects", 0.9), ("events", 0.5)):
        found = counted[kind]
        share, wrong = found.n_found / found.n_present, found.n_false / found.n_absent
        says = f"{kind} that are there are said to be, `toyworld-video` at {rate}"
        yield Claim(TITLE, says, PLANTED, share, least, n_asked=found.n_present)
        says = f"{kind} that are not there are said to be, `toyworld-video` at {rate}"
        yield Claim(TITLE, says, PLANTED, wrong, 0.12, "at most", n_asked=found.n_absent)


def references() -> Iterator[Claim]:
    """Yield what is claimed of the metrics and of the test of absence."""
    apart, says = (
        _apart_from_fractions(),
        "mAP and R1 of moments differ by, in percent that are rounded to two decimals",
    )
    yield Claim(TITLE, says, f"{DEFINITION}, in exact fractions", apart, 0.00501, "at most", _N_FILES)
    area, learn = _apart_from_sklearn(), f"scikit-learn {version('scikit-learn')}"
    yield Claim(TITLE, "area under the ROC curve of a saliency differs by", learn, area, 1e-12, "at most", _N_CURVES)
    wrong, says = _wrongly_there(), "what is absent is said to be there, at a stated 5 %"
    least_sure = 0.05 + 4 * (0.05 * 0.95 / _N_DRAWN) ** 0.5
    yield Claim(
        TITLE, says, "draws of three distributions, the worst", wrong, round(least_sure, 3), "at most", 3 * _N_DRAWN
    )


def _apart_from_fractions() -> float:
    rng, apart = np.random.default_rng(0), 0.0
    for _ in range(_N_FILES):
        rows = [_some_windows(rng) for _ in range(6)]
        result = evaluate_moments(
            [{"qid": number, "pred_relevant_windows": said} for number, (_, said) in enumerate(rows)],
            [{"qid": number, "relevant_windows": windows} for number, (windows, _) in enumerate(rows)],
        )
        for name, (low_s, high_s) in slow_metrics.RANGES_S.items():
            expected = slow_metrics.retrieval(rows, low_s, high_s)
            for metric, shares in (expected or {}).items():
                got = result[name][metric].values()
                apart = max(apart, *(abs(a - float(100 * b)) for a, b in zip(got, shares, strict=True)))
    return apart


def _some_windows(rng: np.random.Generator) -> tuple[list[list[float]], list[list[float]]]:
    """Return true windows and predictions of whole seconds that often meet, with scores that often tie."""
    starts_s, lengths_s = rng.integers(0, 100, 15), rng.integers(1, 61, 15)
    windows = [[float(a), float(a + b)] for a, b in zip(starts_s, lengths_s, strict=True)]
    n_true = int(rng.integers(1, 5))
    said = [[*window, float(rng.integers(9)) / 8] for window in windows[n_true : int(rng.integers(n_true, 16))]]
    return windows[:n_true], said


def _apart_from_sklearn() -> float:
    from sklearn.metrics import roc_auc_score

    rng, times_s, apart = np.random.default_rng(0), np.arange(500) / 2, 0.0
    for _ in range(_N_CURVES):
        curve = np.round(rng.normal(size=len(times_s)), 1)  # with ties
        start_s = float(rng.uniform(0, 180))
        windows = [[start_s, start_s + 20], [start_s + 20, start_s + 50]]
        is_inside = (times_s >= start_s) & (times_s <= start_s + 50)
        apart = max(apart, abs(area_under_curve(curve, times_s, windows) - roc_auc_score(is_inside, curve)))
    return apart


def _wrongly_there() -> float:
    rng = np.random.default_rng(0)
    drawn = (rng.standard_normal, rng.standard_cauchy, lambda n: rng.gumbel(size=n))
    return max(
        float(np.mean([p_absent_measured(draw(1), draw(199))[0] <= 0.05 for _ in range(_N_DRAWN)])) for draw in drawn
    )


def moment_scores(
    services: Services, films: Sequence[ToyFilm], model: str = "toyworld-frame", report: Report = silent
) -> dict[str, dict]:
    """Return the metrics of every query of ``films``: file, decoder, features, moments."""
    said: list[dict[str, Any]] = []
    known: list[dict[str, Any]] = []
    for number, film in enumerate(films):
        report(Progress(number, len(films), f"{TITLE}: asking", unit="video"))
        params = Ground.Params(film.video.id, tuple(row["query"] for row in film.queries), model)
        found = Ground().run(services, params).result
        for at, row in enumerate(film.queries):
            windows = [[moment.start_s, moment.end_s, moment.score] for moment in found.moments[at]]
            qid, is_there = len(known), bool(found.is_in_video[at])  # a number of its own among films of all seeds
            said.append({"qid": qid, "pred_relevant_windows": windows, "in_video": is_there})
            known.append({**row, "qid": qid})
    return evaluate_moments(said, known)


@dataclass
class Verdicts:
    """Of sentences that are in their video, how many are said to be; and of those that are not, how many are."""

    n_found: int = 0
    n_present: int = 0
    n_false: int = 0
    n_absent: int = 0

    def add(self, is_there: bool, said: Sequence[bool]) -> None:
        """Count what is said of sentences that are there, or that are not."""
        if is_there:
            self.n_found, self.n_present = self.n_found + sum(said), self.n_present + len(said)
        else:
            self.n_false, self.n_absent = self.n_false + sum(said), self.n_absent + len(said)


def verdicts(
    services: Services, films: Sequence[ToyFilm], model: str, error_rate: float = 0.01, report: Report = silent
) -> dict[str, Verdicts]:
    """Ask for objects of ``films`` and for what they do, and count the verdicts."""
    said = {"objects": Verdicts(), "events": Verdicts()}
    for index, film in enumerate(films):
        report(Progress(index, len(films), f"{TITLE}: asking what happens", unit="video"))
        # The numbers of these sentences are none that the null was measured with.
        asked = {
            ("objects", True): _objects(film.story),
            ("objects", False): absent_objects(film.story, 1000 + index),
            ("events", True): _events(film.story),
            ("events", False): absent_events(film.story, 1000 + index),
        }
        for (kind, is_there), texts in asked.items():
            for at in range(0, len(texts), services.settings.max_queries):
                part = tuple(texts[at : at + services.settings.max_queries])
                params = Ground.Params(video=film.video.id, queries=part, model=model, error_rate=error_rate)
                found = Ground().run(services, params).result
                said[kind].add(is_there, found.is_in_video.tolist())
    return said


def _objects(story: Story) -> list[str]:
    rows = dataset.query_rows(story, generator("test", 0, 1000), first_qid=1)
    return [row["query"] for row in rows if row["relevant_windows"]]


def _events(story: Story) -> list[str]:
    clauses = [replace(sentence_of(story, event).clauses[0], manner=None) for event in story.events]
    return list(dict.fromkeys(Sentence("event", clauses=(clause,)).text for clause in clauses))
