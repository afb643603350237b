"""What happens on the tab that shows the space: another map, a point that is picked, a map that is fitted anew.

Separate from the other events, with which it shares the session and the jobs. Which map is on show is remembered of
every visitor, until they have gone; the maps themselves are no visitor's.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import gradio as gr

from workbench.analyses.analysis import Report, check_ranges
from workbench.analyses.embed import EmbedParams
from workbench.errors import InputError
from workbench.store.feature_files import read_features
from workbench.types.embedding import EmbeddingMap
from workbench.types.outcome import Outcome, Progress
from workbench.ui.answered import Answered
from workbench.ui.gradio import panels
from workbench.ui.gradio import space_texts as texts
from workbench.ui.gradio.attribution_texts import STOPPED
from workbench.ui.gradio.by_visitor import ByVisitor
from workbench.ui.gradio.jobs import Job
from workbench.ui.gradio.sent import MAX_FILE_CHARS, MAX_TITLE_CHARS, name_in, picked_in, text_in
from workbench.ui.gradio.session import Session
from workbench.ui.gradio.shares import Shares
from workbench.ui.gradio.shown import WORK_BUTTONS, WORK_SAID, Shown, Update
from workbench.ui.gradio.space_choice import FILMS, MAPS, MOST_LETTERS, NUMBERS, POINTS, SpaceChoice
from workbench.ui.gradio.spaced import Spaced, kept
from workbench.ui.gradio.working import Ending, Place, Worker, in_words_at, said_of
from workbench.ui.reproduction import Asked

CHANGED = (
    *("session", "address", "notice", "space_notice", "space_said"),
    *("space_films", "space_points", "space_path", "space_picture"),
    *("space_map_kind", "space_supervised", "space_through", *(f"space_{name}" for name in NUMBERS)),
)
"""Parts of the page that a choice changes at once."""
MADE = (
    *("refit", "space_text", "space_map", "space_near", "space_groups", "space_forget"),
    *("space_gap", "space_gap_view", "space_gap_picture", "space_colour", "space_supervised"),
    *("pair_map", "pair_text", "pair_key", "pair_near", "pair_most"),
    *(*WORK_BUTTONS, *WORK_SAID),
)
"""Parts that show a map, how far work on it is, or what is not of it any more."""
AT_SPACE = Place("space_said", "stop_space", "space_said")
in_words = in_words_at("space_notice")
"""Apart from the progress of a map on its way, which would soon stand in its place."""
Wanted = tuple[EmbedParams, SpaceChoice]
_OFFERED: dict[str, tuple[str, ...]] = {"films": FILMS, "points": POINTS, "map": tuple(MAPS), "is_path": ("", "1")}
MOST_FEATURE_BYTES, MOST_FEATURE_ROWS = 512 * 2**20, 200_000
"""The most of a file of features that a visitor may bring."""


@dataclass(frozen=True)
class Arrived:
    """A picture to look for, or features to map, that a visitor has brought."""

    kind: Literal["picture", "features"]
    id: str
    title: str
    file: str


class SpaceEvents:
    """The tab's events."""

    def __init__(self, spaced: Spaced, page: Shown, worker: Worker, received: Shares) -> None:
        self._spaced, self._page, self._worker, self._received = spaced, page, worker, received
        self._on_show: ByVisitor[Wanted] = ByVisitor()
        self._worked_on: ByVisitor[Wanted] = ByVisitor()

    # What changes the session: ``Events.map_choice`` then shows what follows.

    def choose(self, name: str) -> Callable[..., Update]:
        """Return the event that makes one choice of the map."""

        @in_words
        def choose(self: SpaceEvents, session: Session, event: gr.EventData) -> Update:
            value = text_in(event, "value")
            if name in _OFFERED and value not in _OFFERED[name]:
                raise InputError(texts.NOT_A_CHOICE)
            if name == "films" and value == "file" and session.space.file is None:
                raise InputError(texts.NO_FILE)
            changed: Any = bool(value) if name == "is_path" else value[:MOST_LETTERS]
            space = replace(session.space, **{name: changed})
            if name == "films":
                is_first = value == "all" and not space.fitted_on
                fitted = self._spaced.films(session) if is_first else space.fitted_on
                space = replace(space, fitted_on=fitted, supervised="")
            shown = self._changed(session, space)
            return shown | self._spaced.of_films(shown["session"]) if name == "films" else shown

        return choose.__get__(self)

    @in_words
    def set_up(self, session: Session, through: str | None, *values: float | None) -> Update:
        """See the space through words, or as a whole again, and set the map's numbers; an empty field: the usual."""
        space = session.space.with_numbers(dict(zip(NUMBERS, values, strict=True)))
        space = space.with_through(through or "", self._page.services.settings)
        changed = replace(session, space=space)
        check_ranges(self._spaced.params(changed))
        return self._changed(session, space) | self._spaced.choices(changed)

    @in_words
    def reset(self, session: Session) -> Update:
        """Make the map as it is usually made."""
        kept = {name: getattr(session.space, name) for name in ("films", "fitted_on", "pictures", "file", "other")}
        space = SpaceChoice(**kept)
        return self._changed(session, space) | self._spaced.choices(replace(session, space=space))

    @in_words
    def refit(self, session: Session) -> Update:
        """Make the map of all films that there are now: the one change that moves points."""
        return self._changed(session, replace(session.space, fitted_on=self._spaced.films(session)))

    @in_words
    def forget_pictures(self, session: Session) -> Update:
        """Look for no picture any more."""
        return self._changed(session, replace(session.space, pictures=()))

    def receive_picture(self, file: gr.FileData | None) -> Update:
        """Take a picture that is looked for into the library, for ``show_arrived``."""
        return {"picture_arrived": None} | self._picture(file)

    def receive_file(self, file: gr.FileData | None) -> Update:
        """Take features into the store, for ``show_arrived``."""
        return {"features_arrived": None} | self._features(file)

    @in_words
    def show_arrived(self, session: Session, arrived: Arrived | None) -> Update:
        """Look for the picture, or map the features, that were received, and nothing if none were."""
        if arrived is None:
            return {"session": session}
        if arrived.kind == "picture":
            space = session.space.with_picture(arrived.id, arrived.title)
        else:
            space = replace(session.space, file=(arrived.id, arrived.title), films="file", supervised="")
        named = replace(session, files={**session.files, arrived.id: arrived.file})
        return self._changed(named, space) | self._spaced.choices(replace(named, space=space))

    @in_words
    def _picture(self, file: gr.FileData | None) -> Update:
        path, name = _sent(file)
        with self._received.taking(path):
            film = self._page.services.library.add_picture(path, name)
        return {
            "picture_arrived": Arrived("picture", film.id, Path(name).stem[:MAX_TITLE_CHARS], name[-MAX_FILE_CHARS:])
        }

    @in_words
    def _features(self, file: gr.FileData | None) -> Update:
        path, name = _sent(file)
        with self._received.taking(path):
            table = read_features(path, max_bytes=MOST_FEATURE_BYTES, max_rows=MOST_FEATURE_ROWS)
            return {"features_arrived": Arrived("features", self._spaced.keep(table), name[:MAX_TITLE_CHARS], name)}

    def _changed(self, session: Session, space: SpaceChoice) -> Update:
        changed = replace(session, space=space)
        return {"session": changed, "address": changed.address(), "notice": "", "space_notice": "", "space_said": ""}

    # What is made.

    def look(self, session: Session, visitor: str) -> Generator[Update]:
        """Show the map where it is kept, else components at once and then the map; yield progress in between."""
        self.leave(visitor)
        asked = self._worked_on[visitor] = self._asked(session)
        made: list[EmbeddingMap] = []

        def is_newest() -> bool:
            return self._worked_on.get(visitor) is asked

        def result(outcome: Outcome[EmbeddingMap]) -> Update:
            made.append(outcome.result)
            if is_newest() and not outcome.result.is_sketch:
                self._on_show[visitor] = asked
            return self._spaced.shown(session, outcome.result)

        def failed(problem: Exception) -> Update:
            said = said_of(problem, words=functools.partial(self._page.problem, session))
            told = panels.evidence(texts.MAP_TITLE, texts.NO_SUCH_MAP, "")
            return self._spaced.nothing() | {"space_text": told, "space_said": said}

        def stopped(progress: Progress, has_begun: bool) -> Update:
            return {"space_said": panels.notice(STOPPED, "hint")}

        for work in (self._at_once, self._spaced.map):
            job = Job(functools.partial(work, session), "space")
            yield from self._worker.steps(session, visitor, job, result, AT_SPACE, Ending(stopped, failed))
            # Stopped, or something else was asked meanwhile, and may be at its end: there is no second step.
            if not (made and made[-1].is_sketch) or self._worker.jobs.is_busy(visitor) or not is_newest():
                return

    @in_words
    def pick(self, session: Session, event: gr.EventData, request: gr.Request) -> Update:
        """Show what is nearest to a point of the map on show."""
        found = self._outcome(session, request.session_hash or "").result
        row = picked_in(event)
        if row is None or row >= len(found.items):
            raise InputError(texts.NOT_A_POINT)
        return self._spaced.near(session, found, row) | {"space_notice": ""}

    @in_words
    def show_gap(self, session: Session, event: gr.EventData, request: gr.Request) -> Update:
        """Show pictures and sentences as they lie, or each kind less its own mean."""
        found = self._outcome(session, request.session_hash or "").result
        return self._spaced.gap_picture(found, text_in(event, "value") == "1") | {"space_notice": ""}

    def answer(self, session: Session, visitor: str) -> Answered:
        """Return the map on show."""
        table_id, title = session.space.file or ("", "")
        source = session.files.get(table_id, title) if session.space.films == "file" else ""
        return Answered(Asked(self._spaced.params(session), source), self._outcome(session, visitor))

    def is_on_show(self, session: Session, visitor: str) -> bool:
        """Return whether the map that the session asks for is the one that was shown last."""
        return self._on_show.get(visitor) == self._asked(session)

    def is_worked_on(self, session: Session, visitor: str) -> bool:
        """Return whether the map that the session asks for is on its way, and was not stopped."""
        return self._worker.jobs.is_going_on(visitor, "space") and self._worked_on.get(visitor) == self._asked(session)

    def leave(self, visitor: str) -> None:
        """Forget what a visitor was shown who has gone."""
        self._on_show.pop(visitor, None)
        self._worked_on.pop(visitor, None)

    def _outcome(self, session: Session, visitor: str) -> Outcome[EmbeddingMap]:
        """Return the map on show."""
        if not self.is_on_show(session, visitor):
            raise InputError(texts.NOT_ON_SHOW)
        outcome = kept(functools.partial(self._spaced.map, session))
        if outcome is None:
            raise InputError(texts.NOT_KEPT)
        return outcome

    def _at_once(self, session: Session, report: Report) -> Outcome[EmbeddingMap]:
        work = functools.partial(self._spaced.map, session)
        return kept(work, report) or self._spaced.map(session, report, reducer="pca", is_sketch=True)

    def _asked(self, session: Session) -> Wanted:
        """Return what the map of a session is of, how it is made, and how it is drawn."""
        return self._spaced.params(session), replace(session.space, other="")


def _sent(file: gr.FileData | None) -> tuple[Path, str]:
    """Return where a file was received, and what its visitor calls it."""
    if file is None:
        raise InputError(texts.NOT_RECEIVED)
    return Path(file.path), name_in(file)
