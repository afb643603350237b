"""What the visitor's browser sent, read with care: an address, a text, a row, a span.

Separate because none of it can be trusted: whatever is not what it should be is refused here, in words.
"""

from __future__ import annotations

import math
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import gradio as gr

from workbench.errors import InputError
from workbench.ui.gradio import texts

_CONTENT_HASH = re.compile(r"[0-9a-f]{64}")
MAX_BROUGHT, MAX_TITLE_CHARS = 100, 80
"""Films of their own that one visitor is shown, and letters of their titles."""
MAX_FILE_CHARS = 255
"""Letters of what a file of theirs is called."""
USUAL_OPACITY = 0.7
"""How opaque maps are until the visitor says otherwise."""


def asked_in(request: gr.Request) -> dict[str, list[str]]:
    """Return the parameters of the page's address, each with all its values."""
    asked: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        asked.setdefault(name, []).append(value)
    return asked


def films_in(sent: object) -> dict[str, str]:
    """Return the films that a visitor's tab says it has brought, titles by id, the newest of too many.

    What cannot be one is left out.
    Who knows the id of a film has seen it: naming it opens no more than a link to it does.
    """
    rows = sent[-MAX_BROUGHT:] if isinstance(sent, list) else []
    pairs = [row for row in rows if isinstance(row, list) and len(row) == 2 and all(isinstance(x, str) for x in row)]
    return {video_id: title[:MAX_TITLE_CHARS] for video_id, title in pairs if _CONTENT_HASH.fullmatch(video_id)}


def name_in(file: gr.FileData) -> str:
    """Return what its visitor calls a file, in letters that can be seen, and not longer than a title."""
    name = _visible(Path(file.orig_name or "").name) or _visible(Path(file.path).name)
    return name if len(name) <= MAX_TITLE_CHARS else f"{name[: MAX_TITLE_CHARS - 9]}…{name[-8:]}"


def _visible(name: str) -> str:
    return "".join(letter for letter in name if letter.isprintable())


def text_in(event: gr.EventData, name: str = "text") -> str:
    """Return a text that the browser sent, empty where it sent none."""
    return str(_data(event).get(name, ""))


def index_in(event: gr.EventData, name: str, n: int) -> int:
    """Return an index that the browser sent, or raise ``InputError`` if nothing has that number."""
    index = _data(event).get(name)
    if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < n:
        raise InputError(texts.NO_SUCH_ROW)
    return index


def picked_in(event: gr.EventData) -> int | None:
    """Return the row of a point that was picked, by its number or by a button that has it; None for what is none."""
    data = _data(event)
    row, pick = data.get("row"), str(data.get("pick", ""))
    if isinstance(row, int) and not isinstance(row, bool) and row >= 0:
        return row
    return int(pick) if pick.isascii() and pick.isdecimal() and len(pick) < 8 else None


def span_in(event: gr.EventData) -> tuple[float, float] | None:
    """Return a span in seconds that the browser sent, None where it sent none or what is no span."""
    data = _data(event)
    start, end = (_instant(data.get(name)) for name in ("start_s", "end_s"))
    return (start, end) if start is not None and end is not None and start < end else None


def instant_in(event: gr.EventData) -> float | None:
    """Return an instant in seconds that the browser sent, None where it sent none."""
    return _instant(_data(event).get("at_s"))


def seconds_in(sent: object) -> float:
    """Return the seconds at which the player stands, as the browser sent them; 0 for what is no time."""
    return _instant(sent) or 0.0


def looking_in(sent: object) -> tuple[float, float]:
    """Return where the player stands, in seconds, and how opaque maps are, from 0 to 1, as the browser sent them."""
    data = sent if isinstance(sent, dict) else {}
    opacity = _instant(data.get("opacity"))
    return seconds_in(data.get("at_s")), USUAL_OPACITY if opacity is None else min(opacity, 1.0)


def _instant(sent: object) -> float | None:
    if isinstance(sent, bool) or not isinstance(sent, int | float):
        return None
    with suppress(OverflowError):
        return float(sent) if math.isfinite(sent) and sent >= 0 else None
    return None


def _data(event: gr.EventData) -> dict[str, Any]:
    return event._data if isinstance(event._data, dict) else {}
