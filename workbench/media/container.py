"""Opening a file of unknown origin with PyAV: which containers are let in, which stream is the film.

Separate because every reader must open a file under the same restrictions. FFmpeg follows
playlists to other files and addresses and draws text as pictures: only true containers are allowed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.stream import Disposition

from workbench.errors import VideoError

CONTAINERS = (
    "mov", "matroska", "webm", "avi", "mpegts", "mpeg", "mpegvideo", "flv", "ogg", "asf", "gif", "mxf",
)  # fmt: skip
STILLS = ("image2", "png_pipe", "jpeg_pipe", "webp_pipe", "bmp_pipe", "tiff_pipe", "apng")
_OPTIONS = {"format_whitelist": ",".join(CONTAINERS + STILLS), "protocol_whitelist": "file"}


_PLAYLISTS = (b"#EXTM3U", b"ffconcat")
"""How files begin that name others to be played, whatever else of them may pass for a film."""
MOST_PIXELS = 2**26


@contextmanager
def open_film(path: Path, title: str) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    """Open a file and its first video stream that is not a cover picture, and close it afterwards.

    Raises ``VideoError`` where FFmpeg knows no such container, or it holds no film. No frame is decoded that has more
    than twice the pixels that the stream declares, or 67 million where that is more.
    """
    if _beginning(path).startswith(_PLAYLISTS):
        raise VideoError(_why_unreadable(path, title))
    try:
        container = av.open(f"file:{path}", options=_OPTIONS, metadata_errors="replace")
    except (av.error.FFmpegError, OSError, ValueError):
        raise VideoError(_why_unreadable(path, title)) from None
    with container:
        if container_name(container) in STILLS:
            raise VideoError(f"“{title}” is a still picture; choose a video.")
        streams = films_in(container)
        if not streams:
            raise VideoError(f"“{title}” holds no moving pictures, only sound or data; choose a video.")
        context = streams[0].codec_context
        context.options = {"max_pixels": str(max(2 * context.width * context.height, MOST_PIXELS))}
        yield container, streams[0]


def films_in(container: av.container.InputContainer) -> list[av.VideoStream]:
    """Return the video streams that are not pictures attached to sound."""
    return [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]


def container_name(container: av.container.InputContainer) -> str:
    """Return the first of the names that FFmpeg gives the format: ``mov`` for any MP4."""
    return container.format.name.split(",")[0]


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(12)


def _why_unreadable(path: Path, title: str) -> str:
    if _beginning(path)[4:8] == b"ftyp":
        return f"“{title}” is cut off or damaged: its index is missing; copy or download it again."
    return f"“{title}” is not a video that can be read; choose another file or convert it to MP4 (H.264)."
