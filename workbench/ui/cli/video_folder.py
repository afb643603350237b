"""The videos of a folder by the names that annotation files call them.

Separate from the verbs, because every file of annotations names its videos so.
"""

from __future__ import annotations

import mimetypes
from pathlib import Path

from workbench.errors import InputError


def videos_in(folder: str) -> dict[str, Path]:
    """Return the video files of a folder by their names without an ending. Raises ``InputError`` for no folder."""
    if not Path(folder).is_dir():
        raise InputError(f"There is no folder {folder}; name the one that holds the videos with --videos.")
    return {path.stem: path for path in sorted(Path(folder).iterdir()) if _is_video(path)}


def _is_video(path: Path) -> bool:
    return (mimetypes.guess_type(path.name)[0] or "").startswith("video/")
