"""What happens when the visitor does something: session in, session and pictures out.

Separate from the layout so that it can be read as a list of events. Every event has two steps: a quick
one that changes the session and shows the choice at once, then ``answer``, which does the work, tells
how far it is, and shows the result. Kept between events are running jobs, and which questions are on show.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import gradio as gr

from workbench.analyses.extraction import is_cached
from workbench.analyses.ground import Ground
from workbench.analyses.services import Services
from workbench.errors import InputError, WorkbenchError
from workbench.figures.timeline import StripFrame
from workbench.types.grounding import Grounding
from workbench.types.outcome import Outcome, Progress
from workbench.types.video import SamplingSpec, VideoInfo
from workbench.ui.answered import Answered
from workbench.ui.gradio import panels, texts
from workbench.ui.gradio.by_visitor import ByVisitor
from workbench.ui.gradio.examine_events import ExamineEvents
from workbench.ui.gradio.examined import Examined
from workbench.ui.gradio.explained import Explained
from workbench.ui.gradio.jobs import Job
from workbench.ui.gradio.lines import Lines
from workbench.ui.gradio.looked import Looked
from workbench.ui.gradio.map_events import MapEvents
from workbench.ui.gradio.pair_events import PairEvents
from workbench.ui.gradio.paired import Paired
from workbench.ui.gradio.probed import ProbedSessions
from workbench.ui.gradio.sent import (
    MAX_BROUGHT,
    MAX_FILE_CHARS,
    MAX_TITLE_CHARS,
    asked_in,
    films_in,
    index_in,
    instant_in,
    name_in,
    span_in,
    text_in,
)
from workbench.ui.gradio.session import MOST_MODEL_CHARS, TABS, Session, default_of, session_from_address
from workbench.ui.gradio.shown import Shown, Update
from workbench.ui.gradio.space_events import SpaceEvents
from workbench.ui.gradio.spaced import Spaced
from workbench.ui.gradio.strip import film_strip
from workbench.ui.gradio.takeaway import TakeAway
from workbench.ui.gradio.whatif_events import WhatifEvents
from workbench.ui.gradio.who_events import WhoEvents
from workbench.ui.gradio.working import Ending, Worker, in_words, said_of
from workbench.ui.reproduction import Asked

OF_ALL_SENTENCES = ("answer", "space", "pair", "examine", "many")
"""Jobs that do not hang on which sentence or span is the current one."""
_ENDED = {"pair": "pair_text", "examine": "examine_text", "many": "many_text"}
"""Long jobs that another question ends, and where that is told: of the others nothing is missed."""


class Events:
    """The page's events, on the services it was built with."""

    def __init__(self, services: Services) -> None:
        self.services, self.lines = services, Lines.of(services.settings)
        explained, looked, spaced = Explained(services), Looked(services), Spaced(services)
        paired, examined, probed = Paired(spaced), Examined(services, spaced), ProbedSessions(services)
        self._page = Shown(services, explained, looked, spaced, paired, examined, probed)
        self._worker = Worker(self._page, self.lines)
        self.jobs = self._worker.jobs
        self.who = WhoEvents(explained, self._page, self._worker, self._has_answer, self.why_not)
        self.maps = MapEvents(looked, self._page, self._worker, self.why_not)
        self.space = SpaceEvents(spaced, self._page, self._worker, self.lines.received)
        self.pair = PairEvents(paired, self._page, self._worker, self.why_not)
        self.examine = ExamineEvents(examined, self._page, self._worker, self.lines.received)
        self.whatif = WhatifEvents(probed, self._page, self._worker, self.lines.received)
        self._take_away = TakeAway(self._page, self._answers)
        self._asked: ByVisitor[Session] = ByVisitor()
        self._answered: ByVisitor[Session] = ByVisitor()

    # First step: change the session, show the choice.

    @in_words
    def open(self, brought: object, request: gr.Request) -> Update:
        """Restore what the address asks for, and the films that this tab has ``brought``.

        What the address leaves out is the first example and its sentences.
        """
        first = replace(self._page.first(), uploads=films_in(brought))
        problem = ""
        session = first
        try:
            session = session_from_address(asked_in(request), first, self.services.settings)
            session = replace(session, video=self.services.library.get(session.video).id)
        except WorkbenchError as error:
            session, problem = replace(session, video=first.video), panels.notice(str(error))
        if not session.queries:
            session = replace(session, queries=self._page.suggested(session.video)[:2])
        if session.span_s:
            (start_s, end_s), duration_s = session.span_s, self.services.library.get(session.video).duration_s
            session = replace(session, span_s=(start_s, min(end_s, duration_s)) if start_s < duration_s else None)
            problem = problem if session.span_s else panels.notice(texts.SPAN_OUTSIDE, "warning")
        if session.model not in {entry.id for entry in self.services.models.list()}:
            problem = panels.notice(texts.no_such_model(session.model))
            session = replace(session, model=first.model)
        if len(asked_in(request).get("q", ())) > len(session.queries) >= self.services.settings.max_queries:
            problem = panels.notice(texts.TOO_MANY_IN_LINK.format(len(session.queries)), "warning")
        return self._page.film_changed(session) | self._page.method(session) | {"notice": problem}

    @in_words
    def choose_video(self, session: Session, event: gr.EventData) -> Update:
        """Show another film; sentences that came with the old one are replaced by those of the new."""
        video_id = text_in(event, "value")
        self.services.library.get(video_id)
        queries = session.queries
        if set(queries) <= set(self._page.suggested(session.video)):
            queries = self._page.suggested(video_id)[:2]
        changed = session.with_film(video_id, at_s=instant_in(event))
        return self._page.film_changed(replace(changed, queries=queries))

    def receive(self, file: gr.FileData | None) -> Update:
        """Take an uploaded film into the library, for ``show_upload``; what decodes is a film."""
        return {"arrived": None} | self._received(file)

    @in_words
    def _received(self, file: gr.FileData | None) -> Update:
        if file is None:
            raise InputError(texts.UNPLAYABLE_UPLOAD)
        with self.lines.received.taking(Path(file.path)):
            return {"arrived": self.services.library.add(Path(file.path), name_in(file))}

    @in_words
    def show_upload(self, session: Session, arrived: VideoInfo | None) -> Update:
        """Show the film that was received, under its visitor's own title, and nothing if none was."""
        if arrived is None:
            return {"session": session}
        brought = {**session.uploads, arrived.id: Path(arrived.title).stem[:MAX_TITLE_CHARS]}
        uploads = dict(list(brought.items())[-MAX_BROUGHT:])
        files = {**session.files, arrived.id: arrived.title[-MAX_FILE_CHARS:]}
        changed = replace(session, uploads=uploads, files=files).with_film(arrived.id)
        return self._page.film_changed(changed) | {"brought": list(uploads.items())}

    @in_words
    def choose_model(self, session: Session, event: gr.EventData, request: gr.Request) -> Update:
        """Ask another model the same."""
        changed = replace(session, model=text_in(event, "value")[:MOST_MODEL_CHARS], opened=())
        return self._page.changed(changed) | self._page.models(changed) | self._ended(request.session_hash or "")

    def set_parameter(self, name: str) -> Callable[[Session, float | None, gr.Request], Update]:
        """Return the event that sets one parameter of the method; an empty field means its default."""

        @in_words
        def set_value(self: Events, session: Session, value: float | None, request: gr.Request) -> Update:
            used = default_of(name) if value is None else type(default_of(name))(value)
            if session.with_parameter(name, used) == session:
                return {f"parameter {name}": used, "notice": ""}
            changed = replace(session.with_parameter(name, used), opened=())
            shown = self._page.changed(changed) | self._page.unexamined() | {f"parameter {name}": used}
            return shown | self._ended(request.session_hash or "")

        return set_value.__get__(self)

    @in_words
    def add_query(self, session: Session, event: gr.EventData) -> Update:
        """Ask for one more sentence."""
        changed = session.with_query(text_in(event), self.services.settings)
        hint = panels.notice(texts.ALREADY_ASKED, "hint") if changed.queries == session.queries else ""
        return self._page.queries_changed(changed) | {"notice": hint}

    @in_words
    def change_query(self, session: Session, event: gr.EventData) -> Update:
        """Reword a sentence in place."""
        index = index_in(event, "index", len(session.queries))
        return self._page.queries_changed(session.with_changed_query(index, text_in(event), self.services.settings))

    @in_words
    def remove_query(self, session: Session, event: gr.EventData) -> Update:
        """Take a sentence away."""
        return self._page.queries_changed(session.without_query(index_in(event, "index", len(session.queries))))

    # Second step: do the work, show the result.

    def start(self, brought: object, request: gr.Request) -> Update:
        """Open the page and, where what its address asks is kept, answer that in the same way to the server and back.

        At once, too: what an event tells in two steps does not come to the parts of a tab that was not opened yet. An
        answer that takes so long that there is something to tell meanwhile is left to ``answer_opened``.
        """
        shown = opened = self.open(brought, request)
        session = opened.get("session", Session())
        if self.lines.for_moments(self.services, session.params()) is self.lines.kept:
            with closing(self.answer(session, request)) as steps:
                for step in steps:
                    if step.get("status"):
                        return opened
                    shown = shown | step
        return shown

    def answer_opened(self, session: Session, request: gr.Request) -> Generator[Update]:
        """Answer what ``start`` has not."""
        if not self._has_answer(session, request.session_hash or ""):
            yield from self.answer(session, request)

    def answer(self, session: Session, request: gr.Request) -> Generator[Update]:
        """Ground the session's sentences; yield progress, then the result or one sentence on what is wrong."""
        if session == Session():  # the page is just being opened
            return
        visitor = request.session_hash or ""
        if not session.queries:
            self.jobs.drop(visitor)
            unread = panels.facts(texts.UNREAD, self._page.device())
            yield self._page.idle() | self._page.nothing() | {"facts": unread}
            return
        self._asked[visitor] = session
        self._answered.pop(visitor, None)
        if ended := self._ended(visitor):
            yield ended

        def result(made: tuple[Outcome[Grounding], list[StripFrame]]) -> Update:
            self._answered[visitor] = session
            return self._page.result(session, *made)

        def failed(problem: Exception) -> Update:
            self._asked.pop(visitor, None)
            return {"notice": said_of(problem, "error stale", functools.partial(self._page.problem, session))}

        job = Job(functools.partial(self._work, session), "answer")
        line = self.lines.for_moments(self.services, session.params())
        yield from self._worker.steps(session, visitor, job, result, ending=Ending(self._stopped, failed), line=line)

    def answer_change(self, session: Session, request: gr.Request) -> Generator[Update]:
        """Do the same where the session is not the one that was asked last: leaving a field changes nothing."""
        if self._asked.get(request.session_hash or "") != session:
            yield from self.answer(session, request)

    def explain(self, session: Session, request: gr.Request) -> Generator[Update]:
        """Say what a selected span holds, and what the instrument on show makes of it; yield as ``answer`` does.

        Nothing is explained before it was answered: not what is being read, nor what was stopped.
        """
        visitor = request.session_hash or ""
        if session.span_s and self._has_answer(session, visitor):
            with suppress(WorkbenchError):  # what is wrong was told by the answer
                yield {"span": self._page.span(session, self._again(session).result)}
        if session.tab == "who" and self._has_answer(session, visitor):
            yield from self.who.look(session, visitor)
        if session.tab == "look" and self._has_answer(session, visitor):
            yield from self.maps.look(session, visitor)
        yield from self.map_space(session, request)
        if session.tab == "whatif" and self._has_answer(session, visitor):
            if self.jobs.is_running(visitor, "many"):
                yield {"whatif_said": panels.notice(texts.OCCUPIED, "hint")}
            else:
                yield from self.whatif.look(session, visitor)

    def map_space(self, session: Session, request: gr.Request) -> Generator[Update]:
        """Show the map of the space where that is the instrument on show; yield as ``answer`` does."""
        visitor = request.session_hash or ""
        if session.tab != "space" or not self._has_answer(session, visitor):
            return
        yield from self.pair.take_away(session, visitor)
        if any(self.jobs.is_running(visitor, name) for name in ("pair", "examine")):
            yield {"space_said": panels.notice(texts.OCCUPIED, "hint")}
        else:
            yield from self.space.look(session, visitor)

    def map_choice(self, session: Session, request: gr.Request) -> Generator[Update]:
        """Do the same after a choice: one that was refused leaves the map that is on show, or on its way."""
        visitor = request.session_hash or ""
        if not (self.space.is_on_show(session, visitor) or self.space.is_worked_on(session, visitor)):
            yield from self.map_space(session, request)

    def why_not(self, session: Session, visitor: str) -> str:
        """Return why nothing more can be asked of an answer now, or nothing."""
        if not self._has_answer(session, visitor):
            return texts.NOT_READ if session.queries else texts.NO_QUERIES
        return texts.BUSY if self.jobs.is_running(visitor, "explanation") else ""

    def _ended(self, visitor: str) -> Update:
        """End a long job of an earlier question, and say so where its result would be; nothing where there is none."""
        for name, part in _ENDED.items():
            if self.jobs.is_running(visitor, name):
                self.jobs.drop(visitor)
                return self._page.idle() | {part: panels.notice(texts.DROPPED, "hint")}
        return {}

    def _has_answer(self, session: Session, visitor: str) -> bool:
        """Return whether the visitor's question was answered to its end, and no other is being worked on."""
        answered = self._answered.get(visitor)
        if answered is None or answered.params() != session.params():
            return False
        return not self.jobs.is_running(visitor, "answer")  # whose last step is still to be shown

    def _stopped(self, progress: Progress, has_begun: bool) -> Update:
        """Return what is said of an answer that was stopped: it can go on."""
        said = texts.STOPPED if has_begun or progress.total else texts.STOPPED_EARLY
        return {
            "status": panels.notice(said, "hint so-far" if has_begun else "hint"),
            "resume": gr.update(visible=True),
            "facts": panels.facts(texts.read_in_part(progress), self._page.device()),
        }

    def stop(self, button: str) -> Callable[[gr.Request], Update]:
        """Return the event that stops what a button stands beside, at its next step."""

        def stop(request: gr.Request) -> Update:
            self.jobs.cancel(request.session_hash or "")
            return {button: gr.update(interactive=False)}

        return stop

    def cancel(self, request: gr.Request) -> Update:
        """Stop what is being computed for this visitor, at its next step, and say so at once."""
        self.jobs.cancel(request.session_hash or "")
        return {"status": panels.working(texts.STOPPING, 0, 0), "cancel": gr.update(interactive=False)}

    def leave(self, request: gr.Request) -> None:
        """Stop the work of a visitor who has gone."""
        self.jobs.drop(request.session_hash or "")
        self._asked.pop(request.session_hash or "", None)
        self._answered.pop(request.session_hash or "", None)
        self.who.leave(request.session_hash or "")
        self.maps.leave(request.session_hash or "")
        self.space.leave(request.session_hash or "")
        self.pair.leave(request.session_hash or "")
        self.examine.leave(request.session_hash or "")
        self.whatif.leave(request.session_hash or "")

    @in_words
    def select_row(self, session: Session, event: gr.EventData, request: gr.Request) -> Update:
        """Make another sentence the current one: the evidence below the timeline becomes its own."""
        changed = replace(session, current=index_in(event, "query", len(session.queries)))
        outcome = self._again(changed)
        chosen = {"session": changed, "address": changed.address()}
        return chosen | self._page.evidence(changed, outcome) | self._unexplained(request)

    @in_words
    def select_span(self, session: Session, event: gr.EventData, request: gr.Request) -> Update:
        """Say what the selected span holds, or forget it."""
        span = span_in(event)
        changed = replace(session, span_s=span, opened=())
        said = self._page.span(changed, self._again(changed).result) if span and session.queries else ""
        chosen = {"session": changed, "address": changed.address(), "span": said}
        return chosen | self._unexplained(request)

    @in_words
    def choose_tab(self, session: Session, event: gr.EventData) -> Update:
        """Show another instrument; before a session was opened that is no choice."""
        tab = text_in(event, "id")
        if not session.video or tab not in TABS:
            return {}
        changed = replace(session, tab=tab)
        return {"session": changed, "address": changed.address()}

    def _unexplained(self, request: gr.Request) -> Update:
        """Return the page without what explains another sentence or span, which nobody works on any more."""
        visitor = request.session_hash or ""
        if any(self.jobs.is_running(visitor, name) for name in OF_ALL_SENTENCES):
            return self._page.unpointed()
        self.jobs.drop(visitor)
        return self._page.idle() | self._page.unpointed()

    # What is taken away.

    def reproduce(self, session: Session, request: gr.Request) -> Update:
        """Say how what is on show is made again, at the command line and in Python."""
        return self._take_away.reproduce(session, request)

    def export(self, session: Session, request: gr.Request, wanted: object = None) -> Update:
        """Hand the shown result to the browser in the format that is wanted, JSON where none is said."""
        return self._take_away.take(session, wanted or {"format": "json"}, request)

    def _answers(self, session: Session, visitor: str) -> list[Answered]:
        """Return what the instrument on show answers; ``InputError`` where it would have to be worked out first."""
        if session.tab == "space":
            beside = [*self.pair.answers(session, visitor), *self.examine.answers(session, visitor)]
            has_map = self.space.is_on_show(session, visitor) or self.space.is_worked_on(session, visitor)
            if beside and not has_map:
                return beside
            return [self.space.answer(session, visitor), *beside]
        if session.tab == "whatif":
            return self.whatif.answers(session, visitor)
        if not session.queries:
            raise InputError(texts.NO_QUERIES)
        outcome = self._again(session)
        if session.tab == "who":
            return self.who.answers(session, visitor)
        if session.tab == "look":
            return self.maps.answers(session, visitor)
        return [Answered(Asked(session.params()), outcome)]

    # What is computed.

    def _work(self, session: Session, report: Callable) -> tuple[Outcome[Grounding], list[StripFrame]]:
        outcome = Ground().run(self.services, session.params(), report)
        return outcome, film_strip(self.services, self.services.library.get(session.video))

    def _is_answered(self, session: Session) -> bool:
        """Return whether the film has been read for the session's sentences."""
        if not session.queries:
            return False
        params = session.params()
        with suppress(WorkbenchError):  # what is wrong is told by the answer
            video, model = self.services.library.get(params.video), self.services.models.load(params.model)
            sampling = SamplingSpec(params.fps, params.max_frames)
            return is_cached(self.services, video, model.spec, sampling, params.reuse_below)
        return False

    def _again(self, session: Session) -> Outcome[Grounding]:
        """Return the answer on show once more; ``InputError`` where that would mean to read the video first."""
        if not self._is_answered(session):
            raise InputError(texts.NOT_READ)
        return Ground().run(self.services, session.params())
