"""What happens on the tab that shows the space: another map, a point that is picked, a map that is fitted anew.

Separate from the other events, with which it shares the session and the jobs. The map on show is asked for again
when a point of it is picked, which costs what is kept.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

import gradio as gr

from workbench.analyses.analysis import Report, check_ranges, silent
from workbench.analyses.embed import EmbedParams
from workbench.errors import InputError
from workbench.types.embedding import EmbeddingMap
from workbench.types.outcome import Outcome
from workbench.ui.gradio import space_texts as texts
from workbench.ui.gradio.jobs import Job
from workbench.ui.gradio.sent import index_in, text_in
from workbench.ui.gradio.session import Session
from workbench.ui.gradio.shown import Shown, Update
from workbench.ui.gradio.space_choice import FILMS, MAPS, POINTS, SpaceChoice
from workbench.ui.gradio.spaced import Spaced
from workbench.ui.gradio.working import Place, Worker, in_words

AT_SPACE = Place("space_said", "stop_space", "space_said")
_OFFERED: dict[str, tuple[str, ...]] = {"films": FILMS, "points": POINTS, "map": tuple(MAPS), "is_path": ("", "1")}
_MOST_POINTS = 1_000_000


class SpaceEvents:
    """The tab's events."""

    def __init__(self, spaced: Spaced, page: Shown, worker: Worker) -> None:
        self._spaced, self._page, self._worker = spaced, page, worker
        self._on_show: dict[str, EmbedParams] = {}

    # What changes the session: ``explain`` then shows what follows.

    def choose(self, name: str) -> Callable[..., Update]:
        """Return the event that makes one choice of the map."""

        @in_words
        def choose(self: SpaceEvents, session: Session, event: gr.EventData) -> Update:
            value = text_in(event, "value")
            if name in _OFFERED and value not in _OFFERED[name]:
                raise InputError(texts.NOT_A_CHOICE)
            changed: Any = bool(value) if name == "is_path" else value[:600]
            space = replace(session.space, **{name: changed})
            if name == "films":
                space = replace(space, fitted_on=self._spaced.films(session) if value == "all" else ())
            return self._changed(session, space)

        return choose.__get__(self)

    def set_number(self, name: str) -> Callable[..., Update]:
        """Return the event that sets one number of the map; an empty field means the usual one."""

        @in_words
        def set_number(self: SpaceEvents, session: Session, value: float | None) -> Update:
            space = session.space.with_number(name, value)
            changed = replace(session, space=space)
            check_ranges(self._spaced.params(changed))
            return self._changed(session, space) | self._spaced.choices(changed)

        return set_number.__get__(self)

    @in_words
    def see_through(self, session: Session, text: str) -> Update:
        """See the space through words, or as a whole again."""
        space = session.space.with_through(text or "", self._page.services.settings)
        return self._changed(session, space) | {"space_through": ", ".join(space.through)}

    @in_words
    def reset(self, session: Session) -> Update:
        """Make the map as it is usually made."""
        space = replace(SpaceChoice(), films=session.space.films, fitted_on=session.space.fitted_on)
        return self._changed(session, space) | self._spaced.choices(replace(session, space=space))

    @in_words
    def refit(self, session: Session) -> Update:
        """Make the map of all films that there are now: the one change that moves points."""
        return self._changed(session, replace(session.space, fitted_on=self._spaced.films(session)))

    def _changed(self, session: Session, space: SpaceChoice) -> Update:
        changed = replace(session, space=space)
        return {"session": changed, "address": changed.address(), "notice": ""}

    # What is made.

    def look(self, session: Session, visitor: str) -> Generator[Update]:
        """Show the map where it is kept, else components at once and then the map; yield progress in between."""
        self._on_show.pop(visitor, None)
        made: list[EmbeddingMap] = []

        def result(outcome: Outcome[EmbeddingMap]) -> Update:
            made.append(outcome.result)
            return self._result(session, visitor, outcome)

        for work in (self._at_once, self._spaced.map):
            job = Job(functools.partial(work, session), "space")
            yield from self._worker.steps(session, visitor, job, result, AT_SPACE)
            # Stopped, or something else was asked meanwhile: there is no second step.
            if not (made and made[-1].is_sketch) or self._worker.jobs.is_busy(visitor):
                return

    @in_words
    def pick(self, session: Session, event: gr.EventData, request: gr.Request) -> Update:
        """Show what is nearest to a point of the map on show."""
        found = self._found(session, request)
        sent = text_in(event, "pick")
        row = int(sent) if sent.isascii() and sent.isdecimal() and len(sent) < 8 else None
        if row is None:
            row = index_in(event, "row", _MOST_POINTS)
        if row >= len(found.items):
            raise InputError(texts.NOT_A_POINT)
        return self._spaced.near(found, row)

    def as_json(self, session: Session, visitor: str) -> dict[str, Any]:
        """Return the map on show in plain JSON types."""
        if not self._is_on_show(session, visitor):
            raise InputError(texts.NOT_ON_SHOW)
        return self._spaced.as_json(session, silent)

    def leave(self, visitor: str) -> None:
        """Forget what a visitor was shown who has gone."""
        self._on_show.pop(visitor, None)

    def _found(self, session: Session, request: gr.Request) -> EmbeddingMap:
        if not self._is_on_show(session, request.session_hash or ""):
            raise InputError(texts.NOT_ON_SHOW)
        return self._spaced.map(session, silent).result

    def _at_once(self, session: Session, report: Report) -> Outcome[EmbeddingMap]:
        return self._spaced.kept(session, report) or self._spaced.map(session, report, reducer="pca", is_sketch=True)

    def _result(self, session: Session, visitor: str, outcome: Outcome[EmbeddingMap]) -> Update:
        if not outcome.result.is_sketch:
            self._on_show[visitor] = self._spaced.params(session)
        return self._spaced.shown(session, outcome.result)

    def _is_on_show(self, session: Session, visitor: str) -> bool:
        return self._on_show.get(visitor) == self._spaced.params(session)
