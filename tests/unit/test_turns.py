"""Visitors take turns: nobody is forgotten, nobody is before his turn, and a place is free again whatever happens."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import BusyError
from workbench.ui.gradio.turns import Turn, Turns


def is_served(turn: Turn) -> bool:
    return turn.wait(0)


def served_in_order(turns: Turns, asked: list[Turn]) -> list[str]:
    """Serve one after another, and return whose turn it was each time."""
    order, waiting = [], list(asked)
    while waiting:
        [now] = [turn for turn in waiting if is_served(turn)]
        order.append(now.visitor)
        waiting.remove(now)
        now.leave()
    return order


def test_where_a_place_is_free_nobody_waits_and_then_everybody_does() -> None:
    turns = Turns(2, 4)
    first, second, third = (turns.join(name) for name in "abc")
    assert (is_served(first), is_served(second), is_served(third)) == (True, True, False)
    second.leave()
    assert is_served(third)
    assert turns.n_present == 2


def test_a_second_question_waits_until_the_first_ones_of_others_were_served() -> None:
    turns = Turns(1, 9)
    greedy = [turns.join("greedy") for _ in range(4)]
    late = [turns.join(name) for name in ("ann", "bob")]
    assert served_in_order(turns, [*greedy, *late]) == ["greedy", "ann", "bob", "greedy", "greedy", "greedy"]


def test_who_steps_aside_has_the_next_place_again_and_counts_all_the_time() -> None:
    turns = Turns(1, 2)
    first, second, third = (turns.join(name) for name in "abc")
    first.keep_place(True, pytest.fail)
    assert (is_served(first), is_served(second), is_served(third)) == (False, True, False)
    turns.join("a")
    with pytest.raises(BusyError):
        turns.join("a")  # the one that stepped aside is not done
    ended = threading.Event()
    back = threading.Thread(target=lambda: (first.keep_place(False, lambda: None), ended.set()))
    back.start()
    assert not ended.wait(0.2)
    second.leave()
    assert ended.wait(5)
    assert (is_served(first), is_served(third)) == (True, False)
    first.leave()
    assert is_served(third)


def test_whoever_waits_to_go_on_is_asked_whether_that_is_still_wanted() -> None:
    turns = Turns(1, 2)
    first, second = (turns.join(name) for name in "ab")
    first.keep_place(True, pytest.fail)

    def is_over() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        first.keep_place(False, is_over)
    first.leave()
    second.leave()
    assert turns.n_present == 0


def test_who_was_served_a_moment_ago_comes_after_those_who_were_not() -> None:
    turns = Turns(1, 9)
    first = turns.join("again")
    waiting = [turns.join(name) for name in ("ann", "bob")]
    first.leave()  # and asks at once
    assert served_in_order(turns, [*waiting, turns.join("again")]) == ["ann", "bob", "again"]


def test_visitors_with_many_questions_are_served_in_turn() -> None:
    turns = Turns(1, 9)
    asked = [turns.join(name) for name in "aaabbbccc"]
    assert served_in_order(turns, asked) == list("abcabcabc")


def test_how_many_are_before_is_known_and_counts_down() -> None:
    turns = Turns(1, 9)
    asked = [turns.join(name) for name in "abcd"]
    seen = []
    for at, turn in enumerate(asked):
        seen.append([waiting.n_before for waiting in asked[at:]])
        turn.leave()
    assert seen == [[0, 0, 1, 2], [0, 0, 1], [0, 0], [0]]


def test_who_comes_later_is_told_of_those_that_wait_even_with_many_questions() -> None:
    turns = Turns(1, 9)
    greedy = [turns.join("greedy") for _ in range(5)]
    ann = turns.join("ann")
    assert ann.n_before == 0  # the one that is served does not wait, and those after it come later
    assert [turn.n_before for turn in greedy] == [0, 1, 2, 3, 4]


def test_one_who_gives_up_waiting_frees_the_way_and_loses_nothing() -> None:
    turns = Turns(1, 9)
    first, given_up, last = (turns.join(name) for name in "abc")
    assert last.n_before == 1
    given_up.leave()
    assert last.n_before == 0
    assert turns.join("b").round == given_up.round
    first.leave()
    assert is_served(last)
    assert not is_served(given_up)


def test_an_error_frees_the_place() -> None:
    turns = Turns(1, 9)

    def fail() -> None:
        with turns.join("a") as turn:
            assert is_served(turn)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert is_served(turns.join("b"))


def test_leaving_twice_frees_one_place() -> None:
    turns = Turns(1, 9)
    first, second, third = (turns.join(name) for name in "abc")
    first.leave()
    first.leave()
    assert (is_served(second), is_served(third)) == (True, False)


def test_one_too_many_is_told_so_at_once_and_others_are_not() -> None:
    turns = Turns(1, 2)
    kept = [turns.join("a"), turns.join("a")]
    with pytest.raises(BusyError, match=r"asked for 2 things that are not done yet.*wait for an answer"):
        turns.join("a")
    turns.join("b").leave()
    kept[0].leave()
    turns.join("a").leave()


def test_new_visitors_without_end_keep_nobody_waiting_for_ever() -> None:
    turns = Turns(1, 9)
    serving, waiting = turns.join("ann"), turns.join("ann")
    newcomers = []
    for number in range(100):
        newcomers += [turns.join(f"new {number} {which}") for which in "ab"]  # more than are served
        serving.leave()
        [serving] = [turn for turn in (waiting, *newcomers) if turn in turns._served]
        if serving is waiting:
            break
    else:
        pytest.fail("the second question of a visitor was never served")
    assert number < 20


def test_nothing_is_remembered_of_visitors_once_nobody_is_left() -> None:
    turns = Turns(2, 9)
    for number in range(50):
        turns.join(str(number)).leave()
    assert turns.n_present == 0
    assert not turns._next


def test_who_waits_in_a_thread_is_woken() -> None:
    turns = Turns(1, 9)
    first, second = turns.join("a"), turns.join("b")
    threading.Timer(0.05, first.leave).start()
    assert second.wait(10)


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from(("join", "done", "give up"))), max_size=60))
def test_whatever_happens_places_are_used_kept_to_and_all_are_served_in_the_end(
    happened: list[tuple[str, str]],
) -> None:
    turns = Turns(2, 99)
    present: list[Turn] = []
    before: dict[Turn, int] = {}
    for visitor, what in happened:
        served = [turn for turn in present if is_served(turn)]
        waiting = [turn for turn in present if not is_served(turn)]
        if what == "join":
            present.append(turns.join(visitor))
            before[present[-1]] = 99
        elif gone := (served if what == "done" else waiting):
            gone[0].leave()
            present.remove(gone[0])
        assert sum(map(is_served, present)) == min(2, len(present)) == min(2, turns.n_present)
        # Only who has asked before can be overtaken.
        first_ones = {next(turn for turn in present if turn.visitor == name) for name in {t.visitor for t in present}}
        for turn in first_ones:
            if turn.round == min(other.round for other in present):
                assert turn.n_before <= before[turn]
                before[turn] = turn.n_before
    left = Counter(turn.visitor for turn in present)
    done: Counter[str] = Counter()
    while present:
        turn = next(turn for turn in present if is_served(turn))
        turn.leave()
        present.remove(turn)
        done[turn.visitor] += 1
    assert done == left
    assert turns.n_present == 0


@given(st.permutations("abcd" * 6), st.integers(1, 3))
def test_of_those_who_always_have_something_to_ask_all_have_as_many_turns(asked: list[str], n_places: int) -> None:
    """But for those places that were free when the first of them came."""
    turns = Turns(n_places, 99)
    present = [turns.join(visitor) for visitor in asked]
    while len(waiting := Counter(turn.visitor for turn in present if not is_served(turn))) == 4:
        begun = [asked.count(visitor) - n_waiting for visitor, n_waiting in waiting.items()]
        assert max(begun) - min(begun) <= n_places
        done = next(turn for turn in present if is_served(turn))
        done.leave()
        present.remove(done)
