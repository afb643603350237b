"""Work that takes its time, told on the page where it was asked for: how far it is, and how it ended.

Separate from the events, which say what is worked on and what is shown of it.
"""

from __future__ import annotations

import functools
import logging
import math
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import gradio as gr

from workbench.errors import BusyError, Cancelled, WorkbenchError
from workbench.types.outcome import Progress
from workbench.ui.gradio import attribution_texts, panels, texts, turns_texts
from workbench.ui.gradio.jobs import STEP_S, Job, Jobs, Pace
from workbench.ui.gradio.lines import Lines
from workbench.ui.gradio.session import Session
from workbench.ui.gradio.shown import Shown, Update
from workbench.ui.gradio.turns import Turn, Turns
from workbench.ui.shortage import plainly

LOG = logging.getLogger(__name__)
QUIET_S = 0.4
"""Work shorter than this shows no progress: a flash would only disturb."""
LOOK_S = 1.0
"""What was read so far is drawn again no sooner than this."""


@dataclass(frozen=True)
class Place:
    """Where work is told of: the panel of its progress, the button that stops it, and the panel of how it ended.

    ``around`` adds what always stands in both panels.
    """

    said: str
    stop: str
    ended: str
    around: Callable[[str], str] = str


ABOVE = Place("status", "cancel", "notice")
"""Between player and timeline, where there is no better place."""


def in_words_at(part: str) -> Callable[[Callable[..., Update]], Callable[..., Update]]:
    """Turn what a person can mend into a notice in a part of the page, and the rest into a log entry and an apology."""

    def in_words(handler: Callable[..., Update]) -> Callable[..., Update]:
        @functools.wraps(handler)
        def guarded(*args: Any) -> Update:
            try:
                return handler(*args)
            except Exception as problem:
                return {part: said_of(problem)}

        return guarded

    return in_words


in_words = in_words_at("notice")
"""In sight of the player, whatever instrument is on show."""


def said_of(problem: Exception, kind: str = "error", words: Callable[[str], str] = str) -> str:
    """Return what a person should know of a problem, as HTML; what nobody foresaw is logged."""
    if isinstance(problem := plainly(problem), WorkbenchError):
        return panels.notice(words(str(problem)), kind)
    LOG.exception("an event failed", exc_info=problem)
    return panels.notice(texts.UNEXPECTED, kind)


@dataclass(frozen=True)
class Ending:
    """What is shown of work that did not come to its end, where that is more than a sentence.

    ``stopped`` is given the last progress and whether something of the result is on show.
    """

    stopped: Callable[[Progress, bool], Update]
    failed: Callable[[Exception], Update]


class Worker:
    """Runs the jobs of all visitors, one each at a time, when it is their turn."""

    def __init__(self, page: Shown, lines: Lines) -> None:
        self.jobs = Jobs()
        self._page, self._lines = page, lines

    def steps(
        self,
        session: Session,
        visitor: str,
        job: Job,
        result: Callable[[Any], Update],
        place: Place = ABOVE,
        ending: Ending | None = None,
        line: Turns | None = None,
    ) -> Generator[Update]:
        """Do the work; yield how far it is, then what ``result`` makes of it, or one sentence on why there is none.

        Before that it waits in ``line``, by default with all that is computed; yielded is how many are before it.
        """
        ending = ending or self._usual(session, place)
        self.jobs.start(visitor, job)
        turn = None
        try:
            turn = (line or self._lines.computed).join(visitor)
            yield from self._wait(turn, job, place)
            yield from self._steps(session, visitor, job, turn, result, place, ending)
        except BusyError as problem:
            yield self._page.idle() | ending.failed(problem)
        finally:
            self.jobs.end(visitor, job)
            if turn is not None:  # of a page that was closed the work may go on for a while
                job.when_ended(turn.leave)

    def _wait(self, turn: Turn, job: Job, place: Place) -> Generator[Update]:
        """Wait for a place, or until the work is stopped; yield how many are before, as often as that changes."""
        told, is_told_from = -1, time.monotonic() + QUIET_S
        while not turn.wait(STEP_S) and not job.is_stopped:
            if time.monotonic() < is_told_from or (n_before := turn.n_before) == told:
                continue
            told = n_before
            yield self._told(place, panels.working(turns_texts.before_you(told), 0, 0))

    def _told(self, place: Place, said: str) -> Update:
        """Return work under way, with the button that stops it."""
        told = {place.said: place.around(said), place.stop: gr.update(visible=True, interactive=True)}
        return told | ({"resume": gr.update(visible=False)} if place is ABOVE else {})

    def _steps(
        self,
        session: Session,
        visitor: str,
        job: Job,
        turn: Turn,
        result: Callable[[Any], Update],
        place: Place,
        ending: Ending,
    ) -> Generator[Update]:
        started, pace = time.monotonic(), Pace()
        shown, looked, progress = None, -math.inf, Progress(0, 0)

        def in_place(told: Progress) -> None:
            turn.keep_place(told.is_waiting, job.check)

        for progress in () if job.is_stopped else job.progress(in_place):
            now = time.monotonic()
            left_s = pace.left_s(progress, now)
            if job.is_stopped or now - started <= QUIET_S or not self.jobs.is_newest(visitor, job):
                continue
            seen: Update = {}
            if progress.glimpse is not None and progress.glimpse is not shown and now - looked >= LOOK_S:
                with suppress(WorkbenchError):  # a look ahead that fails takes nothing from the answer
                    seen = self._page.glimpse(session, progress.glimpse)
                shown, looked = progress.glimpse, now
            line = self._page.in_their_words(session, texts.working(progress, left_s))
            bar = panels.working(line, progress.done, progress.total, has_begun=shown is not None)
            yield seen | self._told(place, bar)
        try:
            update = self._page.idle() | result(job.answer())
        except Cancelled:
            update = self._page.idle() | ending.stopped(progress, shown is not None)
        except Exception as problem:
            update = self._page.idle() | ending.failed(problem)
        if self.jobs.is_newest(visitor, job):
            yield update

    def _usual(self, session: Session, place: Place) -> Ending:
        words = functools.partial(self._page.problem, session)
        stopped = place.around(panels.notice(attribution_texts.STOPPED, "hint"))
        return Ending(
            stopped=lambda progress, has_begun: {place.ended: stopped},
            failed=lambda problem: {place.ended: place.around(said_of(problem, words=words))},
        )
