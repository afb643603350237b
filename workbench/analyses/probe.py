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
from jaxtyping import Float64

from workbench.analyses.analysis import Control, Report, check_ranges, controls, parameter, silent
from workbench.analyses.edited_films import EditedFilm, Part, Weighted, edit_film, part_of, whole
from workbench.analyses.extraction import extract
from workbench.analyses.fewest_changes import fewest_changes
from workbench.analyses.film_scores import film_scores, pooled_films, product
from workbench.analyses.ground import MomentParams
from workbench.analyses.probe_rows import OF_ORDER, kind_rows, meaning_less_paraphrase, pair_rows
from workbench.analyses.probe_texts import about_probe, probe_as_json, probes_as_text
from workbench.analyses.prompts import Asked, ask
from workbench.analyses.provenance import provenance_of
from workbench.analyses.queries import checked_query
from workbench.analyses.services import Services
from workbench.analyses.text_edits import text_edits
from workbench.core.text_edits.kinds import NAMES
from workbench.core.text_edits.making import edit_by_hand
from workbench.core.text_edits.rewriting import folded
from workbench.core.video_edits.kinds import FILM_NAMES, film_kinds
from workbench.errors import InputError, QueryError
from workbench.models.protocol import VideoTextModel
from workbench.store.keys import cache_key
from workbench.types.edits import Edit, Edits, Unedited
from workbench.types.outcome import Outcome, Progress
from workbench.types.probe import Probed, ProbeReport
from workbench.types.video import SamplingSpec, VideoInfo

_SAMPLED = controls(MomentParams)
_MOST_READ_AGAINST = 16
"""Other films, and other sentences, where each sentence has to be read against each film."""
_MOST_NAMED = 8


@dataclass(frozen=True)
class Case:
    """A film by its id, or a part of it in seconds, and a sentence that is true of it.

    ``edits`` are those of the sentence that a file gives; None where they are to be made. ``own`` are sentences that a
    person wrote beside them, ``without`` the edits that a person does not want.
    """

    video: str
    query: str
    edits: tuple[Edit, ...] | None = None
    start_s: float | None = None
    end_s: float | None = None
    own: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


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

    def run(self, services: Services, params: ProbeParams, report: Report = silent) -> Outcome[ProbeReport]:
        """Return what a model notices.

        Raises ``QueryError``, ``InputError``, ``VideoError`` or ``ModelError``, each one sentence with what to do, and
        whatever ``report`` raises to cancel; what was encoded is kept, so that the same call goes on from there.
        Cost: features once, as for ``ground``, and an encoder pass for each edit of each film that cannot be looked up.
        """
        started = time.monotonic()
        check_ranges(params)
        if not params.cases:
            raise InputError("There is nothing to probe; give a video and a sentence that is true of it.")
        kinds = film_kinds(params.film_kinds)
        _check_cases(services, params)
        model, sampling = services.models.load(params.model), SamplingSpec(params.fps, params.max_frames)
        cases = tuple(replace(case, query=checked_query(case.query, services.settings)) for case in params.cases)
        sentences = tuple(checked_query(text, services.settings) for text in params.sentences)
        beside = _Beside(services, model, params, cases, sentences, sampling, report)
        probed, first, n_encoded, is_from_cache = [], None, 0, beside.is_from_cache
        problems: dict[str, None] = dict.fromkeys(beside.warnings)
        unknown: dict[str, None] = {}
        for number, case in enumerate(cases):
            told = report if len(cases) == 1 else _by_case(report, number, len(cases), model.spec.title)
            video = services.library.get(case.video)
            part = part_of(video, sampling, _span(case, video), beside.first_other(case), params.seed)
            edited = edit_film(services, model, part, kinds, told, params.reuse_below)
            edits = _edits_of(case, params, beside.pool(case))
            n_encoded += edited.n_encoded
            is_from_cache &= edited.is_from_cache
            problems.update(dict.fromkeys(edited.problems))
            asked = ask(services, model, (case.query, *(edit.text for edit in edits.edits)))
            unknown.update(dict.fromkeys(word for words in asked.unknown_words for word in words))
            found = beside.scored(case, video, part, edited, edits, asked, told)
            first = first or (video, found, edited.rows[0], asked)
            probed.append(found)
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
            warnings=(*problems, *_about_words(list(unknown), model)),
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


