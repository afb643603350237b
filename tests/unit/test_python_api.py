"""The workbench in Python, as a notebook uses it: maps of frames, and what is said while it works."""

from __future__ import annotations

from dataclasses import replace

from workbench import Workbench, _bar
from workbench.types.outcome import Progress


def test_maps_are_within_reach_in_python(settings):
    bench = Workbench(replace(settings, device="cpu"))
    patches = bench.patches("toy-test-72-000", [3, 4])
    attention = bench.attention("toy-test-72-000", [3, 4])
    assert patches.patches.shape[0] == attention.weights.shape[0] == 2
    assert patches.grid == attention.grid == (8, 8)


def test_a_notebook_that_waits_for_another_reader_counts_nothing_and_fills_no_lines(capsys):
    _bar(Progress(0, 0, "Waiting"))
    _bar(Progress(3, 3, "Reading"))
    assert capsys.readouterr().err == "\rWaiting: …\rReading: 3 of 3 frames\n"


def test_the_space_is_within_reach_in_python(settings):
    bench = Workbench(replace(settings, device="cpu"))
    outcome = bench.embed("toy-test-72-000", "a white cross", fps=1.0, reducer="pca")
    assert outcome.result.items.kinds.count("frame") == 26
    assert sum(len(trace.x) for trace in bench.figure(outcome).data) == 26 + 1 + 1
