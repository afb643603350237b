"""Moment and highlight metrics on cases worked out by hand."""

import json
import math

import numpy as np
import pytest

from workbench.core.metrics import area_under_curve, evaluate_moments, temporal_iou
from workbench.errors import InputError

THRESHOLDS = ["0.5", "0.55", "0.6", "0.65", "0.7", "0.75", "0.8", "0.85", "0.9", "0.95"]


def said(qid, *windows, **more):
    return {"qid": qid, "query": "q", "vid": "v", "pred_relevant_windows": [list(w) for w in windows], **more}


def true(qid, *windows, **more):
    return {"qid": qid, "query": "q", "vid": "v", "duration": 150, "relevant_windows": [*windows], **more}


def test_iou_by_hand():
    got = temporal_iou([[0, 10], [5, 5]], [[0, 10], [5, 15], [20, 30], [2, 4], [5, 5]])
    np.testing.assert_allclose(got, [[1, 1 / 3, 0, 0.2, 0], [0, 0, 0, 0, 0]])


def test_one_perfect_prediction_in_every_range():
    rows = [(1, [0, 10]), (2, [0, 30]), (3, [0, 150])]
    result = evaluate_moments([said(q, [*w, 1.0]) for q, w in rows], [true(q, w) for q, w in rows])
    perfect = {
        "MR-mAP": dict.fromkeys([*THRESHOLDS, "average"], 100.0),
        "MR-R1": dict.fromkeys(THRESHOLDS, 100.0),
    }
    assert list(result) == ["brief", "full", "long", "middle", "short"]
    assert all(result[name] == perfect for name in ("full", "long", "middle", "short"))
    assert list(result["brief"]) == [
        "MR-full-R1@0.5",
        "MR-full-R1@0.7",
        "MR-full-mAP",
        "MR-full-mAP@0.5",
        "MR-full-mAP@0.75",
        "MR-long-mAP",
        "MR-middle-mAP",
        "MR-short-mAP",
    ]


def test_the_best_true_window_counts_for_the_first_prediction():
    # 6 of 8 seconds shared: 0.75. Right up to and including that threshold.
    result = evaluate_moments([said(1, [20, 26, 0.1])], [true(1, [0, 10], [20, 28])])
    assert result["full"]["MR-R1"] == {t: 100.0 if float(t) <= 0.75 else 0.0 for t in THRESHOLDS}


def test_first_means_first_in_the_row_and_best_means_highest_score():
    row = said(1, [50, 60, 0.1], [0, 10, 0.9])
    result = evaluate_moments([row], [true(1, [0, 10])])["full"]
    assert result["MR-R1"]["0.5"] == 0.0
    assert result["MR-mAP"]["0.5"] == 100.0


def test_a_duplicate_is_wrong_and_interpolation_lifts_what_stands_before_a_better_rank():
    # Ranked: right, duplicate, right, wrong. Two true windows: precision 1 then 2/3.
    row = said(1, [0, 10, 0.9], [0, 10, 0.8], [20, 30, 0.7], [60, 70, 0.6])
    result = evaluate_moments([row], [true(1, [0, 10], [20, 30])])["full"]
    assert result["MR-mAP"]["0.5"] == 83.33
    # Wrong, right, right: precision 1/2 then 2/3, of which the better counts for both.
    row = said(1, [60, 70, 0.9], [0, 10, 0.8], [20, 30, 0.7])
    assert evaluate_moments([row], [true(1, [0, 10], [20, 30])])["full"]["MR-mAP"]["0.5"] == 66.67


def test_a_prediction_falls_back_on_the_next_free_window():
    # [0, 11] is taken by the first; the second overlaps it most too, but [2, 10] by 0.8 as well.
    row = said(1, [0, 11, 0.9], [1, 11, 0.8])
    result = evaluate_moments([row], [true(1, [0, 11], [2, 10])])["full"]["MR-mAP"]
    assert result["0.5"] == result["0.8"] == 100.0
    assert result["0.85"] == 50.0


def test_only_the_first_ten_as_given_count_even_if_the_eleventh_scores_best():
    wrong = [[60 + k, 61 + k, 0.1] for k in range(10)]
    eleventh = evaluate_moments([said(1, *wrong, [0, 10, 0.9])], [true(1, [0, 10])])["full"]["MR-mAP"]
    tenth = evaluate_moments([said(1, *wrong[:9], [0, 10, 0.9])], [true(1, [0, 10])])["full"]["MR-mAP"]
    assert eleventh["average"] == 0.0
    assert tenth["average"] == 100.0


