"""The guard of the browser tests: what a run has started comes back to the usual priority."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress

import pytest

from tests.scheduling import relieve


@pytest.mark.skipif(not hasattr(os, "sched_setscheduler"), reason="there is no such priority here")
def test_what_a_run_has_started_comes_back_to_the_usual_priority():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        try:
            os.sched_setscheduler(child.pid, os.SCHED_FIFO, os.sched_param(1))
        except PermissionError:
            pytest.skip("real time is not for this user")
        finally:
            found = relieve()
            scheduler = os.sched_getscheduler(child.pid)
            with suppress(OSError):
                child.communicate(b"\n")
    assert found >= 1
    assert scheduler == os.SCHED_OTHER
