"""Keeps a test run at the usual priority, also where a sandbox gives its processes that of real time.

There a thread of Chromium that waits by spinning starves the one that it waits for, and the server, and the tests.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

EVERY_S = 2.0
_PROCESSES = Path("/proc")


@contextmanager
def at_usual_priority() -> Iterator[None]:
    """Look after this process and all that it has started until the block ends; nothing where there is no Linux."""
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(EVERY_S):
            relieve()

    thread = threading.Thread(target=watch, name="usual-priority", daemon=True)
    thread.start()
    yield
    is_over.set()
    thread.join()


def relieve() -> int:
    """Give the usual priority to every thread of this process and its descendants; return how many had another."""
    if not hasattr(os, "sched_setscheduler"):
        return 0
    n_relieved = 0
    for pid in _family():
        with suppress(OSError):  # one that has ended
            for task in (_PROCESSES / str(pid) / "task").iterdir():
                if os.sched_getscheduler(int(task.name)) in (os.SCHED_FIFO, os.SCHED_RR):
                    os.sched_setscheduler(int(task.name), os.SCHED_OTHER, os.sched_param(0))
                    n_relieved += 1
    return n_relieved


def _family() -> list[int]:
    """Return this process and all that come from it."""
    children: dict[int, list[int]] = {}
    for entry in _PROCESSES.iterdir() if _PROCESSES.is_dir() else ():
        with suppress(OSError, ValueError):
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            children.setdefault(int(parent), []).append(int(entry.name))
    family = [os.getpid()]
    for pid in family:  # which grows
        family += children.get(pid, [])
    return family
