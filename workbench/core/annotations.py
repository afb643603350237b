"""Rows of predictions and ground truth in the QVHighlights format, checked before they are counted.

Separate from the metrics so that what is wrong with a file is said in one place, naming the row.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from workbench.errors import InputError

CLIP_S = 2.0


@dataclass(frozen=True)
class Judged:
    """One query with what was predicted and what is true; None where a file does not say."""

    qid: object
    truth: Float64[np.ndarray, "window 2"]
    predicted: Float64[np.ndarray, "prediction 3"] | None
    predicted_clips: Float64[np.ndarray, "scored_clip"] | None
    true_clips: Float64[np.ndarray, "clip 3"] | None
    said_in_video: bool | None


def pair_rows(predictions: Sequence[object], ground_truth: Sequence[object]) -> list[Judged]:
    """Return one record per query, in the order of ``predictions``.

    Raises ``InputError`` naming the first row that is malformed, repeated, or without a partner.
    """
    predicted = _by_qid(predictions, "prediction")
    true = _by_qid(ground_truth, "ground truth")
    for qid in predicted:
        if qid not in true:
            raise InputError(f"Query {qid!r} is predicted but not in the ground truth; remove or add its row.")
    for qid in true:
        if qid not in predicted:
            raise InputError(f"Query {qid!r} of the ground truth has no prediction; add a row for it.")
    has_windows = any("pred_relevant_windows" in row for row in predicted.values())
    has_clips = any("pred_saliency_scores" in row for row in predicted.values())
    has_true_clips = any("saliency_scores" in row for row in true.values())
    has_decision = any("in_video" in row for row in predicted.values())
    if not (has_windows or has_clips or has_decision):
        raise InputError("The predictions hold neither 'pred_relevant_windows' nor 'pred_saliency_scores'; add one.")
    return [
        Judged(
            qid=qid,
            truth=(truth := _windows(true[qid], "relevant_windows", 2, f"Ground truth of query {qid!r}")),
            predicted=_windows(row, "pred_relevant_windows", 3, f"Prediction of query {qid!r}")
            if has_windows
            else None,
            predicted_clips=_clip_scores(row, qid) if has_clips else None,
            true_clips=_clip_truth(true[qid], qid) if has_clips and has_true_clips and len(truth) else None,
            said_in_video=_decision(row, qid) if has_decision else None,
        )
        for qid, row in predicted.items()
    ]


def _by_qid(rows: Sequence[object], kind: str) -> dict[object, Mapping[str, object]]:
    if not isinstance(rows, Sequence) or isinstance(rows, str | bytes) or len(rows) == 0:
        raise InputError(f"There are no {kind} rows; give a list with one mapping per query.")
    result: dict[object, Mapping[str, object]] = {}
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping) or not isinstance(row.get("qid"), str | int):
            raise InputError(f"Row {number} of the {kind} has no 'qid'; give every row a query id.")
        if row["qid"] in result:
            raise InputError(f"Query {row['qid']!r} stands twice in the {kind} (row {number}); keep one row per query.")
        result[row["qid"]] = row
    return result


def _numbers(value: object, width: int | None) -> list[float] | None:
    """Return ``value`` as finite floats, exactly ``width`` of them, or None where it is not that."""
    if not isinstance(value, Sequence | np.ndarray) or isinstance(value, str | bytes):
        return None
    if width is not None and len(value) != width:
        return None
    if not all(isinstance(item, int | float | np.integer | np.floating) for item in value):
        return None
    if any(isinstance(item, bool) or not math.isfinite(item) for item in value):
        return None
    return [float(item) for item in value]


def _listed(row: Mapping[str, object], name: str, who: str) -> Sequence[object] | np.ndarray:
    value = row.get(name)
    if not isinstance(value, Sequence | np.ndarray) or isinstance(value, str | bytes):
        raise InputError(f"{who} has no list {name!r}; add it.")
    return value


def _windows(row: Mapping[str, object], name: str, width: int, who: str) -> Float64[np.ndarray, "window width"]:
    form = "[start, end, score]" if width == 3 else "[start, end]"
    windows = []
    for item in _listed(row, name, who):
        numbers = _numbers(item, width)
        if numbers is None:
            raise InputError(f"{who}: {item!r} in {name!r} is not {form} in finite numbers; correct it.")
        if numbers[0] > numbers[1]:
            raise InputError(f"{who}: {item!r} in {name!r} ends before it starts; exchange the two.")
        windows.append(numbers)
    return np.array(windows, dtype=np.float64).reshape(-1, width)


def _clip_scores(row: Mapping[str, object], qid: object) -> Float64[np.ndarray, "clip"]:
    scores = _numbers(row.get("pred_saliency_scores"), None)
    if not scores:
        raise InputError(
            f"Prediction of query {qid!r}: 'pred_saliency_scores' is not a list of finite numbers; "
            f"give one number per {CLIP_S:g} seconds."
        )
    return np.array(scores)


def _clip_truth(row: Mapping[str, object], qid: object) -> Float64[np.ndarray, "clip 3"]:
    """Return the three workers' scores of every clip of the film, 0 where a clip is not relevant."""
    who = f"Ground truth of query {qid!r}"
    duration = _numbers([row.get("duration")], 1)
    if duration is None or duration[0] < CLIP_S:
        raise InputError(f"{who} has no 'duration' of at least {CLIP_S:g} seconds; add it.")
    result = np.zeros((int(duration[0] / CLIP_S), 3))
    clips = _listed(row, "relevant_clip_ids", who)
    scores = _listed(row, "saliency_scores", who)
    if len(clips) != len(scores):
        raise InputError(f"{who} has {len(clips)} relevant clips and {len(scores)} scores; make them as many.")
    for clip, three in zip(clips, scores, strict=True):
        numbers = _numbers(three, 3)
        if numbers is None:
            raise InputError(f"{who}: {three!r} in 'saliency_scores' is not three numbers; correct it.")
        if not isinstance(clip, int | np.integer) or not 0 <= clip < len(result):
            raise InputError(f"{who}: clip {clip!r} is not among the film's {len(result)} clips; correct it.")
        result[clip] = numbers
    return result


def _decision(row: Mapping[str, object], qid: object) -> bool:
    value = row.get("in_video")
    if not isinstance(value, bool | np.bool_):
        raise InputError(f"Prediction of query {qid!r} has no 'in_video' of true or false; add it.")
    return bool(value)
