"""Whether a file is a film that can be used, and what is known of it before a frame is asked for.

Separate because this is the gate: whatever comes from outside passes here first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from workbench.errors import VideoError
from workbench.media.container import open_film
from workbench.media.track import read_track
from workbench.media.truncation import is_cut_off
from workbench.settings import Settings
from workbench.types.video import VideoInfo


def content_id(path: Path) -> str:
    """Return the sha256 of the file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def examine(path: Path, settings: Settings, title: str) -> VideoInfo:
    """Return what is found out of a film by decoding it, all but its id; see ``probe``."""
    _check_frame_size(path, settings, title)
    track = read_track(path, title)
    if track.end_s > settings.max_duration_s:
        raise VideoError(
            f"“{title}” lasts {_clock(track.end_s)}, longer than the {_clock(settings.max_duration_s)} "
            "accepted; cut it into parts."
        )
    width_px, height_px = track.upright_size_px
    return VideoInfo(
        id="",
        title=title,
        duration_s=track.end_s,
        fps=round(len(track.times_s) / max(track.end_s - float(track.times_s[0]), 1e-6), 3),
        width_px=width_px,
        height_px=height_px,
        codec=track.codec,
        n_bytes=path.stat().st_size,
    )


def probe(
    path: Path,
    settings: Settings,
    title: str | None = None,
    recall: Callable[[str], VideoInfo | None] = lambda video_id: None,
    examine: Callable[[Path, Settings, str], VideoInfo] = examine,
) -> VideoInfo:
    """Return what is known of the film: from the timetable of its packets, not from its headers.

    ``duration_s`` ends with the last frame, ``fps`` is the mean rate, ``width_px`` and ``height_px``
    are upright. What ``recall`` returns of an id was found out before, and the film is not decoded again.
    Raises ``VideoError`` unless a frame really decodes, within the limits of ``settings``. Cost: reads the
    file twice, or once where it is known.
    """
    title = title or path.name
    check_file(path, settings, title)
    video_id = content_id(path)
    known = recall(video_id)
    if known is not None:
        return replace(known, title=title)
    return replace(examine(path, settings, title), id=video_id)


def check_file(path: Path, settings: Settings, title: str) -> int:
    """Return the size of a file in bytes, or raise ``VideoError`` for what no decoder need look at."""
    if path.is_dir():
        raise VideoError(f"“{title}” is a folder; name a video file in it.")
    if not path.is_file():
        raise VideoError(f"There is no file “{title}”; check its name and folder.")
    try:
        n_bytes = path.stat().st_size
        with path.open("rb"):
            pass
    except OSError:
        raise VideoError(f"“{title}” may not be read; check its permissions.") from None
    if not n_bytes:
        raise VideoError(f"“{title}” is empty (0 bytes); copy or download it again.")
    if n_bytes > settings.max_video_bytes:
        raise VideoError(
            f"“{title}” has {n_bytes / 1e6:.1f} MB, more than the {settings.max_video_bytes / 1e6:.1f} MB "
            "accepted; shorten it or re-encode it smaller."
        )
    if is_cut_off(path):
        raise VideoError(f"The end of “{title}” is missing; copy or download the file again.")
    return n_bytes


def _check_frame_size(path: Path, settings: Settings, title: str) -> None:
    with open_film(path, title) as (_, stream):
        width, height = stream.codec_context.width, stream.codec_context.height
    if width * height > settings.max_pixels:
        raise VideoError(
            f"“{title}” has frames of {width} × {height}, more than the {settings.max_pixels / 1e6:.3g} "
            "million pixels accepted; scale it down first."
        )


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
