"""The pictures: every value where it belongs, few enough to send, and no markup from outside."""

from __future__ import annotations

import base64
import tomllib
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench.core.null import p_absent, p_absent_measured
from workbench.figures.absence import absence_figure
from workbench.figures.clock import clock_axis, clock_label
from workbench.figures.palette import QUERY_COLOURS, query_colour
from workbench.figures.proposals import proposals_figure
from workbench.figures.timeline import MAX_COLUMNS, StripFrame, column_edges, pooled_columns, timeline_figure
from workbench.settings import ASSETS
from workbench.types import Grounding, Moment


def grounding_of(
    n_frames: int,
    queries: tuple[str, ...] = ("a red circle", "a blue square"),
    fps: float = 2.0,
    null_kind: str = "estimated",
):
    rng = np.random.default_rng(7)
    curves = rng.normal(size=(len(queries), n_frames)).astype(np.float32)
    n = len(queries)
    return Grounding(
        queries=queries,
        times_s=np.arange(n_frames) / fps,
        similarity=0.2 + 0.01 * curves,
        saliency=curves,
        moments=tuple((Moment(1.0, 2.5, 0.9), Moment(4.0, 5.0, 0.5)) for _ in queries),
        peaks=np.full(n, 3.0),
        null_peaks=rng.normal(1.0, 0.3, 400),
        null_kind=null_kind,
        p_absent=np.full(n, 0.001),
        is_in_video=np.ones(n, dtype=bool),
        error_rate=0.01,
    )


@given(st.integers(1, 5000).flatmap(lambda n: arrays(np.float32, n, elements=st.floats(-5, 5, width=32))))
def test_pooling_keeps_every_peak_in_its_place(curve: np.ndarray) -> None:
    times = np.arange(len(curve)) / 2.0
    edges = column_edges(times, len(curve) / 2.0)
    pooled = pooled_columns(curve[None], times, edges)[0]
    assert len(pooled) == len(edges) - 1 <= MAX_COLUMNS
    for column, (start, end) in enumerate(pairwise(edges)):
        assert pooled[column] == curve[(times >= start) & (times < end)].max()


def test_an_edge_lies_half_way_between_frames_and_the_film_is_covered() -> None:
    assert column_edges(np.array([0.0, 0.5, 1.5]), 3.0).tolist() == [0.0, 0.25, 1.0, 3.0]


def test_the_timeline_of_an_hour_and_eight_queries_is_small() -> None:
    queries = tuple(f"sentence {k}" for k in range(8))
    figure = timeline_figure(grounding_of(7200, queries), 3600.0)
    assert len(figure.to_json()) < 600_000


def test_a_bracket_spans_its_moment_and_carries_its_rank() -> None:
    figure = timeline_figure(grounding_of(20), 10.0)
    bracket = figure.data[0]
    assert bracket.line.color == query_colour(0)
    assert [x for x in bracket.x if x is not None] == [1.0, 1.0, 2.5, 2.5, 4.0, 4.0, 5.0, 5.0]
    ranks = [label for label in figure.layout.annotations if label.name == "rank"]
    assert [(label.text, label.x) for label in ranks] == [("1", 1.0), ("2", 4.0)] * 2


def test_a_sentence_that_is_not_in_the_video_has_dotted_brackets() -> None:
    grounding = replace(grounding_of(20), is_in_video=np.array([True, False]))
    assert [trace.line.dash for trace in timeline_figure(grounding, 10.0).data[:2]] == ["solid", "dot"]


def test_heat_rows_hold_the_saliency_and_the_cosine_and_lie_inside_their_rows() -> None:
    grounding = grounding_of(20)
    figure = timeline_figure(grounding, 10.0)
    heat = next(trace for trace in figure.data if trace.type == "heatmap")
    np.testing.assert_allclose(np.asarray(heat.z)[0::2], grounding.saliency, atol=6e-4)
    np.testing.assert_allclose(np.asarray(heat.customdata)[0::2], grounding.similarity, atol=6e-4)
    assert np.isnan(np.asarray(heat.z)[1]).all()
    for (top, bottom), low, high in zip(figure.layout.meta["rows"], heat.y[0::2], heat.y[1::2], strict=True):
        assert top < low < high < bottom


def test_truth_and_frames_stand_on_the_same_axis() -> None:
    uri = "data:image/jpeg;base64," + base64.b64encode(b"jpeg").decode()
    figure = timeline_figure(
        grounding_of(20), 10.0, {"a blue square": [(2.0, 3.5)]}, [StripFrame(0.0, 5.0, uri), StripFrame(5.0, 10.0, uri)]
    )
    truth = [s for s in figure.layout.shapes if s.fillcolor == query_colour(1) and s.xref != "paper"]
    assert [(s.x0, s.x1) for s in truth] == [(2.0, 3.5)]
    assert [(i.x, i.sizex, i.xref) for i in figure.layout.images] == [(2.5, 5.0, "x"), (7.5, 5.0, "x")]
    assert figure.layout.xaxis.range == (0, 10.0)


def test_a_sentence_cannot_bring_markup_into_a_figure() -> None:
    figure = timeline_figure(grounding_of(20, ("<a href='x'>click</a> & more",)), 10.0)
    label = next(a.text for a in figure.layout.annotations if a.name == "query")
    assert label == "&lt;a href='x'&gt;click&lt;/a&gt; &amp; more"


@pytest.mark.parametrize(("null_kind", "chance"), [("estimated", p_absent), ("measured", p_absent_measured)])
def test_the_null_figure_shows_all_peaks_and_where_yes_begins(null_kind: str, chance) -> None:
    grounding = grounding_of(20, null_kind=null_kind)
    figure = absence_figure(grounding)
    assert len(figure.data[0].x) == 400
    *peaks, threshold = (shape.x0 for shape in figure.layout.shapes)
    assert peaks == [3.0, 3.0]
    below, above = chance([threshold - 0.01, threshold + 0.01], grounding.null_peaks)
    assert above <= grounding.error_rate < below


def test_the_map_has_start_across_and_end_upwards() -> None:
    grounding = grounding_of(20)
    heat, points = proposals_figure(grounding, 0, 10.0).data
    assert list(points.x) == [1.0, 4.0]
    assert list(points.y) == [2.5, 5.0]
    z = np.asarray(heat.z)
    assert np.isnan(z[0, 1:]).all()
    assert np.isfinite(z[-1]).all()


@pytest.mark.parametrize(
    ("seconds", "step", "label"),
    [
        (0, 1, "0:00"),
        (7, 1, "0:07"),
        (60, 1, "1:00"),
        (3727, 1, "1:02:07"),
        (7.2, 0.2, "0:07.2"),
        (59.96, 0.1, "1:00.0"),
    ],
)
def test_clock_labels(seconds: float, step: float, label: str) -> None:
    assert clock_label(seconds, step) == label


@given(st.floats(0.2, 14_400))
def test_ticks_are_few_and_within_the_film(duration_s: float) -> None:
    axis = clock_axis(duration_s)
    assert len(axis["tickvals"]) <= 10
    assert all(0 < tick <= duration_s + 0.05 for tick in axis["tickvals"])


def test_one_palette_for_all_front_ends() -> None:
    config = tomllib.loads((ASSETS.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert tuple(config["theme"]["chartCategoricalColors"]) == QUERY_COLOURS
