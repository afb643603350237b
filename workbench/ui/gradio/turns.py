"""Who is served next where more is asked than can be worked on at once: visitors take turns.

Separate because it knows nothing of what is asked: there are places, visitors, and who waits. How many are before one
is known all the time.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from types import TracebackType

from workbench.errors import BusyError
from workbench.ui.gradio import turns_texts as texts

LOOK_S = 0.5
"""How often it is looked whether somebody who waits for a place is still there."""


class Turns:
    """One line: ``n_places`` are served at once, and of those that wait the one whose visitor had the fewest turns.

    Every question belongs to a round: that which is being served, or the one after the visitor's last question, if
    that is later. Who was served least is first, then who came first; so a second question waits until the first ones
    of all others were served. Whenever one is done the line moves on by its share of a round, and whoever comes then
    begins there: nobody waits for ever, however many new visitors come. When nobody is left all is forgotten.

    Source: fair queueing after Demers, Keshav and Shenker, SIGCOMM 1989; every question counts alike, as nobody knows
    how long it will take.
    """

    def __init__(self, n_places: int, most_each: int) -> None:
        self._n_places, self._most_each = n_places, most_each
        self._waiting: list[Turn] = []
        self._served: set[Turn] = set()
        self._aside: set[Turn] = set()
        self._round = 0.0
        self._next: dict[str, float] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def join(self, visitor: str) -> Turn:
        """Return a turn that waits or, where a place is free, is served; raises ``BusyError`` for one too many."""
        with self._lock:
            if sum(turn.visitor == visitor for turn in (*self._present(), *self._aside)) >= self._most_each:
                raise BusyError(texts.too_many_asked(self._most_each))
            turn = Turn(self, visitor, max(self._round, self._next.get(visitor, 0.0)), next(self._numbers))
            self._next[visitor] = turn.round + 1
            self._waiting.append(turn)
            self._serve()
        return turn

    @property
    def n_present(self) -> int:
        """How many wait or are served."""
        with self._lock:
            return len(self._present())

    def n_before(self, turn: Turn) -> int:
        """Return how many that wait are served before ``turn``, as of now; 0 for one that does not wait."""
        with self._lock:
            return sum(other.order < turn.order for other in self._waiting) if turn in self._waiting else 0

    def step_aside(self, turn: Turn) -> None:
        """Let the next have the place of a turn that is served, which may come back; nothing for any other."""
        with self._lock:
            if turn in self._served:
                self._served.remove(turn)
                self._aside.add(turn)
                turn._is_served.clear()
                self._serve()

    def come_back(self, turn: Turn) -> None:
        """Have a turn that stepped aside wait for a place, where it was in the line; nothing for any other."""
        with self._lock:
            if turn in self._aside:
                self._aside.remove(turn)
                self._waiting.append(turn)
                self._serve()

    def leave(self, turn: Turn) -> None:
        """Give up a place, or the waiting for one; nothing for a turn that has left."""
        with self._lock:
            self._aside.discard(turn)
            if turn in self._waiting:
                self._waiting.remove(turn)
                if turn.visitor in self._next:
                    self._next[turn.visitor] -= 1
            elif turn in self._served:
                self._round += 1 / len({present.visitor for present in self._present()})
                self._served.remove(turn)
            self._serve()
            if not self._served:  # nobody waits then, either
                self._round = 0.0
            self._next = {visitor: at for visitor, at in self._next.items() if self._served and at > self._round}

    def _present(self) -> list[Turn]:
        return [*self._waiting, *self._served]

    def _serve(self) -> None:
        while self._waiting and len(self._served) < self._n_places:
            first = min(self._waiting, key=lambda turn: turn.order)
            self._waiting.remove(first)
            self._served.add(first)
            first._is_served.set()


class Turn:
    """A question on its way through a line; whoever joined leaves again, whatever happens: ``with`` sees to that."""

    def __init__(self, turns: Turns, visitor: str, round_: float, number: int) -> None:
        self.visitor, self.round, self.order = visitor, round_, (round_, number)
        self._turns, self._is_served = turns, threading.Event()

    def wait(self, most_s: float | None = None) -> bool:
        """Wait for a place, ``most_s`` at most if that is given; return whether it is there."""
        return self._is_served.wait(most_s)

    def keep_place(self, is_idle: bool, is_over: Callable[[], object]) -> None:
        """Let others have the place while ``is_idle``, as whoever waits for another's work is; else wait for it again.

        Meanwhile ``is_over`` is called now and then, and raises what ends the waiting.
        """
        if is_idle:
            self._turns.step_aside(self)
            return
        self._turns.come_back(self)
        while not self.wait(LOOK_S):
            is_over()

    @property
    def n_before(self) -> int:
        """How many that wait are served before."""
        return self._turns.n_before(self)

    def leave(self) -> None:
        """Let the next have the place; also where it never came."""
        self._turns.leave(self)

    def __enter__(self) -> Turn:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.leave()
