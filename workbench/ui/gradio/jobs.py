"""Long work in a thread, told to the page step by step, and stopped when the visitor says so.

Separate because Gradio cannot interrupt a running function: the work itself is asked to stop, at its
next step, through the function that it reports to. One job per visitor: a newer one ends the older.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Generic, TypeVar, cast

from workbench.errors import Cancelled
from workbench.types.outcome import Progress

R = TypeVar("R")
STEP_S = 0.25
ENDS_WITHIN_STEPS = 4
N_STEPS = 5
"""How many of the last steps tell how long the next ones take."""
NOT_BEGUN = Progress(0, 0)


class Job(Generic[R]):
    """One run of ``work``, which is given a function to report its progress to; ``name`` tells kinds apart."""

    def __init__(self, work: Callable[[Callable[[Progress], None]], R], name: str = "") -> None:
        self.name = name
        self._latest = NOT_BEGUN
        self._is_stopped, self._has_begun, self._has_ended = (threading.Event() for _ in range(3))
        self._work = work
        self._before: Callable[[Progress], object] = lambda progress: None
        self._answer: R | None = None
        self._problem: BaseException | None = None

    def stop(self) -> None:
        """Ask the work to end at its next step; it then counts as cancelled."""
        self._is_stopped.set()

    @property
    def is_stopped(self) -> bool:
        """Whether the work was asked to end."""
        return self._is_stopped.is_set()

    def check(self) -> None:
        """Raise ``Cancelled`` where the work was asked to end."""
        if self._is_stopped.is_set():
            raise Cancelled("Stopped. What was read so far is kept.")

    def progress(self, before: Callable[[Progress], object] | None = None) -> Iterator[Progress]:
        """Run the work in a thread; yield the latest progress every ``STEP_S`` until it ends, however often it is told.

        Before the first report the progress is ``NOT_BEGUN``. A glimpse is passed on until there is a newer one.
        ``before`` is called in the thread of the work with each report, before the work goes on.
        """
        self._before = before or self._before
        self._has_begun.set()
        # In the asker's context, by which a lent GPU knows whose minutes are spent.
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(self._run,), name="analysis", daemon=True)
        thread.start()
        while not self._has_ended.wait(STEP_S):
            yield self._latest
        thread.join()

    def answer(self) -> R:
        """Return what the work returned, or raise what it raised."""
        if self._problem is not None:
            raise self._problem
        self.check()
        return cast(R, self._answer)

    def when_ended(self, then: Callable[[], object]) -> None:
        """Call ``then`` once nothing of the work runs: now, where it was not begun, or has ended."""
        if not self._has_begun.is_set() or self._has_ended.is_set():
            then()
        else:
            threading.Thread(target=lambda: (self._has_ended.wait(), then()), daemon=True).start()

    def _report(self, progress: Progress) -> None:
        self.check()
        self._before(progress)
        self._latest = progress if progress.glimpse else replace(progress, glimpse=self._latest.glimpse)

    def _run(self) -> None:
        try:
            self._answer = self._work(self._report)
        except BaseException as problem:
            self._problem = problem
        finally:
            self._has_ended.set()


class Pace:
    """How long work will still take, from how long its last steps took; the time only counts down between two steps.

    Of those it is the middle one that counts: what was kept is passed over in no time, and a first step takes longer.
    Other work, as ``Progress.what`` tells it, has a pace of its own.
    """

    def __init__(self) -> None:
        self._what = ""
        self._latest: tuple[int, float] | None = None
        self._per_unit_s: deque[float] = deque(maxlen=N_STEPS)

    def left_s(self, progress: Progress, now_s: float) -> float | None:
        """Return the seconds left as of ``now_s``, or None before a step has been made."""
        if self._latest is None or progress.what != self._what:
            self._what, self._latest = progress.what, (progress.done, now_s) if progress.total else None
            self._per_unit_s.clear()
            return None
        done, at_s = self._latest
        if progress.done > done:
            self._per_unit_s.append((now_s - at_s) / (progress.done - done))
            done, at_s = self._latest = (progress.done, now_s)
        if not self._per_unit_s:
            return None
        per_unit_s = sorted(self._per_unit_s)[len(self._per_unit_s) // 2]
        return max(0.0, per_unit_s * (progress.total - done) - (now_s - at_s))


class Jobs:
    """The running job of every visitor, by session."""

    def __init__(self) -> None:
        self._running: dict[str, Job] = {}
        self._lock = threading.Lock()

    def start(self, visitor: str, job: Job) -> Job:
        """Make ``job`` the visitor's only one and return it."""
        with self._lock:
            if previous := self._running.get(visitor):
                previous.stop()
            self._running[visitor] = job
        return job

    def cancel(self, visitor: str) -> None:
        """Stop the visitor's job; it stays theirs, so that its end is shown."""
        with self._lock:
            if job := self._running.get(visitor):
                job.stop()

    def drop(self, visitor: str) -> None:
        """Stop the visitor's job and forget it; its end is shown to nobody."""
        with self._lock:
            if job := self._running.pop(visitor, None):
                job.stop()

    def end(self, visitor: str, job: Job) -> None:
        """Stop ``job`` if it still runs, and forget it unless a newer one has taken its place."""
        with self._lock:
            job.stop()
            if self._running.get(visitor) is job:
                del self._running[visitor]

    def is_running(self, visitor: str, name: str) -> bool:
        """Return whether the visitor's job is one of that name."""
        with self._lock:
            job = self._running.get(visitor)
            return job is not None and job.name == name

    def is_going_on(self, visitor: str, name: str) -> bool:
        """Return whether the visitor's job is one of that name that was not asked to end."""
        with self._lock:
            job = self._running.get(visitor)
            return job is not None and job.name == name and not job.is_stopped

    def is_busy(self, visitor: str) -> bool:
        """Return whether the visitor has a job that is not at its end; what is just being shown is waited for."""
        for _ in range(ENDS_WITHIN_STEPS):
            with self._lock:
                if visitor not in self._running:
                    return False
            time.sleep(STEP_S)
        return True

    def is_newest(self, visitor: str, job: Job) -> bool:
        """Return whether nothing newer has been asked since."""
        with self._lock:
            return self._running.get(visitor) is job
