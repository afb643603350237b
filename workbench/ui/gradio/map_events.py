"""What happens on the tab that shows where the model looked: methods, words, pictures, tests, and files to take away.

Separate from the other events, with which it shares the session and the jobs. Which maps are on show, and whether
they were tested, is kept by visitor; the maps themselves are not.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from workbench.analyses.analysis import Report, silent
from workbench.analyses.attribute import Attribute, AttributeParams
from workbench.analyses.map_methods import METHODS
from workbench.analyses.word_coalitions import words_in
from workbench.errors import InputError
from workbench.types.maps import Agreement
from workbench.types.outcome import Progress
from workbench.ui.answered import Answered
from workbench.ui.gradio import attribution_texts, panels
from workbench.ui.gradio import look_texts as texts
from workbench.ui.gradio.by_visitor import ByVisitor
from workbench.ui.gradio.jobs import Job
from workbench.ui.gradio.looked import Look, Looked
from workbench.ui.gradio.offers import OFFERS, Offer
from workbench.ui.gradio.routes import handed
from workbench.ui.gradio.sent import looking_in, text_in
from workbench.ui.gradio.session import Session
from workbench.ui.gradio.shown import Shown, Update
from workbench.ui.gradio.texts import OCCUPIED
from workbench.ui.gradio.working import Ending, Place, Worker, in_words, said_of
from workbench.ui.overlay import overlay_mp4, overlay_png
from workbench.ui.reproduction import Asked

AT_MAPS = Place("look_said", "stop_look", "look_said")
AT_TESTS = Place("test_said", "stop_test", "test_said")
AT_METHODS = Place("compare_said", "stop_compare", "compare_said")
ASKED_FOR = ("maps", "tests", "methods", "film")
"""Jobs that a button does not push aside."""


class MapEvents:
    """The tab's events; ``why_not`` says why nothing can be asked of a session's answer now, or nothing."""

    def __init__(self, looked: Looked, page: Shown, worker: Worker, why_not: Callable[[Session, str], str]) -> None:
        self._looked, self._page, self._worker = looked, page, worker
        self._why_not_yet = why_not
        self._on_show: ByVisitor[tuple[Any, bool]] = ByVisitor()
        self._compared: ByVisitor[tuple[AttributeParams, float]] = ByVisitor()

    # What changes the session: ``explain`` then shows what follows.

    @in_words
    def choose_method(self, session: Session, event: gr.EventData) -> Update:
        """Make the maps by another method."""
        method = text_in(event, "value") or text_in(event, "pick")
        if method not in METHODS:
            raise InputError(texts.NOT_A_METHOD)
        changed = replace(session, method=method)
        return {"session": changed, "address": changed.address(), "notice": ""}

    @in_words
    def pick_word(self, session: Session, event: gr.EventData) -> Update:
        """Make the map of one word alone, or that of the whole sentence again."""
        sent = text_in(event, "pick")
        n_words = len(words_in(session.query)) if session.queries else 0
        if not (sent.isascii() and sent.isdecimal() and len(sent) < 6 and int(sent) < n_words):
            raise InputError(texts.NOT_A_WORD)
        is_picked = self._looked.picked(session) == int(sent)
        return {"session": replace(session, picked=None if is_picked else (session.query, int(sent))), "notice": ""}

    # What is made.

    def look(self, session: Session, visitor: str) -> Generator[Update]:
        """Make the maps that the session asks for; yield progress, then maps or one sentence on what is wrong."""

        def failed(problem: Exception) -> Update:
            said = said_of(problem, words=functools.partial(self._page.problem, session))
            return self._cleared(session, visitor) | {"look_said": said}

        def stopped(progress: Progress, has_begun: bool) -> Update:
            said = {
                "look_said": panels.notice(attribution_texts.STOPPED, "hint"),
                "look_again": gr.update(visible=True),
            }
            return self._cleared(session, visitor) | said

        is_tested = self._is_tested(session, visitor)
        job = Job(functools.partial(self._looked.look, session, is_tested), "maps")
        result = functools.partial(self._result, session, visitor, is_tested, None)
        yield from self._worker.steps(session, visitor, job, result, AT_MAPS, Ending(stopped, failed))

    def look_again(self, session: Session, request: gr.Request) -> Generator[Update]:
        """Do the same after it was stopped."""
        visitor = request.session_hash or ""
        if why_not := self._why_not_yet(session, visitor):
            yield {"look_said": panels.notice(why_not)}
            return
        yield from self.look(session, visitor)

    def test(self, session: Session, sent: object, request: gr.Request) -> Generator[Update]:
        """Test the maps on show; yield as ``look`` does."""
        visitor, (at_s, _) = request.session_hash or "", looking_in(sent)
        if why_not := self._why_not(session, visitor):
            yield {"test_said": panels.notice(why_not)}
            return
        job = Job(functools.partial(self._looked.look, session, True), "tests")
        result = functools.partial(self._result, session, visitor, True, at_s)
        yield from self._worker.steps(session, visitor, job, result, AT_TESTS)

    def compare(self, session: Session, sent: object, request: gr.Request) -> Generator[Update]:
        """Map the picture on show by all methods; yield as ``look`` does."""
        visitor, (at_s, _) = request.session_hash or "", looking_in(sent)
        if why_not := self._why_not(session, visitor):
            yield {"compare_said": panels.notice(why_not)}
            return

        def work(report: Report) -> tuple[Agreement, float]:
            look = self._looked.look(session, False, report)
            picture_s = float(look.maps.times_s[self._looked.at(session, look, at_s)])
            return self._looked.compare(session, picture_s, report), picture_s

        def result(made: tuple[Agreement, float]) -> Update:
            self._compared[visitor] = self._looked.comparison(session, made[1]), made[1]
            return self._looked.compared(session, *made)

        yield from self._worker.steps(session, visitor, Job(work, "methods"), result, AT_METHODS)

    @in_words
    def show_picture(self, session: Session, sent: object, request: gr.Request) -> Update:
        """Show what belongs to the picture at which the player stands."""
        visitor, (at_s, _) = request.session_hash or "", looking_in(sent)
        if not self._is_on_show(session, visitor):
            return {}
        look = self._looked.look(session, self._is_tested(session, visitor), silent)
        return self._looked.picture(session, look, self._looked.at(session, look, at_s))

    @in_words
    def show_head(self, session: Session, sent: object, event: gr.EventData, request: gr.Request) -> Update:
        """Show what another layer and head looks at."""
        visitor, changed = request.session_hash or "", replace(session, head=text_in(event, "value"))
        if not self._is_on_show(session, visitor):
            return {}
        look = self._looked.look(session, self._is_tested(session, visitor), silent)
        if changed.head not in {value for _, value, _ in texts.heads(look.maps)}:
            raise InputError(texts.NOT_A_HEAD)
        return {"session": changed} | self._looked.head(
            changed, look, self._looked.at(changed, look, looking_in(sent)[0])
        )

    # What is taken away.

    def take_png(self, session: Session, sent: object, request: gr.Request) -> Generator[Update]:
        """Hand the picture on show with its map to the browser; yield as ``look`` does."""

        def work(look: Look, at_s: float, opacity: float, report: Report) -> bytes:
            at = self._looked.at(session, look, at_s)
            return overlay_png(self._looked.services, session.video, look.maps, at, opacity)

        yield from self._taken(session, sent, request, work, (texts.PNG_NAME, "image/png"))

    def take_film(self, session: Session, sent: object, request: gr.Request) -> Generator[Update]:
        """Hand the mapped stretch with its maps to the browser, as a film; yield as ``look`` does."""

        def work(look: Look, at_s: float, opacity: float, report: Report) -> bytes:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / texts.FILM_NAME
                overlay_mp4(self._looked.services, session.video, look.maps, opacity, path, report)
                return path.read_bytes()

        yield from self._taken(session, sent, request, work, (texts.FILM_NAME, "video/mp4"))

    def _taken(
        self,
        session: Session,
        sent: object,
        request: gr.Request,
        make: Callable[[Look, float, float, Report], bytes],
        named: tuple[str, str],
    ) -> Generator[Update]:
        visitor, (at_s, opacity) = request.session_hash or "", looking_in(sent)
        if why_not := self._why_not(session, visitor):
            yield {"look_said": panels.notice(why_not)}
            return

        def work(report: Report) -> Offer:
            look = self._looked.look(session, False, report)
            return OFFERS.make(visitor, *named, make(look, at_s, opacity, report))

        def result(offer: Offer) -> Update:
            return {"download": handed(offer)}

        yield from self._worker.steps(session, visitor, Job(work, "film"), result, AT_MAPS)

    def answers(self, session: Session, visitor: str) -> list[Answered]:
        """Return the maps on show, and those by all methods where they are."""
        if not self._is_on_show(session, visitor):
            raise InputError(texts.NONE_ON_SHOW)
        asked = [self._looked.look(session, self._is_tested(session, visitor), silent).asked]
        compared, at_s = self._compared.get(visitor, (None, 0.0))
        if compared is not None and compared == self._looked.comparison(session, at_s):
            asked.append(compared)
        services = self._looked.services
        return [Answered(Asked(params), Attribute().run(services, params)) for params in asked]

    def leave(self, visitor: str) -> None:
        """Forget what a visitor was shown who has gone."""
        self._on_show.pop(visitor, None)
        self._compared.pop(visitor, None)
        OFFERS.drop(visitor)

    # What is on show.

    def _result(self, session: Session, visitor: str, is_tested: bool, at_s: float | None, look: Look) -> Update:
        self._on_show[visitor] = self._key(session), is_tested
        return self._looked.shown(session, look, self._looked.at(session, look, at_s))

    def _cleared(self, session: Session, visitor: str) -> Update:
        self._on_show.pop(visitor, None)
        return self._looked.nothing() | self._looked.methods(session)

    def _key(self, session: Session) -> Any:
        return session.maps(self._looked.method(session)), self._looked.picked(session)

    def _is_on_show(self, session: Session, visitor: str) -> bool:
        return bool(session.queries) and self._on_show.get(visitor, (None, False))[0] == self._key(session)

    def _is_tested(self, session: Session, visitor: str) -> bool:
        return self._is_on_show(session, visitor) and self._on_show[visitor][1]

    def _why_not(self, session: Session, visitor: str) -> str:
        if why_not := self._why_not_yet(session, visitor):
            return why_not
        if any(self._worker.jobs.is_running(visitor, name) for name in ASKED_FOR):
            return OCCUPIED
        return "" if self._is_on_show(session, visitor) else texts.NONE_ON_SHOW
