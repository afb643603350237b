"""Named arrays on disk under a content key: written whole or not at all, checked when read.

Separate because it is the only code that touches the cache folder. Nothing about an entry is kept in
memory, so a folder made elsewhere, or by another process a moment ago, simply works.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import time
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from safetensors import SafetensorError
from safetensors.numpy import load, save

from workbench.errors import StoreError

SUFFIX = ".safetensors"
CHECKSUM, OWN_KEY = "crc32", "key"
ABANDONED_AFTER_S = 3600.0
UNUSED_LOCK_AFTER_S = 86_400.0
WAITING_S = 0.5
# Other processes write too: after so much, the folder is looked at again.
LOOK_AFTER_WRITES, LOOK_AFTER_S = 256, 600.0
_KEY = re.compile(r"[0-9a-f]{64}")
_DAMAGE = (SafetensorError, KeyError, ValueError, TypeError, AttributeError, RecursionError)


class TensorStore:
    """A folder of safetensors files, one per key, kept under ``max_bytes``, least recently used first out.

    A full or read-only disk costs time, never an answer.
    """

    def __init__(self, root: Path, max_bytes: int):
        self.root = Path(root)
        self.max_bytes = max_bytes
        self._bytes_known = 0  # size at the last look plus what was written since
        self._writes_since_look = 0
        self._looked_s = -LOOK_AFTER_S + time.monotonic()

    def get_or_compute(
        self,
        key: str,
        compute: Callable[[], Mapping[str, np.ndarray]],
        waiting: Callable[[], None] = lambda: None,
    ) -> dict[str, np.ndarray]:
        """Return the arrays of ``key``, computing and keeping them where there is no sound entry.

        Of all threads and processes that ask at once, one computes and the others wait for it, as ``lock``
        has them wait. What ``compute`` raises is passed on and nothing is kept. When the result cannot be
        written it is returned all the same.
        """
        if (found := self.get(key)) is not None:
            return found
        with self.lock(key, waiting):
            if (found := self.get(key)) is not None:
                return found
            arrays = dict(compute())
            with suppress(StoreError):
                self.put(key, arrays)
            return arrays

    def get(self, key: str) -> dict[str, np.ndarray] | None:
        """Return the arrays of ``key``, the caller's own, or None where there is no sound entry.

        A file that is cut short, altered in any bit, unreadable or that of another key is no entry.
        """
        path = self._path(key)
        try:
            blob = path.read_bytes()
            arrays = load(blob)
            said = _metadata(blob)
            if said[CHECKSUM] != _checksum(arrays) or said.get(OWN_KEY, key) != key:  # earlier ones name no key
                return None
        except (OSError, *_DAMAGE):
            return None
        with suppress(OSError):
            os.utime(path, (time.time(), path.stat().st_mtime))
        return arrays

    def put(self, key: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep ``arrays`` under ``key``, replacing what was there in one step.

        Raises ``StoreError`` where the disk is full, the folder cannot be written, or the arrays alone
        are larger than the whole cache may be.
        """
        ordered = {name: np.asarray(array, order="C") for name, array in arrays.items()}
        blob = save(ordered, {CHECKSUM: _checksum(ordered), OWN_KEY: key})
        if len(blob) > self.max_bytes:
            raise StoreError(
                f"The features take {len(blob) / 1e6:.1f} MB and the cache may hold "
                f"{self.max_bytes / 1e6:.1f} MB; raise WORKBENCH_MAX_STORE_BYTES."
            )
        with _told_plainly():
            _write(self._path(key), blob)
        self._make_room(len(blob))

    def __contains__(self, key: str) -> bool:
        """Tell whether there is a file for ``key``; only ``get`` tells whether it is sound."""
        return self._path(key).is_file()

    @contextmanager
    def lock(self, key: str, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Hold ``key`` against every other thread and process; the holder must not take it again.

        ``waiting`` is called now and then while somebody else holds it; what it raises ends the wait.
        The system frees the lock of a process that is killed. Where no lock can be made (a read-only
        or full disk) work goes on without one: it may be done twice, and is never wrong.
        """
        path = self._path(key).with_suffix(".lock")
        guard = FileLock(path, poll_interval=0.02)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            while not guard.is_locked:
                try:
                    guard.acquire(timeout=WAITING_S)
                except Timeout:
                    waiting()
        except OSError:
            yield
            return
        try:
            yield
        finally:
            guard.release()

    def size_bytes(self) -> int:
        """Return the size of all entries together, in bytes."""
        return sum(size for _, size, _ in self._entries())

    def evict(self) -> None:
        """Remove the least recently used entries until nine tenths of the bound are left, if it is passed.

        Files that a killed writer left behind are removed once they are an hour old, locks that nobody
        holds after a day.
        """
        for path in self.root.glob("??/*.lock"):
            # One that is held: a time-out, which is an OSError, or a RuntimeError where this thread holds it.
            with suppress(OSError, RuntimeError):
                if time.time() - path.stat().st_mtime > UNUSED_LOCK_AFTER_S:
                    with FileLock(path).acquire(timeout=0):
                        path.unlink()
        for path in self.root.glob("??/*.tmp"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > ABANDONED_AFTER_S:
                    path.unlink()
        entries = sorted(self._entries())
        total = sum(size for _, size, _ in entries)
        if total > self.max_bytes:
            for _, size, path in entries:
                if total <= 0.9 * self.max_bytes:
                    break
                with suppress(OSError):
                    path.unlink()
                    total -= size
        self._bytes_known, self._writes_since_look, self._looked_s = total, 0, time.monotonic()

    def _make_room(self, n_bytes: int) -> None:
        # A look at every file costs milliseconds per thousand of them, so it is taken only when what
        # this process knows of may pass the bound, and now and then for what others wrote.
        self._bytes_known += n_bytes
        self._writes_since_look += 1
        is_old = time.monotonic() - self._looked_s >= LOOK_AFTER_S
        if is_old or self._writes_since_look >= LOOK_AFTER_WRITES or self._bytes_known > self.max_bytes:
            self.evict()

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        for path in self.root.glob(f"??/*{SUFFIX}"):
            with suppress(OSError):
                status = path.stat()
                yield status.st_atime, status.st_size, path

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is not a cache key; make one with cache_key")
        return self.root / key[:2] / f"{key}{SUFFIX}"


def _write(path: Path, blob: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.stem}.{uuid.uuid4().hex}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(blob)
            file.flush()
            os.fsync(file.fileno())
        if path.is_dir():  # which no file can replace
            shutil.rmtree(path)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _metadata(blob: bytes) -> dict[str, str]:
    length = int.from_bytes(blob[:8], "little")
    return json.loads(blob[8 : 8 + length])["__metadata__"]


def _checksum(arrays: Mapping[str, np.ndarray]) -> str:
    """Return the CRC-32 of all that an entry says. Cost: 0.25 ms per MB."""
    shapes = {name: [str(array.dtype), array.shape] for name, array in arrays.items()}
    value = zlib.crc32(json.dumps(shapes, sort_keys=True).encode())
    for name in sorted(arrays):
        value = zlib.crc32(arrays[name].reshape(-1).view(np.uint8).data, value)
    return f"{value:08x}"


@contextmanager
def _told_plainly() -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise _plain(problem) from None


def _plain(problem: OSError) -> StoreError:
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(
            "The feature cache cannot be written because the disk is full; "
            "free some space, or set WORKBENCH_HOME to a folder on another disk."
        )
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StoreError(
            "The feature cache cannot be written because its folder is read-only; "
            "change its permissions, or set WORKBENCH_HOME to a folder you may write."
        )
    if problem.errno in (errno.ENOENT, errno.ENOTDIR):
        return StoreError(
            "The feature cache cannot be written because its folder cannot be made; "
            "set WORKBENCH_HOME to a folder you may write."
        )
    return StoreError(
        f"The feature cache cannot be written ({problem.strerror}); set WORKBENCH_HOME to another folder."
    )
