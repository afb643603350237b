"""Does a model notice when one thing is changed, in what is said or in what is seen?

Separate from the edits, which know no model, and from what is counted of them: here every score that is needed is
fetched, and little is encoded twice.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import numpy as np

from workbench.analyses.analysis import Control, Report, check_ranges, controls, parameter, silent
from workbench.analyses.beside import Beside, by_case
from workbench.analyses.cases import Case, check_cases, edits_of, span_of
from workbench.analyses.edited_films import EditedFilm, Part, edit_film, part_of
from workbench.analyses.fewest_changes import fewest_changes
from workbench.analyses.film_scores import film_scores
from workbench.analyses.ground import MomentParams
from workbench.analyses.probe_rows import OF_ORDER, kind_rows, meaning_less_paraphrase, pair_rows
from workbench.analyses.probe_texts import about_probe, probe_as_json, probes_as_text
from workbench.analyses.prompts import Asked, ask
from workbench.analyses.provenance import provenance_of
from workbench.analyses.queries import checked_query
from workbench.analyses.services import Services
from workbench.core.sensitivity import standing
from workbench.core.text_edits.kinds import NAMES
from workbench.core.video_edits.kinds import FILM_NAMES, film_kinds
from workbench.errors import InputError
from workbench.models.protocol import VideoTextModel
from workbench.store.keys import cache_key
from workbench.types.edits import Edits
from workbench.types.outcome import Outcome
from workbench.types.probe import Among, Probed, ProbeReport
from workbench.types.video import SamplingSpec

_SAMPLED = controls(MomentParams)
_MOST_NAMED = 8


@dataclass(frozen=True)
class ProbeParams:
    """Which films and sentences, what is changed in them, and what they are ranked among.

    ``among`` are films, by their ids, and ``sentences`` others that are there to be found; of several cases each is
    ranked among the others, too.
    """

    cases: tuple[Case, ...]
    model: str
    among: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    text_kinds: tuple[str, ...] = NAMES
    film_kinds: tuple[str, ...] = FILM_NAMES
    fps: float = parameter(MomentParams.fps, _SAMPLED["fps"])
    max_frames: int = parameter(MomentParams.max_frames, _SAMPLED["max_frames"])
    reuse_below: float = parameter(MomentParams.reuse_below, _SAMPLED["reuse_below"])
    most: int = parameter(
        2, Control("Edits of a kind", "Most edits of a sentence that are made of each kind", 1, 20, 1)
    )
    seed: int = parameter(0, Control("Seed", "Which of many edits and draws are taken", 0, 2**32 - 1, 1))


class Probe:
    """Scores of films and sentences with one thing changed, held against controls, other films, and chance."""

    id: ClassVar[str] = "probe"
    title: ClassVar[str] = "Probe"
    question: ClassVar[str] = "Does the model notice when one thing is changed in the sentence or in the video?"
    Params: ClassVar[type] = ProbeParams

    def check(self, services: Services, params: ProbeParams) -> None:
        """Raise what is wrong with a question as ``run`` does, before a model is loaded or anything is read."""
        check_ranges(params)
        if not params.cases:
            raise InputError("There is nothing to probe; give a video and a sentence that is true of it.")
        film_kinds(params.film_kinds)
        check_cases(services, params.cases, params.text_kinds)
        for text in params.sentences:
            checked_query(text, services.settings)

    def run(self, services: Services, params: ProbeParams, report: Report = silent) -> Outcome[ProbeReport]:
        """Return what a model notices.

        Raises ``QueryError``, ``InputError``, ``VideoError`` or ``ModelError``, each one sentence with what to do, and
        whatever ``report`` raises to cancel; what was encoded is kept, so that the same call goes on from there.
        Cost: features once, as for ``ground``, and an encoder pass for each edit of each film that cannot be looked up.
        """
        started = time.monotonic()
        self.check(services, params)
        kinds = film_kinds(params.film_kinds)
        model, sampling = services.models.load(params.model), SamplingSpec(params.fps, params.max_frames)
        cases = tuple(replace(case, query=checked_query(case.query, services.settings)) for case in params.cases)
        sentences = tuple(checked_query(text, services.settings) for text in params.sentences)
        beside = Beside(
            services, model, cases, params.among, sentences, sampling, params.reuse_below, params.seed, report
        )
        probed, first, n_encoded, is_from_cache = [], None, 0, beside.is_from_cache
        problems: dict[str, None] = dict.fromkeys(beside.warnings)
        unknown: dict[str, None] = {}
        for number, case in enumerate(cases):
            what = f"Probing videos with {model.spec.title}"
            told = report if len(cases) == 1 else by_case(report, number, len(cases), what)
            video = services.library.get(case.video)
            part = part_of(video, sampling, span_of(case, video), beside.first_other(case), params.seed)
            edited = edit_film(services, model, part, kinds, told, params.reuse_below)
            edits = edits_of(case, params.text_kinds, params.most, params.seed, beside.pool(case))
            n_encoded += edited.n_encoded
            is_from_cache &= edited.is_from_cache
            problems.update(dict.fromkeys(edited.problems))
            asked = ask(services, model, (case.query, *(edit.text for edit in edits.edits)))
            unknown.update(dict.fromkeys(word for words in asked.unknown_words for word in words))
            found = _scored(model, beside, case, part, edited, edits, asked, told)
            first = first or (video, found, edited.rows[0], asked)
            probed.append(found if len(cases) == 1 else replace(found, among=None))
        assert first is not None
        rows = kind_rows(probed, params.seed)
        result = ProbeReport(
            title=model.spec.title,
            n_videos=len({case.video for case in cases}),
            n_cases=len(cases),
            rows=rows,
            pairs=pair_rows(probed, params.seed),
            meaning_less_paraphrase=meaning_less_paraphrase(probed, params.seed),
            cases=tuple(probed),
            fewest=()
            if len(cases) > 1
            else fewest_changes(services, model, *first[1:], beside.rows_of(cases[0]), report),
            n_encoded=n_encoded,
            warnings=(*problems, *_about_unedited(probed), *_about_words(list(unknown), model)),
        )
        result = replace(result, conclusion=about_probe(result))
        made = provenance_of(self.id, params, first[0], model, sampling, started, is_from_cache, params.seed)
        named = {
            **{name: value for name, value in made.parameters.items() if name != "cases"},
            "n_cases": len(cases),
            "cases_sha256": cache_key(cases=[asdict(case) for case in cases]),
        }
        return Outcome(result, replace(made, parameters=named))

    def as_json(self, outcome: Outcome[ProbeReport]) -> dict[str, Any]:
        """Return the answer in plain JSON types; the keys are the command line's contract."""
        return probe_as_json(outcome)

    def as_text(self, outcome: Outcome[ProbeReport]) -> str:
        """Return the answer as a table for a terminal."""
        return probes_as_text([outcome.result])


