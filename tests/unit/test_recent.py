"""What was used last is held, within bounds."""

from __future__ import annotations

from workbench.store.recent import Recent


def test_the_least_recently_used_makes_room():
    recent: Recent[str] = Recent(len, 5)
    recent.keep("a", "aa")
    recent.keep("b", "bb")
    assert recent.get("a") == "aa"
    recent.keep("c", "cc")
    assert [recent.get(key) for key in "abc"] == ["aa", None, "cc"]
    recent.keep("d", "ddddd")
    assert [recent.get(key) for key in "acd"] == [None, None, "ddddd"]


def test_what_is_too_large_is_not_held_nor_what_was_there_before():
    recent: Recent[str] = Recent(len, 5)
    recent.keep("a", "aa")
    recent.keep("b", "bb")
    recent.keep("b", "b" * 6)
    assert (recent.get("a"), recent.get("b")) == ("aa", None)
