"""What is known of films, kept by the hash of their content: who opens a film again need not decode it.

Separate because the library and the uploads both keep it, each in a place of its own.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from workbench.types import VideoInfo


def write_facts(file: Path, info: VideoInfo) -> None:
    """Write what is known of a film; raises ``OSError`` where that cannot be kept."""
    file.write_text(json.dumps(asdict(info), ensure_ascii=False), encoding="utf-8")


def read_facts(file: Path, video_id: str) -> VideoInfo | None:
    """Return what is known of the film of this id, None where there is no sound file about it."""
    try:
        info = VideoInfo(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return info if info.id == video_id else None
