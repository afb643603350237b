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
    ``known_miss`` is what is reached all the same where the bar is known not to be, as the README says, too: about two
    standard errors worse than what was measured, so that a miss that grows is told from chance. What is worse fails.
    """

    instrument: str
    says: str
    against: str
    measured: float | None
    bar: float | None
    side: Literal["at least", "at most"] = "at least"
    n_asked: int = 0
    lacks: str = ""
    known_miss: float | None = None

    @property
    def holds(self) -> bool | None:
        """Return whether the bar is reached, None where that cannot be said. What is no number reaches none."""
        if self.measured is None or self.bar is None:
            return None
        return self._reaches(self.bar)

    @property
    def verdict(self) -> Verdict:
        """Return what became of it; only what ``fails`` is news, and of so few cases a known miss may hold here."""
        if self.measured is None:
            return "not here"
        if self.bar is None:
            return "no bar"
        if self.holds:
            return "holds" if self.known_miss is None else "holds here"
        return "missed" if self.known_miss is not None and self._reaches(self.known_miss) else "fails"

    def _reaches(self, number: float) -> bool:
        if self.measured is None:
            return False
        return bool(self.measured >= number if self.side == "at least" else self.measured <= number)


Exam = Callable[[Services, Path, Report], Iterator[Claim]]
"""What is claimed of one instrument, with services of its own and a folder for its films."""