class _Beside:
    """The films and sentences that a case is ranked among, read once for all cases."""

    def __init__(
        self,
        services: Services,
        model: VideoTextModel,
        params: ProbeParams,
        cases: Sequence[Case],
        sentences: Sequence[str],
        sampling: SamplingSpec,
        report: Report,
    ) -> None:
        self.services, self.model, self.seed = services, model, params.seed
        self.texts = tuple(dict.fromkeys([*(case.query for case in cases), *sentences]))
        self.said: dict[str, set[str]] = {}
        for case in cases:
            self.said.setdefault(case.video, set()).add(folded(case.query))
        ids = dict.fromkeys([*(case.video for case in cases), *params.among])
        self.videos = {video_id: services.library.get(video_id) for video_id in ids}
        self.warnings: list[str] = []
        self.rows: dict[str, Weighted] = {}
        self.pooled: dict[str, Float64[np.ndarray, "dim"]] = {}
        self.is_from_cache = True
        for number, (video_id, video) in enumerate(self.videos.items()):
            told = report if len(ids) == 1 else _by_case(report, number, len(ids), model.spec.title)
            extracted = extract(services, video, model, sampling, told, reuse_below=params.reuse_below)
            self.is_from_cache &= extracted.from_cache
            row = whole(extracted.features)
            self.pooled[video_id] = pooled_films([row])[0]
            if len(cases) == 1 or not model.spec.separable:  # else a thousand films would stand in memory
                self.rows[video_id] = row
        self.asked = ask(services, model, self.texts)
        n_most = max(len(self.videos), len(self.texts)) - 1
        if not model.spec.separable and n_most > _MOST_READ_AGAINST:
            self.warnings.append(
                f"{model.spec.title} reads each sentence against each video, so that a case is ranked among "
                f"{_MOST_READ_AGAINST} others that were drawn, and not among all {n_most:,}."
            )

    def films(self, case: Case) -> tuple[str, ...]:
        """Return the other films, by their ids, of which the sentence is not known to be true."""
        own = folded(case.query)
        return self._drawn([i for i in self.videos if i != case.video and own not in self.said.get(i, ())], case)

    def rows_of(self, case: Case) -> tuple[Weighted, ...]:
        """Return what the model makes of those films."""
        return tuple(self.rows[film] for film in self.films(case))

    def sentences(self, case: Case) -> tuple[int, ...]:
        """Return the other sentences, by their places, that are not known to be true of the film."""
        true = self.said[case.video]
        return self._drawn([at for at, text in enumerate(self.texts) if folded(text) not in true], case)

    def pool(self, case: Case) -> tuple[str, ...]:
        """Return the captions that have nothing to do with a film."""
        return tuple(self.texts[at] for at in self.sentences(case))

    def first_other(self, case: Case) -> VideoInfo | None:
        """Return the film that is spliced in: the next one that the sentence is not known to be true of."""
        ids, others = list(self.videos), set(self.films(case))
        at = ids.index(case.video)
        return next((self.videos[i] for i in [*ids[at + 1 :], *ids[:at]] if i in others), None)

    def _drawn(self, options: list, case: Case) -> tuple:
        if self.model.spec.separable or len(options) <= _MOST_READ_AGAINST:
            return tuple(options)
        rng = np.random.default_rng([self.seed, list(self.videos).index(case.video)])
        return tuple(options[at] for at in sorted(rng.permutation(len(options))[:_MOST_READ_AGAINST]))

    def scored(
        self, case: Case, video: VideoInfo, part: Part, edited: EditedFilm, edits: Edits, asked: Asked, report: Report
    ) -> Probed:
        """Return all scores of one case."""
        films, places = self.films(case), self.sentences(case)
        others = self._asked(places) if places else None
        return Probed(
            video_id=video.id,
            title=video.title,
            query=case.query,
            span_s=_span(case, video),
            texts=edits.edits,
            films=edited.edits,
            other_films=tuple(self.videos[film].title for film in films),
            other_ids=films,
            spliced_with="" if part.other is None else part.other.id,
            other_texts=tuple(self.texts[at] for at in places),
            scores=film_scores(self.model, edited.rows, asked, report),
            of_other_films=self._of_films(films, asked, report),
            of_other_texts=np.zeros((len(edited.rows), 0))
            if others is None
            else film_scores(self.model, edited.rows, others, report),
            unknowable=OF_ORDER if self.model.spec.frame_independent else (),
            missing_texts=edits.unedited,
            missing_films=edited.missing,
        )

    def _asked(self, places: Sequence[int]) -> Asked:
        """Return some of the sentences as they were asked; where they are read against films, again and few."""
        texts = tuple(self.texts[at] for at in places)
        if not self.model.spec.separable:
            return ask(self.services, self.model, texts)
        said = replace(self.asked.said, texts=texts, embeddings=self.asked.said.embeddings[list(places)])
        nothing: tuple[tuple[str, ...], ...] = ((),) * len(texts)
        return Asked(texts, nothing, (False,) * len(texts), said)

    def _of_films(self, films: Sequence[str], asked: Asked, report: Report) -> Float64[np.ndarray, "other_film text"]:
        if not films:
            return np.zeros((0, len(asked.texts)))
        if self.model.spec.separable:
            return product(np.stack([self.pooled[film] for film in films]), asked)
        return film_scores(self.model, [self.rows[film] for film in films], asked, report)


