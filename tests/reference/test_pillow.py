"""Whole batches against Pillow and open_clip's own transform, one picture at a time."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.models.pillow import Preparation, resize_matrix

SIZES = [(32, 32), (90, 160), (161, 91), (24, 20), (3, 60), (37, 224)]


@pytest.mark.parametrize("kind", ["bilinear", "bicubic"])
@pytest.mark.parametrize(("source", "target"), [(480, 398), (20, 224), (1280, 50), (7, 7), (3, 60)])
def test_a_line_is_resized_to_the_level(kind: str, source: int, target: int):
    from PIL import Image

    line = np.random.default_rng(source).integers(0, 256, (1, source), dtype=np.uint8)
    expected = np.asarray(Image.fromarray(line).resize((target, 1), getattr(Image.Resampling, kind.upper())))
    levels = line @ resize_matrix(source, target, kind).T
    got = np.clip(np.floor(levels + 0.5), 0, 255) if source != target else line
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("fit", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("size_px", [(32, 32), (32, 48)])
@pytest.mark.parametrize("source", SIZES)
def test_a_batch_is_prepared_as_the_library_prepares_each_picture(
    fit: str, size_px: tuple[int, int], source: tuple[int, int]
):
    import torch
    from open_clip.transform import PreprocessCfg, image_transform_v2
    from PIL import Image

    mean, std = (0.48, 0.46, 0.41), (0.27, 0.26, 0.28)
    config = PreprocessCfg(size=size_px, mean=mean, std=std, resize_mode=fit, fill_color=9)
    transform = image_transform_v2(config, is_train=False)
    pixels = np.random.default_rng(1).integers(0, 256, (10, *source, 3), dtype=np.uint8)
    expected = torch.stack([transform(Image.fromarray(picture)) for picture in pixels])
    prepared = Preparation(size_px, mean, std, fit=fit, fill=9)(torch.from_numpy(pixels).permute(0, 3, 1, 2))
    torch.testing.assert_close(prepared, expected, atol=1e-5, rtol=0)  # a level is 0.014
