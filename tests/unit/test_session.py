"""A visitor's session: what an address restores, and what it may not ask for."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import InputError, QueryError
from workbench.settings import Settings
from workbench.ui.gradio.session import Session, session_from_address

SETTINGS = Settings()
FIRST = Session(video="a" * 64, model="first-model", queries=("a red circle",))
SENTENCES = st.text(min_size=1, max_size=80).filter(lambda text: any(c.isprintable() and not c.isspace() for c in text))


def restored(session: Session) -> Session:
    return session_from_address(parse_qs(session.address().removeprefix("?")), FIRST, SETTINGS)


@given(st.lists(SENTENCES, min_size=1, max_size=5), st.floats(0.1, 30), st.integers(1, 50))
def test_an_address_restores_its_session(texts: list[str], fps: float, max_moments: int) -> None:
    session = Session(video="b" * 64, model="some/model")
    for text in texts:
        session = session.with_query(text, SETTINGS)
    session = session.with_parameter("fps", fps).with_parameter("max_moments", max_moments)
    assert restored(session) == session


def test_an_address_names_the_sentence_that_is_looked_at_unless_it_is_the_first() -> None:
    session = replace(FIRST, queries=("red", "blue", "green"), current=2)
    assert "current=3" in session.address()
    assert restored(session).query == "green"
    assert "current" not in replace(session, current=0).address()
    for sent in ("0", "4", "-1", "x", "²", "9" * 5000):
        assert session_from_address({"q": ["red", "blue"], "current": [sent]}, FIRST, SETTINGS).current == 0


def test_an_address_restores_the_selected_span() -> None:
    session = replace(FIRST, span_s=(12.0, 15.2344))
    assert "span=12-15.234" in session.address()
    assert restored(session).span_s == (12.0, 15.234)


def test_an_address_restores_the_clips_of_the_examination() -> None:
    assert "clips" not in FIRST.address()
    assert restored(replace(FIRST, clips="moments")).clips == "moments"
    assert session_from_address({"clips": ["nonesuch"]}, FIRST, SETTINGS).clips == FIRST.clips


def test_what_an_address_leaves_out_is_the_first_session() -> None:
    assert session_from_address({}, FIRST, SETTINGS) == FIRST


def test_another_video_does_not_bring_the_first_ones_sentences() -> None:
    assert session_from_address({"video": ["b" * 64]}, FIRST, SETTINGS).queries == ()


def test_defaults_are_not_written_into_the_address() -> None:
    assert "fps" not in FIRST.with_parameter("fps", 2.0).address()
    assert "fps=4" in FIRST.with_parameter("fps", 4.0).address()


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ({"video": ["../etc/passwd"]}, InputError),
        ({"video": ["/etc/passwd"]}, InputError),
        ({"fps": ["nan"]}, InputError),
        ({"fps": ["1e9"]}, InputError),
        ({"fps": ["two"]}, InputError),
        ({"max_frames": ["inf"]}, InputError),
        ({"span": ["12"]}, InputError),
        ({"span": ["15-12"]}, InputError),
        ({"span": ["12-12"]}, InputError),
        ({"span": ["-1-2"]}, InputError),
        ({"span": ["nan-inf"]}, InputError),
        ({"q": ["x" * 10_000]}, QueryError),
        ({"q": ["\x00\n"]}, QueryError),
    ],
)
def test_an_impossible_wish_is_refused(asked: dict[str, list[str]], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        session_from_address(asked, FIRST, SETTINGS)


def test_queries_are_said_once_and_counted() -> None:
    session = FIRST.with_query("  a red   circle ", SETTINGS)
    assert session.queries == ("a red circle",)
    full = replace(FIRST, queries=tuple(map(str, range(SETTINGS.max_queries))))
    with pytest.raises(QueryError):
        full.with_query("one more", SETTINGS)


def test_taking_away_keeps_the_current_sentence_in_range() -> None:
    session = replace(FIRST, queries=("a", "b"), current=1).without_query(1)
    assert (session.queries, session.current) == (("a",), 0)
    assert session.without_query(0).current == 0
    assert FIRST.with_changed_query(0, " ", SETTINGS).queries == ()


def test_a_sentence_reworded_into_another_becomes_that_one() -> None:
    session = replace(FIRST, queries=("a", "b", "c")).with_changed_query(2, "a", SETTINGS)
    assert (session.queries, session.current) == (("a", "b"), 0)
