"""What happens on the tab that shows who made the score: parts that are opened, patches that are asked for, numbers.

Separate from the other events, with which it shares the session and the jobs.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Generator
from dataclasses import replace

import gradio as gr

from workbench.analyses.analysis import check_ranges
from workbench.analyses.attribute import Attribute, AttributeParams
from workbench.types.attribution import Attribution
from workbench.ui.answered import Answered
from workbench.ui.gradio import panels
from workbench.ui.gradio.by_visitor import ByVisitor
from workbench.ui.gradio.explained import Explained, Explanation
from workbench.ui.gradio.jobs import Job
from workbench.ui.gradio.sent import index_in, instant_in, seconds_in, text_in
from workbench.ui.gradio.session import Session
from workbench.ui.gradio.shown import Shown, Update
from workbench.ui.gradio.working import Place, Worker, in_words
from workbench.ui.reproduction import Asked


class WhoEvents:
    """The tab's events; ``why_not`` says why nothing can be asked of a session's answer now, or nothing."""

    def __init__(
        self,
        explained: Explained,
        page: Shown,
        worker: Worker,
        has_answer: Callable[[Session, str], bool],
        why_not: Callable[[Session, str], str],
    ) -> None:
        self._explained, self._page, self._worker = explained, page, worker
        self._has_answer, self._why_not = has_answer, why_not
        self._on_show: ByVisitor[list[AttributeParams]] = ByVisitor()
        self._picture: ByVisitor[AttributeParams] = ByVisitor()

    # What changes the session: ``explain`` then shows what follows.

    @in_words
    def open_part(self, session: Session, event: gr.EventData, request: gr.Request) -> Update:
        """Open the part of the film's tree that was clicked, or close it again."""
        row, at_s = index_in(event, "query", len(session.opened) + 2), instant_in(event)
        if row == 0 or at_s is None or not self._has_answer(session, request.session_hash or ""):
            return {"session": session}
        return {"session": replace(session, opened=self._explained.opened_at(session, row - 1, at_s))}

    @in_words
    def set_budget(self, session: Session, value: float | None) -> Update:
        """Set how many evaluations a game may take; an empty field means as many as are needed."""
        budget = int(value or 0) if value is None or math.isfinite(value) else -1
        check_ranges(AttributeParams(video="", queries=(), model="", budget=budget))
        return {"session": replace(session, budget=budget), "notice": ""}

    @in_words
    def set_absent(self, session: Session, event: gr.EventData) -> Update:
        """Set how players are left out where the encoder runs."""
        absent = text_in(event, "value")
        check_ranges(AttributeParams(video="", queries=(), model="", absent=absent))
        return {"session": replace(session, absent=absent), "notice": ""}

    # What is made.

    def look(self, session: Session, visitor: str) -> Generator[Update]:
        """Play the games of the current sentence; yield progress, then what they say."""

        def result(found: Explanation) -> Update:
            self._on_show[visitor] = self._explained.games(session)
            return self._explained.shown(session, found)

        job = Job(functools.partial(self._explained.explain, session), "explanation")
        yield from self._worker.steps(session, visitor, job, result)

    def explain_patches(self, session: Session, at_s: object, request: gr.Request) -> Generator[Update]:
        """Say which patches of the picture at ``at_s`` made the score; yield as ``look`` does."""
        visitor = request.session_hash or ""
        if why_not := self._why_not(session, visitor):
            yield {"patches_text": self._explained.patches_said(panels.notice(why_not))}
            return
        # Sound may go on after the last frame.
        shown_s = min(seconds_in(at_s), self._page.services.library.get(session.video).duration_s)

        def result(found: Attribution) -> Update:
            self._picture[visitor] = self._explained.game(session, "patches", at_s=shown_s)
            return self._explained.patches(session, found)

        job = Job(functools.partial(self._explained.explain_patches, session, shown_s), "patches")
        place = Place("patches_text", "stop_patches", "patches_text", self._explained.patches_said)
        yield from self._worker.steps(session, visitor, job, result, place)

    def answers(self, session: Session, visitor: str) -> list[Answered]:
        """Return the games on show, that of a picture's patches last; they are kept, as somebody looks at them."""
        asked = self._explained.games(session)
        if _but_budget(shown := self._on_show.get(visitor, [])) == _but_budget(asked):
            asked = list(shown)
        if (picture := self._picture.get(visitor)) is not None:
            patches = self._explained.game(session, "patches", at_s=picture.at_s)
            asked += [picture] if _but_budget([picture]) == _but_budget([patches]) else []
        services = self._page.services
        return [Answered(Asked(params), Attribute().run(services, params)) for params in asked]

    def leave(self, visitor: str) -> None:
        """Forget what a visitor was shown who has gone."""
        self._on_show.pop(visitor, None)
        self._picture.pop(visitor, None)


def _but_budget(games: list[AttributeParams]) -> list[AttributeParams]:
    """Return games without their budget: it is for the next ones, and those on show stay as they are."""
    return [replace(params, budget=0) for params in games]
