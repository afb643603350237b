"""What the command line tells while it works."""

from __future__ import annotations

import time

import pytest

from workbench.types.outcome import Progress
from workbench.ui.cli.output import Bar


def test_what_does_not_change_is_written_once_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]):
    bar = Bar()
    for _ in range(3):
        bar(Progress(0, 0, "Waiting for the same map", unit="point"))
        time.sleep(0.15)  # longer than a bar keeps still
    for done in range(3):
        bar(Progress(done, 3, "Laying out points", unit="epoch"))
        time.sleep(0.15)
    bar.close()
    said = capsys.readouterr().err
    assert said.count("Waiting for the same map") == 1
    assert [f" {done}/3 " in said for done in range(3)] == [True] * 3
