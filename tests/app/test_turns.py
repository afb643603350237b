"""Several visitors at once, without a browser: who is before whom is told, and places come free.

The model behind the gate reads a film only as far as a test lets it, so that places stay taken for as long as need be.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from gradio.context import LocalContext

from tests.films import BLUE, RED, Film, write_film
from tests.gated import MODEL_ID, Gate, register_gated_model
from workbench.analyses.services import Services
from workbench.errors import BusyError, InputError
from workbench.models.adapter_template import ENTRY
from workbench.ui.gradio import attribution_texts, lines, texts, turns_texts
from workbench.ui.gradio import working as module
from workbench.ui.gradio.api import make_add_video, make_attribute, make_ground
from workbench.ui.gradio.asker import asker, is_wanted
from workbench.ui.gradio.events import Events
from workbench.ui.gradio.jobs import Job
from workbench.ui.gradio.received import Received
from workbench.ui.gradio.session import Session
from workbench.ui.gradio.shares import Shares
from workbench.ui.gradio.turns import Turns

PATIENCE_S = 60.0


class Visit:
    """One visitor's question, asked in a thread of its own as the toolkit does; ``told`` is all that was shown."""

    def __init__(self, updates: Iterator[dict[str, Any]]) -> None:
        self.told: list[dict[str, Any]] = []
        self._thread = threading.Thread(target=self._run, args=(updates,), daemon=True)
        self._thread.start()

    def _run(self, updates: Iterator[dict[str, Any]]) -> None:
        for update in updates:
            self.told.append(update)

    def end(self) -> dict[str, Any]:
        """Wait until nothing more is shown; return what was shown last."""
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()
        return self.told[-1]

    def said(self, part: str = "status") -> list[str]:
        return [update[part] for update in self.told if part in update]


def until(is_so: Any) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "FEWEST_AT_ONCE", 1)
    monkeypatch.setattr(lines, "MOST_AT_ONCE", 1)
    monkeypatch.setattr(module, "QUIET_S", 0.0)


@pytest.fixture
def gate(services: Services, tmp_path: Path) -> Gate:
    gate = Gate(tmp_path / "gate")
    register_gated_model(services, gate)
    services.models.load(MODEL_ID)
    services.models.load(ENTRY.id)
    return gate


@pytest.fixture
def films(services: Services, tmp_path: Path) -> list[str]:
    """Return the ids of three films, of one chunk each."""
    paths = [write_film(tmp_path / f"{s}.mp4", [(s, RED), (2.0, BLUE)], fps=4).path for s in (2.0, 3.0, 4.0)]
    return [services.library.add(path, path.name).id for path in paths]


def asked_by(name: str) -> gr.Request:
    return gr.Request(session_hash=name)


def question(film: str, model: str = MODEL_ID) -> Session:
    return Session(video=film, model=model, queries=("red",))


def test_who_waits_is_told_how_many_are_before_until_it_is_their_turn(
    events: Events, gate: Gate, films: list[str]
) -> None:
    visits = []
    for number, (name, film) in enumerate(zip(("ann", "bob", "cy"), films, strict=True)):
        visits.append(Visit(events.answer(question(film), asked_by(name))))
        until(lambda: events.lines.read.n_present == number + 1)  # noqa: B023
    ann, bob, cy = visits
    until(lambda: bob.said() and cy.said())
    assert turns_texts.before_you(0) in bob.said()[-1]
    assert turns_texts.before_you(1) in cy.said()[-1]
    assert bob.told[0]["cancel"]["visible"]
    gate.open()
    assert "timeline" in ann.end()
    until(lambda: turns_texts.before_you(0) in cy.said()[-1])
    gate.open(2)
    for visit in (bob, cy):
        assert "timeline" in visit.end()
        assert visit.said()[-1] == ""
    counted = [said for said in cy.said() if "before you" in said]
    assert len(counted) == 2  # told when it changes, and not four times a second
    assert events.lines.read.n_present == 0


def test_a_question_that_is_stopped_while_it_waits_leaves_at_once(events: Events, gate: Gate, films: list[str]) -> None:
    ann = Visit(events.answer(question(films[0]), asked_by("ann")))
    until(lambda: events.lines.read.n_present == 1)
    bob = Visit(events.answer(question(films[1]), asked_by("bob")))
    until(bob.said)
    events.cancel(asked_by("bob"))
    assert texts.STOPPED_EARLY in bob.end()["status"]
    assert bob.told[-1]["resume"]["visible"]
    assert events.lines.read.n_present == 1
    gate.open()
    assert "timeline" in ann.end()


