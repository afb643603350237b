"""What happens in the part of the page that compares two models.

Separate from the other events, with which it shares the session and the jobs. Which comparison is on show is kept by
visitor; it is asked for again when a point is picked, which costs what is kept.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator
from dataclasses import replace

import gradio as gr

from workbench.analyses.compare import CompareParams
from workbench.errors import InputError
from workbench.types.comparison import SpaceComparison
from workbench.types.outcome import Outcome
from workbench.ui.answered import Answered
from workbench.ui.gradio import pair_texts as texts
from workbench.ui.gradio import panels
from workbench.ui.gradio.by_visitor import ByVisitor
from workbench.ui.gradio.jobs import Job
from workbench.ui.gradio.paired import Paired
from workbench.ui.gradio.sent import picked_in, text_in
from workbench.ui.gradio.session import Session
from workbench.ui.gradio.shown import Shown, Update
from workbench.ui.gradio.space_texts import NOT_A_CHOICE
from workbench.ui.gradio.spaced import kept
from workbench.ui.gradio.texts import OCCUPIED
from workbench.ui.gradio.working import Place, Worker, in_words_at
from workbench.ui.reproduction import Asked

AT_PAIR = Place("pair_said", "stop_pair", "pair_said")
in_words = in_words_at("pair_said")


class PairEvents:
    """The events; ``why_not`` says why nothing can be asked of a session's answer now, or nothing."""

    def __init__(self, paired: Paired, page: Shown, worker: Worker, why_not: Callable[[Session, str], str]) -> None:
        self._paired, self._page, self._worker, self._why_not = paired, page, worker, why_not
        self._on_show: ByVisitor[CompareParams] = ByVisitor()

    @in_words
    def choose_other(self, session: Session, event: gr.EventData, request: gr.Request) -> Update:
        """Compare and examine with another model, once that is asked for; what was made with the last one goes."""
        visitor, other = request.session_hash or "", text_in(event, "value")
        if other and other not in {entry.id for entry in self._page.entries()}:
            raise InputError(NOT_A_CHOICE)
        changed = replace(session, space=replace(session.space, other=other))
        self.leave(visitor)
        shown = self._paired.others(changed, self._page.entries()) | self._page.unexamined()
        if any(self._worker.jobs.is_running(visitor, name) for name in ("pair", "examine")):
            self._worker.jobs.drop(visitor)
            shown |= self._page.idle()
        return shown | {"session": changed, "address": changed.address(), "notice": ""}

    def compare(self, session: Session, request: gr.Request) -> Generator[Update]:
        """Compare both models; yield progress, then both maps or one sentence on what is wrong."""
        visitor = request.session_hash or ""
        if why_not := self._why_not(session, visitor) or (OCCUPIED if self._worker.jobs.is_busy(visitor) else ""):
            yield {"pair_said": panels.notice(why_not)}
            return

        def result(outcome: Outcome[SpaceComparison]) -> Update:
            self._on_show[visitor] = self._paired.params(session)
            return self._paired.shown(session, outcome.result)

        self.leave(visitor)
        yield self._paired.nothing()
        job = Job(functools.partial(self._paired.compare, session), "pair")
        yield from self._worker.steps(session, visitor, job, result, AT_PAIR)

    @in_words
    def pick(self, session: Session, event: gr.EventData, request: gr.Request) -> Update:
        """Show what is nearest to a point for each model."""
        answers = self.answers(session, request.session_hash or "")
        if not answers:
            raise InputError(texts.NOT_ON_SHOW)
        row, found = picked_in(event), answers[0].outcome.result
        if row is None or row >= len(found.items):
            raise InputError(texts.NOT_A_POINT)
        return self._paired.near(found, row)

    def answers(self, session: Session, visitor: str) -> list[Answered]:
        """Return the comparison on show, if there is one, and it is kept."""
        params = self._paired.params(session)
        if self._on_show.get(visitor) != params:
            return []
        outcome = kept(functools.partial(self._paired.compare, session))
        return [] if outcome is None else [Answered(Asked(params), outcome)]

    def take_away(self, session: Session, visitor: str) -> Generator[Update]:
        """Yield the page without the comparison, where that is not of what the session asks for."""
        if self._on_show.get(visitor) not in (None, self._paired.params(session)):
            self.leave(visitor)
            yield self._paired.nothing()

    def leave(self, visitor: str) -> None:
        """Forget what a visitor was shown who has gone."""
        self._on_show.pop(visitor, None)
