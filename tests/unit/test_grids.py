"""Maps of one grid on another: means over areas, whatever the sizes."""

import numpy as np
import pytest

from workbench.core.grids import regridded


def test_a_grid_on_itself_is_the_same():
    values = np.random.default_rng(0).normal(size=(3, 12))
    np.testing.assert_allclose(regridded(values, (3, 4), (3, 4)), values, atol=1e-15)


def test_a_finer_grid_is_averaged_block_by_block():
    values = np.arange(24.0)
    blocks = values.reshape(2, 2, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(regridded(values, (4, 6), (2, 2)), blocks.ravel())


def test_a_coarser_grid_is_repeated():
    np.testing.assert_allclose(regridded(np.array([1.0, 2.0]), (1, 2), (2, 4)), [1, 1, 2, 2, 1, 1, 2, 2])


@pytest.mark.parametrize(("grid", "onto"), [((7, 7), (5, 3)), ((3, 4), (8, 8)), ((16, 9), (7, 7))])
def test_any_grid_is_averaged_by_area_as_pixels_are(grid: tuple[int, int], onto: tuple[int, int]):
    values = np.random.default_rng(1).normal(size=grid[0] * grid[1])
    # On as many pixels as both divide, every cell of either is a block of whole pixels.
    height, width = np.lcm(grid, onto)
    pixels = values.reshape(grid).repeat(height // grid[0], axis=0).repeat(width // grid[1], axis=1)
    blocks = pixels.reshape(onto[0], height // onto[0], onto[1], width // onto[1]).mean(axis=(1, 3))
    np.testing.assert_allclose(regridded(values, grid, onto), blocks.ravel(), atol=1e-12)
