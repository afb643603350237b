"""What a visitor's own films and pictures are called as files.

Separate because titles are for reading: a command line wants a file's name with its ending.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from workbench.errors import VideoError
from workbench.media.library import VideoLibrary
from workbench.ui.gradio.session import Session


def files_of(library: VideoLibrary, session: Session) -> dict[str, str]:
    """Return the names of a visitor's files by the ids of their films and pictures, without any folder.

    After the page was loaded anew only titles are known of films: they stand with the ending that the library gave.
    """
    found = dict(session.files)
    for video, title in session.uploads.items():
        if video not in found:
            with suppress(VideoError):  # one that was removed to make room
                found[video] = title + Path(library.path_of(video)).suffix
    return found
