"""Sentences and films with one thing changed: what was there, what is there now, and what that should do to a score.

Separate because a file, a person and the workbench itself make them, and everything that scores them sees only these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["meaning", "control", "ceiling"]
FilmRole = Literal["time", "picture", "control"]
Stretch = tuple[int, int]


@dataclass(frozen=True)
class Change:
    """One stretch of the sentence and what stands there instead: characters ``span`` of it, ``new_span`` of the edit.

    What stands around the changes is the same in both texts; ``before`` is empty where something was put in.
    """

    before: str
    after: str
    span: Stretch
    new_span: Stretch


@dataclass(frozen=True)
class Edit:
    """A sentence with one thing changed, or another one in its place.

    ``role`` says what a model should do: an edit of ``meaning`` is less true of the video, a ``control`` as true, and a
    ``ceiling`` has nothing to do with it. ``before`` and ``after`` say what was changed into what, as a person would;
    ``changes``, in order, say it of every character: an article or a verb that had to agree, too.
    """

    kind: str
    role: Role
    text: str
    before: str
    after: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Unedited:
    """A kind of edit that a sentence does not allow, and why, in one plain sentence."""

    kind: str
    why: str


@dataclass(frozen=True)
class Edits:
    """All edits of a sentence, by kind in the order asked, the best first; and what could not be edited."""

    sentence: str
    edits: tuple[Edit, ...]
    unedited: tuple[Unedited, ...]


@dataclass(frozen=True)
class FilmEdit:
    """A film with one thing changed, in words: ``title`` says what a person would see.

    ``role`` says what was touched: ``time``, which frames are shown when; the ``picture``; or, as a ``control``, as
    much as the others touch and nothing that is told. ``control`` is the kind of the control that it is held against,
    or nothing. Of a ``same_mean`` the frames are as many of each, or in the same proportion: a model that takes the
    mean of frames cannot tell it from the film.
    """

    kind: str
    role: FilmRole
    title: str
    control: str
    same_mean: bool
