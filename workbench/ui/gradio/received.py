"""The folder in which uploads arrive, before they are taken in: private, and bounded in bytes and age, and by sender.

Separate from the library, which keeps what decodes: here lies whatever anybody sends, also what was broken off, or was
left by a server that was killed. The toolkit itself bounds neither how much lies there nor for how long.

Every sender has a folder here, and in that every upload has one: what lies there says whose it is, to every process
that receives into it, and two who send the same have a file each. What was taken in goes at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import secrets
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from workbench.settings import Settings
from workbench.ui.gradio import door_texts as texts

KEPT_S = 3600.0
"""Nobody asks for an upload again an hour after it came."""
BUSY_S = 300.0
"""What was written in the last minutes is still on its way, or waits for its turn to be taken in."""
_LEAST_BYTES = 2**16
"""What a file counts for at least: many small ones fill a disk, too."""
_PLACE: ContextVar[Path] = ContextVar("place")


@dataclass(frozen=True)
class Arrival:
    """An upload on its way, and the folder that it goes to."""

    folder: Path

    @property
    def sender(self) -> Path:
        """The folder of all that its sender sends."""
        return self.folder.parent


def place() -> Path:
    """Return the folder that what is received now goes to; raises ``LookupError`` where nothing is."""
    return _PLACE.get()


@dataclass(frozen=True)
class _File:
    path: Path
    n_bytes: int
    age_s: float


class _Lying:
    """The files of each sender that has any, the newest first, and how large they are together."""

    def __init__(self, files: Iterable[tuple[Path, _File]]) -> None:
        self.of: dict[Path, list[_File]] = {}
        self.n_bytes: Counter[Path] = Counter()
        for sender, file in sorted(files, key=lambda pair: pair[1].age_s):
            self.of.setdefault(sender, []).append(file)
            self.n_bytes[sender] += file.n_bytes
        self.n_bytes_of_all = self.n_bytes.total()

    def is_idle(self, sender: Path) -> bool:
        """Return whether the oldest file of a sender is no longer on its way."""
        return bool(self.of.get(sender)) and self.of[sender][-1].age_s > BUSY_S

    def remove_oldest(self, sender: Path) -> None:
        """Remove the oldest file of a sender."""
        file = self.of[sender].pop()
        self.n_bytes[sender] -= file.n_bytes
        self.n_bytes_of_all -= file.n_bytes
        with contextlib.suppress(OSError):  # somebody else may have been faster
            file.path.unlink()


class Received:
    """A folder that is kept under ``most_bytes``; every process that receives into it does its part.

    A sender may add to what lies there while that is not more than what is free. So one alone has half of the folder
    at most, and after any number of them there is room for another. Who has nothing there may send one file of any
    size for which there is room. Files that come to several processes at once are bounded by each of them alone.

    Source: dynamic thresholds after Choudhury and Hahne, IEEE/ACM Transactions on Networking 6(2), 1998, alpha 1.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder, self._most_bytes = folder, most_bytes
        self._n_arriving: Counter[Path] = Counter()
        self._n_held: Counter[Path] = Counter()
        self._lock = threading.Lock()
        self._look = threading.Lock()  # which takes long where much lies there: nobody else may wait for that

    @classmethod
    def of(cls, settings: Settings) -> Received:
        """Return the folder that all uploads come to."""
        return cls(settings.home / "received", settings.max_upload_bytes)

    def receive(self) -> None:
        """Have the toolkit receive into the folder from now on, in this whole process; clear what lies there."""
        with contextlib.suppress(OSError):  # a disk that cannot be written is told of when something is uploaded
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.environ["GRADIO_TEMP_DIR"] = str(self.folder)
        self.why_not()

    @contextlib.contextmanager
    def arriving(self, sender: str) -> Iterator[Arrival]:
        """Yield an upload that begins to arrive; what the toolkit receives meanwhile is that."""
        # A sender may be called anything.
        folder = self.folder / hashlib.sha256(sender.encode()).hexdigest()[:16] / secrets.token_hex(16)
        arrival, before = Arrival(folder), _PLACE.set(folder)
        with self._lock:
            self._n_arriving[arrival.sender] += 1
        try:
            yield arrival
        finally:
            _PLACE.reset(before)
            with self._lock:
                self._n_arriving[arrival.sender] -= 1
                if not self._n_arriving[arrival.sender]:
                    del self._n_arriving[arrival.sender], self._n_held[arrival.sender]
            with contextlib.suppress(OSError):  # it has arrived, or never began to
                folder.rmdir()

    def is_held(self, arrival: Arrival, n_bytes: int) -> bool:
        """Return whether room is held for the next bytes of an upload, which then have it."""
        with self._lock:
            is_held = self._n_held[arrival.sender] >= n_bytes
            self._n_held[arrival.sender] -= n_bytes if is_held else 0
            return is_held

    def why_not(self, n_more: int = 0, arrival: Arrival | None = None) -> str:
        """Return why ``n_more`` bytes may not come; empty where they may: then room is held for them.

        Removes what is too old and, as long as there is no room, what is no longer on its way, the oldest first: of
        the sender itself where that is beyond its share, else of whoever has the most there.
        """
        with self._look:
            lying = self._lying()
            idle = {sender for sender in lying.of if lying.is_idle(sender)}
            while refusal := self._lack_of(lying, n_more, arrival):
                whose = idle & {arrival.sender} if arrival and refusal == texts.SHARE_USED_UP else idle
                if not whose:
                    return refusal
                largest = max(whose, key=lambda sender: lying.n_bytes[sender])
                lying.remove_oldest(largest)
                if not lying.is_idle(largest):
                    idle.remove(largest)
            with self._lock:
                if arrival:
                    self._n_held[arrival.sender] = n_more
            return ""

    def forget(self, path: Path) -> None:
        """Remove what was taken in, and the folder that it had to itself; nothing that lies elsewhere."""
        with contextlib.suppress(OSError, ValueError):
            n_below = len(path.resolve().relative_to(self.folder.resolve()).parts)
            path.unlink()
            for folder in list(path.parents)[: max(n_below - 2, 0)]:  # all but the sender's
                folder.rmdir()

    def _lack_of(self, lying: _Lying, n_more: int, arrival: Arrival | None) -> str:
        """Return what is lacking for ``n_more`` bytes, empty where it is nothing."""
        sender = arrival.sender if arrival else None
        with self._lock:
            n_held = sum(n for of, n in self._n_held.items() if of != sender)
        n_free = self._most_bytes - lying.n_bytes_of_all - n_held
        # There is no room, too, while the disk itself has none.
        if n_free < n_more or self._free_bytes() < n_more:
            return texts.NO_ROOM
        if arrival is None or all(arrival.folder in file.path.parents for file in lying.of.get(arrival.sender, [])):
            return ""
        return texts.SHARE_USED_UP if lying.n_bytes[arrival.sender] + n_more > n_free - n_more else ""

    def _lying(self) -> _Lying:
        """Return what lies there; remove what is too old, and empty folders."""
        now_s = time.time()
        found: list[tuple[Path, _File]] = []
        for above, below, names in os.walk(self.folder, topdown=False):  # which minds no folder that has just gone
            for path in (os.path.join(above, name) for name in names):
                with contextlib.suppress(OSError):
                    status = os.lstat(path)
                    file = _File(Path(path), max(status.st_size, _LEAST_BYTES), now_s - status.st_mtime)
                    if file.age_s > KEPT_S:
                        file.path.unlink()
                        continue
                    found.append((self.folder / file.path.relative_to(self.folder).parts[0], file))
            # One that is just made is about to be filled.
            with contextlib.suppress(OSError):
                if above != str(self.folder) and not below and not names and now_s - os.stat(above).st_mtime > BUSY_S:
                    os.rmdir(above)
        return _Lying(found)

    def _free_bytes(self) -> float:
        try:
            return shutil.disk_usage(self.folder).free
        except OSError:  # what is wrong is told when something is written
            return math.inf
