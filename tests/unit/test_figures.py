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
from workbench.figures.columns import MAX_COLUMNS, column_edges, pooled_columns
from workbench.figures.glimpse import glimpse_figure
from workbench.figures.palette import QUERY_COLOURS, query_colour
from workbench.figures.proposals import proposals_figure
from workbench.figures.timeline import StripFrame, timeline_figure
from workbench.settings import ASSETS
from workbench.types.grounding import AbsentPeaks, Grounding, Moment
from workbench.types.outcome import Glimpse


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
        absent=(AbsentPeaks(rng.normal(1.0, 0.3, 400), null_kind),) * n,
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


def test_the_first_and_the_last_window_stand_for_the_ends_of_the_film() -> None:
    grounding = replace(grounding_of(5), times_s=np.arange(5) + 1.75, window_s=3.5)
    heat = next(trace for trace in timeline_figure(grounding, 8.0).data if trace.type == "heatmap")
    assert list(heat.x) == [0.0, 2.25, 3.25, 4.25, 5.25, 8.0]


def glimpse_of(times_s: np.ndarray, queries: tuple[str, ...] = ("a red circle", "a blue square")) -> Glimpse:
    curves = np.random.default_rng(7).normal(size=(len(queries), len(times_s))).astype(np.float32)
    return Glimpse(queries, times_s, curves, 0.5)


def test_what_was_read_so_far_is_in_its_columns_and_the_rest_is_empty() -> None:
    read = np.r_[0:8, 40:44]  # of 100 frames, two a second
    glimpse = glimpse_of(read / 2)
    figure = glimpse_figure(glimpse, 50.0)
    (heat,) = figure.data
    rows, edges = np.asarray(heat.z)[0::2], list(heat.x)
    assert edges == [0.0, *(np.arange(8) / 2 + 0.25), *(20 + np.arange(5) / 2 - 0.25)]
    np.testing.assert_allclose(rows[:, np.isfinite(rows[0])], glimpse.similarity, atol=6e-5)
    assert [(a, b) for a, b, value in zip(edges, edges[1:], rows[0], strict=False) if np.isnan(value)] == [
        (3.75, 19.75)
    ]
    assert figure.layout.xaxis.range == (0, 50.0)
    assert figure.layout.meta["is_partial"]
    assert not figure.layout.meta["rows"]


@given(st.integers(1, 4000), st.lists(st.integers(0, 62), min_size=1, unique=True), st.randoms())
def test_no_value_read_is_lost_and_none_is_made_up(n_frames: int, chunks: list[int], random) -> None:
    read = [k for chunk in sorted(chunks) for k in range(64 * chunk, min(64 * chunk + 64, n_frames))] or [0]
    times = np.array([k / 2 - random.uniform(0, 0.49) * (k > 0) for k in read])  # a frame appears before its instant
    glimpse = glimpse_of(times)
    (heat,) = glimpse_figure(glimpse, n_frames / 2).data
    edges, row = np.asarray(heat.x), np.asarray(heat.z)[0]
    column_of = np.searchsorted(edges, times.astype(np.float32), side="right") - 1
    assert (np.diff(edges) > 0).all()
    for column, value in enumerate(row):
        inside = glimpse.similarity[0][column_of == column]
        assert np.isnan(value) == (not inside.size)
        assert not inside.size or value == pytest.approx(inside.max(), abs=6e-5)


def test_rows_that_fill_in_stand_where_those_of_the_answer_will() -> None:
    grounding = grounding_of(20)
    answer = timeline_figure(grounding, 10.0)
    partial = glimpse_figure(Glimpse(grounding.queries, grounding.times_s, grounding.similarity, 0.5), 10.0)
    assert partial.data[0].y == answer.data[-1].y
    assert partial.layout.xaxis == answer.layout.xaxis
    assert partial.layout.height == answer.layout.height
    assert list(partial.layout.annotations) == [a for a in answer.layout.annotations if a.name != "rank"]


def test_two_hours_that_fill_in_stay_light() -> None:
    queries = tuple(f"sentence {k}" for k in range(16))
    figure = glimpse_figure(glimpse_of(np.arange(14_400) / 2, queries), 7200.0)
    assert len(figure.to_json()) < 200_000


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
    figure = absence_figure(grounding, 0)
    assert len(figure.data[0].x) == 400
    *peaks, threshold = (shape.x0 for shape in figure.layout.shapes)
    assert peaks == [3.0, 3.0]
    below, above = chance([threshold - 0.01, threshold + 0.01], grounding.absent[0].peaks)
    assert above <= grounding.error_rate < below


def test_a_sentence_is_shown_among_the_absent_ones_of_its_kind_only() -> None:
    own = (AbsentPeaks(np.linspace(0, 1, 150), "measured"), AbsentPeaks(np.linspace(2, 3, 170), "measured"))
    grounding = replace(grounding_of(20), absent=own, peaks=np.array([0.5, 2.5]))
    for index, (n_absent, peak) in enumerate([(150, 0.5), (170, 2.5)]):
        figure = absence_figure(grounding, index)
        assert len(figure.data[0].x) == n_absent
        assert [shape.x0 for shape in figure.layout.shapes][:-1] == [peak]


def test_a_sentence_without_a_verdict_has_no_line_where_yes_begins() -> None:
    grounding = replace(grounding_of(20), p_absent=np.array([np.nan, 0.001]))
    assert [len(absence_figure(grounding, index).layout.shapes) for index in (0, 1)] == [2, 3]


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
