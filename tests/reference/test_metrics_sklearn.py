"""The area under the curve against scikit-learn."""

import numpy as np
import pytest

from workbench.core.metrics import area_under_curve

metrics = pytest.importorskip("sklearn.metrics")


@pytest.mark.parametrize("seed", range(5))
def test_area_under_curve_equals_roc_auc_score(seed):
    rng = np.random.default_rng(seed)
    curve = np.round(rng.normal(size=500), 1)  # with ties
    times_s = np.arange(500) / 2
    is_inside = (times_s >= 30) & (times_s <= 80)
    assert area_under_curve(curve, times_s, [[30, 50], [50, 80]]) == pytest.approx(
        metrics.roc_auc_score(is_inside, curve)
    )
