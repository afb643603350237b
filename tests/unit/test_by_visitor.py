"""What is kept of visitors: their own, until they leave or nobody has asked for it in a long time."""

from __future__ import annotations

import time

import pytest

from workbench.ui.gradio.by_visitor import ByVisitor


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the time of the clock, to be set."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_it_is_kept_by_visitor_and_taken_back_when_one_leaves() -> None:
    kept: ByVisitor[str] = ByVisitor()
    kept["ann"], kept["bob"] = "Ann's", "Bob's"
    assert (kept["ann"], kept.get("cy"), "bob" in kept, len(kept)) == ("Ann's", None, True, 2)
    assert kept.pop("bob", None) == "Bob's"
    assert kept.pop("bob", None) is None
    assert list(kept) == ["ann"]
    with pytest.raises(KeyError):
        kept["bob"]


def test_of_too_many_those_are_forgotten_that_were_asked_for_longest_ago() -> None:
    kept: ByVisitor[int] = ByVisitor(most=3)
    for number, name in enumerate("abc"):
        kept[name] = number
    assert kept["a"] == 0
    kept["d"] = 3
    assert list(kept) == ["c", "a", "d"]


def test_who_never_said_goodbye_is_forgotten_after_a_while(clock: list[float]) -> None:
    kept: ByVisitor[int] = ByVisitor(most_s=60.0)
    kept["gone"], kept["here"] = 1, 2
    clock[0] = 50.0
    assert kept["here"] == 2
    clock[0] = 100.0
    assert kept.get("gone") is None
    assert list(kept) == ["here"]
    clock[0] = 161.0
    kept["new"] = 3
    assert list(kept) == ["new"]
