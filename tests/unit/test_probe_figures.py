"""Pictures of probes: shares stand where they are, and lines go from one rank to the other."""

from __future__ import annotations

import math

import numpy as np

from workbench.figures.probe import CHANGED, FILMS, PAIRS, TEXTS, probe_figure
from workbench.figures.slopes import MOST, slopes_figure
from workbench.types.probe import Estimate, KindRow, PairRow, ProbeReport

SHARE = Estimate(0.75, 0.6, 0.9, 40, 20)


def row(of="sentence", kind="colour", role="meaning", verdict="told", changed=None):
    return KindRow(of, kind, f"<{kind}>", role, SHARE, SHARE, None, changed, math.nan, "", None, 0.5, verdict)


def report(title, rows, pairs=()):
    return ProbeReport(title, 20, 20, tuple(rows), tuple(pairs), None, ())


def test_every_kind_has_a_dot_and_what_cannot_be_known_a_hollow_one():
    rows = [
        row(),
        row(kind="order", verdict="cannot"),
        row(kind="same", role="control", verdict="control", changed=SHARE),
        row("video", "reverse", "time"),
        row("video", "subsample", "control", "control", SHARE),
    ]
    pair = PairRow("reverse", "direction", SHARE, SHARE, SHARE, "told")
    figure = probe_figure([report("one", rows, [pair]), report("two", rows, [pair])])
    first, second, chance = figure.data
    assert list(first.x) == [0.75] * 8
    assert list(first.marker.symbol).count("circle-open") == 1
    assert all(b - a == 14 for a, b in zip(first.y, second.y, strict=True)), "the other model stands right below"
    assert {0.0, 0.25, 1 / 6, 0.5} == {x for x in chance.x if x is not None}
    heads = [note.text for note in figure.layout.annotations]
    assert heads == [f"<b>{name}</b>" for name in (TEXTS, PAIRS, FILMS, CHANGED)]
    assert figure.layout.yaxis.ticktext[0] == "&lt;colour&gt;"


def test_a_line_goes_from_rank_to_rank_and_who_overtakes_is_marked():
    before, after = np.array([0.9, 0.5, 0.3]), np.array([0.4, 0.5, 0.3])
    figure = slopes_figure(["own <b>", "other", "%{x} last"], before, after, 0, ("before", "after"))
    lines = {trace.text[0].split("  ")[0]: trace for trace in figure.data}
    assert lines["own &lt;b&gt;"].text == ("own &lt;b&gt;  1", "2")
    assert lines["other"].text == ("other  2", "1")
    assert lines["own &lt;b&gt;"].line.width > lines["other"].line.width
    assert lines["other"].line.color != lines["%{x} last"].line.color, "it overtakes"


def test_what_a_film_is_called_is_no_template():
    figure = slopes_figure(["%{x}", "other"], np.array([1.0, 0.0]), np.array([1.0, 0.0]), 0, ("a", "b"))
    assert all(trace.hovertemplate == "%{hovertext}<extra></extra>" for trace in figure.data)


def test_of_many_items_the_own_and_those_that_pass_it_stay():
    rng = np.random.default_rng(0)
    before, after = rng.random(500), rng.random(500)
    before[7], after[7] = 0.02, 0.99
    figure = slopes_figure([str(at) for at in range(500)], before, after, 7, ("a", "b"))
    assert len(figure.data) == MOST
    assert any(trace.text[0].startswith("7  ") for trace in figure.data)
    assert all(1 <= place <= MOST for trace in figure.data for place in trace.y)
