"""One thing that is said of an instrument, held against something that is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from workbench.analyses.analysis import Report
from workbench.analyses.services import Services

PLANTED, DEFINITION = "planted truth", "the definition"
Verdict = Literal["holds", "holds here", "missed", "fails", "no bar", "not here"]


@dataclass(frozen=True)
class Claim:
    """A number that was measured, and the ``bar`` that it has to reach, or ``at most`` to come up to.

    ``against`` is what was known beforehand, ``n_asked`` of how many cases the number is. ``measured`` is None where
    what it is held against is not installed: ``lacks`` says what to install. ``bar`` is None where there is none.
    ``is_known_miss``: of more cases the bar is not reached, and the README says so, too.
    """

    instrument: str
    says: str
    against: str
    measured: float | None
    bar: float | None
    side: Literal["at least", "at most"] = "at least"
    n_asked: int = 0
    lacks: str = ""
    is_known_miss: bool = False

    @property
    def holds(self) -> bool | None:
        """Return whether the bar is reached, None where that cannot be said. What is no number reaches none."""
        if self.measured is None or self.bar is None:
            return None
        return bool(self.measured >= self.bar if self.side == "at least" else self.measured <= self.bar)

    @property
    def verdict(self) -> Verdict:
        """Return what became of it; only what ``fails`` is news, and of so few cases a known miss may hold here."""
        if self.measured is None:
            return "not here"
        if self.bar is None:
            return "no bar"
        if self.is_known_miss:
            return "holds here" if self.holds else "missed"
        return "holds" if self.holds else "fails"


Exam = Callable[[Services, Path, Report], Iterator[Claim]]
"""What is claimed of one instrument, with services of its own and a folder for its films."""
