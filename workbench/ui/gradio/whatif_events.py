"""What happens on the tab that changes one thing: edits written and taken away, ranks, an edited film, a report.

Separate from the other events, with which it shares the session and the jobs. Which probe is on show is kept by
visitor, until that visitor has gone.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import gradio as gr

from workbench.analyses.probe import Probe
from workbench.errors import InputError
from workbench.figures.probe_report import probe_html
from workbench.types.probe import Probed, ProbeReport
from workbench.ui.gradio import panels
from workbench.ui.gradio import whatif_texts as texts
from workbench.ui.gradio.jobs import Job
from workbench.ui.gradio.offers import OFFERS
from workbench.ui.gradio.probed import Found, ProbedSessions
from workbench.ui.gradio.routes import offer_url
from workbench.ui.gradio.sent import text_in
from workbench.ui.gradio.session import Session
from workbench.ui.gradio.shown import Shown, Update
from workbench.ui.gradio.texts import OCCUPIED
from workbench.ui.gradio.working import Place, Worker, in_words_at

AT_WHATIF = Place("whatif_said", "stop_whatif", "whatif_said")
AT_TOY = Place("toy_said", "stop_toy", "toy_said")
in_words = in_words_at("whatif_said")
_PICK = re.compile(r"(text|film|watch|why|drop):(\d{1,4})")


class WhatifEvents:
    """The tab's events."""

    def __init__(self, probed: ProbedSessions, page: Shown, worker: Worker) -> None:
        self._probed, self._page, self._worker = probed, page, worker
        self._on_show: dict[str, tuple[Any, Found]] = {}

    # What changes the session: ``explain`` then shows what follows.

    @in_words_at("whatif_own_said")
    def add_edit(self, session: Session, text: str | None) -> Update:
        """Add an edit that the visitor wrote."""
        if not session.queries:
            raise InputError(texts.NO_QUERY)
        edited = session.edited.of(session.query).with_own(text or "", self._page.services.settings)
        return {"session": replace(session, edited=edited), "whatif_own": "", "whatif_own_said": ""}

    @in_words
    def change(self, session: Session, event: gr.EventData, request: gr.Request) -> Update:
        """Take an edit away, or ask why of it: both sentences are then explained on another tab."""
        doing, at = self._picked(text_in(event, "value"), ("why", "drop"))
        case = self._case(session, request.session_hash or "")
        if at > len(case.texts):
            raise InputError(texts.NOT_A_PICK)
        text = case.texts[at - 1].text
        if doing == "drop":
            edited = session.edited.of(session.query).without_edit(text)
            return {"session": replace(session, edited=edited), "whatif_said": ""}
        asked = session.with_query(text, self._page.services.settings)
        changed = replace(asked, tab="who")
        return self._page.queries_changed(changed) | {"tabs": gr.update(selected="who")}

    @in_words
    def paint(self, session: Session) -> Update:
        """Change the pictures, too, from now on."""
        query = session.query if session.queries else ""
        return {"session": replace(session, edited=replace(session.edited.of(query), paints=True)), "whatif_said": ""}

    # What is computed.

    def look(self, session: Session, visitor: str) -> Generator[Update]:
        """Probe what the session asks for; yield progress, then edits and scores, or one sentence on what is wrong."""
        key = self._probed.key(session, self._page.entries())
        if self._on_show.get(visitor, (None,))[0] == key:
            return
        self._on_show.pop(visitor, None)

        def result(found: Found) -> Update:
            self._on_show[visitor] = key, found
            return self._probed.shown(session, found)

        films = [video_id for _, video_id, _ in self._page.films(session)]
        work = functools.partial(self._probed.probe, session, films, self._page.entries())
        yield from self._worker.steps(session, visitor, Job(work, "whatif"), result, AT_WHATIF)

    def probe_toy(self, session: Session, request: gr.Request) -> Generator[Update]:
        """Probe films whose truth is known; yield progress, then what is counted."""
        visitor = request.session_hash or ""
        if self._worker.jobs.is_busy(visitor):
            yield {"toy_said": panels.notice(OCCUPIED, "hint")}
            return

        def result(found: list[ProbeReport]) -> Update:
            return self._probed.toy_shown(found)

        yield self._probed.no_toy()
        work = functools.partial(self._probed.toy, session, self._page.entries())
        yield from self._worker.steps(session, visitor, Job(work, "toy"), result, AT_TOY)

    # What is looked at, and taken away.

    @in_words
    def pick(self, session: Session, event: gr.EventData, request: gr.Request) -> Update:
        """Show what an edit does to the ranks, or the edited film."""
        doing, at = self._picked(text_in(event, "pick"), ("text", "film", "watch"))
        case = self._case(session, request.session_hash or "")
        if at > len(case.texts if doing == "text" else case.films):
            raise InputError(texts.NOT_A_PICK)
        if doing == "watch":
            return self._probed.watch(session, case, at) | {"whatif_said": ""}
        return self._probed.ranks(case, doing, at) | {"whatif_said": ""}

    @in_words
    def take_report(self, session: Session, request: gr.Request) -> Update:
        """Hand the probe on show to the browser, as a page that stands on its own."""
        visitor = request.session_hash or ""
        page = probe_html(self._found(session, visitor))
        offer = OFFERS.make(visitor, texts.REPORT_NAME, "text/html", page.encode())
        return {"download": {"name": offer.name, "url": offer_url(offer.token), "at": time.time()}}

    def as_json(self, session: Session, visitor: str) -> dict[str, Any]:
        """Return the probe on show in plain JSON types."""
        return {"probes": [Probe().as_json(outcome) for outcome in self._found(session, visitor)]}

    def leave(self, visitor: str) -> None:
        """Forget what a visitor was shown who has gone."""
        self._on_show.pop(visitor, None)

    def _found(self, session: Session, visitor: str) -> Found:
        key, found = self._on_show.get(visitor, (None, []))
        if not session.queries or not found or key != self._probed.key(session, self._page.entries()):
            raise InputError(texts.NOT_ON_SHOW)
        return found

    def _case(self, session: Session, visitor: str) -> Probed:
        return self._found(session, visitor)[0].result.cases[0]

    def _picked(self, sent: str, doings: tuple[str, ...]) -> tuple[str, int]:
        found = _PICK.fullmatch(sent)
        if found is None or found[1] not in doings or int(found[2]) < 1:
            raise InputError(texts.NOT_A_PICK)
        return found[1], int(found[2])