def test_a_visitor_who_closes_the_page_keeps_nobody_waiting(events: Events, gate: Gate, films: list[str]) -> None:
    ann = Visit(events.answer(question(films[0]), asked_by("ann")))
    until(lambda: events.lines.read.n_present == 1)
    gone, waiting = (Visit(events.answer(question(films[1]), asked_by(name))) for name in ("gone", "waiting"))
    until(lambda: waiting.said() and gone.said())
    events.leave(asked_by("gone"))
    events.leave(asked_by("ann"))
    gate.open(2)  # the step that ann's is at, and the film of the other
    assert "timeline" in waiting.end()
    for visit in (ann, gone):
        visit._thread.join(PATIENCE_S)
        assert not any("timeline" in update for update in visit.told)


def test_what_is_kept_waits_for_nobodys_film_and_for_nothing_that_is_computed(
    events: Events, gate: Gate, films: list[str]
) -> None:
    list(events.answer(question(films[0], ENTRY.id), asked_by("bob")))
    ann = Visit(events.answer(question(films[1]), asked_by("ann")))
    until(lambda: events.lines.read.n_present == 1)
    with events.lines.computed.join("cy"):
        again = list(events.answer(question(films[0], ENTRY.id), asked_by("bob")))
    assert "timeline" in again[-1]
    gate.open()
    ann.end()


def test_who_waits_for_a_film_that_another_reads_leaves_the_place_to_a_third(
    services: Services, gate: Gate, films: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "FEWEST_AT_ONCE", 2)
    monkeypatch.setattr(lines, "MOST_AT_ONCE", 2)
    events = Events(services)
    ann = Visit(events.answer(question(films[0]), asked_by("ann")))
    until(lambda: events.lines.read.n_present == 1)
    bob = Visit(events.answer(question(films[0]), asked_by("bob")))
    until(lambda: any("Waiting for" in said for said in bob.said()))
    until(lambda: events.lines.read.n_present == 1)
    third = list(events.answer(question(films[1], ENTRY.id), asked_by("cy")))
    assert "timeline" in third[-1]
    gate.open()  # once: the film is read for both
    assert "timeline" in ann.end()
    assert "timeline" in bob.end()


def test_other_work_is_told_of_where_it_was_asked_for(events: Events, gate: Gate, films: list[str]) -> None:
    session = replace(question(films[0], ENTRY.id), tab="who")
    list(events.answer(session, asked_by("bob")))
    taken = events.lines.computed.join("somebody else")
    bob = Visit(events.explain(session, asked_by("bob")))
    until(bob.said)
    assert turns_texts.before_you(0) in bob.said()[0]
    events.cancel(asked_by("bob"))
    assert attribution_texts.STOPPED in str(bob.end())
    taken.leave()


def test_one_question_too_many_of_a_visitor_is_refused_in_one_sentence(
    services: Services, events: Events, gate: Gate, films: list[str]
) -> None:
    for _ in range(services.settings.max_asked):
        events.lines.computed.join("ann")
    list(events.answer(question(films[0], ENTRY.id), asked_by("ann")))
    job = Job(lambda report: pytest.fail("it was begun"))
    shown = list(events._worker.steps(question(films[0]), "ann", job, lambda answer: {}))
    assert "asked for 16 things that are not done yet" in shown[-1]["notice"]
    assert not events.jobs.is_busy("ann")


# Programs.


def called(visitor: str, verb: Any, *sent: Any, event: Any = None) -> Any:
    """Call a verb as the toolkit does for a visitor's program, in this thread."""
    page = SimpleNamespace(_queue=SimpleNamespace(event_ids_to_events={} if event is None else {"its event": event}))
    tokens = [
        (LocalContext.request, LocalContext.request.set(asked_by(visitor))),
        (LocalContext.event_id, LocalContext.event_id.set(None if event is None else "its event")),
        (LocalContext.blocks, LocalContext.blocks.set(page)),
    ]
    try:
        return verb(*sent)
    finally:
        for variable, token in tokens:
            variable.reset(token)


