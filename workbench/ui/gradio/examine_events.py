"""What happens in the section that says what can be read from a space: choices, a file of labels, the examination.

Separate from the events of the map, with which it shares the session and the jobs. A file of labels, and the
examination that can be taken away, are kept by visitor, until that visitor has gone.
"""

from __future__ import annotations

import functools
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from workbench.errors import InputError
from workbench.ui.gradio import examine_panels, panels
from workbench.ui.gradio import examine_texts as texts
from workbench.ui.gradio.by_visitor import ByVisitor
from workbench.ui.gradio.examined import Examined, Found
from workbench.ui.gradio.jobs import Job
from workbench.ui.gradio.label_files import LabelFile, read_labels
from workbench.ui.gradio.sent import name_in, text_in
from workbench.ui.gradio.session import Session
from workbench.ui.gradio.shares import Shares
from workbench.ui.gradio.shown import Shown, Update
from workbench.ui.gradio.space_texts import NOT_A_CHOICE
from workbench.ui.gradio.texts import OCCUPIED
from workbench.ui.gradio.working import Place, Worker, in_words_at, said_of

AT_EXAMINE = Place("examine_said", "stop_examine", "examine_said")
in_words = in_words_at("examine_said")


class ExamineEvents:
    """The section's events."""

    def __init__(self, examined: Examined, page: Shown, worker: Worker, received: Shares) -> None:
        self._examined, self._page, self._worker, self._received = examined, page, worker, received
        self._brought: ByVisitor[LabelFile] = ByVisitor()
        self._on_show: ByVisitor[tuple[Any, Found]] = ByVisitor()

    @in_words
    def choose_clips(self, session: Session, event: gr.EventData, request: gr.Request) -> Update:
        """Examine with other clips, once that is asked for; what was examined before is cleared."""
        clips = text_in(event, "value")
        if clips not in texts.CLIPS:
            raise InputError(NOT_A_CHOICE)
        changed = replace(session, clips=clips)
        shown = {"session": changed, "address": changed.address(), "notice": ""}
        return shown | self._examined.choices(changed) | self._cleared(request)

    def receive(self, session: Session, file: gr.FileData | None, request: gr.Request) -> Update:
        """Take in a file of labels, and say what it holds or what is wrong with it."""
        visitor = request.session_hash or ""
        try:
            if file is None:
                raise InputError(texts.NO_FILE)
            name = name_in(file)
            films = [self._page.video(session, video_id) for _, video_id, _ in self._page.films(session)]
            with self._received.taking(Path(file.path)):
                brought = read_labels(Path(file.path), name, films, self._page.services.settings)
        except Exception as problem:
            last = self._brought.get(visitor)
            return {"examine_file_text": examine_panels.file_help(last.said if last else None) + said_of(problem)}
        self._brought[visitor] = brought
        return {"examine_file_text": examine_panels.file_help(brought.said)} | self._cleared(request)

    def examine(self, session: Session, request: gr.Request) -> Generator[Update]:
        """Examine what the session asks for; yield progress, then the result or one sentence on what is wrong."""
        visitor = request.session_hash or ""
        if self._worker.jobs.is_busy(visitor):
            yield {"examine_said": panels.notice(OCCUPIED, "hint")}
            return

        def result(found: Found) -> Update:
            self._on_show[visitor] = session.readers, found
            return self._examined.shown(session, found)

        self._on_show.pop(visitor, None)
        yield self._examined.nothing()
        work = functools.partial(self._examined.examine, session, self._brought.get(visitor), self._page.entries())
        yield from self._worker.steps(session, visitor, Job(work, "examine"), result, AT_EXAMINE)

    def answers(self, session: Session, visitor: str) -> Found:
        """Return the examinations on show, a model each; none where others are asked for by now."""
        readers, found = self._on_show.get(visitor, (None, []))
        return found if readers == session.readers else []

    def _cleared(self, request: gr.Request) -> Update:
        """Return the section without what was examined with other clips, which nobody works on any more."""
        visitor = request.session_hash or ""
        self._on_show.pop(visitor, None)
        if self._worker.jobs.is_running(visitor, "examine"):
            self._worker.jobs.drop(visitor)
        return self._examined.nothing() | {"examine_said": "", "stop_examine": gr.update(visible=False)}

    def leave(self, visitor: str) -> None:
        """Forget what a visitor brought and was shown who has gone."""
        self._brought.pop(visitor, None)
        self._on_show.pop(visitor, None)
