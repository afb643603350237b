"""The films that a visitor has brought: under whose title they are shown, to whom, and for how long.

Separate from the other events because this is what keeps one visitor's films from another.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest

from tests.app.test_events import asking, event, upload
from tests.films import Film
from workbench.models.adapter_template import ENTRY
from workbench.settings import Settings
from workbench.ui.gradio.events import Events
from workbench.ui.gradio.page import services_for_visitors
from workbench.ui.gradio.sent import MAX_BROUGHT, films_in
from workbench.ui.gradio.session import Session


@pytest.fixture
def events(settings: Settings) -> Events:
    return Events(services_for_visitors(settings))


def choices(events: Events, session: Session) -> dict[str, str]:
    """Return the films that a visitor may choose, title by id."""
    update = events.choose_video(session, event(value=session.video))["video"]
    return {video_id: title for title, video_id, _ in update["choices"]}


def test_an_upload_is_offered_to_its_visitor_only_and_under_their_own_title(events: Events, film: Film) -> None:
    anns, bobs = upload(events, film.path, "Ann's cat.mp4"), upload(events, film.path, "Bob's.mp4")
    stranger = Session(video=events.services.library.examples()[0].id, model=ENTRY.id)
    assert choices(events, anns)[anns.video] == "Ann's cat"
    assert choices(events, bobs)[bobs.video] == "Bob's"
    assert choices(events, stranger).keys() == {video.id for video in events.services.library.examples()}


def test_one_who_follows_a_link_to_an_upload_does_not_learn_its_title(events: Events, film: Film) -> None:
    linked = Session(video=upload(events, film.path, "Ann's cat.mp4").video, model=ENTRY.id)
    assert "Ann" not in choices(events, linked)[linked.video]


def test_a_reload_finds_what_the_tab_has_brought(events: Events, film: Film) -> None:
    session = upload(events, film.path, "Ann's cat.mp4")
    arrived = events.services.library.get(session.video)
    brought = events.show_upload(session, replace(arrived, title="Ann's cat.mp4"))["brought"]
    assert brought == [(session.video, "Ann's cat")]
    again = events.open([list(row) for row in brought], asking(f"video={session.video}"))
    assert again["session"].uploads == {session.video: "Ann's cat"}
    assert ("Ann's cat", session.video, True) in again["video"]["choices"]
    elsewhere = events.open([], asking(""))
    assert session.video not in str(elsewhere["video"])


@pytest.mark.parametrize(
    "sent",
    [None, "x", {"a": 1}, [1], [["/etc/passwd", "x"]], [["a" * 64]], [["a" * 64, 1]], [["a" * 64, "gone"]]],
)
def test_what_a_tab_makes_up_is_not_listed(events: Events, sent: object) -> None:
    offered = events.open(sent, asking(""))["video"]["choices"]
    assert {video_id for _, video_id, _ in offered} == {video.id for video in events.services.library.examples()}


def test_titles_that_a_tab_sends_are_no_longer_than_those_it_was_given(events: Events, film: Film) -> None:
    video = upload(events, film.path, "film.mp4").video
    sent = [*(["b" * 64, "x"] for _ in range(1000)), [video, "x" * 10_000]]
    assert events.open(sent, asking(""))["session"].uploads == {"b" * 64: "x", video: "x" * 80}


def test_of_too_many_films_of_a_tab_the_newest_are_known() -> None:
    rows = [[f"{number:064x}", f"film {number}"] for number in range(MAX_BROUGHT + 1)]
    assert list(films_in(rows).values()) == [title for _, title in rows[1:]]


def test_an_upload_that_was_removed_to_make_room_keeps_nobody_from_the_others(events: Events, film: Film) -> None:
    session = upload(events, film.path, "film.mp4")
    shutil.rmtree(events.services.settings.home / "uploads" / session.video)
    other = events.services.library.examples()[0].id
    choices = events.choose_video(session, event(value=other))["video"]["choices"]
    assert session.video not in {video_id for _, video_id, _ in choices}


def test_asking_of_an_upload_that_was_removed_says_so(events: Events, film: Film) -> None:
    session = upload(events, film.path, "film.mp4")
    asked = replace(session, queries=("red",), model=ENTRY.id)
    shutil.rmtree(events.services.settings.home / "uploads" / session.video)
    *_, last = events.answer(asked, asking(""))
    assert "upload it (again)" in last["notice"]


def test_an_upload_that_fails_shows_nothing_of_the_one_before(events: Events, tmp_path: Path) -> None:
    fake = tmp_path / "fake.mp4"
    fake.write_text("no video")
    received = events.receive(gr.FileData(path=str(fake), orig_name="fake.mp4"))
    assert received["arrived"] is None
    assert received["notice"]
    session = Session(video="a" * 64)
    assert events.show_upload(session, None) == {"session": session}
