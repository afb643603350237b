"""What happens when the visitor does something: session in, session and pictures out.

Separate from the layout so that it can be read as a list of events. Every event has two steps: a quick
one that changes the session and shows the choice at once, then ``answer``, which does the work, tells
how far it is, and shows the result. Nothing is kept here between events but running jobs.
"""

from __future__ import annotations

import functools
import json
import logging
import math
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from workbench.analyses.analysis import controls
from workbench.analyses.extraction import is_cached
from workbench.analyses.ground import Ground
from workbench.analyses.services import Services
from workbench.errors import Cancelled, InputError, WorkbenchError
from workbench.figures.absence import absence_figure
from workbench.figures.glimpse import glimpse_figure
from workbench.figures.palette import QUERY_COLOURS
from workbench.figures.proposals import proposals_figure
from workbench.figures.rows import colour_range
from workbench.figures.timeline import StripFrame, timeline_figure
from workbench.models.runtime import device_for
from workbench.types import Glimpse, Grounding, Outcome, SamplingSpec, VideoInfo
from workbench.ui.gradio import panels, texts
from workbench.ui.gradio.jobs import Job, Jobs, Pace
from workbench.ui.gradio.routes import film_url
from workbench.ui.gradio.sent import asked_in, index_in, span_in, text_in
from workbench.ui.gradio.session import Session, default_of, session_from_address
from workbench.ui.gradio.strip import film_strip

LOG = logging.getLogger(__name__)
QUIET_S = 0.4
"""Work shorter than this shows no progress: a flash would only disturb."""
LOOK_S = 1.0
"""What was read so far is drawn again no sooner than this."""

Update = dict[str, Any]


def in_words(handler: Callable[..., Update]) -> Callable[..., Update]:
    """Turn what a person can mend into a notice on the page, and the rest into a log entry and an apology."""

    @functools.wraps(handler)
    def guarded(self: Events, *args: Any) -> Update:
        try:
            return handler(self, *args)
        except Exception as problem:
            return {"notice": _said(problem)}

    return guarded


def _said(problem: Exception, kind: str = "error", words: Callable[[str], str] = str) -> str:
    if isinstance(problem, WorkbenchError):
        return panels.notice(words(str(problem)), kind)
    LOG.exception("an event failed", exc_info=problem)
    return panels.notice(texts.UNEXPECTED, kind)


