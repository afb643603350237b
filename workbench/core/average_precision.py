"""Average precision as the field's reference evaluators compute it, for spans and for ranked clips.

Separate from the metrics because these two curves, with their conventions for ties, duplicates and
interpolation, are the part that must agree with others to the last digit: sums are taken in the order
in which others take them.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

from workbench.core.intervals import temporal_iou


def detection_average_precision(
    predictions: Float64[np.ndarray, "prediction 3"],
    truth: Float64[np.ndarray, "window 2"],
    iou_thresholds: Float64[np.ndarray, "threshold"],
) -> Float64[np.ndarray, "threshold"]:
    """Return the interpolated average precision of scored spans at each overlap threshold.

    ``predictions`` holds start, end, score. Best score first (ties keep their order), each prediction
    takes the free true span it overlaps most; it is right if that overlap reaches the threshold, and a
    second prediction of a taken span is wrong unless another free span is near enough.

    Source: ActivityNet and PASCAL VOC 2011 detection protocol, as used for QVHighlights (Lei et al.,
    NeurIPS 2021). Of true spans overlapped equally, the later one is taken, as there.
    """
    result = np.zeros(len(iou_thresholds))
    if len(predictions) == 0:
        return result
    order = np.argsort(-predictions[:, 2], kind="stable")
    overlaps = temporal_iou(predictions[order, :2], truth)
    preferences = np.argsort(overlaps, axis=1, kind="stable")[:, ::-1]
    for level, threshold in enumerate(iou_thresholds):
        is_taken = np.zeros(len(truth), dtype=bool)
        is_right = np.zeros(len(order), dtype=bool)
        for rank, preference in enumerate(preferences):
            for window in preference[overlaps[rank, preference] >= threshold]:
                if not is_taken[window]:
                    is_taken[window] = is_right[rank] = True
                    break
        n_right = np.cumsum(is_right)
        precision = n_right / np.arange(1, len(order) + 1)
        best_from_here = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
        gained = np.diff(n_right / len(truth), prepend=0.0, append=1.0)
        result[level] = np.sum(gained[gained != 0] * best_from_here[gained != 0])
    return result


def ranking_average_precision(is_relevant: Bool[np.ndarray, "item"], scores: Float64[np.ndarray, "item"]) -> float:
    """Return the interpolated average precision of a ranking: 0 if nothing is relevant, 1 if all is.

    Items of equal score count as one step, and every step that finds something weighs the same.

    Source: the highlight metric of QVHighlights (Lei et al., NeurIPS 2021), after video2gif.
    """
    if not is_relevant.any():
        return 0.0
    if is_relevant.all():
        return 1.0
    _, step = np.unique(-scores, return_inverse=True)
    found = np.bincount(step, weights=is_relevant)
    precision = np.cumsum(found) / np.cumsum(np.bincount(step))
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best_from_here[found > 0][::-1].mean())
