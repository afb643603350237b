"""Edits that others made, from their files: Feint6K, VITATECS, and rows of a sentence and its edit.

Separate from making edits; what is wrong with a file is said in one place, naming the row. Text comes in, not a path,
and nothing in it is run.

Sources: Ma et al., RCAD / Feint6K, ECCV 2024, arXiv:2407.13094 (CSV of ``video_id`` and ``sentence``: of the rows of a
video, six in the published files, the first is true and the others are edits of what is done); Li et al., VITATECS,
CVPR 2024, arXiv:2311.17404 (JSONL of ``src_dataset``, ``video_name``, ``caption``, ``counterfactual``, ``aspect``).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from workbench.core.text_edits.kinds import KINDS, RANDOM
from workbench.core.text_edits.making import edit_by_hand
from workbench.errors import InputError, QueryError
from workbench.types.edits import Edit, Role

MOST_BYTES = 64 * 1024 * 1024
MOST_ROWS = 200_000
MOST_CHARS = 2000
_CAPTIONS = ("caption", "sentence", "original")
_EDITS = ("counterfactual", "edit", "edited")
_KINDS = ("aspect", "kind")
_VIDEOS = ("video_name", "video_id", "video")
_UNNAMED: Mapping[Role, str] = {"meaning": "own", "control": "paraphrase", "ceiling": RANDOM}
"""What an edit is called whose kind a file does not name, by its role."""
_ROLES: Mapping[str, Role] = {kind.name: kind.role for kind in KINDS} | {name: role for role, name in _UNNAMED.items()}
"""What every kind of edit that the workbench knows does to the meaning."""
_AS_ROWS = "write one object a line, or one list of all objects"
_FORMS = "give 'caption' and 'counterfactual' (VITATECS), or 'video_id' and 'sentence' (Feint6K)"


@dataclass(frozen=True)
class EditedCaption:
    """A true sentence of a video and its edits; ``video`` is as the file names it, empty where it does not."""

    video: str
    caption: str
    edits: tuple[Edit, ...]


def read_edits(text: str) -> tuple[EditedCaption, ...]:
    """Return the captions of a file with their edits, in its order, from JSONL, a JSON list or CSV.

    Rows of the same video and caption are one. Raises ``InputError``, in one sentence that names the row, for a file
    that is none of these, empty, larger than 64 MiB or 200,000 rows, and for a row without a text, with one of more
    than 2,000 characters, whose edit says what its caption says, or whose kind has another role elsewhere: a row
    without a role has that of its kind, one without a kind that of its role.
    """
    if len(text) > MOST_BYTES or len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise InputError(f"The file of edits is larger than {MOST_BYTES // 1024**2} MiB; split it.")
    rows: list[tuple[int, Mapping[str, object]]] = []
    for number, row in _rows(text.lstrip("\ufeff")):
        if len(rows) >= MOST_ROWS:
            raise InputError(f"The file of edits has more than {MOST_ROWS:,} rows; split it.")
        rows.append((number, row))
    if not rows:
        raise InputError(f"The file of edits has no rows; {_FORMS}.")
    first = rows[0][1]
    if _named(first, _EDITS):
        return _from_pairs(rows)
    if _named(first, _VIDEOS) and _named(first, _CAPTIONS):
        return _from_groups(rows)
    raise InputError(
        f"Row {rows[0][0]} of the file of edits holds {', '.join(map(repr, first)) or 'nothing'}; {_FORMS}."
    )


def has_edits(text: str) -> bool:
    """Return whether a file gives edits: CSV does, and JSON whose first row names one."""
    begins = text.lstrip("\ufeff").lstrip()[:1]
    if begins not in ("{", "["):
        return True
    try:
        _, row = next(_rows(text.lstrip("\ufeff")), (0, {}))
    except InputError:
        return False
    return bool(_named(row, _EDITS)) or (bool(_named(row, _VIDEOS)) and bool(_named(row, _CAPTIONS)))


def _rows(text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Yield the rows with their numbers: lines of JSONL, entries of a list, rows of CSV below its header."""
    begins = text.lstrip()[:1]
    if begins == "[":
        try:
            entries = json.loads(text)
        except (ValueError, RecursionError):
            raise InputError(f"The file of edits begins like a JSON list, and is none; {_AS_ROWS}.") from None
        yield from ((number, _mapping(entry, number)) for number, entry in enumerate(entries, start=1))
    elif begins == "{":
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                try:
                    entry = json.loads(line)
                except (ValueError, RecursionError):
                    raise InputError(f"Row {number} of the file of edits is no JSON; give one object a line.") from None
                yield number, _mapping(entry, number)
    else:
        reader = csv.DictReader(io.StringIO(text, newline=""))
        try:
            for number, entry in enumerate(reader, start=2):
                yield number, {str(name).strip(): value for name, value in entry.items() if name}
        except csv.Error:
            raise InputError(f"The file of edits is no CSV after line {reader.line_num}; mend that line.") from None


