"""What visitors bring: taken in by turns, and of nobody more than one visitor's share.

Separate because films, pictures and files of all kinds come in by different doors, and count together.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import BusyError
from workbench.ui.gradio import turns_texts as texts
from workbench.ui.gradio.asker import asker
from workbench.ui.gradio.by_visitor import ByVisitor
from workbench.ui.gradio.received import Received
from workbench.ui.gradio.turns import Turns


class Shares:
    """A line for what is taken in, and the bytes that each visitor has brought; ``most_bytes`` is a visitor's share."""

    def __init__(self, turns: Turns, most_bytes: int, received: Received) -> None:
        self._turns, self._most_bytes, self._received = turns, most_bytes, received
        self._lock = threading.Lock()
        self._n_bytes: ByVisitor[int] = ByVisitor()

    @contextmanager
    def taking(self, path: Path) -> Iterator[None]:
        """Wait for a place to take in a file that was sent, and count it if that goes well.

        Afterwards the file is removed from where it was received, also where it was refused: it is sent anew.

        Raises ``BusyError`` for one too many at once, and where the visitor has brought too much.
        """
        visitor, n_bytes = asker(), path.stat().st_size if path.is_file() else 0
        try:
            with self._turns.join(visitor) as turn:
                turn.wait()
                with self._counted(visitor, n_bytes):
                    yield
        finally:
            self._received.forget(path)

    @contextmanager
    def _counted(self, visitor: str, n_bytes: int) -> Iterator[None]:
        with self._lock:
            if self._n_bytes.get(visitor, 0) + n_bytes > self._most_bytes:
                raise BusyError(texts.share_used_up(self._most_bytes))
            self._n_bytes[visitor] = self._n_bytes.get(visitor, 0) + n_bytes
        try:
            yield
        except BaseException:
            with self._lock:
                self._n_bytes[visitor] = self._n_bytes.get(visitor, n_bytes) - n_bytes
            raise
