"""Probes on the page: which edits are made for a session, and all that is shown of them.

Separate from ``explained``, which says who made a score: here something is changed, and scores are held against others.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from workbench.analyses.analysis import Report
from workbench.analyses.cases import Case, usual_kinds
from workbench.analyses.edited_films import edited_pixels, part_of, why_not_shown
from workbench.analyses.probe import Probe, ProbeParams
from workbench.analyses.probe_texts import about_probe
from workbench.analyses.services import Services
from workbench.analyses.toy_clips import toy_cases
from workbench.core.video_edits.kinds import FILM_NAMES, IN_TIME, film_kinds
from workbench.errors import InputError
from workbench.figures.probe import probe_figure
from workbench.figures.slopes import slopes_figure
from workbench.media.encode import write_video
from workbench.models.entry import ModelEntry
from workbench.types.outcome import Outcome
from workbench.types.probe import Probed, ProbeReport
from workbench.types.video import SamplingSpec, VideoInfo
from workbench.ui.answered import Answered
from workbench.ui.cases import cases_of
from workbench.ui.gradio import whatif_panels as panels
from workbench.ui.gradio import whatif_texts as texts
from workbench.ui.gradio.brought_files import finder, text_of
from workbench.ui.gradio.paired import other_of
from workbench.ui.gradio.session import Session
from workbench.ui.reproduction import TOYWORLD, Asked

Update = dict[str, Any]
Found = list[Answered]
OF_MANY = ("reverse", "roll", "freeze", "mirror")
MOST_CASES = 200


@dataclass(frozen=True, eq=False)
class ProbedSessions:
    """Probes of sessions, and those as updates of the page's parts, by name."""

    services: Services

    def params(self, session: Session, films: Sequence[str], model: str) -> ProbeParams:
        """Return the question: the current sentence and film, among the other sentences and ``films``.

        Of a model that reads every frame by itself edits in time cost nothing, and are made at once.
        """
        start_s, end_s = session.span_s or (None, None)
        edited = session.edited.of(session.query)
        at_once = IN_TIME if self.services.models.load(model).spec.frame_independent else ()
        shared = {name: getattr(session.params(), name) for name in ("fps", "max_frames", "reuse_below")}
        return ProbeParams(
            cases=(Case(session.video, session.query, edited.corrected, start_s, end_s, edited.own, edited.without),),
            model=model,
            among=tuple(film for film in films if film != session.video),
            sentences=tuple(query for query in session.queries if query != session.query),
            film_kinds=FILM_NAMES if edited.paints else at_once,
            **shared,
        )

    def key(self, session: Session, entries: Sequence[ModelEntry]) -> tuple[object, ...]:
        """Return what the probes of a session hang on, which is not what a visitor is about to correct."""
        edited = replace(session.edited.of(session.query), corrects=None)
        return session.params(), session.query, session.span_s, edited, other_of(session, entries)

    def probe(self, session: Session, films: Sequence[str], entries: Sequence[ModelEntry], report: Report) -> Found:
        """Probe the current sentence and film with the model, and with the other one if one is chosen."""
        titles = {entry.id: entry.title for entry in entries}
        found = []
        for model_id in (session.model, *filter(None, [other_of(session, entries)])):
            params = self.params(session, films, model_id)
            outcome = Probe().run(self.services, params, report)
            called = self._called(outcome, titles.get(model_id, outcome.result.title), session)
            found.append(Answered(Asked(params), called))
        return found

    def toy(self, session: Session, entries: Sequence[ModelEntry], report: Report) -> Found:
        """Probe films of the toy world, whose truth is known."""
        return self.many(session, toy_cases(self.services, report), TOYWORLD, entries, report)

    def many(
        self, session: Session, cases: tuple[Case, ...], source: str, entries: Sequence[ModelEntry], report: Report
    ) -> Found:
        """Probe many films by the model, and by the other one if one is chosen; ``source`` is what they are of."""
        titles = {entry.id: entry.title for entry in entries}
        found = []
        for model_id in (session.model, *filter(None, [other_of(session, entries)])):
            params = ProbeParams(cases, model_id, text_kinds=usual_kinds(cases), film_kinds=OF_MANY)
            outcome = Probe().run(self.services, params, report)
            called = self._called(outcome, titles.get(model_id, outcome.result.title), session)
            found.append(Answered(Asked(params, source), called))
        return found

    def brought(self, path: Path, name: str, films: Sequence[VideoInfo]) -> tuple[Case, ...]:
        """Return the cases of a file of captions or edits whose videos are among ``films``; raises ``InputError``."""
        cases = cases_of(text_of(path), name, finder(films), self.services.settings)
        if len(cases) > MOST_CASES:
            raise InputError(texts.too_many_cases(name, len(cases), MOST_CASES))
        return cases

    def _called(self, outcome: Outcome[ProbeReport], title: str, session: Session) -> Outcome[ProbeReport]:
        """Return a probe with its model as the list calls it, and films as their visitor does."""
        found, names = outcome.result, dict(session.uploads)
        winners: dict[str, str] = {}
        cases = []
        for case in found.cases:
            among = case.among
            if among is not None:
                others = tuple(names.get(i, own) for i, own in zip(among.other_ids, among.other_films, strict=True))
                winners |= zip(among.other_films, others, strict=True)
                among = replace(among, other_films=others)
            cases.append(replace(case, title=names.get(case.video_id, case.title), among=among))
        fewest = tuple(
            replace(each, winner=winners.get(each.winner, each.winner)) if each.what == "words" else each
            for each in found.fewest
        )
        called = replace(found, title=title, cases=tuple(cases), fewest=fewest)
        return replace(outcome, result=replace(called, conclusion=about_probe(called)))

    def shown(self, session: Session, found: Found) -> Update:
        """Return edits and scores of one film by every model; the closest edit is the one whose ranks are shown."""
        reports = [answer.outcome.result for answer in found]
        case = reports[0].cases[0]
        closest = max(case.rivals, key=lambda at: float(case.scores[0, at]), default=0)
        origin = session.edited.query
        is_edit = origin in session.queries and origin != session.query
        return {
            "whatif_text": panels.said(reports, texts.ONE_VIDEO),
            "whatif_sentences": panels.sentences(reports, origin if is_edit else ""),
            "whatif_films": panels.films(reports),
            "whatif_watch": "",
            "paint_films": gr.update(visible=not session.edited.paints),
            "paint_text": gr.update(visible=not session.edited.paints),
        } | (self.ranks(case, "text", closest) if closest else self._no_ranks())

    def ranks(self, case: Probed, of: str, at: int) -> Update:
        """Return the ranks among other films, and among other sentences, before and after one edit."""
        assert case.among is not None, "of one case everything that it is ranked among is there"
        of_films, of_texts = case.among.of_other_films, case.among.of_other_texts
        films, sentences = [case.title, *case.among.other_films], [case.query, *case.among.other_texts]
        if of == "text":
            edit = case.texts[at - 1]
            said, heads = f"“{edit.text}”", (texts.BY_SENTENCE, texts.BY_EDIT)
            by_film = [np.array([case.scores[0, each], *of_films[:, each]]) for each in (0, at)]
            by_text = [np.array([case.scores[0, each], *of_texts[0]]) for each in (0, at)]
        else:
            film = case.films[at - 1]
            said, heads = f"the video {film.title}", (texts.AS_IT_IS, texts.EDITED)
            by_film = [np.array([case.scores[row, 0], *of_films[:, 0]]) for row in (0, at)]
            by_text = [np.array([case.scores[row, 0], *of_texts[row]]) for row in (0, at)]
        figures = [
            slopes_figure(names, before, after, 0, heads) if len(names) > 1 else None
            for names, (before, after) in ((films, by_film), (sentences, by_text))
        ]
        return {
            "whatif_ranks_text": panels.ranks_head(said, len(films), len(sentences)),
            "whatif_film_ranks": figures[0],
            "whatif_text_ranks": figures[1],
        }

    def _no_ranks(self) -> Update:
        return {"whatif_ranks_text": "", "whatif_film_ranks": None, "whatif_text_ranks": None}

    def watch(self, session: Session, case: Probed, row: int) -> Update:
        """Return an edited film to be watched; raises ``InputError`` where it is too long to be shown."""
        film, video = case.films[row - 1], self.services.library.get(case.video_id)
        sampling = SamplingSpec(session.params().fps, session.params().max_frames)
        other = self.services.library.get(case.spliced_with) if case.spliced_with else None
        part = part_of(video, sampling, case.span_s, other, ProbeParams.seed)
        [kind] = [kind for kind in film_kinds([film.kind]) if kind.name == film.kind]
        if why_not := why_not_shown(part, kind):
            raise InputError(why_not)
        pixels = edited_pixels(self.services, part, kind)
        even = pixels[:, : pixels.shape[1] // 2 * 2, : pixels.shape[2] // 2 * 2]
        rate = sampling.rate_for(video.duration_s)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "edited.mp4"
            write_video(path, even, rate, crf=26)
            return {"whatif_watch": panels.watched(film.title, path.read_bytes(), rate)}

    def many_shown(self, found: Found) -> Update:
        """Return what is made of many films."""
        reports = [answer.outcome.result for answer in found]
        return {
            "many_text": panels.said(reports, texts.MANY_SURE),
            "many_figure": probe_figure(reports),
            "many_numbers": panels.numbers(reports),
        }

    def nothing(self) -> Update:
        """Return the parts without a probe of an earlier question."""
        empty = dict.fromkeys(("whatif_text", "whatif_sentences", "whatif_films", "whatif_watch"), "")
        return empty | self._no_ranks()

    def no_many(self) -> Update:
        """Return the parts without many films."""
        return {"many_text": "", "many_figure": None, "many_numbers": ""}