def _mapping(entry: object, number: int) -> Mapping[str, object]:
    if isinstance(entry, list):
        raise InputError(f"Row {number} of the file of edits is a list; {_AS_ROWS}.")
    if not isinstance(entry, Mapping):
        raise InputError(f"Row {number} of the file of edits is no object with names; {_FORMS}.")
    return entry


def _named(row: Mapping[str, object], names: Sequence[str]) -> str:
    return next((name for name in names if name in row), "")


def _said(row: Mapping[str, object], names: Sequence[str], number: int) -> str:
    name = _named(row, names)
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"Row {number} of the file of edits has no text in {name or names[0]!r}; fill it in.")
    if len(value) > MOST_CHARS:
        raise InputError(
            f"Row {number} of the file of edits has {len(value):,} characters; shorten it to {MOST_CHARS:,}."
        )
    return " ".join(value.split())


def _edit(caption: str, text: str, kind: str, role: Role, number: int) -> Edit:
    try:
        return edit_by_hand(caption, text, kind, role)
    except QueryError:
        raise InputError(
            f"Row {number} of the file of edits says what its caption says; change something in it, or remove the row."
        ) from None


def _from_pairs(rows: Sequence[tuple[int, Mapping[str, object]]]) -> tuple[EditedCaption, ...]:
    found: dict[tuple[str, str], list[Edit]] = {}
    roles = dict(_ROLES)
    for number, row in rows:
        caption, text = _said(row, _CAPTIONS, number), _said(row, _EDITS, number)
        kind, role = _kind_and_role(row, number, roles)
        video = str(row.get(_named(row, ("vid", *_VIDEOS))) or "")
        found.setdefault((video, caption), []).append(_edit(caption, text, kind, role, number))
    return tuple(EditedCaption(video, caption, tuple(edits)) for (video, caption), edits in found.items())


def _kind_and_role(row: Mapping[str, object], number: int, roles: dict[str, Role]) -> tuple[str, Role]:
    """Return of which kind an edit is, and its role; ``roles`` are those of the kinds so far, and one kind has one."""
    given = row.get("role") or None
    role = next((role for role in _UNNAMED if role == given), None)
    if given is not None and role is None:
        raise InputError(
            f"Row {number} of the file of edits has the role {given!r}; give one of {', '.join(_UNNAMED)}."
        )
    named = _named(row, _KINDS)
    kind = _said(row, [named], number).lower() if row.get(named) else _UNNAMED[role or "meaning"]
    own = roles.setdefault(kind, role or "meaning")
    if role not in (None, own):
        raise InputError(
            f"Row {number} of the file of edits gives {kind!r} the role {role!r}, and elsewhere it has {own!r}; "
            "give each role a kind of its own."
        )
    return kind, own


def _from_groups(rows: Sequence[tuple[int, Mapping[str, object]]]) -> tuple[EditedCaption, ...]:
    """Return the groups of rows of a video that stand together, whose first sentence is true."""
    groups: list[tuple[str, str, list[Edit]]] = []
    for number, row in rows:
        video, text = _said(row, _VIDEOS, number), _said(row, _CAPTIONS, number)
        if not groups or groups[-1][0] != video or len(groups[-1][2]) == _N_EDITS:
            groups.append((video, text, []))
        else:
            groups[-1][2].append(_edit(groups[-1][1], text, "verb", "meaning", number))
    for video, caption, edits in groups:
        if not edits:
            raise InputError(f"Video {video!r} of the file of edits has only “{caption}”; add its edits below it.")
    return tuple(EditedCaption(video, caption, tuple(edits)) for video, caption, edits in groups)


_N_EDITS = 5
"""How many edits a caption of Feint6K has: a video may have several captions, one after another."""
