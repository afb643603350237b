"""Long work of one visitor: told, stopped, and replaced by what is asked next."""

from __future__ import annotations

import contextvars
import threading

import numpy as np
import pytest

from workbench.errors import Cancelled, VideoError
from workbench.types.outcome import Glimpse, Progress
from workbench.ui.gradio.jobs import NOT_BEGUN, Job, Jobs, Pace


def test_progress_then_the_answer() -> None:
    go_on = threading.Event()

    def work(report):
        report(Progress(1, 2, "half"))
        assert go_on.wait(10)
        return "done"

    job = Job(work)
    seen = []
    for progress in job.progress():
        seen.append(progress)
        if progress.what == "half":
            go_on.set()
    assert Progress(1, 2, "half") in seen
    assert set(seen) <= {NOT_BEGUN, Progress(1, 2, "half")}
    assert job.answer() == "done"


def test_what_is_to_follow_the_work_follows_it_also_where_nobody_looks_any_more() -> None:
    go_on, followed = threading.Event(), threading.Event()
    job = Job(lambda report: go_on.wait(10))
    looking = job.progress()
    assert next(looking) == NOT_BEGUN
    looking.close()  # as the toolkit does when a page is closed
    job.stop()
    job.when_ended(followed.set)
    assert not followed.wait(0.2)
    go_on.set()
    assert followed.wait(5)
    unbegun = threading.Event()
    Job(lambda report: None).when_ended(unbegun.set)
    assert unbegun.is_set()


def test_work_knows_who_asked() -> None:
    asker: contextvars.ContextVar[str] = contextvars.ContextVar("asker", default="nobody")

    def ask(name: str) -> Job[str]:
        asker.set(name)
        job = Job(lambda report: asker.get())
        assert list(job.progress()) in ([], [NOT_BEGUN])
        return job

    jobs = [contextvars.copy_context().run(ask, name) for name in ("Ann", "Bob")]
    assert [job.answer() for job in jobs] == ["Ann", "Bob"]
    assert asker.get() == "nobody"


def test_progress_is_passed_on_now_and_then_however_often_it_is_told() -> None:
    n_told, seen = 0, []

    def work(report):
        nonlocal n_told
        while len(seen) < 3 or n_told < 1000:
            n_told += 1
            report(Progress(n_told, 0))

    for progress in Job(work).progress():
        seen.append(progress)
    assert 100 * len(seen) < n_told


def test_what_the_work_raises_is_raised_by_the_answer() -> None:
    def work(report):
        raise VideoError("It does not decode; convert it.")

    job = Job(work)
    assert list(job.progress()) in ([], [NOT_BEGUN])
    with pytest.raises(VideoError, match="convert"):
        job.answer()


def endless(report):
    step = 0
    while True:
        step += 1
        report(Progress(step, 0, "on and on"))


def test_cancelled_work_ends_at_its_next_step_and_its_end_is_shown() -> None:
    jobs = Jobs()
    job = jobs.start("visitor", Job(endless))
    for _ in job.progress():
        jobs.cancel("visitor")
    with pytest.raises(Cancelled):
        job.answer()
    assert jobs.is_newest("visitor", job)


def test_a_newer_job_ends_the_older_one_of_the_same_visitor_only() -> None:
    jobs = Jobs()
    old, other = jobs.start("ann", Job(endless)), jobs.start("bob", Job(lambda report: "bob's"))
    for _ in old.progress():
        new = jobs.start("ann", Job(lambda report: "new"))
    with pytest.raises(Cancelled):
        old.answer()
    assert not jobs.is_newest("ann", old)
    assert jobs.is_newest("ann", new)
    list(other.progress())
    assert other.answer() == "bob's"


def test_an_ended_job_is_stopped_and_forgotten_but_a_newer_one_goes_on() -> None:
    jobs = Jobs()
    old, new = Job(endless), Job(lambda report: report(NOT_BEGUN) or "new")
    jobs.start("ann", old)
    jobs.start("ann", new)
    jobs.end("ann", old)
    assert jobs.is_newest("ann", new)
    list(new.progress())
    assert new.answer() == "new"
    jobs.end("ann", new)
    assert not jobs.is_newest("ann", new)
    list(old.progress())
    with pytest.raises(Cancelled):
        old.answer()


def test_a_visitor_who_leaves_takes_the_job_along() -> None:
    jobs = Jobs()
    job = jobs.start("ann", Job(endless))
    for _ in job.progress():
        jobs.drop("ann")
    assert not jobs.is_newest("ann", job)


def test_the_time_left_counts_down_between_steps_and_never_up() -> None:
    pace = Pace()
    assert pace.left_s(Progress(0, 0), 0.0) is None
    assert pace.left_s(Progress(0, 100), 10.0) is None
    assert pace.left_s(Progress(0, 100), 14.0) is None
    assert pace.left_s(Progress(10, 100), 15.0) == pytest.approx(45.0)  # 10 in 5 s, 90 to go
    assert pace.left_s(Progress(10, 100), 17.0) == pytest.approx(43.0)
    assert pace.left_s(Progress(20, 100), 20.0) == pytest.approx(40.0)
    assert pace.left_s(Progress(20, 100), 100.0) == 0.0


def test_what_was_kept_before_does_not_count_as_speed() -> None:
    pace = Pace()
    pace.left_s(Progress(900, 1000), 0.0)
    assert pace.left_s(Progress(910, 1000), 10.0) == pytest.approx(90.0)


def test_what_is_passed_over_on_the_way_does_not_count_as_speed_for_long() -> None:
    pace = Pace()
    pace.left_s(Progress(0, 4808), 0.0)
    pace.left_s(Progress(3606, 4808), 0.2)  # kept before
    assert pace.left_s(Progress(3638, 4808), 1.8) == pytest.approx(1170 * 0.05)
    assert pace.left_s(Progress(3670, 4808), 3.4) == pytest.approx(1138 * 0.05)


def test_a_first_step_that_took_long_is_soon_outweighed() -> None:
    pace = Pace()
    for done, at_s in ((0, 0.0), (32, 48.0), (64, 49.6)):
        pace.left_s(Progress(done, 1000), at_s)
    assert pace.left_s(Progress(96, 1000), 51.2) == pytest.approx(904 * 0.05)


def test_other_work_has_a_pace_of_its_own() -> None:
    pace = Pace()
    pace.left_s(Progress(0, 100, "read"), 0.0)
    assert pace.left_s(Progress(100, 100, "read"), 100.0) == 0.0
    assert pace.left_s(Progress(0, 40, "compare"), 100.0) is None
    assert pace.left_s(Progress(10, 40, "compare"), 101.0) == pytest.approx(3.0)


def test_a_glimpse_is_passed_on_until_there_is_a_newer_one() -> None:
    first = Glimpse(("red",), np.zeros(1), np.zeros((1, 1), np.float32), 0.5)
    reported, go_on = threading.Event(), threading.Event()

    def work(report):
        report(Progress(1, 2, "read", first))
        report(Progress(1, 2, "kept"))
        reported.set()
        assert go_on.wait(10)

    seen = []
    for progress in Job(work).progress():
        seen.append(progress)
        if reported.is_set() and progress.what == "kept":
            go_on.set()
    assert seen[-1].what == "kept"
    assert seen[-1].glimpse is first
