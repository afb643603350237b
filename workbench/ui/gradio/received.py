"""The folder in which uploads arrive, before they are taken in: private, and bounded in bytes and age.

Separate from the library, which keeps what decodes: here lies whatever anybody sends, also what was broken off, or was
left by a server that was killed. The toolkit itself bounds neither how much lies there nor for how long.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

KEPT_S = 3600.0
"""Nobody asks for an upload again an hour after it came."""
BUSY_S = 300.0
"""What was written in the last minutes is still on its way, or waits for its turn to be taken in."""
_LEAST_BYTES = 2**16
"""What a file counts for at least: many small ones fill a disk, too."""


class Received:
    """A folder that is kept under ``most_bytes``; every process that receives into it does its part."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder, self._most_bytes = folder, most_bytes

    def receive(self) -> None:
        """Have the toolkit receive into the folder from now on, in this whole process; clear what lies there."""
        with contextlib.suppress(OSError):  # a disk that cannot be written is told of when something is uploaded
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.environ["GRADIO_TEMP_DIR"] = str(self.folder)
        self.has_room()

    def has_room(self, n_more: int = 0) -> bool:
        """Remove what is too old, and the oldest while there is too much; return whether ``n_more`` bytes may come.

        There is too much, too, while the disk itself has no room for them.
        """
        now_s, n_bytes, is_full = time.time(), 0, self._free_bytes() < n_more
        for path, status in sorted(self._files(), key=lambda found: -found[1].st_mtime):
            age_s = now_s - status.st_mtime
            size = max(status.st_size, _LEAST_BYTES)
            is_over = is_full or n_bytes + size > self._most_bytes
            if age_s > KEPT_S or (is_over and age_s > BUSY_S):
                with contextlib.suppress(OSError):  # somebody else may have been faster
                    path.unlink()
                continue
            n_bytes += size
        for folder in self.folder.glob("*/"):
            # One that is just made is about to be filled.
            with contextlib.suppress(OSError):
                if now_s - folder.stat().st_mtime > BUSY_S:
                    folder.rmdir()
        return n_bytes < self._most_bytes and self._free_bytes() >= n_more

    def _free_bytes(self) -> float:
        try:
            return shutil.disk_usage(self.folder).free
        except OSError:  # what is wrong is told when something is written
            return math.inf

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        for path in self.folder.rglob("*"):
            with contextlib.suppress(OSError):
                if not path.is_dir():
                    yield path, path.lstat()
