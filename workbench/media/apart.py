"""A film of a stranger, examined in a process of its own, before it is opened in this one.

Separate because it is a program: two kilobytes of MP4 can say that they hold a thousand million frames, and FFmpeg
then takes all memory there is for a list of them. What goes wrong there ends that process, and the film is refused.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench.errors import OutOfMemoryError, VideoError
from workbench.media.probe import examine
from workbench.settings import Settings
from workbench.types.video import VideoInfo

MOST_BYTES = 3 * 2**29
"""Addresses that examining a film may take; where the system bounds none (macOS), only its time is bounded.

Measured: a frame of 3840 × 2160 in H.264 takes 0.4 GiB, one of 7680 × 4320 in AV1 of ten bits, the most of what was
tried, 1.0 GiB, and the longest timetable 0.75 GiB.
"""
PATIENCE_S, LEAST_BYTES_A_S = 120.0, 2**20
_FEW_THREADS = {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
"""Else each thread sets aside addresses: 40 MB for one of NumPy's, of which there are as many as processors."""
_PACKAGE = Path(__file__).resolve().parent.parent
COMMAND = (sys.executable, "-m", f"{_PACKAGE.name}.media.{Path(__file__).stem}")
_log = logging.getLogger(__name__)


def examine_apart(path: Path, settings: Settings, title: str) -> VideoInfo:
    """Return what ``probe.examine`` does, at half a second more.

    Raises ``VideoError``, or ``OutOfMemoryError`` where no process can be started.
    """
    path = path.resolve()
    patience_s = PATIENCE_S + path.stat().st_size / LEAST_BYTES_A_S
    asked = {
        "path": str(path),
        "title": title,
        "seconds": int(patience_s),
        "bytes": MOST_BYTES,
        "limits": {"max_pixels": settings.max_pixels, "max_duration_s": settings.max_duration_s},
    }
    answer: dict[str, Any] = {}
    try:
        told = subprocess.run(
            COMMAND,
            cwd=_PACKAGE.parent,
            env=os.environ | _FEW_THREADS,
            input=json.dumps(asked),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            timeout=patience_s,
        )
        answer = json.loads(told.stdout)
    except (subprocess.TimeoutExpired, ValueError) as problem:
        _log.warning("A film could not be examined: %s", problem)
    except OSError as problem:  # no room for one more process, which says nothing of the film or of the disk
        _log.warning("A film could not be examined: %s", problem)
        raise OutOfMemoryError(
            f"“{title}” cannot be examined, since the machine has no room for one more program; "
            "try again when less is going on."
        ) from None
    if "film" in answer:
        return VideoInfo(**answer["film"])
    raise VideoError(
        answer.get("problem")
        or f"“{title}” takes more memory or time than a video should; re-encode it as MP4 (H.264) and try again."
    )


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    with suppress(ImportError, ValueError, OSError):  # no such bounds on this system
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (asked["seconds"], asked["seconds"]))
        resource.setrlimit(resource.RLIMIT_AS, (asked["bytes"], asked["bytes"]))
    try:
        return {"film": asdict(examine(Path(asked["path"]), Settings(**asked["limits"]), asked["title"]))}
    except VideoError as problem:
        return {"problem": str(problem)}


if __name__ == "__main__":
    print(json.dumps(_answer(json.load(sys.stdin))))
