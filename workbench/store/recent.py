"""What was used last, in memory: what is asked for again is neither read nor made again.

Separate from the store on disk, as this is of one process alone, and small.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """Things by key, together of a ``size`` of ``most`` at most; the least recently used are forgotten first."""

    def __init__(self, size: Callable[[T], int], most: int) -> None:
        self._size, self._most = size, most
        self._held: OrderedDict[str, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str) -> T | None:
        """Return what is held under ``key``, the same thing each time, or None."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def keep(self, key: str, thing: T) -> None:
        """Hold a thing that nobody will write to in place of the one before; one that is too large is not held."""
        with self._lock:
            self._held.pop(key, None)
            if self._size(thing) > self._most:
                return
            self._held[key] = thing
            while sum(map(self._size, self._held.values())) > self._most:
                self._held.popitem(last=False)
