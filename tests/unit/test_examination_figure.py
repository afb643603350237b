"""The figure of an examination: every number where it belongs, and no markup from outside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from workbench.figures.examination import examination_figure
from workbench.figures.palette import query_colour
from workbench.types.comparison import Captions, Examination, Ranks, Reading

RANKS = Ranks(0.5, 0.75, 1.0, 1.5, 0.7, (0.1, 0.5, 1.0))
FOUND = Examination(
    "One <b>model",
    20,
    10,
    (
        Reading("<i>colour", "neighbours", 0.6, 0.25, (0.5, 0.7), {"red": 0.6}, 20, 10, 5),
        Reading("<i>colour", "linear", 0.9, 0.25, (0.8, 1.0), {"red": 0.9}, 20, 10),
    ),
    Captions(10, 20, RANKS, RANKS, 0.4),
    -2.0,
)


def test_every_number_stands_in_a_row_of_its_own():
    other = replace(FOUND, title="Other", readings=FOUND.readings[:1], captions=None)
    figure = examination_figure([FOUND, other])
    first, second, chance = figure.data
    assert first.x == (0.9, 0.6, 0.5, 0.75, 1.0, 0.5, 0.75, 1.0)  # the linear map stands above the neighbours
    assert first.error_x.array[:3] == pytest.approx((0.1, 0.1, 0.0))
    assert first.error_x.arrayminus[:3] == pytest.approx((0.1, 0.1, 0.0))
    assert list(np.diff(first.y) > 0) == [True] * 7
    assert second.x == (0.6,)
    assert first.y[1] < second.y[0] < first.y[2]
    assert [trace.marker.color for trace in (first, second)] == [query_colour(0), query_colour(1)]
    assert set(chance.x) == {0.25, 0.1, 0.5, 1.0, None}
    assert figure.layout.yaxis.ticktext[:3] == ("linear map", "neighbours", "first")
    assert figure.layout.yaxis.range == (figure.layout.height - 104, 0)
    assert "90% (80% to 100%), chance 25%" in first.hovertext[0]


def test_no_markup_comes_from_outside():
    figure = examination_figure([FOUND])
    assert figure.data[0].name == "One &lt;b&gt;model"
    assert figure.layout.annotations[0].text == "<b>&lt;i&gt;colour</b>"
    assert "<i>" not in "".join(figure.data[0].hovertext) + figure.data[0].hovertemplate
