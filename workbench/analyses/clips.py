"""Clips of films with what is known of them, from the rows of an annotation file.

Separate from the examination, which need not know what can be wrong with a file: here every row is either a clip, or
one sentence that names it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.analyses.queries import checked_query
from workbench.errors import InputError, QueryError
from workbench.settings import Settings
from workbench.types.video import VideoInfo

_ROUNDED_S = 0.1
"""By how much a clip may end after its film: times in files are rounded."""

FindVideo = Callable[[str], VideoInfo]
"""Returns the film that a file calls by a name; raises ``WorkbenchError`` where there is none."""


@dataclass(frozen=True)
class Clip:
    """A stretch of a film, by its id, with the value of each label that is known of it, and its caption or nothing."""

    video: str
    start_s: float
    end_s: float
    labels: Mapping[str, str] = field(default_factory=dict)
    caption: str = ""


def clips_of(
    rows: Sequence[Mapping[str, Any]], source: str, find_video: FindVideo, settings: Settings
) -> tuple[Clip, ...]:
    """Return the clip of every row; ``source`` is what the file is called in what is said.

    Raises ``InputError`` for the first row that is no clip, and what ``find_video`` raises.
    """
    if not rows:
        raise InputError(f"There is no row in {source}; write one for each clip.")
    found, videos = [], {}
    for number, row in enumerate(rows, 1):
        where = f"Row {number} of {source}"
        if "vid" not in row:
            raise InputError(f"{where} has no 'vid'; add it.")
        vid = str(row["vid"])
        if vid not in videos:
            videos[vid] = find_video(vid)
        start_s, end_s = _span(row, videos[vid], where)
        found.append(Clip(videos[vid].id, start_s, end_s, _labels(row, where), _caption(row, where, settings)))
    return tuple(found)


def _span(row: Mapping[str, Any], video: VideoInfo, where: str) -> tuple[float, float]:
    start_s, end_s = (_seconds(row, name, where) for name in ("start_s", "end_s"))
    start_s = 0.0 if start_s is None else start_s
    end_s = video.duration_s if end_s is None else end_s
    if not (0 <= start_s < min(end_s, video.duration_s) and end_s <= video.duration_s + _ROUNDED_S):
        raise InputError(
            f"{where} is a clip from {start_s:g} s to {end_s:g} s of “{video.title}”, which goes from 0 s to "
            f"{video.duration_s:g} s; correct 'start_s' or 'end_s'."
        )
    return start_s, min(end_s, video.duration_s)


def _seconds(row: Mapping[str, Any], name: str, where: str) -> float | None:
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"{where} has {name!r} {json.dumps(value)}, which is no number of seconds; correct it.")
    return float(value)


def _labels(row: Mapping[str, Any], where: str) -> dict[str, str]:
    """Return the labels by name; one that is null is not known."""
    labels = row.get("labels")
    if labels is None:
        return {}
    if not isinstance(labels, dict) or any(isinstance(value, dict | list) for value in labels.values()):
        raise InputError(f"{where} has 'labels' that are no object of names with one value each; correct them.")
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in labels.items()
        if value is not None
    }


def _caption(row: Mapping[str, Any], where: str, settings: Settings) -> str:
    caption = row.get("caption")
    if caption in (None, ""):
        return ""
    if not isinstance(caption, str):
        raise InputError(f"{where} has a 'caption' that is no text; correct it.")
    try:
        return checked_query(caption, settings)
    except QueryError as problem:
        raise InputError(f"{where}: {problem}") from None
