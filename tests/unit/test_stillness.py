"""Which frames stand for others, against a slow loop and cases made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.core.stillness import GRID, small_copies, stand_ins


@pytest.mark.parametrize(("height", "width"), [(16, 16), (64, 48), (37, 101), (5, 9), (1, 300)])
def test_a_small_copy_is_the_mean_colour_of_every_cell(height: int, width: int):
    pixels = np.random.default_rng(0).integers(0, 256, (3, height, width, 3), dtype=np.uint8)
    found = small_copies(pixels)
    n_rows, n_columns = min(GRID, height), min(GRID, width)
    edges = [np.arange(n + 1) * size // n for n, size in ((n_rows, height), (n_columns, width))]
    slow = [
        pixels[:, a:b, c:d].reshape(3, -1, 3).mean(axis=1)
        for a, b in zip(edges[0], edges[0][1:], strict=False)
        for c, d in zip(edges[1], edges[1][1:], strict=False)
    ]
    np.testing.assert_allclose(found, np.stack(slow, 1), rtol=1e-6)


def test_slow_changes_add_up_and_a_fresh_frame_stands_for_itself():
    levels = np.array([0, 1, 2, 3, 4, 4, 4], np.float32)
    copies = np.repeat(levels[:, None, None], 3, axis=2)
    never = np.zeros(7, bool)
    assert stand_ins(copies, 2.0, never).tolist() == [0, 0, 2, 2, 4, 4, 4]
    assert stand_ins(copies, 1.0, never).tolist() == [0, 1, 2, 3, 4, 4, 4]
    fresh = never.copy()
    fresh[5] = True
    assert stand_ins(copies, 2.0, fresh).tolist() == [0, 0, 2, 2, 4, 5, 5]


def test_one_cell_that_changes_is_enough():
    copies = np.zeros((2, GRID * GRID, 3), np.float32)
    copies[1, 77, 2] = 9
    assert stand_ins(copies, 5.0, np.zeros(2, bool)).tolist() == [0, 1]
