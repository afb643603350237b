"""What is known of films, kept by the hash of their content: who opens a film again need not decode it.

Separate because the library and the uploads both keep it, each in a place of its own. A file is written whole
or not at all, and one that is damaged, of another version of the decoder or of a film past the limits is none. What a
killed writer left is written over by the next one.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench.media.decode import DECODE_VERSION
from workbench.settings import Settings
from workbench.types.video import VideoInfo


def write_facts(file: Path, info: VideoInfo) -> None:
    """Write what is known of a film; raises ``OSError`` where that cannot be kept."""
    facts = asdict(info)
    kept = {"facts": facts, "digest": _digest(facts)}
    unfinished = file.with_suffix(".unfinished")
    try:
        unfinished.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
        unfinished.replace(file)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def read_facts(file: Path, video_id: str, settings: Settings) -> VideoInfo | None:
    """Return what is known of the film of this id; None without a sound file, or past the limits of ``settings``."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["digest"] != _digest(kept["facts"]):
            return None
        info = VideoInfo(**kept["facts"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    is_within = (
        info.n_bytes <= settings.max_video_bytes
        and info.duration_s <= settings.max_duration_s
        and info.width_px * info.height_px <= settings.max_pixels
    )
    return info if info.id == video_id and is_within else None


def _digest(facts: Any) -> str:
    return hashlib.sha256(json.dumps([DECODE_VERSION, facts], sort_keys=True).encode()).hexdigest()
