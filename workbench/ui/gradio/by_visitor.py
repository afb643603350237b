"""What is kept of visitors, each under its own name, until they leave; of those who never say so, for a while.

Separate because a page that was closed says so only if its browser still can: nothing may hang on that alone.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from typing import Any, TypeVar

V = TypeVar("V")
MOST_VISITORS, MOST_S = 500, 12 * 3600.0
"""Of how many visitors something is kept, the latest, and how long after it was last asked for.

The toolkit keeps a copy of the page for each, of about half a megabyte, whether they have gone or not.
"""


class ByVisitor(MutableMapping[str, V]):
    """Values by visitor, of which those are forgotten that nobody has asked for in a long time."""

    def __init__(self, most: int = MOST_VISITORS, most_s: float = MOST_S) -> None:
        self._most, self._most_s = most, most_s
        self._kept: OrderedDict[str, tuple[float, V]] = OrderedDict()
        self._lock = threading.Lock()

    def __getitem__(self, visitor: str) -> V:
        with self._lock:
            self._forget()
            _, value = self._kept[visitor]
            self._put(visitor, value)
            return value

    def __setitem__(self, visitor: str, value: V) -> None:
        with self._lock:
            self._put(visitor, value)
            self._forget()

    def __delitem__(self, visitor: str) -> None:
        with self._lock:
            del self._kept[visitor]

    def pop(self, visitor: str, default: Any = None) -> Any:
        """Forget what is kept of a visitor, and return it; ``default`` where that is nothing."""
        with self._lock:
            return self._kept.pop(visitor, (0.0, default))[1]

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            return iter(list(self._kept))

    def __len__(self) -> int:
        return len(self._kept)

    def _put(self, visitor: str, value: V) -> None:
        self._kept[visitor] = time.monotonic(), value
        self._kept.move_to_end(visitor)

    def _forget(self) -> None:
        oldest_s = time.monotonic() - self._most_s
        while self._kept and (len(self._kept) > self._most or next(iter(self._kept.values()))[0] < oldest_s):
            self._kept.popitem(last=False)