def _edits_of(case: Case, params: ProbeParams, pool: tuple[str, ...]) -> Edits:
    """Return the edits of a sentence: those of a file, or made and chosen; then those that a person wrote."""
    unwanted = {folded(text) for text in case.without}
    if case.edits is not None:
        made = Edits(case.query, case.edits, ())
    elif not params.text_kinds:
        made = Edits(case.query, (), ())
    else:
        try:
            made = text_edits(case.query, params.text_kinds, params.most, params.seed, pool)
        except QueryError as problem:
            made = Edits(case.query, (), (Unedited("all", str(problem)),))
    kept = [edit for edit in made.edits if folded(edit.text) not in unwanted]
    said = {folded(edit.text) for edit in kept}
    for text in case.own:
        edit = edit_by_hand(case.query, " ".join(text.split()))
        if folded(edit.text) not in said:
            kept.append(edit)
            said.add(folded(edit.text))
    return Edits(case.query, tuple(kept), made.unedited)


def _check_cases(services: Services, params: ProbeParams) -> None:
    """Raise what is wrong with cases, and with kinds of edits, before anything is read."""
    for kind in params.text_kinds:
        if kind not in NAMES:
            raise InputError(f"There is no edit of kind {kind!r}; ask for any of {', '.join(NAMES)}.")
    for case in params.cases:
        query = checked_query(case.query, services.settings)
        _span(case, services.library.get(case.video))
        for text in case.own:
            edit_by_hand(query, checked_query(text, services.settings))


def _span(case: Case, video: VideoInfo) -> tuple[float, float] | None:
    if case.start_s is None and case.end_s is None:
        return None
    start_s, end_s = case.start_s or 0.0, video.duration_s if case.end_s is None else case.end_s
    if not 0 <= start_s < end_s <= video.duration_s + 0.1:
        raise InputError(
            f"A part from {start_s:g} s to {end_s:g} s is none of “{video.title}”, which is {video.duration_s:.1f} s "
            "long; choose one within it."
        )
    return start_s, end_s


def _by_case(report: Report, number: int, n_cases: int, title: str) -> Report:
    step = Progress(number, n_cases, f"Reading videos with {title}", unit="video")
    report(step)
    return lambda within: report(step)


def _about_words(unknown: Sequence[str], model: VideoTextModel) -> list[str]:
    """Return which words the model has never seen: edits of those are no edits to it."""
    if not unknown:
        return []
    named = ", ".join(f"“{word}”" for word in unknown[:_MOST_NAMED])
    more = f" and {len(unknown) - _MOST_NAMED:,} more words" if len(unknown) > _MOST_NAMED else ""
    return [
        f"{model.spec.title} has never seen {named}{more}: what is made of a sentence with such a word says little."
    ]