def test_ranges_are_open_below_closed_above_and_filter_truth_not_predictions():
    truth = [true(1, [0, 10], [20, 40]), true(2, [0, 30]), true(3, [0, 30.5])]
    rows = [said(1, [20, 40, 0.9], [0, 10, 0.8]), said(2, [0, 30, 1]), said(3, [0, 30.5, 1])]
    result = evaluate_moments(rows, truth)
    # Short: only query 1, whose first prediction is the middle-length window, wrong there.
    assert result["short"]["MR-mAP"]["average"] == 50.0
    assert result["short"]["MR-R1"]["0.5"] == 0.0
    # Middle: queries 1 and 2.
    assert result["middle"]["MR-mAP"]["average"] == 100.0
    assert result["long"]["MR-R1"]["0.95"] == 100.0


def test_windows_longer_than_the_longest_range_count_in_full_only():
    result = evaluate_moments([said(1, [0, 200, 1.0])], [true(1, [0, 200])])
    assert result["full"]["MR-mAP"]["average"] == 100.0
    assert result["long"]["MR-mAP"]["average"] is None
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_a_query_without_predictions_is_missed_not_left_out():
    result = evaluate_moments([said(1, [0, 10, 1.0]), said(2)], [true(1, [0, 10]), true(2, [0, 10])])["full"]
    assert result["MR-R1"]["0.5"] == 50.0
    assert result["MR-mAP"]["average"] == 50.0


def test_rounding_is_of_the_mean_in_percent_to_two_decimals():
    rows = [said(q, [0, 10, 1.0]) for q in range(3)]
    truth = [true(0, [0, 10]), true(1, [50, 60]), true(2, [50, 60])]
    assert evaluate_moments(rows, truth)["full"]["MR-R1"]["0.5"] == 33.33


def test_a_query_that_is_not_in_its_video_is_left_out_of_moments():
    rows = [said(1, [0, 10, 1.0]), said(2, [0, 10, 1.0])]
    result = evaluate_moments(rows, [true(1, [0, 10]), true(2)])
    assert result["brief"]["MR-full-mAP"] == 100.0
    assert "in_video" not in result


def test_presence_is_counted_both_ways():
    rows = [said(q, in_video=answer) for q, answer in enumerate([True, True, False, False, True])]
    truth = [true(0, [0, 5]), true(1, [0, 5]), true(2, [0, 5]), true(3), true(4)]
    result = evaluate_moments(rows, truth)
    assert result["in_video"] == {"present": 66.67, "absent": 50.0, "n_present": 3, "n_absent": 2}


def highlight(qid, scores, clips, saliency, duration=10):
    return (
        said(qid, [0, 10, 1.0], pred_saliency_scores=scores),
        true(qid, [0, 10], relevant_clip_ids=clips, saliency_scores=saliency, duration=duration),
    )


def test_highlights_by_hand():
    # Five clips; clip 1 is very good for worker 0, clip 3 is fair for all.
    row, truth = highlight(1, [0.1, 0.9, 0.5, 0.7, 0.2], [1, 3], [[4, 1, 0], [2, 2, 2]])
    result = evaluate_moments([row], [truth])
    # Fair: worker 0 has clips 1, 3 (ranks 1, 2): 1. Workers 1, 2 have clip 3 (rank 2): 1/2.
    assert result["HL-min-Fair"] == {"HL-mAP": 66.67, "HL-Hit1": 100.0}
    # Good and very good: worker 0 has clip 1 at rank 1; the others have nothing, which counts 0.
    assert result["HL-min-Good"] == result["HL-min-VeryGood"] == {"HL-mAP": 33.33, "HL-Hit1": 100.0}
    assert result["brief"]["HL-min-VeryGood-Hit1"] == 100.0
    assert list(result) == [
        "brief",
        "HL-min-Fair",
        "HL-min-Good",
        "HL-min-VeryGood",
        "full",
        "long",
        "middle",
        "short",
    ]


def test_clip_scores_of_another_length_are_cut_or_filled_with_zero():
    # Two scores for five clips: the missing three count 0, above the -1 of the only good clip.
    row, truth = highlight(1, [-1.0, 0.5], [0], [[4, 4, 4]])
    assert evaluate_moments([row], [truth])["HL-min-VeryGood"] == {"HL-mAP": 20.0, "HL-Hit1": 0.0}
    # The best score lies behind the end of the film: no hit, and cut before ranking.
    row, truth = highlight(1, [1.0, 0.5, 0.4, 0.3, 0.2, 9.0], [0], [[4, 4, 4]])
    assert evaluate_moments([row], [truth])["HL-min-VeryGood"] == {"HL-mAP": 100.0, "HL-Hit1": 0.0}


