"""The films at hand: bundled examples, uploads, and files of the person at the command line.

Separate because it is the door between names and files: everything else names a film by its id, and
what a visitor says is looked up, never opened.
"""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from workbench.errors import StoreError, VideoError
from workbench.media.decode import Read, frames_at, read_current, read_frames, sample_frames
from workbench.media.facts import read_facts, write_facts
from workbench.media.manifest import read_manifest
from workbench.media.pictures import write_picture
from workbench.media.probe import probe
from workbench.media.thumbnails import read_thumbnails
from workbench.media.uploads import Uploads
from workbench.settings import ASSETS, Settings
from workbench.types.video import FrameBatch, SamplingSpec, VideoInfo

_ID = re.compile(r"[0-9a-f]{64}")
_START_OF_ID = re.compile(r"[0-9a-f]{8,63}")


@dataclass(frozen=True)
class _Film:
    """A film and its file, and what gives its frames.

    ``stamp`` is the size and the time of change of one that others may alter.
    """

    info: VideoInfo
    path: Path
    stamp: tuple[int, int] | None = None
    read: Read = read_frames


class VideoLibrary:
    """All films that can be named, each by the sha256 of its bytes; safe to use from several threads."""

    def __init__(self, settings: Settings, examples_dir: Path | None = None) -> None:
        self._settings = settings
        self._examples = read_manifest(examples_dir or ASSETS / "examples")
        self._uploads = Uploads(settings)
        self._files: dict[str, _Film] = {}
        self._lock = threading.Lock()

    def list(self) -> Sequence[VideoInfo]:
        """Return every film once: examples, then files opened by path, then uploads, the latest first."""
        with self._lock:
            files = [film.info for film in self._files.values()]
        found = [*self.examples(), *files, *self._uploads.all()]
        return [*{info.id: info for info in reversed(found)}.values()][::-1]

    def examples(self) -> Sequence[VideoInfo]:
        """Return the bundled films."""
        return [example.info for example in self._examples]

    def add(self, path: Path, title: str | None = None) -> VideoInfo:
        """Copy an uploaded film into the library and return what is known of it.

        Raises ``VideoError`` for what is no usable film, ``StoreError`` where it cannot be kept.
        """
        return self._uploads.add(Path(path), title or Path(path).name)

    def add_picture(self, path: Path, title: str | None = None) -> VideoInfo:
        """Take a still picture into the library as a film of one frame, and return what is known of that.

        Raises ``VideoError`` for what is no usable picture, ``StoreError`` where it cannot be kept.
        """
        title = title or Path(path).name
        try:
            with tempfile.TemporaryDirectory() as folder:
                film = Path(folder) / "picture.mp4"
                write_picture(Path(path), film, title, self._settings)
                return self._uploads.add(film, title)
        except OSError as problem:
            raise StoreError(
                f"“{title}” cannot be kept: {problem.strerror or 'it failed'}; free some space for temporary files."
            ) from None

    def find_picture(self, text: str) -> VideoInfo:
        """Return the still picture that a path or a whole id means.

        For a person at their own machine only. Raises ``VideoError`` or ``StoreError`` as ``add_picture``.
        """
        return self.get(text) if _ID.fullmatch(text) and not os.path.exists(text) else self.add_picture(Path(text))

    def open_path(self, path: Path) -> VideoInfo:
        """Enter a file of this machine, without copying it, for as long as this object lives.

        What is known of it is kept by its content, so that the same film is decoded once, by any name.
        For a person at their own machine only: never call it with what a visitor sent. Raises
        ``VideoError`` for what is no usable film.
        """
        path = Path(path).resolve()
        stamp = _stamp(path)
        info = probe(path, self._settings, recall=self._recall)
        if _stamp(path) == stamp:  # else the id may be that of other content than what was read
            self._remember(info)
        with self._lock:
            self._files[info.id] = _Film(info, path, stamp)
        return info

    def find(self, text: str) -> VideoInfo:
        """Return the film that a path, an id, 8 or more first characters of one, or a short name means.

        For a person at their own machine only: an existing path is opened, and the start of an id finds
        anybody's upload. Raises ``VideoError`` where it means no film or more than one.
        """
        if os.path.exists(text):  # Path.exists raises where a name is too long
            return self.open_path(Path(text))
        if _START_OF_ID.fullmatch(text):
            ids = [info.id for info in self.list() if info.id.startswith(text)]
            if len(ids) > 1:
                raise VideoError(f"{len(ids)} videos have ids that begin with {text}; write more of it.")
            if ids:
                return self.get(ids[0])
        if not _ID.fullmatch(text) and text not in {e.path.stem for e in self._examples}:
            shown = text if len(text) <= 120 else "…" + text[-119:]
            raise VideoError(f"There is no file “{shown}”, and no video of that name; see “videos” for what there is.")
        return self.get(text)

    def get(self, video_id: str) -> VideoInfo:
        """Return the film of a whole id or of an example's short name.

        Who knows the id of an upload has seen the film, so nothing shorter will do. Raises ``VideoError``
        where there is none.
        """
        return self._film(video_id).info

    def name_of(self, video_id: str) -> str:
        """Return the shortest name that ``find`` takes for a film: of an example its own, else the start of its id."""
        return next((e.path.stem for e in self._examples if e.info.id == video_id), video_id[:12])

    def path_of(self, video_id: str) -> Path:
        """Return the file of a film. Raises ``VideoError`` as ``get``, and where it has gone or changed."""
        film = self._film(video_id)
        stamp = _stamp(film.path)
        if stamp is None:
            raise VideoError(f"The file of “{film.info.title}” is no longer there; open or upload it again.")
        if film.stamp not in (None, stamp):
            raise VideoError(f"“{film.info.title}” has changed since it was opened; open it again.")
        return film.path

    def frames(
        self,
        video_id: str,
        sampling: SamplingSpec,
        start: int = 0,
        stop: int | None = None,
        batch_frames: int = 32,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[FrameBatch]:
        """Yield the sampled frames of a film in order; see ``decode.sample_frames``."""
        path, info = self.path_of(video_id), self.get(video_id)
        yield from sample_frames(path, info, sampling, start, stop, batch_frames, cancelled, self._film(video_id).read)

    def frames_at(self, video_id: str, times_s: Float64[np.ndarray, "time"]) -> Iterator[np.ndarray]:
        """Yield the frames on screen at rising times; see ``decode.frames_at``."""
        path, film = self.path_of(video_id), self._film(video_id)
        yield from frames_at(path, film.info.title, times_s, film.read)

    def thumbnails(self, video_id: str, times_s: Sequence[float], height_px: int) -> Sequence[bytes]:
        """Return the frames on screen at ``times_s`` as JPEG files; see ``thumbnails.read_thumbnails``."""
        path, film = self.path_of(video_id), self._film(video_id)
        return read_thumbnails(path, film.info.title, times_s, height_px, film.read)

    def queries_for(self, video_id: str) -> Sequence[str]:
        """Return sentences worth trying on a film; none but for examples."""
        return [query for e in self._examples if e.info.id == self.get(video_id).id for query in e.queries]

    def truth_for(self, video_id: str) -> Sequence[dict[str, Any]]:
        """Return what is known to be true of a film: rows of ``query`` and its ``windows`` in seconds."""
        return [row for e in self._examples if e.info.id == self.get(video_id).id for row in e.truth]

    def _recall(self, video_id: str) -> VideoInfo | None:
        return read_facts(self._facts_file(video_id), video_id, self._settings)

    def _remember(self, info: VideoInfo) -> None:
        """Keep what is known of a film, but for its title: the name of a file is its owner's."""
        if self._recall(info.id) is not None:
            return
        file = self._facts_file(info.id)
        with suppress(OSError):  # a full or read-only disk costs time, never a film
            file.parent.mkdir(parents=True, exist_ok=True)
            write_facts(file, replace(info, title=""))

    def _facts_file(self, video_id: str) -> Path:
        return self._settings.home / "films" / f"{video_id}.json"

    def _film(self, video_id: str) -> _Film:
        for example in self._examples:
            if video_id in (example.path.stem, example.info.id):
                return _Film(example.info, example.path)
        if _ID.fullmatch(video_id):
            with self._lock:
                if (film := self._files.get(video_id)) is not None:
                    return film
            if (upload := self._uploads.find(video_id)) is not None:
                return _Film(*upload, read=read_current)
        raise VideoError(_unknown(video_id))


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return size and time of last change of a file, None where there is no file."""
    if not path.is_file():
        return None
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _unknown(video_id: str) -> str:
    shown = video_id if len(video_id) <= 24 else video_id[:24] + "…"
    return f"No video “{shown}” is in the library; choose one of the list, or upload it (again)."
