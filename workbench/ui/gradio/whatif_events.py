"""What happens on the tab that changes one thing: edits, those of the visitor, too, ranks, an edited film.

Separate from the other events, with which it shares the session and the jobs. Which probe is on show is kept by
visitor, until that visitor has gone.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from workbench.analyses.analysis import Report
from workbench.analyses.queries import checked_query
from workbench.core.text_edits.kinds import ROLE_OF
from workbench.errors import InputError
from workbench.types.probe import Probed
from workbench.ui.gradio import panels
from workbench.ui.gradio import whatif_texts as texts
from workbench.ui.gradio.by_visitor import ByVisitor
from workbench.ui.gradio.jobs import Job
from workbench.ui.gradio.probed import Found, ProbedSessions
from workbench.ui.gradio.sent import name_in, text_in
from workbench.ui.gradio.session import Session
from workbench.ui.gradio.shares import Shares
from workbench.ui.gradio.shown import WORK_BUTTONS, WORK_SAID, Shown, Update
from workbench.ui.gradio.texts import OCCUPIED
from workbench.ui.gradio.working import Place, Worker, in_words_at, said_of

AT_WHATIF = Place("whatif_said", "stop_whatif", "whatif_said")
AT_MANY = Place("many_said", "stop_many", "many_said")
in_words = in_words_at("whatif_said")
_PICK = re.compile(r"(text|film|watch):(\d{1,4})")
_WHY = {"who": "who", "where": "look"}
"""The tabs on which it is asked why of an edit."""


MANY_MADE = ("many_text", "many_figure", "many_numbers", *WORK_BUTTONS, *WORK_SAID)
"""Parts that show what is made of many films, or how far work on it is."""


class WhatifEvents:
    """The tab's events."""

    def __init__(self, probed: ProbedSessions, page: Shown, worker: Worker, received: Shares) -> None:
        self._probed, self._page, self._worker, self._received = probed, page, worker, received
        self._on_show: ByVisitor[tuple[Any, Found]] = ByVisitor()
        self._many: ByVisitor[tuple[Any, Found]] = ByVisitor()

    # What changes the session: ``explain`` then shows what follows.

    @in_words_at("whatif_own_said")
    def add_edit(self, session: Session, text: str | None, request: gr.Request) -> Update:
        """Add edits that the visitor wrote, one a line, in the place of the one that is being corrected, if any.

        Those that cannot be used stay where they were written, with why.
        """
        if not session.queries:
            raise InputError(texts.NO_QUERY)
        chosen = session.edited.of(session.query)
        there = self._edits_on_show(session, request.session_hash or "")
        edited, refused = chosen.with_lines((text or "").splitlines(), self._page.services.settings, there)
        said = panels.notice(" ".join(refused.values()))
        if edited == chosen and refused:
            return {"whatif_own_said": said}
        return {"session": replace(session, edited=edited), "whatif_own": "\n".join(refused), "whatif_own_said": said}

    @in_words
    def change(self, session: Session, event: gr.EventData) -> Update:
        """Correct an edit, take it away, or ask why of it: both are then explained on another tab; or come back.

        What is sent is the edit itself: the place of one changes as soon as another is taken away. One to be corrected
        is put where edits are written, with its kind before it.
        """
        doing, _, text = text_in(event, "value").partition(":")
        if not session.queries or doing not in (*_WHY, "correct", "drop", "back"):
            raise InputError(texts.NOT_A_PICK)
        settings, edited = self._page.services.settings, session.edited.of(session.query)
        if doing == "correct":
            kind, _, text = text.partition(":")
            if kind not in ROLE_OF:
                raise InputError(texts.NOT_A_PICK)
            text = checked_query(text, settings)
            return {
                "session": replace(session, edited=replace(edited, corrects=(kind, text))),
                "whatif_own": text,
                "whatif_own_said": panels.notice(texts.corrects(text), "hint"),
                "whatif_said": "",
            }
        if doing == "drop":
            left = edited.without_edit(text, settings)
            said: Update = {"session": replace(session, edited=left), "whatif_said": ""}
            return said if left.corrects or not edited.corrects else said | {"whatif_own": "", "whatif_own_said": ""}
        asked = session.with_query(text, settings)
        if doing == "back":
            return self._page.queries_changed(asked)
        tab = _WHY[doing]
        changed = replace(asked, edited=edited, tab=tab)
        return self._page.queries_changed(changed) | {"tabs": gr.update(selected=tab)}

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
        work = functools.partial(self._probed.toy, session, self._page.entries())
        yield from self._probe_many(session, work, request.session_hash or "")

    def probe_file(self, session: Session, file: gr.FileData | None, request: gr.Request) -> Generator[Update]:
        """Probe the visitor's films by a file of captions or edits; yield as ``probe_toy`` does."""
        try:
            if file is None:
                raise InputError(texts.NO_FILE)
            films = [self._page.video(session, video_id) for _, video_id, _ in self._page.films(session)]
            name = name_in(file)
            with self._received.taking(Path(file.path)):
                cases = self._probed.brought(Path(file.path), name, films)
        except Exception as problem:
            yield {"many_said": said_of(problem)}
            return
        work = functools.partial(self._probed.many, session, cases, name, self._page.entries())
        yield from self._probe_many(session, work, request.session_hash or "")

    def _probe_many(self, session: Session, work: Callable[[Report], Found], visitor: str) -> Generator[Update]:
        if self._worker.jobs.is_busy(visitor):
            yield {"many_said": panels.notice(OCCUPIED, "hint")}
            return
        self._many.pop(visitor, None)

        def result(found: Found) -> Update:
            self._many[visitor] = session.readers, found
            return self._probed.many_shown(found)

        yield self._probed.no_many()
        yield from self._worker.steps(session, visitor, Job(work, "many"), result, AT_MANY)

    # What is looked at.

    @in_words
    def pick(self, session: Session, event: gr.EventData, request: gr.Request) -> Update:
        """Show what an edit does to the ranks, or the edited film."""
        doing, at = _picked(text_in(event, "pick"))
        case = self._case(session, request.session_hash or "")
        if at > len(case.texts if doing == "text" else case.films):
            raise InputError(texts.NOT_A_PICK)
        if doing == "watch":
            return self._probed.watch(session, case, at) | {"whatif_said": ""}
        return self._probed.ranks(case, doing, at) | {"whatif_said": ""}

    def answers(self, session: Session, visitor: str) -> Found:
        """Return the probe on show, then that of many films, each by every model; raise ``InputError`` without both."""
        readers, many = self._many.get(visitor, (None, []))
        many = many if readers == session.readers else []
        own = self._kept(session, visitor)
        if not own and not many:
            raise InputError(texts.NOT_ON_SHOW)
        return [*own, *many]

    def leave(self, visitor: str) -> None:
        """Forget what a visitor was shown who has gone."""
        self._on_show.pop(visitor, None)
        self._many.pop(visitor, None)

    def _kept(self, session: Session, visitor: str) -> Found:
        """Return the probe on show; none where it is of an earlier question."""
        key, found = self._on_show.get(visitor, (None, []))
        is_asked = bool(session.queries) and key == self._probed.key(session, self._page.entries())
        return found if is_asked else []

    def _edits_on_show(self, session: Session, visitor: str) -> list[str]:
        """Return the edits of the current sentence that its visitor sees; none where others are on show, or none."""
        _, found = self._on_show.get(visitor, (None, []))
        cases = [each.outcome.result.cases[0] for each in found]
        return [edit.text for case in cases if case.query == session.query for edit in case.texts]

    def _case(self, session: Session, visitor: str) -> Probed:
        found = self._kept(session, visitor)
        if not found:
            raise InputError(texts.NOT_ON_SHOW)
        return found[0].outcome.result.cases[0]


def _picked(sent: str) -> tuple[str, int]:
    found = _PICK.fullmatch(sent)
    if found is None or int(found[2]) < 1:
        raise InputError(texts.NOT_A_PICK)
    return found[1], int(found[2])