def test_equal_clip_scores_are_one_step():
    row, truth = highlight(1, [0.5, 0.5, 0.5, 0.1, 0.1], [0, 4], [[4, 4, 4], [4, 4, 4]])
    # Steps: 1 of 3, then 2 of 5 right: 2/5 is the better and counts for both.
    assert evaluate_moments([row], [truth])["HL-min-VeryGood"]["HL-mAP"] == 40.0


def test_saliency_in_one_file_only_gives_no_highlights():
    row, _ = highlight(1, [1.0] * 5, [0], [[4, 4, 4]])
    assert list(evaluate_moments([row], [true(1, [0, 10])])) == ["brief", "full", "long", "middle", "short"]


BAD_ROWS = [
    ([], [true(1, [0, 1])], "no prediction rows"),
    ([said(1, [0, 1, 1])], [], "no ground truth rows"),
    ([said(1, [0, 1, 1])], [true(2, [0, 1])], "Query 1 is predicted but not"),
    ([said(1, [0, 1, 1])], [true(1, [0, 1]), true("a", [0, 1])], "Query 'a' of the ground truth has no"),
    ([said(1, [0, 1, 1])] * 2, [true(1, [0, 1])], "stands twice in the prediction"),
    ([{"pred_relevant_windows": []}], [true(1, [0, 1])], "Row 1 of the prediction has no 'qid'"),
    (["row"], [true(1, [0, 1])], "Row 1 of the prediction"),
    ([{"qid": 1}], [true(1, [0, 1])], "neither 'pred_relevant_windows' nor"),
    ([said(1, [0, 1, 1])], [{"qid": 1}], "query 1 has no list 'relevant_windows'"),
    (
        [said(1, [0, 1])],
        [true(1, [0, 1])],
        r"\[0, 1\] in 'pred_relevant_windows' is not \[start, end, score\]",
    ),
    ([said(1, [5, 1, 1])], [true(1, [0, 1])], "ends before it starts"),
    ([said(1, [0, math.nan, 1])], [true(1, [0, 1])], "finite numbers"),
    ([said(1, ["0", 1, 1])], [true(1, [0, 1])], "finite numbers"),
    ([said(1, [0, 1, 1])], [true(1, [0, math.inf])], "Ground truth of query 1"),
    ([said(1, [0, 1, 1])], [true(1, "0-1")], "Ground truth of query 1"),
    ([said(1, in_video="yes")], [true(1, [0, 1])], "'in_video' of true or false"),
    ([highlight(1, ["x"], [0], [[1, 1, 1]])[0]], [true(1, [0, 1])], "pred_saliency_scores"),
    (
        [said(1, pred_saliency_scores=[1.0])],
        [highlight(1, [1.0], [7], [[1, 1, 1]])[1]],
        "clip 7 is not among",
    ),
    ([said(1, pred_saliency_scores=[1.0])], [highlight(1, [1.0], [0], [[1, 1]])[1]], "not three numbers"),
    (
        [said(1, pred_saliency_scores=[1.0])],
        [highlight(1, [1.0], [0, 1], [[1, 1, 1]])[1]],
        "make them as many",
    ),
]


@pytest.mark.parametrize(("predictions", "truth", "message"), BAD_ROWS)
def test_a_bad_row_is_named_in_one_sentence(predictions, truth, message):
    with pytest.raises(InputError, match=message) as caught:
        evaluate_moments(predictions, truth)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_area_under_curve_by_hand():
    times_s = np.arange(5.0)
    assert area_under_curve([0, 1, 2, 3, 4], times_s, [[3, 4]]) == 1.0
    assert area_under_curve([4, 3, 2, 1, 0], times_s, [[3, 4]]) == 0.0
    assert area_under_curve([1, 1, 1, 1, 1], times_s, [[3, 4]]) == 0.5
    assert area_under_curve([0, 5, 2, 3, 4], times_s, [[3, 4]]) == pytest.approx(4 / 6)
    assert math.isnan(area_under_curve([1, 2], [0.0, 1.0], []))
    with pytest.raises(InputError):
        area_under_curve([1, 2], [0.0], [[0, 1]])
