"""Occlusion against captum's: the pictures of a film as small as the network sees them, so that nothing is resized.

Ours hides cells of the frame and asks the model as anybody does, so that what was encoded is kept and any model can be
asked; captum hides them in what the network is fed with.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from captum.attr import FeatureAblation, Occlusion

from tests.films import write_film
from tests.tiny_checkpoints import save_tiny_clip
from workbench.analyses.attribute import Attribute, AttributeParams
from workbench.analyses.prompts import ask
from workbench.analyses.services import Services
from workbench.settings import Settings
from workbench.types.video import SamplingSpec

SIDE_PX, N_CELLS, QUERY = 32, 4, "a red circle"


def test_occlusion_is_captums_where_pictures_are_not_resized(tmp_path: Path) -> None:
    services = Services.create(Settings(home=tmp_path / "home", offline=True, device="cpu"))
    rng = np.random.default_rng(0)
    blocks = [rng.integers(0, 256, (8, 8, 3), dtype=np.uint8).repeat(4, 0).repeat(4, 1) for _ in range(4)]
    scenes = [(0.5, block) for block in blocks]
    film = services.library.open_path(write_film(tmp_path / "film.mp4", scenes, size_px=(SIDE_PX, SIDE_PX)).path)
    name = str(save_tiny_clip(tmp_path / "clip"))
    model = services.models.load(name)
    params = AttributeParams(film.id, (QUERY,), name, fps=2.0, at_s=0.5, method="occlusion")
    found = Attribute().run(services, params).result
    assert found.grid == (N_CELLS, N_CELLS)
    frame = np.concatenate([batch.pixels for batch in services.library.frames(film.id, SamplingSpec(2.0))])[1:2]
    assert frame.shape == (1, SIDE_PX, SIDE_PX, 3)
    with torch.no_grad():
        pixels = model.prepare(frame)["pixel_values"]
        mean = np.broadcast_to(frame.mean(axis=(1, 2), keepdims=True).round().astype(np.uint8), frame.shape)
        hidden = model.prepare(mean.copy())["pixel_values"]
        said = torch.from_numpy(ask(services, model, (QUERY,)).said.embeddings)

        def cosine(given: torch.Tensor) -> torch.Tensor:
            return model.compare(model.look({"pixel_values": given}), said)[:, 0]

        side = SIDE_PX // N_CELLS
        cells = torch.arange(N_CELLS**2).reshape(N_CELLS, N_CELLS)
        mask = cells.repeat_interleave(side, 0).repeat_interleave(side, 1)[None, None]
        ablated = FeatureAblation(cosine).attribute(pixels, hidden, feature_mask=mask)
        occluded = Occlusion(cosine).attribute(pixels, (3, side, side), (3, side, side), hidden)
    for reference in (ablated, occluded):
        by_cell = reference[0, 0, side // 2 :: side, side // 2 :: side].flatten().numpy()
        np.testing.assert_allclose(found.values[0], by_cell, atol=1e-5)
    assert np.abs(found.values).max() > 1e-3