def _scored(
    model: VideoTextModel,
    beside: Beside,
    case: Case,
    part: Part,
    edited: EditedFilm,
    edits: Edits,
    asked: Asked,
    report: Report,
) -> Probed:
    """Return all scores of one case."""
    films, places = beside.films(case), beside.sentences(case)
    scores = film_scores(model, edited.rows, asked, report)
    among = Among(
        other_films=tuple(beside.videos[film].title for film in films),
        other_ids=films,
        other_texts=tuple(beside.texts[at] for at in places),
        of_other_films=beside.scores_of(films, asked, report),
        of_other_texts=film_scores(model, edited.rows, beside.asked_of(places), report)
        if places
        else np.zeros((len(edited.rows), 0)),
    )
    return Probed(
        video_id=part.video.id,
        title=part.video.title,
        query=case.query,
        span_s=span_of(case, part.video),
        texts=edits.edits,
        films=edited.edits,
        spliced_with="" if part.other is None else part.other.id,
        scores=scores,
        standing=standing(scores, among),
        among=among,
        unknowable=OF_ORDER if model.spec.frame_independent else (),
        missing_texts=edits.unedited,
        missing_films=edited.missing,
    )


def _about_unedited(probed: Sequence[Probed]) -> list[str]:
    """Return of how many of many sentences no edit was made, and why; of one it stands beside its edits."""
    whys = [each.why for case in probed for each in case.missing_texts if each.kind == "all"]
    if len(probed) == 1 or not whys:
        return []
    return [f"Of {len(whys):,} of {len(probed):,} sentences no edit was made: {whys[0]}"]


def _about_words(unknown: Sequence[str], model: VideoTextModel) -> list[str]:
    """Return which words the model has never seen: edits of those are no edits to it."""
    if not unknown:
        return []
    named = ", ".join(f"“{word}”" for word in unknown[:_MOST_NAMED])
    more = f" and {len(unknown) - _MOST_NAMED:,} more words" if len(unknown) > _MOST_NAMED else ""
    return [
        f"{model.spec.title} has never seen {named}{more}: what is made of a sentence with such a word says little."
    ]