def test_programs_stand_in_the_same_lines_and_a_second_question_is_after_the_first_of_another(
    services: Services, events: Events, gate: Gate, films: list[str]
) -> None:
    list(events.answer(question(films[0], ENTRY.id), asked_by("ann")))
    attribute = make_attribute(services, events.lines)
    taken, done = events.lines.computed.join("somebody else"), []

    def ask(visitor: str) -> None:
        called(visitor, attribute, films[0], "red", ENTRY.id)
        done.append(visitor)

    threads = []
    for number, visitor in enumerate(("greedy", "greedy", "greedy", "polite"), 2):
        threads.append(threading.Thread(target=ask, args=(visitor,), daemon=True))
        threads[-1].start()
        until(lambda: events.lines.computed.n_present == number)  # noqa: B023
    taken.leave()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert done == ["greedy", "polite", "greedy", "greedy"]


def test_a_program_is_told_at_once_of_one_question_too_many(
    services: Services, events: Events, gate: Gate, films: list[str]
) -> None:
    for _ in range(services.settings.max_asked):
        events.lines.computed.join("ann")
    with pytest.raises(gr.Error, match="wait for an answer, then ask again"):
        called("ann", make_attribute(services, events.lines), films[0], "red", ENTRY.id)


@pytest.mark.parametrize("is_begun", [True, False], ids=["worked on", "waiting"])
@pytest.mark.parametrize("how", ["cancelled", "gone"])
def test_for_a_program_that_waits_no_more_nothing_is_done(
    services: Services, events: Events, gate: Gate, films: list[str], how: str, is_begun: bool
) -> None:
    taken = None if is_begun else events.lines.read.join("somebody else")
    event = SimpleNamespace(alive=True)
    problems = []
    ground = make_ground(services, events.lines)

    def ask() -> None:
        try:
            called("ann", ground, films[0], ["red"], MODEL_ID, event=event)
        except gr.Error as problem:
            problems.append(str(problem))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    until(lambda: events.lines.read.n_present == (1 if is_begun else 2))
    event.alive = False
    gate.open(9)
    thread.join(PATIENCE_S)
    assert len(problems) == 1
    assert "Nobody waits" in problems[0]
    assert events.lines.read.n_present == (0 if is_begun else 1)
    if taken:
        taken.leave()


def test_a_program_without_a_session_is_known_by_its_address() -> None:
    def by(session: str | None, event_id: str | None) -> str:
        request = asked_by("")
        request.session_hash = session
        request.__dict__["client"] = SimpleNamespace(host="10.0.0.7")
        request_token, event_token = LocalContext.request.set(request), LocalContext.event_id.set(event_id)
        with suppress(LookupError):
            found = asker()
        LocalContext.request.reset(request_token)
        LocalContext.event_id.reset(event_token)
        return found

    assert by("its session", "its question") == "its session"
    assert by("its question", "its question") == by(None, "another") == "10.0.0.7"
    assert asker() == ""
    assert is_wanted()


# What is brought.


def test_nobody_brings_more_than_a_visitors_share(services: Services, film: Film) -> None:
    size = film.path.stat().st_size
    services = replace(services, settings=replace(services.settings, max_brought_bytes=2 * size))
    events = Events(services)
    add_video = make_add_video(services, events.lines)
    for _ in range(2):
        assert called("ann", add_video, str(film.path))["duration_s"] == pytest.approx(8.0, abs=0.2)
    with pytest.raises(gr.Error, match=r"more than the .* GB that one visitor may"):
        called("ann", add_video, str(film.path))
    received = called("ann", events.receive, gr.FileData(path=str(film.path), orig_name="film.mp4"))
    assert "one visitor may" in received["notice"]
    assert received["arrived"] is None
    assert called("bob", add_video, str(film.path))["video_id"]


def test_files_that_come_at_once_count_together(tmp_path: Path) -> None:
    turns = Turns(9, 9)
    received = Received(tmp_path / "received", 10**6)
    shares = Shares(turns, 100, received)
    path = tmp_path / "sent"
    path.write_bytes(bytes(60))
    with shares.taking(path), pytest.raises(BusyError, match="one visitor may"), shares.taking(path):
        pytest.fail("it was taken")
    with pytest.raises(InputError), Shares(turns, 100, received).taking(path):
        raise InputError("no film")
    assert turns.n_present == 0


def test_what_is_no_film_counts_for_nothing(services: Services, tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_bytes(b"no film" * 1000)
    events = Events(replace(services, settings=replace(services.settings, max_brought_bytes=10_000)))
    for _ in range(3):
        assert "is not a video" in called("ann", events.receive, gr.FileData(path=str(text)))["notice"]
