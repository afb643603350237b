"""Films that people bring: kept in one folder by the hash of their content, under a bound in bytes.

Separate from the library because it is the only part of it that writes. Each film has a folder of its
own, made under another name and renamed when it is whole, so that a half copied film is never seen.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from workbench.errors import StoreError, VideoError
from workbench.media.apart import examine_apart
from workbench.media.facts import read_facts, write_facts
from workbench.media.probe import check_file, probe
from workbench.settings import Settings
from workbench.types.video import VideoInfo

log = logging.getLogger(__name__)

_FILM, _FACTS, _INCOMING = "film", "facts.json", ".incoming-"
_ABANDONED_AFTER_S = 3600.0
_SUFFIXES = {
    ".mp4",
    ".m4v",
    ".mov",
    ".webm",
    ".mkv",
    ".avi",
    ".ts",
    ".mpg",
    ".mpeg",
    ".flv",
    ".ogv",
    ".wmv",
    ".gif",
}


class Uploads:
    """The uploads of all visitors, shared by every process that uses the same folder."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.home / "uploads"

    def add(self, path: Path, title: str) -> VideoInfo:
        """Copy a film in and return what is known of it; one that is there already stays as it is.

        The title is the caller's own and is not kept: whoever else brings or opens the same film gets a
        neutral one.

        Raises ``VideoError`` for what is no usable film, ``StoreError`` where it cannot be kept.
        """
        n_bytes = check_file(path, self._settings, title)
        if n_bytes > self._settings.max_upload_bytes:
            raise VideoError(f"“{title}” is larger than all uploads together may be; re-encode it smaller.")
        suffix = path.suffix.lower() if path.suffix.lower() in _SUFFIXES else ".mp4"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=_INCOMING, dir=self._folder) as name:
                incoming = Path(name) / "whole"
                incoming.mkdir()
                film = incoming / (_FILM + suffix)
                shutil.copyfile(path, film)
                info = probe(film, self._settings, title, self._recall, examine_apart)
                self._keep(incoming, replace(info, title=f"Upload {info.id[:8]}"))
        except OSError as problem:
            if problem.errno == errno.ENOMEM:  # nothing freed on the disk would help
                raise
            why = "the disk is full" if problem.errno == errno.ENOSPC else problem.strerror or "it failed"
            log.warning("An upload cannot be kept in %s: %s", self._folder, problem)
            raise StoreError(f"“{title}” cannot be kept: {why}; free some space or set WORKBENCH_HOME.") from None
        self._make_room(info.id)
        return info

    def all(self) -> list[VideoInfo]:
        """Return all uploads, the one used last first."""
        return [info for folder, _ in self._by_use() if (info := self._recall(folder.name)) is not None]

    def find(self, video_id: str) -> tuple[VideoInfo, Path] | None:
        """Return an upload and its file, and note that it was used; None where there is none."""
        folder = self._folder / video_id
        info = self._recall(video_id)
        film = next(folder.glob(_FILM + ".*"), None) if info else None
        if info is None or film is None:
            return None
        with contextlib.suppress(OSError):  # a folder that may only be read serves as well
            os.utime(folder)
        return info, film

    def _recall(self, video_id: str) -> VideoInfo | None:
        return read_facts(self._folder / video_id / _FACTS, video_id, self._settings)

    def _keep(self, incoming: Path, info: VideoInfo) -> None:
        folder = self._folder / info.id
        if self.find(info.id) is not None:
            return
        shutil.rmtree(folder, ignore_errors=True)
        write_facts(incoming / _FACTS, info)
        try:
            incoming.rename(folder)
        except OSError:
            if self.find(info.id) is None:  # unless another process brought the same film meanwhile
                raise

    def _make_room(self, kept_id: str) -> None:
        """Remove what was not used for too long, and the least recently used while there is too much."""
        now_s = time.time()
        oldest_s = now_s - self._settings.upload_days * 86_400
        n_bytes = 0
        for folder, used_s in self._by_use():
            if folder.name.startswith(_INCOMING):  # another process may be writing it
                if used_s < now_s - _ABANDONED_AFTER_S:
                    shutil.rmtree(folder, ignore_errors=True)
                continue
            size = sum(file.stat().st_size for file in folder.glob("*") if file.is_file())
            n_bytes += size
            if folder.name != kept_id and (used_s < oldest_s or n_bytes > self._settings.max_upload_bytes):
                n_bytes -= size
                shutil.rmtree(folder, ignore_errors=True)

    def _by_use(self) -> list[tuple[Path, float]]:
        """Return every folder with the time of its last use, latest first; also what a killed copy left."""
        found = []
        for folder in self._folder.glob("*"):
            try:
                found.append((folder, folder.stat().st_mtime))
            except FileNotFoundError:  # another process has just removed it
                continue
        return sorted(found, key=lambda pair: -pair[1])
