"""How well moments, highlights and presence were predicted, in the conventions of QVHighlights.

Separate from the search for moments, so that predictions from anywhere can be judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike

from workbench.core.annotations import Judged, pair_rows
from workbench.core.average_precision import detection_average_precision, ranking_average_precision
from workbench.core.intervals import temporal_iou
from workbench.errors import InputError

__all__ = ["area_under_curve", "evaluate_moments", "temporal_iou"]

IOU_THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
MAX_PREDICTIONS = 10
RANGES_S = {"full": (-np.inf, np.inf), "long": (30, 150), "middle": (10, 30), "short": (0, 10)}
HIGHLIGHT_MINIMUM = {"Fair": 2, "Good": 3, "VeryGood": 4}


def evaluate_moments(predictions: Sequence[object], ground_truth: Sequence[object]) -> dict[str, dict]:
    """Return the metrics of moment retrieval and highlight detection, in percent with two decimals.

    Rows of ``predictions``: ``qid``, ``pred_relevant_windows [[start, end, score]]`` in seconds, best
    first, and optionally ``pred_saliency_scores`` (one per 2 seconds) and ``in_video``. Rows of
    ``ground_truth``: ``qid``, ``relevant_windows [[start, end]]`` and, for highlights, ``duration``,
    ``relevant_clip_ids``, ``saliency_scores``. Names, keys, order and rounding of the result are those of
    Moment-DETR's ``standalone_eval``:

    - ``full``, ``long`` (30, 150], ``middle`` (10, 30], ``short`` (0, 10] seconds, by the length of the
      *true* windows: ``MR-mAP`` per overlap and ``average``, at most ten predictions per query as given;
      ``MR-R1`` of the *first* prediction against the true window it overlaps most.
    - ``HL-min-Fair``, ``-Good``, ``-VeryGood``: ``HL-mAP`` and ``HL-Hit1``, where both files carry saliency.
    - ``brief``: the figures that papers quote.

    Where the reference stops with an error, this goes on: a query without predictions counts as missed;
    a range without a true window has None for every figure; a query without true windows (it is not in
    its video) is left out of all of these. Where predictions say ``in_video``, the key ``in_video`` tells
    how often that is right, separately for queries that are in their video and that are not.

    Raises ``InputError`` naming the row that is malformed.

    Source: Lei, Berg and Bansal, "QVHighlights", NeurIPS 2021, and its evaluation code's conventions.
    """
    rows = pair_rows(predictions, ground_truth)
    present = [row for row in rows if len(row.truth)]
    result: dict[str, dict] = {}
    brief: dict[str, float | None] = {}
    if rows[0].predicted is not None:
        windows = [(row.predicted, row.truth) for row in present if row.predicted is not None]
        result.update({name: _retrieval(windows, *limits) for name, limits in RANGES_S.items()})
        brief.update(_retrieval_brief(result))
    clips = [
        (row.predicted_clips, row.true_clips)
        for row in present
        if row.predicted_clips is not None and row.true_clips is not None
    ]
    if clips:
        for name, minimum in HIGHLIGHT_MINIMUM.items():
            result[f"HL-min-{name}"] = scores = _highlights(clips, minimum)
            brief.update({f"HL-min-{name}-{key.removeprefix('HL-')}": value for key, value in scores.items()})
    if rows[0].said_in_video is not None:
        result["in_video"] = _presence(rows)
    return {"brief": brief, **dict(sorted(result.items()))}


def area_under_curve(saliency: ArrayLike, times_s: ArrayLike, windows: ArrayLike) -> float:
    """Return the chance that a frame inside the windows scores above one outside; ties count half.

    ``saliency [time]`` at ``times_s [time]``; ``windows [window 2]`` in seconds, ends included. NaN where
    no frame, or every frame, is inside.

    Source: the area under the ROC curve as the statistic of Mann and Whitney, 1947.
    """
    values = np.asarray(saliency, dtype=np.float64)
    times = np.asarray(times_s, dtype=np.float64)
    spans = np.asarray(windows, dtype=np.float64).reshape(-1, 2)
    if values.shape != times.shape or values.ndim != 1:
        raise InputError("The curve and its times differ in length; give one time per value.")
    if not np.isfinite(values).all():
        raise InputError("The curve holds values that are not finite; compute it again.")
    is_inside = ((times[:, None] >= spans[:, 0]) & (times[:, None] <= spans[:, 1])).any(axis=1)
    n_inside, n_outside = int(is_inside.sum()), int((~is_inside).sum())
    if n_inside == 0 or n_outside == 0:
        return float("nan")
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    mean_rank = (np.cumsum(count) - (count - 1) / 2)[place]
    return float((mean_rank[is_inside].sum() - n_inside * (n_inside + 1) / 2) / (n_inside * n_outside))


def _percent(fraction: float) -> float:
    return float(f"{100 * fraction:.2f}")


def _retrieval(
    queries: Sequence[tuple[Float64[np.ndarray, "_ 3"], Float64[np.ndarray, "_ 2"]]],
    shortest_s: float,
    longest_s: float,
) -> dict[str, dict]:
    """Return precision and recall over the queries that have a true window in (shortest, longest]."""
    names = [*map(str, IOU_THRESHOLDS)]
    precisions, first_overlaps = [], []
    for predicted, windows in queries:
        lengths = windows[:, 1] - windows[:, 0]
        truth = windows[(shortest_s < lengths) & (lengths <= longest_s)]
        if len(truth) == 0:
            continue
        ten = predicted[:MAX_PREDICTIONS]
        precisions.append(detection_average_precision(ten, truth, np.array(IOU_THRESHOLDS)))
        first_overlaps.append(_first_overlap(ten, truth))
    if not precisions:
        return {"MR-mAP": dict.fromkeys([*names, "average"]), "MR-R1": dict.fromkeys(names)}
    precision = np.array(precisions).mean(axis=0)
    recall = (np.array(first_overlaps)[:, None] >= IOU_THRESHOLDS).mean(axis=0)
    return {
        "MR-mAP": {
            **{name: _percent(value) for name, value in zip(names, precision, strict=True)},
            "average": _percent(precision.mean()),
        },
        "MR-R1": {name: _percent(value) for name, value in zip(names, recall, strict=True)},
    }


def _first_overlap(predicted: Float64[np.ndarray, "prediction 3"], truth: Float64[np.ndarray, "window 2"]) -> float:
    """Return the overlap of the first prediction with the true window it overlaps most.

    Measured over the hull of both, not their union: equal where they touch, and rounded as the
    reference rounds, which decides cases that lie on a threshold.
    """
    if len(predicted) == 0:
        return 0.0
    start, end = predicted[0, :2]
    true_start, true_end = truth[np.argmax(temporal_iou(predicted[:1, :2], truth)[0])]
    hull = max(end, true_end) - min(start, true_start)
    return max(0.0, min(end, true_end) - max(start, true_start)) / hull if hull else 0.0


def _retrieval_brief(ranges: Mapping[str, dict]) -> dict[str, float | None]:
    figures = {f"MR-{name}-mAP": ranges[name]["MR-mAP"]["average"] for name in ranges}
    figures |= {f"MR-full-mAP@{iou}": ranges["full"]["MR-mAP"][iou] for iou in ("0.5", "0.75")}
    figures |= {f"MR-full-R1@{iou}": ranges["full"]["MR-R1"][iou] for iou in ("0.5", "0.7")}
    return dict(sorted(figures.items()))


def _highlights(
    queries: Sequence[tuple[Float64[np.ndarray, "_"], Float64[np.ndarray, "_ 3"]]], minimum: int
) -> dict[str, float]:
    """Return how well the best clips are ranked, a clip being good if a worker gave it ``minimum``."""
    precisions, hits = [], []
    for predicted, true in queries:
        is_good = true >= minimum
        best = int(np.argmax(predicted))
        hits.append(best < len(is_good) and bool(is_good[best].any()))
        n_clips = min(len(is_good), len(predicted))
        scores = np.zeros(len(is_good))
        scores[:n_clips] = predicted[:n_clips]
        precisions.append([ranking_average_precision(worker, scores) for worker in is_good.T])
    return {"HL-mAP": _percent(float(np.mean(precisions))), "HL-Hit1": _percent(float(np.mean(hits)))}


def _presence(rows: Sequence[Judged]) -> dict[str, float | int | None]:
    present = [bool(row.said_in_video) for row in rows if len(row.truth)]
    absent = [not row.said_in_video for row in rows if not len(row.truth)]
    return {
        "present": _percent(float(np.mean(present))) if present else None,
        "absent": _percent(float(np.mean(absent))) if absent else None,
        "n_present": len(present),
        "n_absent": len(absent),
    }
