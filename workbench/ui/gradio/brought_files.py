"""A small text file that a visitor brought, and the videos that its rows name.

Separate because none of it can be trusted: what is too large, no text, or of nobody's video is refused here, in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workbench.analyses.clips import FindVideo
from workbench.errors import InputError
from workbench.types.video import VideoInfo
from workbench.ui.gradio import texts

MOST_BYTES, MOST_CHARS = 5_000_000, 80


def text_of(path: Path) -> str:
    """Return what stands in a file of at most ``MOST_BYTES``; raises ``InputError`` for a larger one or no text."""
    if path.stat().st_size > MOST_BYTES:
        raise InputError(texts.FILE_TOO_LARGE)
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(texts.FILE_NO_TEXT) from None


def finder(films: Sequence[VideoInfo]) -> FindVideo:
    """Return what finds a video by its title; it raises ``InputError`` where none, or more than one, has it."""

    def find(title: str) -> VideoInfo:
        found = [film for film in films if film.title == title]
        shown = title if len(title) <= MOST_CHARS else title[: MOST_CHARS - 1] + "…"
        if len(found) != 1:
            raise InputError(texts.ambiguous_video(shown) if found else texts.unknown_video(shown))
        return found[0]

    return find
