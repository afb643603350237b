"""A film and a sentence that is true of it: what is probed, and the edits of its sentence.

Separate from probing: what is wrong with a case is said here, before anything is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workbench.analyses.queries import checked_query
from workbench.analyses.services import Services
from workbench.analyses.text_edits import text_edits
from workbench.core.text_edits.kinds import NAMES, ROLE_OF
from workbench.core.text_edits.making import check_kinds, edit_by_hand
from workbench.core.text_edits.rewriting import folded
from workbench.errors import InputError, QueryError
from workbench.types.edits import Edit, Edits, Unedited
from workbench.types.video import VideoInfo


@dataclass(frozen=True)
class Case:
    """A film by its id, or a part of it in seconds, and a sentence that is true of it.

    ``edits`` are those of the sentence that a file gives, beside which others can be made. ``own`` are sentences that a
    person wrote beside them, ``without`` the edits that a person does not want.
    """

    video: str
    query: str
    edits: tuple[Edit, ...] = ()
    start_s: float | None = None
    end_s: float | None = None
    own: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


def check_cases(services: Services, cases: Sequence[Case], kinds: Sequence[str]) -> None:
    """Raise what is wrong with cases, and with kinds of edits, before anything is read."""
    check_kinds(kinds)
    for case in cases:
        query = checked_query(case.query, services.settings)
        span_of(case, services.library.get(case.video))
        for edit in case.edits:
            checked_query(edit.text, services.settings)
        for text in case.own:
            edit_by_hand(query, checked_query(text, services.settings))


def span_of(case: Case, video: VideoInfo) -> tuple[float, float] | None:
    """Return the part of the film that is probed, None for all of it; ``InputError`` for one that it has not."""
    if case.start_s is None and case.end_s is None:
        return None
    start_s, end_s = case.start_s or 0.0, video.duration_s if case.end_s is None else case.end_s
    if not 0 <= start_s < end_s <= video.duration_s + 0.1:
        raise InputError(
            f"A part from {start_s:g} s to {end_s:g} s is none of “{video.title}”, which is {video.duration_s:.1f} s "
            "long; choose one within it."
        )
    return start_s, end_s


def corrected_edits(query: str, corrected: Iterable[tuple[str, str]]) -> tuple[Edit, ...]:
    """Return edits that the workbench made as a person put them right, by kind and text: each is of the kind it was.

    Raises ``InputError`` for a kind that is unknown, and ``QueryError`` for an edit that changes nothing.
    """
    corrected = tuple(corrected)
    check_kinds([kind for kind, _ in corrected])
    return tuple(edit_by_hand(query, text, kind, ROLE_OF[kind]) for kind, text in corrected)


def usual_kinds(cases: Sequence[Case]) -> tuple[str, ...]:
    """Return which kinds of edits are made where nobody says: all, but none beside edits that a file gives."""
    return () if any(case.edits for case in cases) else NAMES


def edits_of(case: Case, kinds: Sequence[str], most: int, seed: int, pool: Sequence[str]) -> Edits:
    """Return the edits of a sentence: those of a file as they are, then what is new of those made, and by hand."""
    unwanted = {folded(text) for text in case.without}
    made = _made(case.query, kinds, most, seed, pool) if kinds else Edits(case.query, (), ())
    kept = [edit for edit in case.edits if folded(edit.text) not in unwanted]
    said = {folded(edit.text) for edit in kept}
    wanted = [edit for edit in made.edits if folded(edit.text) not in unwanted]
    for edit in (*wanted, *(edit_by_hand(case.query, " ".join(text.split())) for text in case.own)):
        if folded(edit.text) not in said:
            kept.append(edit)
            said.add(folded(edit.text))
    return Edits(case.query, tuple(kept), made.unedited)


def _made(query: str, kinds: Sequence[str], most: int, seed: int, pool: Sequence[str]) -> Edits:
    """Return the edits that the workbench makes, none of a sentence of another language, and why."""
    try:
        return text_edits(query, kinds, most, seed, pool)
    except QueryError as problem:
        return Edits(query, (), (Unedited("all", str(problem)),))