class Events:
    """The page's events, on the services it was built with."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.jobs = Jobs()
        self._asked: dict[str, Session] = {}

    # First step: change the session, show the choice.

    @in_words
    def open(self, request: gr.Request) -> Update:
        """Restore what the address asks for; what it leaves out is the first example and its sentences."""
        first = self._first()
        problem = ""
        try:
            session = session_from_address(asked_in(request), first, self.services.settings)
            session = replace(session, video=self.services.library.get(session.video).id)
            if not session.queries:
                session = replace(session, queries=self._suggested(session.video)[:2])
        except WorkbenchError as error:
            session, problem = first, panels.notice(str(error))
        if session.model not in {entry.id for entry in self.services.models.list()}:
            problem = panels.notice(texts.no_such_model(session.model))
            session = replace(session, model=first.model)
        if len(asked_in(request).get("q", ())) > len(session.queries) >= self.services.settings.max_queries:
            problem = panels.notice(texts.TOO_MANY_IN_LINK.format(len(session.queries)), "warning")
        return self._film_changed(session) | self._method(session) | {"notice": problem}

    @in_words
    def choose_video(self, session: Session, event: gr.EventData) -> Update:
        """Show another film; sentences that came with the old one are replaced by those of the new."""
        video_id = text_in(event, "value")
        self.services.library.get(video_id)
        queries = session.queries
        if set(queries) <= set(self._suggested(session.video)):
            queries = self._suggested(video_id)[:2]
        changed = replace(session, video=video_id, queries=queries, current=0, span_s=None)
        return self._film_changed(changed)

    def receive(self, file: gr.FileData | None) -> Update:
        """Take an uploaded film into the library, for ``show_upload``; what decodes is a film."""
        return {"arrived": None} | self._received(file)

    @in_words
    def _received(self, file: gr.FileData | None) -> Update:
        if file is None:
            raise InputError(texts.UNPLAYABLE_UPLOAD)
        name = Path(file.orig_name or "Upload").name
        return {"arrived": self.services.library.add(Path(file.path), name)}

    @in_words
    def show_upload(self, session: Session, arrived: VideoInfo | None) -> Update:
        """Show the film that was received, under its visitor's own title, and nothing if none was."""
        if arrived is None:
            return {"session": session}
        uploads = {**session.uploads, arrived.id: Path(arrived.title).stem[:80]}
        changed = replace(session, video=arrived.id, uploads=uploads, current=0, span_s=None)
        return self._film_changed(changed)

    @in_words
    def choose_model(self, session: Session, event: gr.EventData) -> Update:
        """Ask another model the same."""
        changed = replace(session, model=text_in(event, "value"))
        return self._changed(changed) | self._models(changed)

    def set_parameter(self, name: str) -> Callable[[Session, float | None], Update]:
        """Return the event that sets one parameter of the method; an empty field means its default."""

        @in_words
        def set_value(self: Events, session: Session, value: float | None) -> Update:
            used = default_of(name) if value is None else type(default_of(name))(value)
            return self._changed(session.with_parameter(name, used)) | {f"parameter {name}": used}

        return set_value.__get__(self)

    @in_words
    def add_query(self, session: Session, event: gr.EventData) -> Update:
        """Ask for one more sentence."""
        changed = session.with_query(text_in(event), self.services.settings)
        hint = panels.notice(texts.ALREADY_ASKED, "hint") if changed.queries == session.queries else ""
        return self._queries_changed(changed) | {"notice": hint}

    @in_words
    def change_query(self, session: Session, event: gr.EventData) -> Update:
        """Reword a sentence in place."""
        index = index_in(event, "index", len(session.queries))
        return self._queries_changed(session.with_changed_query(index, text_in(event), self.services.settings))

    @in_words
    def remove_query(self, session: Session, event: gr.EventData) -> Update:
        """Take a sentence away."""
        return self._queries_changed(session.without_query(index_in(event, "index", len(session.queries))))

    # Second step: do the work, show the result.

    def answer(self, session: Session, request: gr.Request) -> Generator[Update]:
        """Ground the session's sentences; yield progress, then the result or one sentence on what is wrong."""
        visitor = request.session_hash or ""
        if not session.queries:
            self.jobs.drop(visitor)
            yield self._idle() | self._nothing()
            return
        job = self.jobs.start(visitor, Job(functools.partial(self._work, session)))
        self._asked[visitor] = session
        try:
            yield from self._steps(session, visitor, job)
        finally:
            self.jobs.end(visitor, job)

    def answer_change(self, session: Session, request: gr.Request) -> Generator[Update]:
        """Do the same where the session is not the one that was asked last: leaving a field changes nothing."""
        if self._asked.get(request.session_hash or "") != session:
            yield from self.answer(session, request)

    def _steps(self, session: Session, visitor: str, job: Job) -> Generator[Update]:
        started, pace = time.monotonic(), Pace()
        shown, looked = None, -math.inf
        for progress in job.progress():
            now = time.monotonic()
            left_s = pace.left_s(progress, now)
            if job.is_stopped or now - started <= QUIET_S or not self.jobs.is_newest(visitor, job):
                continue
            seen: Update = {}
            if progress.glimpse is not None and progress.glimpse is not shown and now - looked >= LOOK_S:
                with suppress(WorkbenchError):  # a look ahead that fails takes nothing from the answer
                    seen = self._glimpse(session, progress.glimpse)
                shown, looked = progress.glimpse, now
            line = self._in_their_words(session, texts.working(progress, left_s))
            yield seen | {
                "status": panels.working(line, progress.done, progress.total, has_begun=shown is not None),
                "cancel": gr.update(visible=True, interactive=True),
                "resume": gr.update(visible=False),
            }
        try:
            outcome, strip = job.answer()
            update = self._idle() | self._result(session, outcome, strip)
        except Cancelled:
            update = self._idle() | {
                "status": panels.notice(texts.STOPPED, "hint so-far" if shown else "hint"),
                "resume": gr.update(visible=True),
            }
        except Exception as problem:
            self._asked.pop(visitor, None)
            said = _said(problem, "error stale", functools.partial(self._in_their_words, session))
            update = self._idle() | {"notice": said}
        if self.jobs.is_newest(visitor, job):
            yield update

    def cancel(self, request: gr.Request) -> Update:
        """Stop what is being computed for this visitor, at its next step, and say so at once."""
        self.jobs.cancel(request.session_hash or "")
        return {"status": panels.working(texts.STOPPING, 0, 0), "cancel": gr.update(interactive=False)}

    def leave(self, request: gr.Request) -> None:
        """Stop the work of a visitor who has gone."""
        self.jobs.drop(request.session_hash or "")
        self._asked.pop(request.session_hash or "", None)

    @in_words
    def select_row(self, session: Session, event: gr.EventData) -> Update:
        """Make another sentence the current one: the evidence below the timeline becomes its own."""
        changed = replace(session, current=index_in(event, "query", len(session.queries)))
        outcome = self._again(changed)
        return {"session": changed} | self._evidence(changed, outcome)

    @in_words
    def select_span(self, session: Session, event: gr.EventData) -> Update:
        """Say what the selected span holds, or forget it."""
        span = span_in(event)
        changed = replace(session, span_s=span)
        if span is None or not session.queries:
            return {"session": changed, "span": ""}
        grounding = self._again(changed).result
        return {"session": changed, "span": panels.span_lines(texts.about_span(grounding, *span), *span)}

    @in_words
    def export(self, session: Session) -> Update:
        """Hand the shown result to the browser as JSON; nothing is written on the server."""
        outcome = self._again(session)
        text = json.dumps(Ground().as_json(outcome), ensure_ascii=False, indent=1)
        name = f"ground-{session.video[:12]}-{session.model.replace('/', '-')}.json"
        return {"download": {"name": name, "text": text, "at": time.time()}}

    # What is shown.

    def _work(self, session: Session, report: Callable) -> tuple[Outcome[Grounding], list[StripFrame]]:
        outcome = Ground().run(self.services, session.params(), report)
        return outcome, film_strip(self.services, self.services.library.get(session.video))

    def _again(self, session: Session) -> Outcome[Grounding]:
        """Return the answer on show once more; ``InputError`` where that would mean to read the video first."""
        params = session.params()
        video, model = self.services.library.get(params.video), self.services.models.load(params.model)
        if not is_cached(
            self.services, video, model.spec, SamplingSpec(params.fps, params.max_frames), params.reuse_below
        ):
            raise InputError(texts.NOT_READ)
        return Ground().run(self.services, params)

    def _glimpse(self, session: Session, glimpse: Glimpse) -> Update:
        """Return the timeline as far as the video was read."""
        params, video = session.params(), self.services.library.get(session.video)
        rate = SamplingSpec(params.fps, params.max_frames).rate_for(video.duration_s)
        step_s = self.services.models.load(session.model).spec.window_step / rate
        return {
            "timeline": glimpse_figure(glimpse, video.duration_s, step_s),
            "caption": panels.colour_key("cosine", *colour_range(glimpse.similarity), texts.SO_FAR),
            "span": "",
        }

    def _result(self, session: Session, outcome: Outcome[Grounding], strip: list[StripFrame]) -> Update:
        video = self._video(session, session.video)
        grounding, provenance = outcome.result, replace(outcome.provenance, video_title=video.title)
        spec = self.services.models.load(session.model).spec
        caption = texts.timeline_caption(grounding, spec.window_frames, video.duration_s)
        return {
            "timeline": timeline_figure(grounding, video.duration_s, self._truth(session.video), strip),
            "caption": panels.colour_key("saliency", *colour_range(grounding.saliency), caption),
            "player": self._player(video, _first_look(grounding)),
            "span": "",
            "moments": panels.moment_table(grounding),
            "about": panels.about(provenance),
            "facts": panels.facts(provenance, f"{device_for(self.services.settings)}, {spec.precision}"),
            "model_note": self._model_note(session),
        } | self._evidence(session, outcome)

    def _evidence(self, session: Session, outcome: Outcome[Grounding]) -> Update:
        grounding = outcome.result
        source = texts.answered_by(outcome.provenance, self.services.models.load(session.model).spec.title)
        index = min(session.current, len(grounding.queries) - 1)
        query = grounding.queries[index]
        return {
            "answers": panels.answers(grounding, index, source),
            "map": proposals_figure(grounding, index, self.services.library.get(session.video).duration_s),
            "map_text": panels.evidence(f"Every span of “{query}”", texts.about_map(grounding, index), texts.MAP_KEY),
            "null": absence_figure(grounding),
            "null_text": panels.evidence(
                "In this video?", texts.about_null(grounding, index), texts.how_sure(grounding, index)
            ),
        }

    def _idle(self) -> Update:
        return {"status": "", "cancel": gr.update(visible=False), "resume": gr.update(visible=False)}

    def _nothing(self) -> Update:
        """Return the page without a result: no picture of an earlier question may stay."""
        empty = dict.fromkeys(("caption", "span", "moments", "map_text", "null_text"), "")
        return empty | {
            "timeline": None,
            "map": None,
            "null": None,
            "answers": panels.notice(texts.NO_QUERIES, "hint"),
            "about": panels.about(None),
            "facts": panels.facts(None, self.services.settings.device),
        }

    def _changed(self, session: Session) -> Update:
        return {"session": session, "address": session.address(), "notice": ""}

    def _queries_changed(self, session: Session) -> Update:
        return self._changed(session) | self._queries(session)

    def _film_changed(self, session: Session) -> Update:
        video = self._video(session, session.video)
        return (
            self._changed(session)
            | self._nothing()
            | self._queries(session)
            | {
                "video": {"choices": self._films(session), "value": session.video},
                "film_note": panels.film(video),
                "player": self._player(video),
                "answers": "",
            }
        )

    def _queries(self, session: Session) -> Update:
        suggested = [query for query in self._suggested(session.video) if query not in session.queries]
        return {"queries": {"queries": session.queries, "suggestions": suggested[:6], "colours": QUERY_COLOURS}}

    def _method(self, session: Session) -> Update:
        shown = {
            f"parameter {name}": session.parameters.get(name, default_of(name)) for name in controls(Ground.Params)
        }
        return shown | self._models(session)

    def _models(self, session: Session) -> Update:
        entries = self.services.models.list()
        choices = [
            (entry.title + ("" if entry.is_available else ", not available"), entry.id, entry.is_available)
            for entry in entries
        ]
        return {
            "model": {"choices": choices, "value": session.model},
            "model_note": self._model_note(session),
        }

    def _model_note(self, session: Session) -> str:
        return panels.models(self.services.models.list(), session.model, self.services.models.placements())

    def _player(self, video: VideoInfo, start_s: float = 0.0) -> dict[str, Any]:
        return {
            "start_s": start_s,
            "src": film_url(video.id),
            "title": video.title,
            "fps": video.fps,
            "aspect": f"{video.width_px} / {video.height_px}",
        }

    def _first(self) -> Session:
        video = self.services.library.examples()[0]
        model = self.services.settings.default_model
        return Session(video=video.id, model=model, queries=self._suggested(video.id)[:2])

    def _films(self, session: Session) -> list[tuple[str, str, bool]]:
        """Return the films this visitor may choose: the examples, their own uploads, and the one shown."""
        films = {video.id: video for video in self.services.library.examples()}
        for video_id in (*session.uploads, session.video):
            films[video_id] = self._video(session, video_id)
        return [(video.title, video.id, True) for video in films.values()]

    def _video(self, session: Session, video_id: str) -> VideoInfo:
        """Return a film, under this visitor's own title if they have brought it."""
        video = self.services.library.get(video_id)
        return replace(video, title=session.uploads.get(video_id, video.title))

    def _in_their_words(self, session: Session, text: str) -> str:
        """Return ``text`` with the film named as its visitor named it, not as the library does."""
        title = session.uploads.get(session.video)
        return text.replace(self.services.library.get(session.video).title, title) if title else text

    def _suggested(self, video_id: str) -> tuple[str, ...]:
        return tuple(self.services.library.queries_for(video_id))

    def _truth(self, video_id: str) -> dict[str, list[tuple[float, float]]]:
        rows = self.services.library.truth_for(video_id)
        return {row["query"]: [tuple(window) for window in row["windows"]] for row in rows if row["windows"]}


def _first_look(grounding: Grounding) -> float:
    """Return the middle of the best moment of the first query that is in the video, or its start."""
    rows = zip(grounding.moments, grounding.is_in_video, strict=True)
    found = [moments[0] for moments, is_in_video in rows if is_in_video and moments]
    return (found[0].start_s + found[0].end_s) / 2 if found else 0.0
